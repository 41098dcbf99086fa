"""A nurse asks for more and takes information down; the worklist, the office and the desk see what is waited for."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.models import Account, Attention, Consult, Denial, Role, StaffRole
from tests.web.clinic import ask, press, text_of
from tests.web.conftest import CANARIES, PASSWORD, Client, Clock, denial, open_case, person
from tests.web.desk import happened


@pytest.fixture
def nora(app: Flask, account: Callable[..., Account]) -> Client:
    client = app.test_client()
    who = account(StaffRole.NURSE, name="Nora Quinn, RN")
    client.send("/sign-in", {"email": who.email, "password": PASSWORD})
    return client


@pytest.fixture
def elective(app: Flask, db: Session, settings: Settings) -> Consult:
    """A reconsideration that is due on Thursday and has a talk after that."""
    return ask(app, db, denial(db, settings, person(db)), reconsideration=True)


def page_of(consult: Consult) -> str:
    return f"/nurse/consults/{consult.reference}"


def test_what_is_asked_for_waits_apart_and_comes_back_when_something_is_in(
    nora: Client, client: Client, app: Flask, db: Session, elective: Consult
) -> None:
    """Nothing is taken away: the clock runs on, and she can still decide."""
    page = page_of(elective)
    press(nora, page, f"{page}/claim")
    answer = press(nora, page, f"{page}/more", {"wanted": CANARIES[4]})
    assert answer.location == "/nurse/"
    said = text_of(nora.get("/nurse/"))
    assert "Nothing to decide now" in said
    assert said.index("Waiting for the office") < said.index(elective.reference)
    assert "Office asked" in said
    shown = text_of(nora.get(page))
    assert "The office was asked for more" in shown
    assert CANARIES[4] in shown
    assert "Approve ..." in shown

    open_case(client, db.get_one(Denial, elective.denial_id))
    office = f"/c/{elective.reference}"
    page_office = text_of(client.get(office))
    answers = "What would answer the denial: InterQual 2026"
    for words in ("The nurse needs more", CANARIES[4], answers, "goes on meanwhile"):
        assert words in page_office
    assert CANARIES[4] in client.get(f"{office}/information").text
    client.send(f"{office}/information", {"statement": "Here it is."}, page=f"{office}/information")
    assert "The nurse needs more" not in client.get(office).text
    assert "Waiting for the office" not in nora.get("/nurse/").text
    assert "1 open" in text_of(nora.get("/nurse/"))


def test_what_waits_for_the_office_comes_back_a_day_before_it_is_due(
    nora: Client, elective: Consult, clock: Clock
) -> None:
    page = page_of(elective)
    press(nora, page, f"{page}/more", {"wanted": "the imaging"})
    clock.forward(days=1, hours=8, minutes=1)
    nora.send("/sign-in", {"email": "nurse@plan.example", "password": PASSWORD})
    said = text_of(nora.get("/nurse/"))
    assert "Waiting for the office" not in said
    assert "Office asked 1 day 8 hours ago" in said


def test_asking_for_nothing_is_an_error_beside_the_field(nora: Client, elective: Consult, db: Session) -> None:
    page = page_of(elective)
    answer = press(nora, page, f"{page}/more", {"wanted": " "})
    assert answer.status_code == 422
    assert 'href="#wanted"' in answer.text
    assert 'id="wanted-error"' in answer.text
    assert happened(db, "more_wanted") == []


def test_what_was_told_on_the_telephone_is_taken_down_with_who_and_when(
    nora: Client, db: Session, elective: Consult
) -> None:
    """NC-8."""
    page = page_of(elective)
    assert 'value="Pat Doe"' in nora.get(page).text, "from whom: the office, unless somebody else"
    told = {"how": "telephone", "whom": "Dr Rao", "came_on": "2026-03-03", "at": "08:45", "what": "No relief in May."}
    answer = press(nora, page, f"{page}/taken-down", told)
    assert answer.location == page
    shown = text_of(nora.get(page))
    assert "Told on the telephone by Dr Rao, Tuesday 3 March 2026, 8:45 am Eastern" in shown
    assert "taken down by Nora Quinn, RN: No relief in May." in shown
    assert "Clinical information taken down, by telephone from Dr Rao" in shown


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"whom": ""}, "whom"),
        ({"what": ""}, "what"),
        ({"at": "noon"}, "at"),
        ({"at": "23:00"}, "at"),
        ({"came_on": "soon"}, "came_on"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(nora: Client, db: Session, elective: Consult, wrong, field) -> None:
    page = page_of(elective)
    right = {"how": "fax", "whom": "Ortho Clinic", "came_on": "2026-03-03", "at": "08:45", "what": "Six pages."}
    answer = press(nora, page, f"{page}/taken-down", {**right, **wrong})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}-error"' in answer.text
    assert happened(db, "information") == []


def test_both_sides_are_telephoned_and_hear_different_words(
    nora: Client, sign_in, app: Flask, db: Session, settings: Settings
) -> None:
    """NC-6, G2: less than four hours before the call."""
    soon = ask(app, db, denial(db, settings, person(db), case_number="NC-9", urgency="emergent"), reconsideration=True)
    page = f"{page_of(soon)}/approve"
    press(nora, page, page, {"note": "It meets the criterion."})
    desk: Client = sign_in(Role.COORDINATOR)
    said = text_of(desk.get("/coordinator/attention?about=tell_by_telephone"))
    assert "To the office. Say that the request is approved and that the talk is cancelled." in said
    assert "To the director. Say that the talk is cancelled and that the time is free again." in said
    ids = db.scalars(select(Attention.id).where(Attention.reason == "tell_by_telephone").order_by(Attention.id)).all()
    director = text_of(desk.get(f"/coordinator/attention/{ids[1]}"))
    assert "919-555-0100" in director
    assert "approved" not in director
