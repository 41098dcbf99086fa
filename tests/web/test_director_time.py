"""A director's own time: hours of the week, days that differ, time off; what is touched is shown first (C8)."""

import html
import re
from collections.abc import Callable, Sequence
from datetime import date, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.config import Settings
from app.consults import hours
from app.errors import Invalid
from app.models import Account, BookingRow, Consult, Director, DirectorDay, DirectorHours, DirectorOff, StaffRole
from app.ranges import interval, stored
from scheduling.values import Interval, Status
from tests.web.clinic import ask, fresh, plan_lines, press, process, text_of
from tests.web.conftest import NOW, PASSWORD, Client, Clock, csrf_token, denial, person
from tests.web.desk import mails

TIME = "/director/time"


def test_the_coming_days_show_what_holds_and_which_calls_there_are(lee_in: Client, booked: Consult) -> None:
    page = text_of(lee_in.get(TIME))
    assert "Tuesday 3 March 09:00-17:00 10:00 am" in page
    assert "Saturday 7 March Closed None" in page
    assert "the zone of your hours" in page


def test_the_week_is_changed_at_once_where_no_call_is_touched(lee_in: Client, booked: Consult, db) -> None:
    answer = week(lee_in, **{"day-1": "9:00–12:00, 13:00 to 24:00", "day-4": ""})
    assert answer.location == TIME
    assert "Your week is changed. No call has moved." in lee_in.get(TIME).text
    assert spans_of(db, 1) == [(time(9), time(12)), (time(13), None)]
    assert spans_of(db, 4) == []
    assert spans_of(db, 0) == [(time(9), time(17))]
    assert 'value="09:00-12:00, 13:00-24:00"' in lee_in.get(TIME).text
    assert fresh(db, booked.id).status is Status.BOOKED


