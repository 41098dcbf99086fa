"""The database: one engine a process, one session a request or unit of task work, and the only place that commits."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from psycopg.errors import DeadlockDetected, ExclusionViolation, LockNotAvailable, SerializationFailure
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.exc import StaleDataError

T = TypeVar("T")

#: times a unit of work is run again after another got in its way
RETRIES = 3


def make_engine(url: str, *, pool_size: int = 8) -> Engine:
    """Make the engine for a `postgresql+psycopg://` address.

    Sessions run in READ COMMITTED and give up on a lock after five seconds, so that a page says "busy" instead of
    hanging. Parameters never appear in errors: they can hold patient data. `pool_size`: as many as a web process has
    threads (Procfile), so that none is closed after each request and opened for the next.
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
    """Run `work` in one transaction of its own, at most three times more after what `may_succeed_again` names.

    `work` must be repeatable: nothing of a failed try is kept. Raises what the last try raised.
    """
    for attempt in range(RETRIES + 1):
        try:
            with transaction(sessions) as session:
                return work(session)
        except (DBAPIError, StaleDataError) as error:
            if attempt == RETRIES or not may_succeed_again(error):
                raise
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)
    raise AssertionError("unreachable")


def may_succeed_again(error: DBAPIError | StaleDataError) -> bool:
    """Tell whether another try can succeed: a deadlock (40P01), a serialization failure (40001), a row changed since.

    Planning reads a line without locking its rows, so one of them may be changed before it is written.
    """
    return isinstance(error, StaleDataError) or isinstance(error.orig, DeadlockDetected | SerializationFailure)


def is_taken(error: DBAPIError) -> bool:
    """Tell whether the database refused an overlapping booking (23P01): the time was just taken."""
    return isinstance(error.orig, ExclusionViolation)


def is_busy(error: DBAPIError) -> bool:
    """Tell whether a lock was not to be had in time (55P03)."""
    return isinstance(error.orig, LockNotAvailable)


@contextmanager
def one_after_another(engine: Engine, name: str) -> Iterator[bool]:
    """Run the block alone; give False instead where somebody already waits to run it after the one who does.

    For work that finds by state what there is to do: whoever waits begins later than now and sees what we have
    committed, so a hundred calls at once cost two runs. Gives False too where the one who runs takes too long.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not _try_lock(connection, f"{name}, waiting"):
            yield False
            return
        try:
            connection.execute(text("select pg_advisory_lock(hashtextextended(:name, 0))"), {"name": name})
        except DBAPIError as error:
            if not is_busy(error):
                raise
            yield False
            return
        finally:
            _unlock(connection, f"{name}, waiting")
        try:
            yield True
        finally:
            _unlock(connection, name)


def _try_lock(connection: Connection, name: str) -> bool:
    return bool(connection.scalar(text("select pg_try_advisory_lock(hashtextextended(:name, 0))"), {"name": name}))


def _unlock(connection: Connection, name: str) -> None:
    connection.execute(text("select pg_advisory_unlock(hashtextextended(:name, 0))"), {"name": name})
