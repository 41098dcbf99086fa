"""What a director records: the outcome as the office will read it, calls that nobody answers, times given back."""

# ruff: noqa: F811 -- a fixture that is asked for has the name of the one that is imported

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Attention, BookingRow, Consult, DirectorOff, Message
from scheduling.values import Status
from tests.web.clinic import ask, fresh, plan_lines, press, text_of, version_in
from tests.web.conftest import NOW, Client, Clock, csrf_token, denial
from tests.web.desk import happened, mails
from tests.web.test_director import again, begun, booked, lee, lee_in  # noqa: F401 -- fixtures


def test_what_the_office_will_read_is_shown_before_it_is_sent(begun: Client, booked: Consult, db) -> None:
    """NC-3: without reconsideration the case allows two determinations; NC-5, M5: the mail and the page."""
    path = f"/director/consults/{booked.reference}"
    page = text_of(begun.get(path))
    assert "Discussed" in page
    assert "An error of the plan" in page
    for word in ("Upheld", "Overturned", "Modified"):
        assert f"{word} The" not in page
    before = mails(db)
    shown = press(begun, path, f"{path}/outcome", {"outcome": "discussed", "note": "Criterion 2b explained."})
    assert shown.status_code == 200
    words = text_of(shown)
    assert "The rationale of the denial was discussed. This was no reconsideration; the denial stands." in words
    assert "Further rights are those outlined in the denial letter." in words
    assert "Criterion 2b explained." in words
    assert mails(db) == before
    assert fresh(db, booked.id).status is Status.BOOKED
    data = {"csrf_token": csrf_token(shown), **version_in(shown), "outcome": "discussed"}
    back = begun.post(f"{path}/outcome", data={**data, "note": "Criterion 2b explained.", "action": "change"})
    assert "Criterion 2b explained." in back.text
    done = begun.post(f"{path}/outcome", data={**data, "note": "Criterion 2b explained.", "action": "record"})
    assert done.location == path
    after = fresh(db, booked.id)
    assert (after.status, after.closed_reason) == (Status.COMPLETED, "discussed")
    assert after.determination_note == "Criterion 2b explained."
    assert mails(db) == before + 1
    assert "canar" not in last_mail(db).lower()
    final = text_of(begun.get(path))
    assert "What the office read" in final
    assert "Done: discussed" in text_of(begun.get("/director/"))


def test_one_sentence_is_required(begun: Client, booked: Consult, db) -> None:
    path = f"/director/consults/{booked.reference}"
    answer = press(begun, path, f"{path}/outcome", {"note": " "})
    assert answer.status_code == 422
    assert "Choose what the talk has come to." in answer.text
    assert "Add one sentence: what decided it." in answer.text


def test_an_outcome_that_the_case_does_not_allow_is_not_taken(begun: Client, booked: Consult, db) -> None:
    """NC-2: whatever the form sends."""
    path = f"/director/consults/{booked.reference}"
    sent = {"outcome": "overturned", "note": "By hand.", "action": "record"}
    assert press(begun, path, f"{path}/outcome", sent).status_code == 422
    assert fresh(db, booked.id).status is Status.BOOKED


def test_the_office_asks_for_reconsideration_in_the_call(begun: Client, booked: Consult, db) -> None:
    """NC-4: it opens the PCR from the call, and the decision can be changed."""
    path = f"/director/consults/{booked.reference}"
    assert press(begun, path, f"{path}/reconsider").location == path
    page = text_of(begun.get(path))
    for word in ("Upheld", "Overturned", "Modified", "PCR-000001", "The decision can be changed in this call now."):
        assert word in page
    assert "The office asks for reconsideration now" not in page
    sent = {"outcome": "overturned", "note": "The MRI decides it.", "action": "record"}
    assert press(begun, path, f"{path}/outcome", sent).status_code == 303
    assert fresh(db, booked.id).closed_reason == "overturned"
    assert list(db.scalars(select(Attention.reason).where(Attention.settled_at.is_(None)))) == ["update_the_case"]


def test_a_plan_without_reconsideration_offers_none(begun: Client, app, db, settings, lee, clock: Clock) -> None:
    dates = {"initial_decision": "2026-03-02T09:00:00-08:00"}
    made = denial(
        db,
        settings,
        lee,
        plan="blue-shield-promise-medi-cal",
        line_of_business="medi_cal",
        case_number="BSP-1",
        dates=dates,
    )
    asked = ask(app, db, made, now=clock.now)
    clock.forward(hours=2)
    again(begun)
    path = f"/director/consults/{asked.reference}"
    page = text_of(begun.get(path))
    assert "The office asks for reconsideration now" not in page
    assert "Overturned" in page
    press(begun, path, f"{path}/reconsider")
    assert "No reconsideration at this plan." in text_of(begun.get(path))


