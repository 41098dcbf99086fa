"""The board of the lines, a director who is out, and what a director's absence does before it is done."""

import csv
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.config import Settings
from app.models import BusyCalendar, Denial, Director, DirectorOff, Message, OffKind, StaffRole
from app.ranges import stored
from scheduling.values import Interval, Status
from tests.web.conftest import NOW, Client, Clock, csrf_token, denial, person
from tests.web.desk import act, call, consult, mails, plan, second_director


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


def test_without_directors_the_board_says_so(desk: Client) -> None:
    page = desk.get("/coordinator/queues").text
    assert "There are no medical directors yet." in page
    assert "No director is free now." in page


def test_the_board_shows_load_openings_and_who_is_free(desk: Client, booked: Denial) -> None:
    page = desk.get("/coordinator/queues").text
    for words in (
        "Free now: <strong>Dana Lee, MD</strong>",
        "1 call, next 10:00 am",
        "Tuesday 3 March, 10:30 am, 10:45 am, 11:00 am",
        "0 waiting, 1 booked",
        "Nobody waits.",
    ):
        assert words in page, words


def test_a_busy_calendar_that_cannot_be_read_is_told_with_its_age(desk: Client, made: Denial, db: Session) -> None:
    """C10."""
    assert made.director_id is not None
    calendar = BusyCalendar(director_id=made.director_id, address="https://x.example/", named_at=NOW, next_try_at=NOW)
    db.add(calendar)
    db.commit()
    assert "Busy calendar not read" not in desk.get("/coordinator/queues").text
    calendar.read_at, calendar.failed_since = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    db.commit()
    page = desk.get("/coordinator/queues").text
    assert "Busy calendar not read</span> since" in page
    assert "7:00 am" in page


def test_who_waits_stands_in_order_with_the_reason_and_no_name(desk, made, db, settings, app, clock) -> None:
    """NC-9: as they came."""
    call(desk, made, statement="")
    later = denial(db, settings, None, case_number="NC-2002", director_id=made.director_id)
    clock.forward(minutes=5)
    call(desk, later, form_key="later", half="2026-03-07.am", received_at="09:05")
    plan(app, clock.now)
    page = desk.get("/coordinator/queues").text
    assert page.index("Waits for clinical information, for 5 minutes.") < page.index("No time found")
    assert "2 waiting" in page
    lines = list(csv.reader(desk.get("/coordinator/queues?format=csv").text.splitlines()))
    assert [line[:2] for line in lines[1:]] == [["Dana Lee, MD", "1"], ["Dana Lee, MD", "2"]]
    assert lines[1][5] == "Waits for clinical information"


def test_a_request_without_director_stands_first_in_a_column_of_its_own(desk, made, db, settings) -> None:
    """BSP-1."""
    nameless = denial(db, settings, None, case_number="NC-2002")
    call(desk, nameless)
    page = desk.get("/coordinator/queues").text
    assert page.index("<h2>No director known</h2>") < page.index("<h2>Dana Lee, MD</h2>")


def test_a_deadline_at_risk_is_seen_on_the_board_before_it_passes(desk, made, db, settings, app, clock) -> None:
    promise = denial(
        db,
        settings,
        person(db, npi="1003000126", name="Ada Busy, MD", hours=[]),
        case_number="BSP-1",
        plan="blue-shield-promise-medi-cal",
        line_of_business="medi_cal",
        dates={"initial_decision": "2026-03-02T09:00:00-08:00"},
    )
    call(desk, promise)
    plan(app, clock.now)
    assert "No time before the deadline" in desk.get("/coordinator/queues").text


def test_what_moves_is_shown_before_a_director_is_out(desk: Client, booked: Denial, db: Session) -> None:
    page = desk.get(f"/coordinator/directors/{booked.director_id}/out").text
    assert "From now until the end of Tuesday 3 March, Eastern" in page
    assert consult(db).reference in page
    assert "Dana Lee, MD is out, move 1 call" in page
    assert consult(db).status is Status.BOOKED
    tomorrow = desk.get(f"/coordinator/directors/{booked.director_id}/out?through=2026-03-06").text
    assert "until the end of Friday 6 March" in tomorrow
    for nonsense in ("2026-03-02", "x", "2028-01-01"):
        wrong = desk.get(f"/coordinator/directors/{booked.director_id}/out?through={nonsense}")
        assert 'id="through-error"' in wrong.text
    assert desk.get("/coordinator/directors/99/out").status_code == 404


