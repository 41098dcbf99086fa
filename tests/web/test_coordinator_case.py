"""One case on the desk: where it stands, every action, its refusals, the second press, a page that is out of date."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.models import Attention, BookingRow, Denial, DirectorOff, DirectorPeer, OffKind, StaffRole
from app.ranges import stored
from scheduling.values import Interval, Status
from tests.web.conftest import CANARIES, NOW, PASSWORD, Client, Clock, csrf_token, denial, person
from tests.web.desk import (
    act,
    call,
    consult,
    counted,
    happened,
    mails,
    make_older,
    plan,
    second_director,
    sign_in_again,
)


@pytest.fixture
def desk(sign_in) -> Client:
    return sign_in(StaffRole.COORDINATOR)


@pytest.fixture
def made(db: Session, settings: Settings) -> Denial:
    return denial(db, settings, person(db))


@pytest.fixture
def booked(desk: Client, made: Denial, app: Flask, clock: Clock) -> Denial:
    """A case whose call is today at 10:00, an hour from now."""
    assert call(desk, made, half="2026-03-03.am").status_code == 303
    assert plan(app, clock.now) == 1
    return made


def case(desk: Client, made: Denial) -> str:
    return desk.get(f"/coordinator/cases/{made.id}").text


def test_a_case_shows_what_happens_next_until_when_and_what_can_be_done(desk: Client, booked: Denial, db) -> None:
    page = case(desk, booked)
    for words in (
        "Tuesday 3 March, 10:00 am Eastern",
        "In 1 hour",
        "Dana Lee, MD",
        "The plan aims at",
        "Connect now",
        "Take down other times",
        "Withdraw the request",
        "Last day to appeal",
        CANARIES[4],
    ):
        assert words in page, words
    title = page.partition("</title>")[0]
    assert consult(db).reference in title
    assert not any(word in title for word in CANARIES)


def test_nothing_asked_for_yet_offers_to_take_a_request_down(desk: Client, made: Denial) -> None:
    page = case(desk, made)
    assert "Nothing asked for yet" in page
    assert "Take down a request" in page
    assert "Nothing has happened yet." in page


def test_a_case_that_is_not_there_is_not_found(desk: Client) -> None:
    assert desk.get("/coordinator/cases/99").status_code == 404
    assert desk.get("/coordinator/cases/99/live").status_code == 404
    assert desk.get("/coordinator/calls/new/99").status_code == 404
    assert desk.get("/coordinator/consults/P2P-0000-0000").status_code == 404


def test_the_reference_leads_to_the_case(desk: Client, booked: Denial, db: Session) -> None:
    answer = desk.get(f"/coordinator/consults/{consult(db).reference.lower()}")
    assert answer.location == f"/coordinator/cases/{booked.id}"


def test_the_page_looks_for_news_and_is_told_only_what_is_new(desk, made, app, clock, db: Session) -> None:
    call(desk, made)
    seen = desk.get(f"/coordinator/cases/{made.id}").text.partition("seen=")[2].partition('"')[0]
    live = f"/coordinator/cases/{made.id}/live?seen="
    assert desk.get(live + seen).status_code == 204
    plan(app, clock.now)
    assert "Wednesday 4 March, 9:00 am Eastern" in desk.get(live + seen).text


def test_the_contact_log_says_who_did_what_and_what_was_sent(desk: Client, booked: Denial) -> None:
    page = case(desk, booked)
    log = page[page.index("Contact log") :]
    for words in (
        "Request received by telephone. Place in line: 1.",
        "Some Coordinator",
        "Booked: Tuesday 3 March, 10:00 am Eastern with Dana Lee, MD.",
        "Invitation to the director: waits to be sent.",
        "Acknowledgement to the office",
    ):
        assert words in log, words
    assert log.index("Booked:") < log.index("Request received")


def test_other_times_give_the_booked_one_up_and_say_so(desk: Client, booked: Denial, db: Session, app, clock) -> None:
    path = f"/coordinator/cases/{booked.id}/times"
    page = desk.get(path).text
    assert "The booked time is given up. The request keeps its place in line." in page
    assert 'value="09:00"' in page
    answer = act(desk, path, {"zone": "America/New_York", "hour": "2026-03-05T14:00Z"})
    assert answer.status_code == 303
    assert consult(db).status is Status.WAITING
    assert "Tuesday 3 March, 10:00 am Eastern is given up, and the request keeps its place" in case(desk, booked)
    plan(app, clock.now)
    assert "Thursday 5 March, 9:00 am Eastern" in case(desk, booked)


def test_times_that_are_none_are_refused_beside_the_field(desk: Client, booked: Denial, db: Session) -> None:
    answer = act(desk, f"/coordinator/cases/{booked.id}/times", {"zone": "America/New_York"})
    assert answer.status_code == 422
    assert 'href="#windows"' in answer.text
    assert consult(db).status is Status.BOOKED


def test_a_request_is_withdrawn_once_and_both_sides_are_told(desk: Client, booked: Denial, db: Session) -> None:
    """A6, G5."""
    path = f"/coordinator/cases/{booked.id}/withdraw"
    page = desk.get(path)
    data = {"csrf_token": csrf_token(page), "version": str(consult(db).version)}
    assert desk.post(path, data=data).status_code == 303
    before = mails(db)
    assert "goes to the next in line" in case(desk, booked)
    assert desk.post(path, data=data).status_code == 409
    assert mails(db) == before
    assert consult(db).closed_reason == "withdrawn_by_office"
    assert "Withdrawn." in case(desk, booked)


def test_two_coordinators_withdraw_at_once_and_it_happens_once(desk, booked, app: Flask, account, db: Session) -> None:
    """A6."""
    path = f"/coordinator/cases/{booked.id}/withdraw"
    other = app.test_client()
    account(StaffRole.COORDINATOR, email="second@plan.example")
    other.send("/sign-in", {"email": "second@plan.example", "password": PASSWORD})
    version, together = str(consult(db).version), Barrier(2)

    def press(client: Client) -> int:
        data = {"csrf_token": csrf_token(client.get(path)), "version": version}
        together.wait()
        return client.post(path, data=data).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, (desk, other))) == [303, 409]
    assert len(happened(db, "cancelled")) == 1


def test_reconsideration_asked_for_on_the_telephone_opens_the_review(desk: Client, booked: Denial, db, app) -> None:
    """NC-4."""
    path = f"/coordinator/cases/{booked.id}/reconsideration"
    assert act(desk, path).status_code == 303
    assert consult(db).reconsideration
    assert "Reconsideration is asked for. The nurses have it now" in case(desk, booked)
    assert act(desk, path).status_code == 409  # once is enough


def test_reconsideration_that_the_plan_does_not_offer_says_so(desk: Client, db: Session, settings: Settings) -> None:
    promise = denial(
        db,
        settings,
        person(db),
        plan="blue-shield-promise-medi-cal",
        line_of_business="medi_cal",
        dates={"initial_decision": "2026-03-02T09:00:00-08:00"},
    )
    call(desk, promise)
    assert act(desk, f"/coordinator/cases/{promise.id}/reconsideration").status_code == 303
    assert "No reconsideration at this plan" in case(desk, promise)
    assert len(happened(db, "refused")) == 1


def test_what_the_policy_asks_for_is_waived_with_a_reason(desk: Client, made: Denial, db: Session, app, clock) -> None:
    """NC-8."""
    call(desk, made, statement="")
    assert "Go on without the information" in case(desk, made)
    path = f"/coordinator/cases/{made.id}/waive"
    assert act(desk, path, {"reason": " "}).status_code == 422
    assert consult(db).status is Status.AWAITING_INFORMATION
    assert act(desk, path, {"reason": "The records are in the plan's own system."}).status_code == 303
    assert act(desk, path, {"reason": "once more"}).status_code == 409
    assert "Goes on without clinical information: The records are in" in case(desk, made)
    plan(app, clock.now)
    assert consult(db).status is Status.BOOKED


def test_what_a_nurse_has_to_decide_on_is_not_waived(desk: Client, made: Denial, db: Session) -> None:
    """NC-7: she would have nothing to decide on."""
    call(desk, made, statement="", purpose="reconsider")
    assert "Go on without the information" not in case(desk, made)
    assert act(desk, f"/coordinator/cases/{made.id}/waive", {"reason": "in a hurry"}).status_code == 409
    assert consult(db).status is Status.AWAITING_INFORMATION


def test_reassigning_takes_a_reason_that_is_kept(desk: Client, booked: Denial, db: Session) -> None:
    """H4."""
    other = second_director(db)
    path = f"/coordinator/cases/{booked.id}/reassign"
    db.add(DirectorPeer(director_id=booked.director_id, peer_id=other.id, rank=0))
    db.commit()
    page = desk.get(path).text
    assert "Omar Haddad, MD" in page
    assert "Designated peer. First time: Tuesday 3 March, 10:00 am Eastern." in page
    assert "Dana Lee, MD</label>" not in page
    without = act(desk, path, {"director": str(other.id), "reason": " "})
    assert without.status_code == 422
    assert "Say why another director takes this" in without.text
    assert act(desk, path, {"director": "99", "reason": "x"}).status_code == 422
    assert consult(db).director_id == booked.director_id
    answer = act(desk, path, {"director": str(other.id), "reason": "Dr Lee is ill."})
    assert answer.status_code == 303
    assert consult(db).director_id == other.id
    [entry] = happened(db, "reassigned")
    assert entry.actor.startswith("account:")
    assert entry.details["reason"] == "Dr Lee is ill."
    page = case(desk, booked)
    assert "Tuesday 3 March, 10:00 am Eastern is given up." in page
    assert "Given to Omar Haddad, MD: Dr Lee is ill." in page


@pytest.mark.parametrize("action", ["times", "withdraw", "reassign", "reconsideration", "connect"])
def test_a_page_that_is_out_of_date_changes_nothing_and_shows_how_it_stands(desk, booked, db, action: str) -> None:
    """A12."""
    path = f"/coordinator/cases/{booked.id}/{action}"
    page = desk.get(path)
    data = {
        "csrf_token": csrf_token(page),
        "version": str(consult(db).version),
        "zone": "America/New_York",
        "any_time": "yes",
        "director": str(second_director(db).id if action == "reassign" else booked.director_id),
        "reason": "ill",
    }
    make_older(db)
    answer = desk.post(path, data=data)
    assert answer.status_code == 409
    assert "This has changed since you opened the page" in answer.text
    assert f'value="{consult(db).version}"' in answer.text
    assert consult(db).status is Status.BOOKED


def test_an_open_request_is_connected_with_who_is_free(desk: Client, made: Denial, db: Session) -> None:
    call(desk, made, half="2026-03-05.am")
    path = f"/coordinator/cases/{made.id}/connect"
    assert "Dana Lee, MD, 919-555-0100" in desk.get(path).text
    assert act(desk, path, {"director": str(made.director_id)}).status_code == 303
    assert (consult(db).status, consult(db).outside_queue) == (Status.BOOKED, True)
    assert "Connect them now: Dana Lee, MD" in case(desk, made)
    assert desk.get(path).status_code == 409  # it has begun


def test_connecting_is_offered_only_while_somebody_is_free(desk: Client, made: Denial, db: Session) -> None:
    call(desk, made)
    assert "Connect now" in case(desk, made)
    page = desk.get(f"/coordinator/cases/{made.id}/connect")
    soon = Interval(NOW + timedelta(minutes=10), NOW + timedelta(minutes=20))
    db.add(DirectorOff(director_id=made.director_id, during=stored(soon), kind=OffKind.BUSY, created_at=NOW))
    db.commit()
    assert "Connect now" not in case(desk, made)
    assert "Nobody who may take this call is free" in desk.get(f"/coordinator/cases/{made.id}/connect").text
    data = {"csrf_token": csrf_token(page), "version": str(consult(db).version), "director": str(made.director_id)}
    assert desk.post(f"/coordinator/cases/{made.id}/connect", data=data).status_code == 422
    assert consult(db).status is Status.WAITING


def test_a_call_that_reached_nobody_counts_and_one_without_director_returns(desk, booked, db, clock, app) -> None:
    path = f"/coordinator/cases/{booked.id}/missed"
    clock.forward(hours=1, minutes=5)
    sign_in_again(desk)
    assert act(desk, path, {"who": ""}).status_code == 422
    assert act(desk, path, {"who": "office"}).status_code == 303
    assert consult(db).attempts == 1
    assert "The director calls once more, after 15 minutes." in case(desk, booked)
    assert act(desk, path, {"who": "director"}).status_code == 303
    assert consult(db).status is Status.WAITING
    page = case(desk, booked)
    assert "The medical director did not call." in page
    assert "Nobody answered at 919-555-0142." in page


def test_a_second_press_counts_no_second_try(desk: Client, booked: Denial, db: Session, clock: Clock, app) -> None:
    """A6."""
    path = f"/coordinator/cases/{booked.id}/missed"
    clock.forward(hours=1, minutes=5)
    sign_in_again(desk)
    page = desk.get(path)
    data = {"csrf_token": csrf_token(page), "version": str(consult(db).version), "who": "office"}
    assert desk.post(path, data=data).status_code == 303
    assert desk.post(path, data=data).status_code == 409
    assert consult(db).attempts == 1


def test_once_it_has_begun_its_time_is_not_changed_any_more(desk: Client, booked: Denial, clock: Clock, app) -> None:
    """A15."""
    clock.forward(hours=1, minutes=5)
    sign_in_again(desk)
    page = case(desk, booked)
    assert "The call did not take place" in page
    assert "Withdraw the request" not in page
    for action in ("times", "withdraw", "reassign", "connect"):
        answer = desk.get(f"/coordinator/cases/{booked.id}/{action}")
        assert answer.status_code == 409
        assert "The call has begun" in answer.text


def test_a_director_is_named_once_and_the_request_gets_its_line(desk, db, settings, app, clock) -> None:
    """BSP-1."""
    nameless = denial(db, settings, None)
    lee = person(db)
    call(desk, nameless)
    path = f"/coordinator/cases/{nameless.id}/director"
    assert act(desk, path, {"director": ""}).status_code == 422
    assert act(desk, path, {"director": str(lee.id)}).status_code == 303
    assert consult(db).director_id == lee.id
    assert db.scalars(select(Attention.reason).where(Attention.settled_at.is_(None))).all() == []
    assert "Dana Lee, MD is named as the director who decided." in case(desk, nameless)
    again = desk.post(path, data={"csrf_token": csrf_token(desk.get("/coordinator/")), "director": str(lee.id)})
    assert again.status_code == 409
    plan(app, clock.now)
    assert consult(db).status is Status.BOOKED


def test_a_date_that_becomes_known_dates_the_deadlines(desk: Client, db: Session, settings: Settings) -> None:
    promise = denial(
        db, settings, person(db), plan="blue-shield-promise-medi-cal", line_of_business="medi_cal", dates={}
    )
    call(desk, promise)
    assert consult(db).occur_by is None
    assert "A date is missing</span> that a deadline counts from" in case(desk, promise)
    path = f"/coordinator/cases/{promise.id}/date"
    assert act(desk, path, {"which": "initial_decision", "on": "", "at": ""}).status_code == 422
    assert act(desk, path, {"which": "initial_decision", "on": "3/2/2026", "at": "nine"}).status_code == 422
    assert act(desk, path, {"which": "initial_decision", "on": "2026-03-02", "at": "09:00"}).status_code == 303
    assert consult(db).occur_by is not None
    page = case(desk, promise)
    assert "Initial decision is put down. The talk has to begin before" in page
    assert "that a deadline counts from" not in page


def test_an_appeal_is_put_down_once(desk: Client, booked: Denial, db: Session) -> None:
    path = f"/coordinator/cases/{booked.id}/appeal"
    assert act(desk, path).status_code == 303
    assert "That an appeal was filed is on record." in case(desk, booked)
    token = csrf_token(desk.get("/coordinator/"))
    assert desk.post(path, data={"csrf_token": token}).status_code == 409
    assert len(happened(db, "appeal_filed")) == 1


def test_the_office_may_wait_for_its_own_director(desk: Client, db: Session, settings: Settings, app, clock) -> None:
    """BSP-5: a designated peer was given; on the telephone the office prefers to wait."""
    peer = second_director(db)
    busy = person(db, hours=[])
    db.add(DirectorPeer(director_id=busy.id, peer_id=peer.id, rank=0))
    db.commit()
    promise = denial(
        db,
        settings,
        busy,
        plan="blue-shield-promise-medi-cal",
        line_of_business="medi_cal",
        dates={"initial_decision": "2026-03-02T09:00:00-08:00"},
    )
    call(desk, promise, half="2026-03-04.am")
    plan(app, clock.now)
    page = case(desk, promise)
    assert "Omar Haddad, MD stands in" in page
    token = csrf_token(desk.get("/coordinator/"))
    path, answer = f"/coordinator/cases/{promise.id}/peer", {"csrf_token": token, "answer": "decline"}
    assert desk.post(path, data={**answer, "version": "0"}).status_code == 409
    assert desk.post(path, data={**answer, "version": str(consult(db).version)}).status_code == 303
    assert db.scalars(select(BookingRow.released_reason)).one() == "office_declined_peer"
    assert "The office waits for the director who decided." in case(desk, promise)


def test_a_closed_request_is_changed_no_more(desk: Client, booked: Denial, db: Session) -> None:
    act(desk, f"/coordinator/cases/{booked.id}/withdraw")
    for action in ("times", "information", "reconsideration", "reassign", "withdraw", "connect", "missed"):
        answer = desk.get(f"/coordinator/cases/{booked.id}/{action}")
        assert answer.status_code == 409
        assert "This request is closed" in answer.text


def test_a_case_takes_a_bounded_number_of_statements(desk: Client, booked: Denial, app: Flask) -> None:
    with counted(app) as statements:
        assert desk.get(f"/coordinator/cases/{booked.id}").status_code == 200
    assert len(statements) <= 34, len(statements)
