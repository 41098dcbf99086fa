"""Is the process alive, and does the whole do its work? For machines; no session, no cookie."""

from datetime import datetime, timedelta
from functools import cache

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app import scanning
from app.config import POLICIES_DIR
from app.mail import imap
from app.models import Message, Role
from app.queries import inbound
from app.web.access import allow
from app.web.edge import db_session, now, peerline, settings

health = Blueprint("health", __name__)

#: a message that waits longer than this past its time means that nothing is being sent (J8)
LATE = timedelta(minutes=10)


@health.get("/healthz")
@allow(Role.ANYONE)
def live() -> ResponseReturnValue:
    """Say ok if the database answers."""
    try:
        db_session().execute(text("select 1"))
    except SQLAlchemyError:
        return _plain("the database does not answer", 503)
    return _plain("ok")


@health.get("/readyz")
@allow(Role.ANYONE)
def ready() -> ResponseReturnValue:
    """Say ok if the tables are those of this version and nothing waits too long; otherwise name what is wrong."""
    problems = []
    try:
        found = set(db_session().execute(text("select version_num from alembic_version")).scalars())
        if found != _heads():
            problems.append("the tables are those of another version: run `alembic upgrade head`")
        unsent = (Message.sent_at.is_(None), Message.failed_at.is_(None), Message.superseded_at.is_(None))
        oldest = db_session().execute(select(func.min(Message.created_at)).where(*unsent)).scalar_one()
        if oldest is not None and now() - oldest > LATE:
            problems.append(f"the oldest unsent message has waited {_minutes(oldest)} minutes: is the mailer running?")
        problems += _inbox_problems()
        waits = scanning.oldest_waiting(db_session()) if peerline().process.clamd else None
        if waits is not None and now() - waits > LATE:
            problems.append(f"a document has waited {_minutes(waits)} minutes for the scanner: does clamd answer?")
    except SQLAlchemyError:
        return _plain("the database does not answer, or has no tables", 503)
    return _plain("; ".join(problems) or "ok", 503 if problems else 200)


def _inbox_problems() -> list[str]:
    """Say what is wrong with the mail that comes in: not to be read, or nobody does what follows from it."""
    found = []
    url = settings().imap_url
    problem = inbound.problem(db_session(), imap.name_of(url), now=now(), after=LATE) if url else None
    if problem is not None and problem.problem_since is not None:
        found.append(f"the mailbox has not been read for {_minutes(problem.problem_since)} minutes: {problem.problem}")
    waits = inbound.oldest_undone(db_session())
    if waits is not None and now() - waits > LATE:
        found.append(f"a mail that came in has waited {_minutes(waits)} minutes: is the worker running?")
    return found


@cache
def _heads() -> frozenset[str]:
    config = Config()
    config.set_main_option("script_location", str(POLICIES_DIR.parent / "migrations"))
    return frozenset(ScriptDirectory.from_config(config).get_heads())


def _minutes(since: datetime) -> int:
    return int((now() - since).total_seconds() // 60)


def _plain(body: str, status: int = 200) -> Response:
    return Response(body + "\n", status, mimetype="text/plain")