def test_a_director_who_is_out_gives_the_calls_back_and_both_sides_are_told(desk, booked, db, app, clock) -> None:
    path = f"/coordinator/directors/{booked.director_id}/out"
    db.execute(update(Message).values(sent_at=NOW))  # the invitations have left
    db.commit()
    before = mails(db)
    answer = act(desk, path, {"through": "2026-03-03", "note": "ill"})
    assert answer.status_code == 303
    assert consult(db).status is Status.WAITING
    page = desk.get("/coordinator/queues").text
    assert "1 call goes back to the line" in page
    assert "Out</span> until" in page
    off = db.scalars(select(DirectorOff)).one()
    assert (off.during.lower, off.during.upper) == (NOW, datetime(2026, 3, 4, 5, 0, tzinfo=UTC))
    plan(app, clock.now)
    assert consult(db).status is Status.WAITING  # its only time has gone with the director
    assert mails(db) == before + 2


def test_a_second_press_takes_nobody_out_twice(desk: Client, booked: Denial, db: Session) -> None:
    """A6."""
    path = f"/coordinator/directors/{booked.director_id}/out"
    data = {"csrf_token": csrf_token(desk.get(path)), "through": "2026-03-03", "note": "ill"}
    assert desk.post(path, data=data).status_code == 303
    assert desk.post(path, data=data).status_code == 409
    assert db.scalar(select(func.count()).select_from(DirectorOff)) == 1


def test_out_through_a_day_that_is_over_is_refused(desk: Client, booked: Denial, db: Session) -> None:
    path = f"/coordinator/directors/{booked.director_id}/out"
    assert act(desk, path, {"through": "2026-03-02"}).status_code == 422
    assert db.scalar(select(func.count()).select_from(DirectorOff)) == 0


def test_who_is_back_can_be_booked_again(desk: Client, booked: Denial, db: Session, app, clock) -> None:
    path = f"/coordinator/directors/{booked.director_id}/out"
    act(desk, path, {"through": "2026-03-03"})
    back = f"/coordinator/time-off/{db.scalars(select(DirectorOff.id)).one()}/put-back"
    page = desk.get(path)
    assert "Already out" in page.text
    assert desk.post(back, data={"csrf_token": csrf_token(page)}).status_code == 303
    plan(app, clock.now)
    assert consult(db).status is Status.BOOKED
    assert desk.post(back, data={"csrf_token": csrf_token(page)}).status_code == 404


def test_who_is_busy_is_not_free_now(desk: Client, made: Denial, db: Session) -> None:
    second_director(db)
    soon = Interval(NOW + timedelta(minutes=10), NOW + timedelta(minutes=20))
    db.add(DirectorOff(director_id=made.director_id, during=stored(soon), kind=OffKind.BUSY, created_at=NOW))
    db.commit()
    page = desk.get("/coordinator/queues").text
    assert "Free now: <strong>Omar Haddad, MD</strong>" in page


def test_a_director_who_has_left_is_shown_as_long_as_somebody_waits(desk: Client, made: Denial, db: Session) -> None:
    call(desk, made, statement="")
    db.execute(update(Director).values(active=False))
    db.commit()
    assert "Takes no consults any more" in desk.get("/coordinator/queues").text


def test_a_director_who_has_left_is_followed_by_one_for_all(
    desk: Client, sign_in, booked: Denial, db: Session, app: Flask, clock: Clock
) -> None:
    """Experience: one successor for all; what moves and what cannot is shown before anything is done."""
    omar, lee = second_director(db), db.get_one(Director, booked.director_id)
    page = f"/coordinator/directors/{lee.id}/left"
    assert f'href="{page}"' in desk.get("/coordinator/queues").text
    assert "Omar Haddad, MD, can take 1 of 1" in desk.get(page).text
    assert "1 does not move" in desk.get(f"{page}?successor=nobody").text
    shown = desk.get(f"{page}?successor={omar.id}")
    assert "1 moves" in shown.text
    data = {"csrf_token": csrf_token(shown), "successor": str(omar.id), "reason": "Retired."}
    seen = shown.text.partition('name="seen" value="')[2].partition('"')[0]
    for wrong, status in (({"reason": ""}, 422), ({"successor": "77"}, 422), ({"seen": "1.1"}, 409)):
        assert desk.post(page, data={**data, "seen": seen, **wrong}).status_code == status
    assert desk.post(page, data={**data, "seen": seen}).status_code == 303
    assert desk.post(page, data={**data, "seen": seen}).status_code == 409
    plan(app, clock.now)
    assert consult(db).director_id == omar.id
    case = desk.get(f"/coordinator/cases/{booked.id}").text
    assert "Omar Haddad, MD" in case
    assert "Dana Lee, MD, who decided, has left" in case
    assert "The office may wait" not in case
    admin = sign_in(StaffRole.ADMINISTRATOR)
    assert "Takes no consults" in admin.get(f"/admin/directors/{lee.id}").text
    assert admin.get(page).status_code == 409