def test_nobody_answers_and_the_policys_ladder_is_shown(begun: Client, booked: Consult, db, app, clock: Clock) -> None:
    """How many calls, how many minutes between, what happens then."""
    path = f"/director/consults/{booked.reference}"
    page = text_of(begun.get(path))
    assert "Once more: call again 15 minutes after each call that reached nobody." in page
    assert "After call 2 the time counts as missed (1 of 2): the request goes back in line, keeps its place" in page
    press(begun, path, f"{path}/no-answer")
    page = text_of(begun.get(path))
    assert "No answer: 10:02 am Eastern. Call again at 10:17 am Eastern , in 15 minutes." in page
    assert "With this call the time counts as missed (1 of 2)" in page
    assert "No answer: record call 2 of 2" in page
    clock.forward(minutes=16)
    again(begun)
    assert "Call again at 10:17 am Eastern , now." in text_of(begun.get(path))
    press(begun, path, f"{path}/no-answer")
    after = fresh(db, booked.id)
    assert (after.status, after.missed) == (Status.WAITING, 1)
    page = text_of(begun.get(path))
    assert "the request goes back in line and gets another one" in page
    assert "Nobody answered" in text_of(begun.get("/director/"))
    plan_lines(app, clock.now)
    again_booked = fresh(db, booked.id)
    assert again_booked.status is Status.BOOKED
    clock.forward(hours=24)
    again(begun)
    assert "(2 of 2): the request is closed as not reached" in text_of(begun.get(path))
    before = mails(db)
    press(begun, path, f"{path}/no-answer")
    press(begun, path, f"{path}/no-answer")
    assert fresh(db, booked.id).status is Status.NOT_REACHED
    assert mails(db) == before + 1
    assert "the request is closed; the office is told" in text_of(begun.get(path))


def test_the_same_press_twice_is_one_failed_call(begun: Client, booked: Consult, db) -> None:
    """A6, A12: the second press of a page that is out of date changes nothing and says so."""
    path = f"/director/consults/{booked.reference}"
    opened = begun.get(path)
    data = {"csrf_token": csrf_token(opened), **version_in(opened)}
    assert begun.post(f"{path}/no-answer", data=data).status_code == 303
    second = begun.post(f"{path}/no-answer", data=data)
    assert second.status_code == 409
    assert "This has changed since you opened the page." in second.text
    assert fresh(db, booked.id).attempts == 1
    assert len(happened(db, "not_there")) == 1
    stale = begun.post(f"{path}/outcome", data={**data, "outcome": "discussed", "note": "As typed."})
    assert stale.status_code == 409
    assert "As typed." in stale.text


def test_the_outcome_twice_is_once(begun: Client, booked: Consult, db) -> None:
    """A6: nothing is sent twice, and the second page says how it stands."""
    path = f"/director/consults/{booked.reference}"
    opened = begun.get(path)
    data = {"csrf_token": csrf_token(opened), **version_in(opened), "note": "Explained.", "action": "record"}
    assert begun.post(f"{path}/outcome", data={**data, "outcome": "discussed"}).status_code == 303
    before = mails(db)
    for action in ("outcome", "no-answer", "not-there", "reconsider", "decline"):
        second = begun.post(f"{path}/{action}", data={**data, "outcome": "plan_error"})
        assert second.status_code == 409, action
        assert "This consult is over: Discussed" in text_of(second)
    assert (mails(db), fresh(db, booked.id).closed_reason) == (before, "discussed")


def test_the_director_was_not_there(begun: Client, booked: Consult, db) -> None:
    """What the plan causes puts a consult back at its old place; it counts against nobody of the office."""
    path = f"/director/consults/{booked.reference}"
    assert press(begun, path, f"{path}/not-there").location == "/director/"
    after = fresh(db, booked.id)
    assert (after.status, after.missed, after.place_at) == (Status.WAITING, 0, NOW)
    page = text_of(begun.get("/director/"))
    assert "you were not there" in page
    assert "You were not there" in page


def test_a_time_is_given_back_before_the_call(lee_in: Client, booked: Consult, app, db, clock: Clock) -> None:
    path = f"/director/consults/{booked.reference}"
    assert press(lee_in, path, f"{path}/decline").location == "/director/"
    assert fresh(db, booked.id).status is Status.WAITING
    assert db.scalars(select(DirectorOff.kind)).one() == "declined"
    plan_lines(app, clock.now)
    during = db.scalars(select(BookingRow.during).where(BookingRow.released_at.is_(None))).one()
    assert during.lower == NOW + timedelta(hours=1, minutes=30)
    clock.forward(hours=2)
    again(lee_in)
    late = press(lee_in, path, f"{path}/decline")
    assert late.status_code == 409
    assert "can no longer be given back" in late.text


def test_nothing_is_recorded_before_the_call(lee_in: Client, booked: Consult, db) -> None:
    path = f"/director/consults/{booked.reference}"
    for action in ("outcome", "no-answer", "not-there", "reconsider"):
        early = press(lee_in, path, f"{path}/{action}", {"outcome": "discussed", "note": "Early."})
        assert early.status_code == 409, action
        assert "can be recorded from then on" in early.text
    assert fresh(db, booked.id).status is Status.BOOKED


def last_mail(db: Session) -> str:
    db.rollback()
    body = db.scalars(select(Message.body).order_by(Message.id.desc()).limit(1)).one()
    return bytes(body).decode()