@pytest.mark.parametrize(
    "typed, said",
    [
        ("09:00-12:00, 11:00-13:00", "09:00-12:00 and 11:00-13:00 overlap."),
        ("11:00-24:00, 13:00-14:00", "11:00-24:00 and 13:00-14:00 overlap."),
        ("13:00-09:00", "13:00-09:00 ends before it begins."),
        ("09:00-09:00", "09:00-09:00 ends before it begins."),
        ("9-12", "“9-12” is no span of time."),
        ("09:00-25:00", "“09:00-25:00” is no span of time."),
        ("09:60-10:00", "“09:60-10:00” is no span of time."),
        ("24:00-24:00", "“24:00-24:00” is no span of time."),
        ("09:00-24:30", "“09:00-24:30” is no span of time."),
    ],
)
def test_what_cannot_be_hours_is_refused_with_the_remedy(lee_in: Client, db, typed: str, said: str) -> None:
    """What was typed stays, and nothing is changed."""
    answer = week(lee_in, **{"day-1": typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{typed}"' in answer.text
    assert spans_of(db, 1) == [(time(9), time(17))]


def test_adjacent_spans_do_not_overlap(lee_in: Client, db) -> None:
    """A3: half open."""
    assert week(lee_in, **{"day-1": "09:00-12:00, 12:00-17:00"}).status_code == 303
    assert spans_of(db, 1) == [(time(9), time(12)), (time(12), time(17))]


def test_new_hours_show_first_which_calls_lie_outside(lee_in: Client, booked: Consult, db, app, clock: Clock) -> None:
    """C8: the director says what becomes of them; nothing silently stays."""
    shown = week(lee_in, **{"day-1": "13:00-17:00"})
    assert shown.status_code == 200
    assert "1 call is booked outside the new hours" in text_of(shown)
    assert booked.reference in shown.text
    assert spans_of(db, 1) == [(time(9), time(17))]
    unanswered = again_with(lee_in, shown, action="save")
    assert unanswered.status_code == 422
    assert "Choose what becomes of these calls." in unanswered.text
    before = mails(db)
    done = again_with(lee_in, shown, action="save", calls="return")
    assert done.location == TIME
    assert "1 call goes back to the line, each to its old place." in lee_in.get(TIME).text
    after = fresh(db, booked.id)
    assert (after.status, after.place_at) == (Status.WAITING, NOW)
    plan_lines(app, clock.now)
    assert live(db, booked).start == NOW + timedelta(hours=4)
    assert mails(db) == before + 2


def test_calls_outside_new_hours_may_be_kept(lee_in: Client, booked: Consult, db) -> None:
    shown = week(lee_in, **{"day-1": "13:00-17:00"})
    before = mails(db)
    assert again_with(lee_in, shown, action="save", calls="keep").location == TIME
    assert spans_of(db, 1) == [(time(13), time(17))]
    assert fresh(db, booked.id).status is Status.BOOKED
    assert mails(db) == before
    # what was kept once lies outside already, and is not asked about again
    assert week(lee_in, **{"day-1": "14:00-17:00"}).status_code == 303


def test_other_calls_than_were_shown_are_shown_first(lee_in: Client, booked: Consult, app, db, settings, lee) -> None:
    """C8: between the page and its button a call was booked; nothing is changed, and it is shown."""
    shown = week(lee_in, **{"day-1": "13:00-17:00"})
    other = ask(app, db, denial(db, settings, lee, case_number="NC-2"))
    late = again_with(lee_in, shown, action="save", calls="return")
    assert late.status_code == 409
    assert "Other calls are touched by this than a moment ago." in late.text
    assert other.reference in late.text
    assert spans_of(db, 1) == [(time(9), time(17))]
    assert again_with(lee_in, late, action="save", calls="return").status_code == 303
    assert fresh(db, other.id).status is Status.WAITING


def test_hours_that_were_changed_meanwhile_are_shown_beside_what_was_typed(lee_in: Client, db, lee) -> None:
    """A12: no silent overwrite."""
    page = lee_in.get(TIME)
    db.add(DirectorHours(director_id=lee.id, weekday=5, starts=time(9), ends=time(10)))
    db.commit()
    stale = lee_in.post(f"{TIME}/week", data={**fields(page), "day-1": "10:00-11:00"})
    assert stale.status_code == 409
    assert "The hours are now: Monday 09:00-17:00" in stale.text
    assert 'value="10:00-11:00"' in stale.text
    assert spans_of(db, 1) == [(time(9), time(17))]


def test_another_day_has_other_hours(lee_in: Client, booked: Consult, db, app, clock: Clock) -> None:
    """C3, C4: the date is the director's own; what it touches is shown."""
    shown = day(lee_in, on="3/3/2026", kind="closed")
    assert "Other hours on Tuesday 3 March" in text_of(shown)
    assert again_with(lee_in, shown, action="save", calls="return").status_code == 303
    assert "Tuesday 3 March: closed. 1 call goes back to the line" in lee_in.get(TIME).text
    plan_lines(app, clock.now)
    assert live(db, booked).start == NOW + timedelta(days=1)
    assert day(lee_in, on="2026-03-07", kind="hours", hours="10:00-11:00").status_code == 303
    page = text_of(lee_in.get(TIME))
    assert "Tuesday 3 March Closed This day only" in page
    assert "Saturday 7 March 10:00-11:00 This day only" in page
    assert press(lee_in, TIME, f"{TIME}/days/2026-03-03/remove").status_code == 303
    assert "Tuesday 3 March: as every week." in lee_in.get(TIME).text
    assert [row.on_date for row in db.scalars(select(DirectorDay))] == [date(2026, 3, 7)]
    assert press(lee_in, TIME, f"{TIME}/days/2026-03-03/remove").status_code == 404
    assert press(lee_in, TIME, f"{TIME}/days/nonsense/remove").status_code == 404


def test_a_day_that_is_taken_back_shows_what_it_touches(lee_in: Client, app, db, settings, lee: Director) -> None:
    """A Saturday that was opened has a call; the hours of the week would close it."""
    day(lee_in, on="3/7/2026", kind="hours", hours="10:00-11:00")
    at = NOW + timedelta(days=4, hours=1)
    asked = ask(app, db, denial(db, settings, lee), windows=(Interval(at, at + timedelta(hours=1)),))
    assert live(db, asked).start == at
    shown = press(lee_in, TIME, f"{TIME}/days/2026-03-07/remove")
    assert "1 call is booked outside the new hours" in text_of(shown)
    assert again_with(lee_in, shown, action="save", calls="return").status_code == 303
    assert fresh(db, asked.id).status is Status.WAITING
    assert db.scalars(select(DirectorDay)).all() == []


@pytest.mark.parametrize(
    "typed, said",
    [
        ({"on": "", "kind": "closed"}, "Enter the day, like 3/14/2026."),
        ({"on": "3/3/2026", "kind": ""}, "Choose whether the day is closed"),
        ({"on": "3/2/2026", "kind": "closed"}, "Enter today or a later day, within a year."),
        ({"on": "3/3/2036", "kind": "closed"}, "Enter today or a later day, within a year."),
        ({"on": "3/4/2026", "kind": "hours", "hours": ""}, "Enter the hours of that day."),
        ({"on": "3/4/2026", "kind": "hours", "hours": "noon"}, "“noon” is no span of time."),
    ],
)
def test_a_day_that_cannot_be_is_refused(lee_in: Client, db, typed: dict[str, str], said: str) -> None:
    answer = day(lee_in, **typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert db.scalars(select(DirectorDay)).all() == []


def test_time_off_shows_its_calls_and_gives_them_back(lee_in: Client, booked: Consult, db, app, clock: Clock) -> None:
    """C8: nothing silently stays; each keeps its place and both sides are told."""
    typed = {"from_day": "3/3/2026", "from_time": "09:30", "to_time": "12:00", "note": "Ill"}
    shown = press(lee_in, TIME, f"{TIME}/off", typed)
    assert "Time off: Tuesday 3 March, 9:30 am to 12:00 pm Eastern" in text_of(shown)
    assert booked.reference in shown.text
    assert db.scalars(select(DirectorOff)).all() == []
    assert again_with(lee_in, shown, action="save").location == TIME
    page = text_of(lee_in.get(TIME))
    assert "Off 09:30-12:00" in page
    assert "Tuesday 3 March, 9:30 am to 12:00 pm Eastern: Ill" in page
    assert fresh(db, booked.id).status is Status.WAITING
    plan_lines(app, clock.now)
    assert live(db, booked).start == NOW + timedelta(hours=3)
    again_off = press(lee_in, TIME, f"{TIME}/off", typed)
    assert again_off.status_code == 409
    assert "This time is off already." in again_off.text
    off = db.scalars(select(DirectorOff.id)).one()
    assert press(lee_in, TIME, f"{TIME}/off/{off}/remove").status_code == 303
    assert press(lee_in, TIME, f"{TIME}/off/{off}/remove").status_code == 404
    db.rollback()
    assert db.scalars(select(DirectorOff)).all() == []


def test_days_off_are_whole_days_where_no_time_is_given(lee_in: Client, db) -> None:
    assert press(lee_in, TIME, f"{TIME}/off", {"from_day": "3/5/2026", "to_day": "3/6/2026"}).status_code == 303
    during = interval(db.scalars(select(DirectorOff.during)).one())
    assert during == Interval(NOW + timedelta(hours=-9, days=2), NOW + timedelta(hours=-9, days=4))
    assert "Off all day" in text_of(lee_in.get(TIME))


@pytest.mark.parametrize(
    "typed, said",
    [
        ({"from_day": ""}, "Enter the first day, like 3/14/2026."),
        ({"from_day": "3/5/2026", "to_day": "3/4/2026"}, "The end lies before the start."),
        ({"from_day": "3/5/2026", "from_time": "12:00", "to_time": "11:00"}, "The end lies before the start."),
        ({"from_day": "3/5/2026", "from_time": "noon"}, "Enter the time as 13:00"),
        ({"from_day": "3/1/2026", "to_day": "3/2/2026"}, "Enter today or a later day, within a year."),
        ({"from_day": "3/3/2026", "to_time": "08:00"}, "That time has passed."),
        ({"from_day": "3/5/2026", "to_day": "3/5/2036"}, "Enter today or a later day, within a year."),
    ],
)
def test_time_off_that_cannot_be_is_refused(lee_in: Client, db, typed: dict[str, str], said: str) -> None:
    answer = press(lee_in, TIME, f"{TIME}/off", typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert db.scalars(select(DirectorOff)).all() == []


def test_a_call_that_has_begun_is_not_touched(lee_in: Client, booked: Consult, clock: Clock, db) -> None:
    clock.forward(hours=1, minutes=5)
    lee_in.send("/sign-in", {"email": "dana@plan.example", "password": PASSWORD})
    assert press(lee_in, TIME, f"{TIME}/off", {"from_day": "3/3/2026"}).status_code == 303
    assert week(lee_in, **{"day-1": ""}).status_code == 303
    assert fresh(db, booked.id).status is Status.BOOKED


def test_nobody_puts_back_the_time_of_another(lee_in: Client, db) -> None:
    other = person(db, npi="1093817465")
    off = DirectorOff(
        director_id=other.id,
        during=stored(Interval(NOW, NOW + timedelta(days=1))),
        kind="time_off",
        created_at=NOW,
    )
    db.add(off)
    db.commit()
    assert press(lee_in, TIME, f"{TIME}/off/{off.id}/remove").status_code == 404
    assert db.get(DirectorOff, off.id) is not None


def test_the_use_case_checks_the_hours_itself(db: Session, app: Flask, lee: Director) -> None:
    """A11: whatever the edge let through."""
    crossed = {0: ((time(9), time(12)), (time(11), None))}
    with pytest.raises(Invalid) as week_fault:
        hours.set_week(db, lee.id, crossed, setup=process(app).setup, by="system", now=NOW)
    assert "overlap" in week_fault.value.fields["day-0"]
    with pytest.raises(Invalid) as day_fault:
        hours.set_day(
            db, lee.id, date(2026, 3, 4), ((time(9), time(9)),), setup=process(app).setup, by="system", now=NOW
        )
    assert "ends before it begins" in day_fault.value.fields["hours"]


def week(client: Client, **days: str) -> TestResponse:
    """Send the form of the week as the page shows it, with other hours on some days."""
    return client.post(f"{TIME}/week", data={**fields(client.get(TIME)), **days})


def day(client: Client, **typed: str) -> TestResponse:
    return press(client, TIME, f"{TIME}/days", typed)


def fields(page: TestResponse) -> dict[str, str]:
    """Read what the form of the week is filled in with."""
    found = re.findall(r'name="(was|day-\d)"[^>]* value="([^"]*)"', page.text)
    return {"csrf_token": csrf_token(page), **{name: html.unescape(value) for name, value in found}}


def again_with(client: Client, shown: TestResponse, **more: str) -> TestResponse:
    """Send the form of the page that shows what is touched, with an answer."""
    action = re.search(r'<form method="post" action="(/director/time[^"]*)"', shown.text)
    assert action, "the page has no form"
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', shown.text)
    return client.post(action[1], data={**{name: html.unescape(value) for name, value in hidden}, **more})


def spans_of(db: Session, weekday: int) -> Sequence[tuple[time, time | None]]:
    db.rollback()
    rows = db.scalars(select(DirectorHours).where(DirectorHours.weekday == weekday).order_by(DirectorHours.starts))
    return [(row.starts, row.ends) for row in rows]


def live(db: Session, asked: Consult) -> Interval:
    """Read the time that a consult has now."""
    db.rollback()
    query = select(BookingRow.during).where(BookingRow.consult_id == asked.id, BookingRow.released_at.is_(None))
    return interval(db.scalars(query).one())


@pytest.fixture
def lee(db: Session, account: Callable[..., Account]) -> Director:
    """A director with an account; there on weekdays from 9 to 5."""
    made = account(StaffRole.DIRECTOR, email="dana@plan.example", name="Dana Lee, MD")
    return db.get_one(Director, made.director_id)


@pytest.fixture
def lee_in(app: Flask, lee: Director) -> Client:
    client: Client = app.test_client()
    client.send("/sign-in", {"email": "dana@plan.example", "password": PASSWORD})
    return client


@pytest.fixture
def booked(app: Flask, db: Session, settings: Settings, lee: Director) -> Consult:
    """A consult booked today, a Tuesday, at 10:00, an hour from now."""
    return ask(app, db, denial(db, settings, lee))
