"""Where a request meets the database: one session, one transaction, one commit, and what follows the commit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from flask import Flask, Response, current_app, g
from flask import session as flask_session
from flask.typing import ResponseReturnValue
from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.config import Settings
from app.consults.setup import Setup
from app.db import RETRIES
from app.process import Process

if TYPE_CHECKING:
    from app.web.sessions import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Peerline:
    """What every request may use. Kept in `app.extensions["peerline"]`."""

    process: Process
    clock: Callable[[], datetime]


def peerline() -> Peerline:
    """Return what the running application was made with."""
    return cast(Peerline, current_app.extensions["peerline"])


def settings() -> Settings:
    """Return the settings."""
    return peerline().process.settings


def setup() -> Setup:
    """Return what use cases want besides the database: the policies, and in whose name mail is written."""
    return peerline().process.setup


def now() -> datetime:
    """Return the instant of this request: the same one however often it is asked for."""
    if "now" not in g:
        g.now = peerline().clock()
    return cast(datetime, g.now)


def db_session() -> Session:
    """Return this request's database session. The first statement begins the transaction; a view never ends it."""
    if "db" not in g:
        g.db = peerline().process.sessions()
    return cast(Session, g.db)


def visit() -> "Visit":
    """Return the visit this request belongs to."""
    return cast("Visit", flask_session._get_current_object())  # type: ignore[attr-defined]  # typed as what it is for


def nudge_after_commit(*names: str) -> None:
    """Have the tasks of these names woken once this request has been committed, and only then."""
    g.setdefault("nudges", {}).update(dict.fromkeys(names))


class EdgeFlask(Flask):
    """A Flask whose views run in one transaction."""

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view and commit, again after a deadlock or a serialization failure (40P01, 40001)."""
        for attempt in range(RETRIES + 1):
            try:
                response = self.make_response(super().dispatch_request())
                _finish(response)
                return response
            except DBAPIError as error:
                roll_back()
                if attempt == RETRIES or not isinstance(error.orig, DeadlockDetected | SerializationFailure):
                    raise
        raise AssertionError("unreachable")

    def log_exception(self, exc_info: object) -> None:
        """Log nothing here: a message could hold what somebody typed. `errors` logs where it happened."""


def roll_back() -> None:
    """Undo what this request did so far, so that an error page can be made."""
    g.pop("nudges", None)
    if "db" in g:
        g.db.rollback()
    visit().forget_changes()


def close_session(_: BaseException | None = None) -> None:
    """Give the connection back; what was not committed is gone."""
    if "db" in g:
        g.pop("db").close()


def _finish(response: Response) -> None:
    """Commit what the view did; nothing of it when the answer is an error. The visit is kept in both cases."""
    if response.status_code >= 400 and "db" in g:
        g.db.rollback()
    visit().save()
    if "db" not in g:
        return
    g.db.commit()
    if response.status_code < 400 and (names := g.pop("nudges", None)):
        peerline().process.nudger.nudge(*names)
