"""The director's pages: whom to call, the outcome, time off, and who may not see what."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.consults import assignment, intake
from app.models import BookingRow, Consult, Denial, Director, Message, StaffRole
from app.web.edge import Peerline
from scheduling.values import Status
from tests.support import factories
from tests.web.clinic import press
from tests.web.conftest import NOW, PASSWORD, Client, Clock, denial, person


@pytest.fixture
def director(sign_in) -> Client:
    return sign_in(StaffRole.DIRECTOR)


@pytest.fixture
def booked(app: Flask, db: Session, settings: Settings) -> str:
    """An emergent reconsideration that is booked; its reference."""
    who = db.scalars(select(Director)).first() or person(db)
    return ask(app, db, denial(db, settings, who, urgency="emergent"))


def ask(app: Flask, db: Session, about: Denial, **more: object) -> str:
    running: Peerline = app.extensions["peerline"]
    new = factories.request(about, received=NOW, reconsideration=True, **more)
    asked = intake.request_consult(db, new, setup=running.process.setup, by="office", now=NOW)
    db.commit()
    assignment.assign_all(running.process.sessions, setup=running.process.setup, now=NOW)
    assert asked.consult is not None
    return asked.consult.reference


def consult(db: Session, reference: str) -> Consult:
    db.rollback()
    db.expire_all()
    return db.scalars(select(Consult).where(Consult.reference == reference)).one()


def test_the_director_sees_whom_to_call_and_who_the_patient_is(director: Client, booked: str) -> None:
    for path in ("/director/", f"/director/consults/{booked}"):
        page = director.get(path).text
        assert "984-555-0142" in page
        assert "Canary Wren" in page
        assert "3/14/1962" in page
        assert "<title>" in page
        assert "Canary" not in page.partition("</title>")[0]


def test_the_outcome_is_shown_as_the_office_will_read_it_and_then_recorded(
    director: Client, booked: str, db: Session, clock: Clock
) -> None:
    """NC-5, BSP-8: appeal rights are in the notice."""
    clock.now = start(db, booked)
    page, form = f"/director/consults/{booked}", {"outcome": "upheld", "note": "The criterion is not met."}
    director_again(director, clock)

    preview = press(director, page, f"{page}/outcome", form)
    assert "Further appeal rights are those outlined in the denial letter" in preview.text
    assert consult(db, booked).status is Status.BOOKED

    answer = press(director, page, f"{page}/outcome", {**form, "action": "record"})
    assert answer.status_code == 303
    assert consult(db, booked).closed_reason == "upheld"
    assert "Outcome of your peer-to-peer consult: " in "\n".join(db.scalars(select(Message.subject)))


def test_two_calls_that_reach_nobody_bring_the_request_back_in_line(
    director: Client, booked: str, db: Session, clock: Clock
) -> None:
    clock.now = start(db, booked)
    page = f"/director/consults/{booked}"
    director_again(director, clock)
    for _ in range(2):
        assert press(director, page, f"{page}/no-answer").status_code == 303
    assert consult(db, booked).status is Status.WAITING


def test_a_day_off_shows_the_calls_it_touches_before_it_is_taken(director: Client, booked: str, db: Session) -> None:
    """C8."""
    form = {"from_day": "3/3/2026", "to_day": "3/3/2026", "note": ""}
    shown = director.send("/director/time/off", form, page="/director/time")
    assert booked in shown.text
    assert consult(db, booked).status is Status.BOOKED

    seen = {"seen": str(consult(db, booked).id), "action": "save"}
    answer = director.send("/director/time/off", {**form, **seen}, page="/director/time")
    assert answer.status_code == 303
    assert consult(db, booked).status is Status.WAITING


def test_giving_a_time_back_keeps_the_place(director: Client, booked: str, db: Session) -> None:
    before = consult(db, booked).place_at
    page = f"/director/consults/{booked}"
    assert press(director, page, f"{page}/decline").status_code == 303
    found = consult(db, booked)
    assert (found.status, found.place_at) == (Status.WAITING, before)


def test_another_director_finds_nothing(app: Flask, db: Session, settings: Settings, sign_in, account) -> None:
    """M4: what is not his looks as if it were not there."""
    other = person(db, npi="1003000126", email="other@plan.example")
    reference = ask(app, db, denial(db, settings, other))
    client = sign_in(StaffRole.DIRECTOR)
    assert reference not in client.get("/director/").text
    assert client.get(f"/director/consults/{reference}").status_code == 404
    for action in ("decline", "no-answer", "not-there", "outcome", "reconsider"):
        assert client.send(f"/director/consults/{reference}/{action}", page="/director/time").status_code == 404


def start(db: Session, reference: str):
    found = consult(db, reference)
    during = db.scalars(select(BookingRow.during).where(BookingRow.consult_id == found.id)).one()
    return during.lower


def director_again(client: Client, clock: Clock) -> None:
    """Sign in again: the visit has ended while the clock was moved."""
    answer = client.send("/sign-in", {"email": "director@plan.example", "password": PASSWORD})
    assert answer.status_code == 303
