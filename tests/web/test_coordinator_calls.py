"""The telephone at the desk: a call becomes a request, a director on the line, or a talk on record (BSP-4)."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.config import Settings
from app.models import (
    Attention,
    BookingRow,
    Channel,
    Consult,
    Denial,
    DirectorOff,
    DirectorPeer,
    LateEntry,
    OffKind,
    StaffRole,
)
from app.ranges import stored
from scheduling.values import Interval, Status
from tests.web.conftest import CANARIES, NOW, PASSWORD, Client, Clock, csrf_token, denial, person
from tests.web.desk import CALL, act, call, consult, counted, happened, mails, plan, second_director

PROMISE = {
    "plan": "blue-shield-promise-medi-cal",
    "line_of_business": "medi_cal",
    "dates": {"initial_decision": "2026-03-02T09:00:00-08:00"},
}


@pytest.fixture
def desk(sign_in) -> Client:
    return sign_in(StaffRole.COORDINATOR)


@pytest.fixture
def made(db: Session, settings: Settings) -> Denial:
    return denial(db, settings, person(db))


def expected(desk: Client, made: Denial, **more: object) -> str:
    return desk.send(f"/coordinator/calls/new/{made.id}/expected", {**CALL, **more}, page="/coordinator/calls/new").text


def test_the_number_on_the_letter_leads_to_the_form_at_once(desk: Client, made: Denial) -> None:
    answer = desk.send("/coordinator/calls/find", {"words": "nc1001"}, page="/coordinator/calls/new")
    assert answer.status_code == 303
    assert answer.location.startswith(f"/coordinator/calls/new/{made.id}")


def test_name_and_birth_date_find_the_case_and_stand_in_no_address(desk: Client, made, db, settings) -> None:
    """M5."""
    denial(db, settings, None, case_number="NC-7", member_name="Canary Finch")
    words = {"words": "wren 3/14/1962", "came": NOW.isoformat()}
    answer = desk.send("/coordinator/calls/find", words, page="/coordinator/calls/new")
    assert answer.location.startswith(f"/coordinator/calls/new/{made.id}?came=")
    assert "wren" not in answer.location.lower()
    several = desk.send("/coordinator/calls/find", {"words": "canary"}, page="/coordinator/calls/new")
    assert several.status_code == 200
    assert several.text.count("Take the call") == 2
    assert "Canary" not in several.text.partition("</title>")[0]


def test_the_form_shows_at_once_what_matters_and_has_now_filled_in(desk: Client, made: Denial) -> None:
    page = desk.get(f"/coordinator/calls/new/{made.id}").text
    for words in (
        "Dana Lee, MD",
        "919-555-0100",
        "Only if you also ask for reconsideration.",
        "Clinical information: take it down below.",
        'value="2026-03-03"',
        'value="09:00"',
        'value="Rosa Diaz, MD"',
        "Connect now with Dana Lee, MD",
        "Wednesday 4 March morning, 8:00 am to 12:00 pm Eastern",
    ):
        assert words in page, words


def test_what_would_come_of_it_is_told_while_the_caller_talks(desk: Client, made: Denial, db: Session) -> None:
    text = expected(desk, made)
    assert "Wednesday 4 March, 9:00 am Eastern</strong> with <strong>Dana Lee, MD" in text
    assert "Waits for clinical information" in expected(desk, made, statement="")
    assert db.scalar(select(func.count()).select_from(Consult)) == 0


def test_a_call_takes_its_place_in_line_and_says_who_took_it(desk: Client, made: Denial, db, app, clock) -> None:
    """BSP-4: same rules, same line; received when the call came."""
    answer = call(desk, made)
    assert answer.status_code == 303
    taken = consult(db)
    assert (taken.channel, taken.received_at, taken.status) == (Channel.PHONE, NOW, Status.WAITING)
    assert taken.taken_by is not None
    page = desk.get(answer.location).text
    assert f"Tell the caller the reference: {taken.reference}" in page
    assert "Request received by telephone. Place in line: 1." in page
    assert "Some Coordinator" in page
    plan(app, clock.now)
    assert "Wednesday 4 March, 9:00 am Eastern" in desk.get(answer.location).text


def test_the_same_form_twice_is_one_request(desk: Client, made: Denial, db: Session) -> None:
    """A7."""
    first, second = call(desk, made), call(desk, made)
    assert first.location == second.location
    assert db.scalar(select(func.count()).select_from(Consult)) == 1
    assert mails(db) == 1


def test_the_moment_of_the_call_counts_to_the_second(desk: Client, made: Denial, db: Session, clock: Clock) -> None:
    came = NOW + timedelta(seconds=42)
    clock.forward(minutes=5)
    assert call(desk, made, came=came.isoformat()).status_code == 303
    assert consult(db).received_at == came


def test_yesterday_after_closing_is_entered_without_question(desk: Client, made: Denial, db: Session) -> None:
    """BSP-4: a voicemail of the evening."""
    answer = call(desk, made, channel="voicemail", received="2026-03-02", received_at="17:00")
    assert answer.status_code == 303
    assert consult(db).received_at == datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
    assert happened(db, "entered_late") == []


def test_earlier_takes_a_reason_and_a_second_person(
    desk: Client, made: Denial, db: Session, account, app: Flask
) -> None:
    """BSP-4."""
    early = {"received": "2026-03-02", "received_at": "16:59"}
    answer = call(desk, made, **early)
    assert answer.status_code == 422
    assert 'href="#late_reason"' in answer.text
    late = {"late_reason": "The fax lay under the printer."}
    free = call(desk, made, **early, **late, action=f"connect-{made.director_id}")
    assert "cannot be connected" in free.text
    for _ in range(2):
        assert call(desk, made, **early, **late).status_code == 303
    assert db.scalar(select(func.count()).select_from(Consult)) == 0
    assert "A call waits for a second person" in desk.get(f"/coordinator/cases/{made.id}").text
    entry = db.scalars(select(LateEntry)).one()
    page = f"/coordinator/late/{entry.id}"
    for path in ("/coordinator/", "/coordinator/attention?about=late", "/coordinator/late"):
        assert page in desk.get(path).text, path
    assert "You entered it yourself" in desk.get(page).text
    assert desk.send(page, {"action": "confirm"}, page="/coordinator/").status_code == 403
    account(StaffRole.ADMINISTRATOR)
    second = app.test_client()
    second.send("/sign-in", {"email": "administrator@plan.example", "password": PASSWORD})
    assert act(second, page, {"action": "refuse"}).status_code == 422
    assert act(second, page, {"action": "confirm", "note": "I saw the fax."}).status_code == 303
    assert consult(db).received_at == datetime(2026, 3, 2, 21, 59, tzinfo=UTC)
    log = desk.get(f"/coordinator/cases/{made.id}").text
    assert "The fax lay under the printer." in log
    assert "Confirmed by a second person" in log
    assert second.get(page).status_code == 404


def test_a_moment_to_come_is_no_moment_of_receipt(desk: Client, made: Denial) -> None:
    answer = call(desk, made, received_at="09:01")
    assert answer.status_code == 422
    assert "This moment has not come yet" in answer.text


def test_what_is_missing_stands_beside_its_field_and_what_was_typed_stays(desk: Client, made: Denial) -> None:
    answer = call(desk, made, speaker_phone="", office_contact="", half="")
    assert answer.status_code == 422
    for field in ("speaker_phone", "office_contact", "windows"):
        assert f'href="#{field}"' in answer.text
        assert f'id="{field}"' in answer.text
    assert CANARIES[4] in answer.text


def test_any_time_and_half_days_become_windows(desk: Client, made: Denial, db: Session) -> None:
    call(desk, made, half=["2026-03-04.am", "2026-03-04.pm", "nonsense", "2026-13-40.am"])
    [window] = consult(db).windows
    assert (window.lower, window.upper) == (
        datetime(2026, 3, 4, 13, 0, tzinfo=UTC),
        datetime(2026, 3, 4, 22, 0, tzinfo=UTC),
    )


def test_an_office_without_mail_is_called_and_a_task_reminds(desk: Client, made: Denial, db: Session) -> None:
    answer = call(desk, made, office_email="")
    assert "call the office with the time" in desk.get(answer.location).text
    assert db.scalars(select(Attention.reason)).all() == ["tell_by_telephone"]


def test_a_refusal_says_why_by_which_key_and_what_can_still_be_done(desk: Client, db, settings) -> None:
    """BSP-3: refused, on record, and no request."""
    late = denial(db, settings, person(db), **{**PROMISE, "dates": {"initial_decision": "2026-02-20T09:00:00-08:00"}})
    answer = call(desk, late)
    assert answer.status_code == 200
    for words in (
        "The time for a consult has passed",
        "request.deadlines, consult.occur_by",
        "blue-shield-promise-medi-cal@",
        "You can appeal",
        "Accept all the same",
    ):
        assert words in answer.text
    assert len(happened(db, "refused")) == 1
    assert db.scalar(select(func.count()).select_from(Consult)) == 0


def test_it_is_accepted_all_the_same_with_a_reason_alone(desk: Client, db: Session, settings: Settings) -> None:
    """BSP-3."""
    late = denial(db, settings, person(db), **{**PROMISE, "dates": {"initial_decision": "2026-02-20T09:00:00-08:00"}})
    without = call(desk, late, accepting="yes", accept_late_reason=" ")
    assert without.status_code == 422
    assert "Say why it is accepted all the same" in without.text
    assert call(desk, late, accepting="yes", accept_late_reason="The letter came late.").status_code == 303
    assert consult(db).status is Status.WAITING
    assert "Accepted all the same: The letter came late." in desk.get(f"/coordinator/cases/{late.id}").text


def test_a_second_call_leads_to_the_request_that_is_open(desk: Client, made: Denial, db: Session) -> None:
    call(desk, made)
    answer = desk.get(f"/coordinator/calls/new/{made.id}", follow_redirects=True)
    assert "A request about this case is open." in answer.text
    again = call(desk, made, form_key="another")
    assert "Already asked for" in again.text
    assert "Accept all the same" not in again.text
    assert db.scalar(select(func.count()).select_from(Consult)) == 1


def test_a_caller_is_put_through_to_the_director_who_is_free(desk: Client, made: Denial, db: Session) -> None:
    answer = call(desk, made, action=f"connect-{made.director_id}", half="")
    assert answer.status_code == 303
    taken = consult(db)
    assert (taken.status, taken.outside_queue) == (Status.BOOKED, True)
    booked = db.scalars(select(BookingRow)).one()
    assert (booked.during.lower, booked.director_id) == (NOW, made.director_id)
    page = desk.get(answer.location).text
    assert "Connect them now: Dana Lee, MD, 919-555-0100." in page
    assert call(desk, made, action=f"connect-{made.director_id}", half="").location == answer.location
    assert len(happened(db, "booked")) == 1


def test_a_director_who_is_not_free_is_not_offered_and_not_connected(desk: Client, made: Denial, db: Session) -> None:
    db.add(
        DirectorOff(
            director_id=made.director_id,
            during=stored(Interval(NOW + timedelta(minutes=10), NOW + timedelta(minutes=20))),
            kind=OffKind.BUSY,
            created_at=NOW,
        )
    )
    db.commit()
    assert "Nobody who may take this call is free" in desk.get(f"/coordinator/calls/new/{made.id}").text
    answer = call(desk, made, action=f"connect-{made.director_id}")
    assert answer.status_code == 422
    assert "This director is no longer free" in answer.text
    assert db.scalar(select(func.count()).select_from(Consult)) == 0


def test_only_the_director_who_decided_is_offered_where_the_policy_says_so(desk, made, db, settings) -> None:
    """H4, NC-9: not somebody else; under BSP-5 the designated peer as well, and nobody but him."""
    other = second_director(db)
    page = desk.get(f"/coordinator/calls/new/{made.id}").text
    assert "Connect now with Omar Haddad" not in page
    assert call(desk, made, action=f"connect-{other.id}").status_code == 422
    third = person(db, npi="1003000126", name="Ada Stranger, MD")
    promise = denial(db, settings, third, case_number="BSP-1", **PROMISE)
    db.add(DirectorPeer(director_id=third.id, peer_id=other.id, rank=0))
    db.commit()
    page = desk.get(f"/coordinator/calls/new/{promise.id}").text
    assert page.index("Connect now with Ada Stranger") < page.index("Connect now with Omar Haddad")
    assert "Connect now with Dana Lee" not in page


TALK = {
    "action": "record",
    "half": "",
    "talk_on": "2026-03-03",
    "talk_at": "08:30",
    "outcome": "discussed",
    "note": "Explained the criterion.",
}


def test_a_talk_that_took_place_is_recorded_outside_the_queue(desk: Client, made: Denial, db: Session) -> None:
    answer = call(desk, made, **TALK, talk_director=str(made.director_id))
    assert answer.status_code == 303
    taken = consult(db)
    assert (taken.status, taken.closed_reason, taken.outside_queue) == (Status.COMPLETED, "discussed", True)
    page = desk.get(answer.location).text
    assert "The talk is on record" in page
    assert "outside the queue" in page
    assert call(desk, made, **TALK, talk_director=str(made.director_id)).location == answer.location
    assert db.scalar(select(func.count()).select_from(Consult)) == 1


def test_a_talk_to_come_or_without_an_outcome_is_not_recorded(desk: Client, made: Denial, db: Session) -> None:
    answer = call(desk, made, **{**TALK, "talk_at": "09:30"}, talk_director=str(made.director_id))
    assert answer.status_code == 422
    assert "is booked, not recorded" in answer.text
    answer = call(desk, made, **{**TALK, "outcome": "overturned"}, talk_director=str(made.director_id))
    assert answer.status_code == 422  # NC-2: without reconsideration "overturned" is not among the outcomes
    answer = call(desk, made, **{**TALK, "note": "", "talk_on": ""})
    assert {"talk_director", "note", "talk_on"} <= set(_faults(answer.text))
    assert db.scalar(select(func.count()).select_from(Consult)) == 0


def _faults(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('href="#')[1:]]


def test_another_row_can_be_had_and_nothing_is_sent(desk: Client, made: Denial, db: Session) -> None:
    answer = call(desk, made, action="add-window", window_rows=["1", "2"])
    assert answer.status_code == 200
    assert 'id="window-2-date"' in answer.text
    assert CANARIES[4] in answer.text
    assert db.scalar(select(func.count()).select_from(Consult)) == 0


def test_the_form_takes_a_bounded_number_of_statements(desk: Client, made: Denial, app: Flask, db, settings) -> None:
    for number in range(5):
        other = denial(db, settings, None, case_number=f"NC-30{number}", director_id=made.director_id)
        assert call(desk, other, form_key=f"key-{number}").status_code == 303
    with counted(app) as statements:
        assert desk.get(f"/coordinator/calls/new/{made.id}").status_code == 200
    assert len(statements) <= 22, statements


def test_information_that_is_told_is_taken_down_for_the_reviewer(desk: Client, made: Denial, db: Session) -> None:
    """NC-8: clinical taken by telephone is information."""
    call(desk, made, statement="")
    assert consult(db).status is Status.AWAITING_INFORMATION
    path = f"/coordinator/cases/{made.id}/information"
    said = {"how": "telephone", "whom": "Pat Doe, RN", "came_on": "2026-03-02", "at": "08:55", "what": "New foot drop."}
    for field, wrong in {"what": "", "whom": "", "at": "25:00", "came_on": "2031-01-01"}.items():
        assert act(desk, path, said | {field: wrong}).status_code == 422
    assert act(desk, path, said).status_code == 303
    assert consult(db).status is Status.WAITING
    heading, what = consult(db).statement.splitlines()
    assert heading.startswith("Told on the telephone by Pat Doe, RN, Mon")
    assert heading.endswith("taken down by Some Coordinator:")
    assert what == "New foot drop."
    assert csrf_token(desk.get(path))
