"""The database: one engine a process, one session a request or unit of task work, and the only place that commits."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from psycopg.errors import DeadlockDetected, ExclusionViolation, LockNotAvailable, SerializationFailure
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

T = TypeVar("T")

#: times a unit of work is run again after a deadlock (40P01) or a serialization failure (40001)
RETRIES = 3


def make_engine(url: str, *, pool_size: int = 5) -> Engine:
    """Make the engine for a `postgresql+psycopg://` address.

    Sessions run in READ COMMITTED and give up on a lock after five seconds, so that a page says "busy" instead of
    hanging. Parameters never appear in errors: they can hold patient data.
    """
    return create_engine(
        url,
        pool_pre_ping=True,
        pool_size=pool_size,
        hide_parameters=True,
        connect_args={
            "options": "-c timezone=UTC -c lock_timeout=5s -c statement_timeout=15s"
            " -c idle_in_transaction_session_timeout=30s"
        },
    )


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Make the factory of sessions; objects stay readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """Open a session, commit at the end of the block, roll back where it raises."""
    with sessions() as session, session.begin():
        yield session


def in_transaction(sessions: sessionmaker[Session], work: Callable[[Session], T]) -> T:
    """Run `work` in one transaction of its own, again after a deadlock or a serialization failure, at most three times.

    `work` must be repeatable: nothing of a failed try is kept. Raises what the last try raised.
    """
    for attempt in range(RETRIES + 1):
        try:
            with transaction(sessions) as session:
                return work(session)
        except DBAPIError as error:
            if attempt == RETRIES or not isinstance(error.orig, DeadlockDetected | SerializationFailure):
                raise
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)
    raise AssertionError("unreachable")


def is_taken(error: DBAPIError) -> bool:
    """Tell whether the database refused an overlapping booking (23P01): the time was just taken."""
    return isinstance(error.orig, ExclusionViolation)


def is_busy(error: DBAPIError) -> bool:
    """Tell whether a lock was not to be had in time (55P03)."""
    return isinstance(error.orig, LockNotAvailable)
