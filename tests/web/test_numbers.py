"""An office's numbers and addresses are changed by itself and by the desk (statement F4)."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.models import Consult, Denial, Message, MessageKind, Role
from tests.web.clinic import ask, fresh
from tests.web.conftest import Client, denial, open_case, person
from tests.web.desk import act

NUMBERS = {
    "speaker_phone": "919-555-0177",
    "backup_name": "",
    "backup_phone": "",
    "how_to_reach": "",
    "office_contact": "Pat Doe",
    "office_email": "pat@ortho.example",
    "office_phone": "",
}


def test_an_office_changes_the_number_and_both_are_told(
    office: Client, consult: Consult, about: Denial, db: Session
) -> None:
    page = f"/c/{consult.reference}/numbers"
    assert 'value="984-555-0142"' in office.get(page).text
    answer = act(office, page, NUMBERS)
    assert answer.location == f"/c/{consult.reference}"
    assert "Both sides get the invitation anew" in office.get(answer.location).text
    assert fresh(db, consult.id).speaker_phone == "919-555-0177"
    assert sequences(db, consult) == [1, 1]


def test_the_desk_does_it_while_the_office_is_on_the_line(
    desk: Client, consult: Consult, about: Denial, db: Session
) -> None:
    """It may leave the mail address empty: somebody telephones then."""
    page = f"/coordinator/cases/{about.id}/numbers"
    answer = act(desk, page, {**NUMBERS, "office_email": ""})
    assert answer.status_code == 303
    found = fresh(db, consult.id)
    assert (found.speaker_phone, found.office_email) == ("919-555-0177", "")
    assert "Numbers or addresses of the office were changed." in desk.get(f"/coordinator/cases/{about.id}").text


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("speaker_phone", "", "Enter the number that the medical director will call."),
        ("speaker_phone", "12", "Enter the number with area code"),
        ("office_email", "nobody", "Enter a mail address such as"),
        ("office_email", "", "Enter the mail address for the invitation."),
        ("backup_name", "Dr Two", "Enter the back-up&#39;s number, or leave the name empty."),
    ],
)
def test_what_cannot_be_right_is_told_beside_its_field(
    field: str, typed: str, says: str, office: Client, consult: Consult, db: Session
) -> None:
    page = f"/c/{consult.reference}/numbers"
    answer = act(office, page, {**NUMBERS, field: typed})
    assert answer.status_code == 422
    assert says in answer.text
    assert fresh(db, consult.id).speaker_phone == "984-555-0142"


def test_a_page_that_is_out_of_date_changes_nothing(office: Client, consult: Consult, db: Session) -> None:
    """A12."""
    page = f"/c/{consult.reference}/numbers"
    answer = act(office, page, {**NUMBERS, "version": "0"})
    assert answer.status_code == 409
    assert fresh(db, consult.id).speaker_phone == "984-555-0142"


def test_another_office_does_not_find_the_page(app: Flask, consult: Consult) -> None:
    """M4."""
    assert app.test_client().get(f"/c/{consult.reference}/numbers").status_code == 303


def sequences(db: Session, consult: Consult) -> list[int | None]:
    query = select(Message.calendar_sequence).where(
        Message.consult_id == consult.id, Message.kind == MessageKind.INVITATION, Message.superseded_at.is_(None)
    )
    return list(db.scalars(query))


@pytest.fixture
def about(db: Session, settings: Settings) -> Denial:
    return denial(db, settings, person(db))


@pytest.fixture
def consult(app: Flask, db: Session, about: Denial) -> Consult:
    return ask(app, db, about)


@pytest.fixture
def office(app: Flask, about: Denial, consult: Consult) -> Client:
    client = app.test_client()
    open_case(client, about)
    return client


@pytest.fixture
def desk(sign_in: Callable[..., Client]) -> Client:
    return sign_in(Role.COORDINATOR)
