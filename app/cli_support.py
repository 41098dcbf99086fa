"""What commands share: the process's parts, and errors that end in one sentence instead of a traceback."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click
from sqlalchemy.exc import OperationalError

from app.config import ConfigurationError, Settings
from app.dev import surroundings
from app.errors import Invalid, Refused
from app.process import Process, make_process
from scheduling.policy_reader import PolicyErrors


@contextmanager
def open_process() -> Iterator[Process]:
    """Give a command the settings, the database and the policies.

    Raises click.ClickException (exit 1) with a sentence and a remedy for a wrong environment, faults in policy files,
    a database that does not answer, and what the use cases refuse.
    """
    try:
        running = make_process(Settings.from_environment(_environment()))
    except (ConfigurationError, PolicyErrors) as error:
        raise click.ClickException(str(error)) from None
    try:
        yield running
    except Invalid as error:
        raise click.ClickException("\n".join(f"{name}: {text}" for name, text in error.fields.items())) from None
    except Refused as error:
        raise click.ClickException(error.message) from None
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise click.ClickException(f"The database does not answer: {reason}. Check DATABASE_URL.") from None
    finally:
        running.engine.dispose()


def _environment() -> Mapping[str, str]:
    """Take the environment as it is; where it names no database, that of this checkout's `make run`."""
    if "DATABASE_URL" in os.environ:
        return os.environ
    return {**surroundings.read(), **os.environ}
