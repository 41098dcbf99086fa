"""The list of what follows changed decisions, and each item ticked off with its proof (BSP-7)."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.consults import determination
from app.models import Attention, Consult, FollowUp, StaffRole
from tests.web.clinic import ask, fresh, press, process, text_of
from tests.web.conftest import CANARIES, Client, Clock, denial, person


@pytest.fixture
def desk(sign_in) -> Client:
    return sign_in(StaffRole.COORDINATOR)


@pytest.fixture
def changed(desk: Client, app: Flask, db: Session, settings: Settings, clock: Clock) -> Consult:
    """A case whose decision was changed in the call, ten minutes ago."""
    asked = ask(app, db, denial(db, settings, person(db)), now=clock.now, reconsideration=True)
    clock.forward(days=3)
    setup = process(app).setup
    determination.record_outcome(db, asked.id, "overturned", "The MRI.", setup=setup, by="system", now=clock.now)
    db.commit()
    clock.forward(minutes=10)
    desk.send("/sign-in", {"email": "coordinator@plan.example", "password": "correct horse battery"})
    return fresh(db, asked.id)


def open_items(db: Session) -> list[FollowUp]:
    db.rollback()
    query = select(FollowUp).where(FollowUp.done_at.is_(None)).order_by(FollowUp.id)
    return list(db.scalars(query, execution_options={"populate_existing": True}))


def test_a_coordinator_works_off_what_follows(desk: Client, changed: Consult, db: Session) -> None:
    """BSP-7, A6: in order of due time; never without proof; twice is once; the last one settles the task."""
    listed = desk.get("/coordinator/what-follows")
    words = text_of(listed)
    assert words.index("Authorization changed") < words.index("Appeals told")
    assert not any(canary in listed.text for canary in CANARIES)
    assert "2026-03-09T17:00-04:00,Authorization changed" in desk.get("/coordinator/what-follows?format=csv").text
    page = text_of(desk.get(f"/coordinator/cases/{changed.denial_id}"))
    assert "What follows" in page
    assert "own system." in page

    first, told, *others = open_items(db)
    path = f"/coordinator/what-follows/{first.id}"
    refused = press(desk, path, path, {"on": "2026-03-06", "at": "09:15"})
    assert refused.status_code == 422
    assert "Write down the proof: number of the authorization." in refused.text
    assert 'value="09:15"' in refused.text
    sent = {"on": "2026-03-06", "at": "09:08", "proof": "AUTH-2026-77"}
    assert press(desk, path, path, sent).location == f"/coordinator/cases/{changed.denial_id}/what-follows"
    assert press(desk, "/coordinator/what-follows", path, sent).status_code == 409
    page = text_of(desk.get(path))
    assert "Authorization changed Done" in page
    assert "Some Coordinator. Proof: AUTH-2026-77" in page

    path = f"/coordinator/what-follows/{told.id}"
    sent = {"on": "2026-03-06", "at": "09:09", "proof": "Pat Doe, 984-555-0140"}
    assert "Choose how the office was told." in press(desk, path, path, sent).text
    assert press(desk, path, path, {**sent, "how": "phone"}).status_code == 303
    for item in others:
        path = f"/coordinator/what-follows/{item.id}"
        assert press(desk, path, path, sent).status_code == 303
    assert open_items(db) == []
    assert list(db.scalars(select(Attention).where(Attention.settled_at.is_(None)))) == []
    log = text_of(desk.get(f"/coordinator/cases/{changed.denial_id}"))
    assert "Provider told, Friday 6 March, 9:09 am Eastern: By telephone: Pat Doe, 984-555-0140" in log
    assert "Nothing is open." in text_of(desk.get("/coordinator/what-follows"))


def test_a_note_alone_does_not_settle_it(desk: Client, changed: Consult, db: Session) -> None:
    task = db.scalars(select(Attention).where(Attention.settled_at.is_(None))).one()
    path = f"/coordinator/attention/{task.id}"
    page = desk.get(path)
    assert re.search(rf'href="/coordinator/cases/{changed.denial_id}/what-follows">What follows', page.text)
    refused = press(desk, path, f"{path}/settle", {"note": "Done."})
    assert refused.status_code == 422
    assert "Tick off each item with its proof under What follows" in refused.text


def test_only_a_coordinator_ticks(changed: Consult, db: Session, sign_in) -> None:
    """M4: neither a nurse nor an office."""
    item = open_items(db)[0]
    assert sign_in(StaffRole.NURSE).get(f"/coordinator/what-follows/{item.id}").status_code == 403


def test_a_time_that_cannot_be_is_refused(desk: Client, changed: Consult, db: Session, clock: Clock) -> None:
    path = f"/coordinator/what-follows/{open_items(db)[0].id}"
    for at, words in (("10:30", "has not come yet"), ("08:30", "earlier than the decision")):
        answer = press(desk, path, path, {"on": "2026-03-06", "at": at, "proof": "A-1"})
        assert answer.status_code == 422
        assert words in answer.text
    clock.forward(days=5)
    desk.send("/sign-in", {"email": "coordinator@plan.example", "password": "correct horse battery"})
    listed = text_of(desk.get("/coordinator/what-follows"))
    assert "Passed: by Monday 9 March, 5:00 pm Eastern" in listed
    assert timedelta(0) < clock.now - open_items(db)[0].due_at
