"""What tests of the nurses' and directors' pages share: requests as they come in, a line planned, one place to read."""

import re
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import history
from app.consults import assignment, intake
from app.models import Consult, Denial
from app.web.edge import Peerline
from tests.support.factories import request
from tests.web.conftest import CANARIES, NOW, Client, csrf_token


def ask(app: Flask, db: Session, about: Denial, *, now: datetime = NOW, plan: bool = True, **more: Any) -> Consult:
    """Let an office ask for a consult with clinical information, and plan the lines as the worker does."""
    values: dict[str, Any] = {"received": now, "statement": CANARIES[4], **more}
    asked = intake.request_consult(db, request(about, **values), setup=process(app).setup, by=history.OFFICE, now=now)
    db.commit()
    assert asked.consult is not None, asked.refused
    if plan:
        plan_lines(app, now)
    return fresh(db, asked.consult.id)


def process(app: Flask) -> Any:
    """Return what the application was made with."""
    running: Peerline = app.extensions["peerline"]
    return running.process


def plan_lines(app: Flask, now: datetime) -> int:
    """Plan all lines, as the worker does."""
    return assignment.assign_all(process(app).sessions, setup=process(app).setup, now=now)


def fresh(db: Session, consult_id: int) -> Consult:
    """Read a consult as it is now."""
    db.rollback()
    found = db.get(Consult, consult_id, populate_existing=True)
    assert found is not None
    return found


def press(client: Client, page: str, path: str, data: dict | None = None) -> TestResponse:
    """Send a form as the page shows it: with its token and, where it carries one, its version."""
    shown = client.get(page)
    return client.post(path, data={"csrf_token": csrf_token(shown), **version_in(shown), **(data or {})})


def version_in(shown: TestResponse) -> dict[str, str]:
    """Find the version that the forms of a page carry."""
    found = re.search(r'name="version" value="([^"]*)"', shown.text)
    return {"version": found[1]} if found else {}


def text_of(shown: TestResponse) -> str:
    """Reduce a page to its words."""
    return " ".join(re.sub(r"<[^>]+>", " ", shown.text).split())
