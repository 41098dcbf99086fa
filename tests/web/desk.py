"""What tests of the desk's pages share."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import Flask
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.consults import assignment
from app.models import Consult, Denial, Director, History, Message
from app.web.edge import Peerline
from tests.web.conftest import CANARIES, PASSWORD, Client, csrf_token, person

#: what a caller says in a minute
CALL = {
    "action": "line",
    "form_key": "a-key-of-the-call",
    "channel": "phone",
    "received": "2026-03-03",
    "received_at": "09:00",
    "speaker_name": "Rosa Diaz, MD",
    "speaker_profession": "physician",
    "speaker_relation": "treating",
    "speaker_phone": "919-555-0142",
    "office_contact": "Sam Desk",
    "office_email": "desk@clinic.example",
    "zone": "America/New_York",
    "half": "2026-03-04.am",
    "purpose": "discuss",
    "statement": CANARIES[4],
}


def call(client: Client, made: Denial, **more: object) -> TestResponse:
    """Take a call down about a denial."""
    return client.send(f"/coordinator/calls/new/{made.id}", {**CALL, **more}, page="/coordinator/calls/new")


def act(client: Client, path: str, data: dict | None = None, *, page: str | None = None) -> TestResponse:
    """Send the form of a page with the version that the page holds."""
    shown = client.get(page or path)
    found = re.search(r'name="version" id="version" value="(\d+)"', shown.text)
    version = {"version": found[1]} if found else {}
    return client.post(path, data={"csrf_token": csrf_token(shown), **version, **(data or {})})


def plan(app: Flask, now: datetime) -> int:
    """Plan all lines, as the worker does."""
    running: Peerline = app.extensions["peerline"]
    return assignment.assign_all(running.process.sessions, setup=running.process.setup, now=now)


def consult(db: Session, denial: Denial | None = None) -> Consult:
    """Read the last request, or the last one about a denial, as it is now."""
    db.rollback()
    query = select(Consult).order_by(Consult.id.desc()).limit(1).execution_options(populate_existing=True)
    return db.scalars(query.where(Consult.denial_id == denial.id) if denial else query).one()


def happened(db: Session, what: str) -> list[History]:
    """Read what happened of one kind."""
    db.rollback()
    return list(db.scalars(select(History).where(History.what == what).order_by(History.id)))


def mails(db: Session) -> int:
    """Count the mails that were written."""
    db.rollback()
    return db.scalars(select(func.count()).select_from(Message)).one()


def make_older(db: Session) -> None:
    """Let somebody else have changed every request meanwhile."""
    db.execute(update(Consult).values(version=Consult.version + 1))
    db.commit()


def second_director(db: Session, **more: object) -> Director:
    """Add another medical director with the same hours."""
    return person(db, **{"npi": "1093817465", "name": "Omar Haddad, MD", "phone": "919-555-0199", **more})


def sign_in_again(client: Client) -> None:
    """Sign in once more: a visit of staff ends after a quarter of an hour without activity."""
    client.send("/sign-in", {"email": "coordinator@plan.example", "password": PASSWORD})


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """Collect the statements that are sent to the database meanwhile."""
    statements: list[str] = []
    engine = app.extensions["peerline"].process.engine

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)
