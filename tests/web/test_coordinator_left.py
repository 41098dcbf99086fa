"""Requests left without the code: matched with a case and received when they were left, or settled with a note."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.config import Settings
from app.models import Channel, Consult, Denial, LeftRequest, StaffRole
from tests.web.conftest import NOW, Client, Clock, csrf_token, denial, person
from tests.web.desk import act, call, consult, happened

BODY = {
    "member_name": "Canary Wren",
    "birth_date": "1962-03-14",
    "speaker_name": "Rosa Diaz, MD",
    "speaker_npi": "",
    "speaker_phone": "919-555-0142",
    "times": "Wednesday before noon",
    "statement": "Six weeks of therapy.",
    "office_contact": "Sam Desk",
    "office_email": "desk@clinic.example",
    "office_phone": "919-555-0140",
}


@pytest.fixture
def desk(sign_in, clock: Clock) -> Client:
    clock.forward(minutes=30)
    return sign_in(StaffRole.COORDINATOR)


@pytest.fixture
def made(db: Session, settings: Settings) -> Denial:
    return denial(db, settings, person(db))


@pytest.fixture
def left(db: Session) -> LeftRequest:
    row = LeftRequest(reference="P2P-LEFT-0001", form_key="left-key", case_number="nc-1001", received_at=NOW, body=BODY)
    db.add(row)
    db.commit()
    return row


def test_nothing_left_says_so(desk: Client) -> None:
    assert "Nothing waits." in desk.get("/coordinator/left").text
    assert "Nothing is settled yet." in desk.get("/coordinator/left?show=settled").text
    assert desk.get("/coordinator/left/99").status_code == 404


def test_the_likely_case_is_shown_beside_what_was_left(desk: Client, left: LeftRequest, made: Denial) -> None:
    page = desk.get(f"/coordinator/left/{left.id}").text
    for words in ("Wednesday before noon", "919-555-0140", "Case NC-1001", "This case"):
        assert words in page, words
    assert "30 minutes ago" in page


def test_without_a_number_the_member_leads_to_the_case(desk: Client, left: LeftRequest, made: Denial, db) -> None:
    left.case_number = "none"
    db.commit()
    assert "Case NC-1001" in desk.get(f"/coordinator/left/{left.id}").text


def test_another_case_can_be_looked_for(desk: Client, left: LeftRequest, db: Session, settings: Settings) -> None:
    path = f"/coordinator/left/{left.id}"
    assert "Nothing found." in desk.get(path).text
    denial(db, settings, None, case_number="NC-2002")
    assert "Case NC-2002" in act(desk, f"{path}/find", {"words": "2002"}, page=path).text
    assert act(desk, f"{path}/find", {"words": ""}, page=path).status_code == 422


def test_it_becomes_a_request_received_when_it_was_left(desk, left: LeftRequest, made: Denial, db: Session) -> None:
    """Never lost, and never later in line for having lacked the code."""
    form = desk.get(f"/coordinator/calls/new/{made.id}?left={left.id}").text
    assert 'value="919-555-0142"' in form
    assert "Wednesday before noon" in form
    assert "Connect now" not in form
    assert call(desk, made, left=str(left.id), form_key="x").status_code == 303
    taken = consult(db)
    assert (taken.received_at, taken.channel, taken.taken_by) == (NOW, Channel.ONLINE, None)
    db.refresh(left)
    assert left.consult_id == taken.id
    assert left.settled_by is not None
    [entry] = happened(db, "matched")
    assert entry.details["left_request"] == "P2P-LEFT-0001"
    assert taken.reference in desk.get(f"/coordinator/left/{left.id}").text
    assert "Matched with P2P-LEFT-0001" in desk.get(f"/coordinator/cases/{made.id}").text


def test_a_second_press_makes_no_second_request(desk: Client, left: LeftRequest, made: Denial, db, settings) -> None:
    """A6."""
    other = denial(db, settings, None, case_number="NC-2002")
    assert call(desk, made, left=str(left.id), form_key="x").status_code == 303
    assert call(desk, other, left=str(left.id), form_key="y").status_code == 409
    assert desk.get(f"/coordinator/calls/new/{other.id}?left={left.id}").status_code == 404
    assert db.scalar(select(func.count()).select_from(Consult)) == 1


def test_one_that_is_refused_goes_on_waiting(desk: Client, left: LeftRequest, db: Session, settings: Settings) -> None:
    late = denial(
        db,
        settings,
        person(db),
        plan="blue-shield-promise-medi-cal",
        line_of_business="medi_cal",
        dates={"initial_decision": "2026-02-20T09:00:00-08:00"},
    )
    answer = call(desk, late, left=str(left.id), form_key="x")
    assert "The time for a consult has passed" in answer.text
    assert "P2P-LEFT-0001" in desk.get("/coordinator/left").text
    assert call(desk, late, left=str(left.id), accept_late_reason="It was left in time.").status_code == 303
    assert "P2P-LEFT-0001" not in desk.get("/coordinator/left").text


def test_it_is_settled_with_a_note_once(desk: Client, left: LeftRequest, db: Session) -> None:
    """A6."""
    path = f"/coordinator/left/{left.id}"
    without = act(desk, f"{path}/settle", {"note": " "}, page=path)
    assert without.status_code == 422
    data = {"csrf_token": csrf_token(desk.get(path)), "note": "Called: another plan."}
    assert desk.post(f"{path}/settle", data=data).status_code == 303
    assert desk.post(f"{path}/settle", data=data).status_code == 409
    assert "Called: another plan." in desk.get("/coordinator/left?show=settled").text
    assert "P2P-LEFT-0001" in desk.get("/coordinator/left?show=settled&format=csv").text
