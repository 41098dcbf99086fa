"""The desk's day: the calls by time, what needs a person, and one search over everything."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.consults.casefile import call_for_a_person
from app.models import Attention, AttentionReason, Denial, Message, Role, StaffRole
from app.web.access import allowed
from tests.web.conftest import CANARIES, NOW, PASSWORD, Client, Clock, csrf_token, denial, person
from tests.web.desk import act, call, consult, counted, happened, plan, sign_in_again


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


#: pages of the desk that administrators use too
TOO = tuple(f"coordinator.{name}" for name in ("leaving_director", "leave", "late", "late_entry", "settle_late"))


def test_every_page_of_the_desk_is_the_desks_alone(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("coordinator."):
            more = {Role.ADMINISTRATOR} if rule.endpoint in TOO else set()
            assert allowed(app, rule.endpoint) == {Role.COORDINATOR, *more}, rule.endpoint


@pytest.mark.parametrize("role", [StaffRole.NURSE, StaffRole.DIRECTOR, StaffRole.ADMINISTRATOR])
def test_nobody_else_of_the_plan_gets_in(sign_in, role: StaffRole) -> None:
    assert sign_in(role).get("/coordinator/").status_code == 403


def test_who_is_not_signed_in_is_led_to_the_sign_in(client: Client) -> None:
    assert client.get("/coordinator/").location.startswith("/sign-in")


def test_an_empty_day_says_so(desk: Client) -> None:
    page = desk.get("/coordinator/").text
    assert "No calls on this day" in page
    assert "Every request has its director, its dates and its time." in page


def test_the_next_two_hours_stand_on_top_with_numbers_and_what_can_be_done(desk: Client, booked: Denial, db) -> None:
    page = desk.get("/coordinator/").text
    for words in (
        "Today, Tuesday 3 March",
        "10:00 am",
        "in 1 hour",
        "Dana Lee, MD",
        "919-555-0100",
        "Rosa Diaz, MD",
        "919-555-0142",
        consult(db).reference,
        "Other times",
        "Another director",
        "Director is out",
    ):
        assert words in page, words
    assert page.index("Now and the next two hours") < page.index("10:00 am")


def test_a_call_that_has_begun_asks_whether_it_took_place(desk: Client, booked: Denial, clock: Clock) -> None:
    clock.forward(hours=1, minutes=5)
    sign_in_again(desk)
    page = desk.get("/coordinator/").text
    assert "Running" in page
    assert "It did not take place" in page
    clock.forward(minutes=40)
    sign_in_again(desk)
    assert "No outcome yet" in desk.get("/coordinator/calls-today").text


def test_another_day_or_director_is_kept_in_the_address(desk: Client, booked: Denial) -> None:
    assert "10:00 am" not in desk.get("/coordinator/?day=2026-03-04").text
    assert "10:00 am" in desk.get(f"/coordinator/?day=2026-03-03&director={booked.director_id}").text
    assert "10:00 am" not in desk.get("/coordinator/?director=99").text
    for nonsense in ("9999-12-31", "x"):
        assert desk.get(f"/coordinator/?day={nonsense}").status_code == 200


def test_the_day_is_that_of_the_reader(app: Flask, booked: Denial, account) -> None:
    """D10: 10:00 on Tuesday in New York is Wednesday in Guam."""
    who = account(StaffRole.COORDINATOR, email="guam@plan.example", time_zone="Pacific/Guam")
    client = app.test_client()
    client.send("/sign-in", {"email": who.email, "password": PASSWORD})
    assert "1:00 am" in client.get("/coordinator/?day=2026-03-04").text


def test_the_days_calls_come_as_csv_with_their_offset(desk: Client, booked: Denial) -> None:
    answer = desk.get("/coordinator/?format=csv")
    assert answer.mimetype == "text/csv"
    assert "2026-03-03T10:00-05:00" in answer.text
    assert not any(word in answer.text for word in CANARIES)


def test_lists_carry_no_patient_data(desk: Client, booked: Denial) -> None:
    for path in ("/coordinator/", "/coordinator/attention", "/coordinator/queues", "/coordinator/calls-today"):
        assert not any(word in desk.get(path).text for word in CANARIES), path


@pytest.mark.parametrize(
    "words",
    ["NC-1001", "nc1001", "canary", "wren canary", "CANARYMEMBER77", "member77", "3/14/1962", "rosa 919 555 0142"],
)
def test_one_box_finds_the_case_by_whatever_the_caller_knows(desk: Client, booked: Denial, words: str) -> None:
    answer = desk.send("/coordinator/search", {"words": words}, page="/coordinator/search")
    assert answer.status_code == 303
    assert answer.location == f"/coordinator/cases/{booked.id}"


def test_it_finds_by_reference_office_physician_and_director(desk: Client, booked: Denial, db, settings) -> None:
    denial(db, settings, None, case_number="NC-2002", member_name="Other Person", member_birth_date=None)
    for words in (consult(db).reference.lower(), "sam desk", "desk@clinic", "rosa diaz dana lee"):
        answer = desk.send("/coordinator/search", {"words": words}, page="/coordinator/search")
        assert answer.location == f"/coordinator/cases/{booked.id}", words


def test_several_that_fit_are_listed_and_nothing_is_said_so(desk: Client, made: Denial, db, settings) -> None:
    denial(db, settings, None, case_number="NC-2002")
    answer = desk.send("/coordinator/search", {"words": "canary"}, page="/coordinator/search")
    assert answer.text.count("Case NC-") == 2
    assert "CANARYMEMBER77" not in answer.text  # masked: it serves recognition
    for words in ("no such thing", "%", "__", "3/14/1963"):
        answer = desk.send("/coordinator/search", {"words": words}, page="/coordinator/search")
        assert "Nothing found." in answer.text
    assert desk.send("/coordinator/search", {"words": " "}, page="/coordinator/search").status_code == 422


def test_a_search_is_one_statement(desk: Client, booked: Denial, app: Flask) -> None:
    token = csrf_token(desk.get("/coordinator/search"))
    with counted(app) as statements:
        desk.post("/coordinator/search", data={"csrf_token": token, "words": "canary"})
    assert len(statements) <= 3, statements  # the visit, the search, the visit's activity


def test_what_needs_a_person_comes_with_what_solves_it(desk: Client, db: Session, settings: Settings, client) -> None:
    """BSP-1: a denial without director, a request about one, a request left without a code."""
    asked = denial(db, settings, None)
    denial(db, settings, None, case_number="NC-2002")
    call(desk, asked)
    left = {"case_number": "NC-9", "birth_date": "1/2/1960", "speaker_name": "X", "speaker_phone": "919-555-0001"}
    client.send(
        "/leave-request", {**left, "office_contact": "Y", "office_phone": "919-555-0002"}, page="/leave-request"
    )
    for path in ("/coordinator/", "/coordinator/attention"):
        page = desk.get(path).text
        assert page.count("Name the director") >= 2
        assert "No director known" in page
        assert "Find the case" in page
    assert "Name the director" not in desk.get("/coordinator/attention?about=left").text
    assert "Find the case" not in desk.get("/coordinator/attention?about=no_director").text
    assert "NC-1001" in desk.get("/coordinator/attention?about=no_director&format=csv").text


def test_nothing_that_needs_a_person_says_so(desk: Client) -> None:
    assert "Nothing needs a person now." in desk.get("/coordinator/attention").text
    assert "Nothing of this kind needs a person now." in desk.get("/coordinator/attention?about=mail").text


@pytest.fixture
def task(desk: Client, made: Denial, db: Session) -> Attention:
    """Somebody has to be told by telephone."""
    call(desk, made)
    waits = Attention(consult_id=consult(db).id, reason=AttentionReason.TELL_BY_TELEPHONE, raised_at=NOW)
    db.add(waits)
    db.commit()
    return waits


def test_a_task_is_settled_with_what_was_done_once(desk: Client, task: Attention, made: Denial, db: Session) -> None:
    """A6: a second press changes nothing."""
    path = f"/coordinator/attention/{task.id}"
    assert "919-555-0142" in desk.get(path).text
    without = act(desk, f"{path}/settle", {"note": ""}, page=path)
    assert without.status_code == 422
    assert "Say what you did" in without.text
    page = desk.get(path)
    data = {"csrf_token": csrf_token(page), "note": "Reached Sam at 10:05."}
    assert desk.post(f"{path}/settle", data=data).status_code == 303
    assert desk.post(f"{path}/settle", data=data).status_code == 409
    assert len(happened(db, "settled")) == 1
    assert "Reached Sam at 10:05." in desk.get(f"/coordinator/cases/{made.id}").text
    assert desk.get(path).status_code == 404


def test_mail_that_did_not_arrive_is_seen_and_sent_again_from_the_desk(desk: Client, made: Denial, db) -> None:
    """J6."""
    call(desk, made)
    message = db.query(Message).one()
    message.failed_at, message.last_error = NOW, "550 no such user"
    db.commit()
    assert "could not be sent" in desk.get("/coordinator/").text
    page = desk.get("/coordinator/attention?about=mail")
    assert "Acknowledgement to the office" in page.text
    answer = desk.post(f"/admin/messages/{message.id}/send-again", data={"csrf_token": csrf_token(page)})
    assert answer.location == "/coordinator/attention?about=mail"
    assert "Acknowledgement to the office" not in desk.get(answer.location).text
    assert desk.get("/admin/messages").status_code == 403


@pytest.mark.parametrize(
    "path, most", [("/coordinator/", 9), ("/coordinator/attention", 7), ("/coordinator/queues", 12)]
)
def test_a_page_takes_a_bounded_number_of_statements(
    desk, made, app, db, settings, clock, path: str, most: int
) -> None:
    for number in range(6):
        other = denial(db, settings, None, case_number=f"NC-30{number}", director_id=made.director_id)
        call(desk, other, form_key=f"key-{number}", half="2026-03-03.pm")
    plan(app, clock.now)
    with counted(app) as statements:
        assert desk.get(path).status_code == 200
    assert len(statements) <= most, statements


def test_a_page_that_looks_for_news_keeps_no_visit_alive(desk: Client, booked: Denial, clock: Clock) -> None:
    for _ in range(16):
        clock.now += timedelta(minutes=1)
        answer = desk.get("/coordinator/calls-today", headers={"HX-Request": "true"})
    assert answer.headers.get("HX-Redirect") == "/sign-in"


def test_tasks_about_no_request_are_shown_and_settled(db: Session, desk: Client) -> None:
    """Needs attention: a conflict in a director's calendar, an answer that belongs to nothing known."""
    dana = person(db)
    told = {"start": NOW + timedelta(hours=3), "end": NOW + timedelta(hours=4)}
    call_for_a_person(
        db, None, AttentionReason.CALENDAR_CONFLICT, director_id=dana.id, key="event-1", details=told, now=NOW
    )
    call_for_a_person(
        db, None, AttentionReason.REPLY_UNTRUSTED, key="7", details={"side": "office", "answer": "declined"}, now=NOW
    )
    db.commit()
    page = desk.get("/coordinator/attention").text
    assert "The time: Tuesday 3 March, 12:00 pm Eastern to Tuesday 3 March, 1:00 pm Eastern." in page
    assert "The office declines." in page
    assert f"/coordinator/directors/{dana.id}/out" in page
    assert "Eastern" in desk.get("/coordinator/").text
    csv = desk.get("/coordinator/attention?format=csv").text
    assert "The office declines." in csv
    for task in db.scalars(select(Attention)):
        shown = desk.get(f"/coordinator/attention/{task.id}")
        assert shown.status_code == 200
        done = desk.post(
            f"/coordinator/attention/{task.id}/settle", data={"csrf_token": csrf_token(shown), "note": "Called."}
        )
        assert done.status_code == 303
    assert "Nothing needs a person now" in desk.get("/coordinator/attention").text
