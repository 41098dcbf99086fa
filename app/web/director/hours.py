"""The director's own time: hours of the week, days that differ, time off; first it is said which calls are touched."""

import calendar
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from app import directors
from app.consults import desk
from app.consults import hours as use_cases
from app.consults.casefile import CaseFile
from app.errors import Conflict, NotFound
from app.models import Director, Role
from app.queries import board
from app.queries import director as queries
from app.queries.director import CallRow
from app.web.access import allow
from app.web.coordinator.blueprint import CHANGED
from app.web.director.blueprint import actor, director, done, me
from app.web.edge import db_session, now, setup
from app.web.forms import Form
from app.web.times import day, span
from scheduling.business_time import end_at, start_at
from scheduling.values import Interval

#: nothing is entered further ahead than this
LONGEST = timedelta(days=366)
#: so many days are shown
AHEAD = 14

HOW = use_cases.HOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that touches calls, as it is shown before it is made."""

    title: str
    endpoint: str
    fields: tuple[str, ...]
    "what was typed, to be sent once more"
    touched: Sequence[int]
    may_keep: bool
    "the calls may stay where they are; time off always gives them back"
    values: Mapping[str, str]
    "of the address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One of the coming days: what holds on it, and its calls."""

    on: date
    hours: str
    differs: bool
    off: list[str]
    calls: list[CallRow]


@director.get("/time", endpoint="time")
@allow(Role.DIRECTOR)
def own_time() -> ResponseReturnValue:
    """Show the coming days, the hours of the week, days that differ, and time off."""
    return _page(_person(), Form())


@director.post("/time/week")
@allow(Role.DIRECTOR)
def set_week() -> ResponseReturnValue:
    """Replace the hours of the week."""
    form, who = Form.typed(), _person(lock=True)
    week = {weekday: _read_spans(form, f"day-{weekday}") for weekday in range(7)}
    if not form.errors and form.values.get("was") != _week_in_words(who):
        form.fail("was", f"{CHANGED} The hours are now: {_week_in_words(who)}")
        return _page(who, form), 409
    if form.errors:
        return _page(who, form), 422
    change = Change(
        title="Change the hours of your week",
        endpoint="director.set_week",
        fields=("was", *(f"day-{weekday}" for weekday in range(7))),
        touched=use_cases.touched_by_week(db_session(), who.id, week, now=now()),
        may_keep=True,
        values={},
    )

    def make(seen: Collection[int], give_back: bool) -> list[CaseFile]:
        return use_cases.set_week(
            db_session(), who.id, week, seen=seen, give_back=give_back, setup=setup(), by=actor(), now=now()
        )

    return _carry_out(who, form, change, make, "Your week is changed.")


@director.post("/time/days")
@allow(Role.DIRECTOR)
def set_day() -> ResponseReturnValue:
    """Let other hours hold on one day, or close it."""
    form, who = Form.typed(), _person(lock=True)
    on = form.day("on", "Enter the day, like 3/14/2026.")
    kind = form.choice("kind", ("closed", "hours"), "Choose whether the day is closed or has other hours.")
    spans = _read_spans(form, "hours") if kind == "hours" else ()
    if kind == "hours" and not spans:
        form.fail("hours", f"Enter the hours of that day. {HOW}")
    if on is not None:
        _check_day(form, "on", on, who)
    if form.errors or on is None:
        return _page(who, form), 422
    return _set_day(who, form, on, spans, "director.set_day", ("on", "kind", "hours"), {})


@director.post("/time/days/<on>/remove")
@allow(Role.DIRECTOR)
def remove_day(on: str) -> ResponseReturnValue:
    """Let the hours of the week hold again on a day that differs."""
    form, who = Form.typed(), _person(lock=True)
    day_on = next((known.on_date for known in who.days if known.on_date.isoformat() == on), None)
    if day_on is None:
        raise NotFound("The hours of the week hold on that day already.")
    return _set_day(who, form, day_on, None, "director.remove_day", (), {"on": on})


def _set_day(
    who: Director,
    form: Form,
    on: date,
    spans: directors.Spans | None,
    endpoint: str,
    fields: tuple[str, ...],
    values: Mapping[str, str],
) -> ResponseReturnValue:
    change = Change(
        title=f"Other hours on {day(on)}" if spans is not None else f"The hours of the week on {day(on)}",
        endpoint=endpoint,
        fields=fields,
        touched=use_cases.touched_by_day(db_session(), who.id, on, spans, now=now()),
        may_keep=True,
        values=values,
    )

    def make(seen: Collection[int], give_back: bool) -> list[CaseFile]:
        return use_cases.set_day(
            db_session(), who.id, on, spans, seen=seen, give_back=give_back, setup=setup(), by=actor(), now=now()
        )

    said = "closed" if spans == () else use_cases.in_words(spans) if spans else "as every week"
    return _carry_out(who, form, change, make, f"{day(on)}: {said}.")


@director.post("/time/off")
@allow(Role.DIRECTOR)
def take_off() -> ResponseReturnValue:
    """Take time off; the calls in it go back to the line (C8)."""
    form, who = Form.typed(), _person(lock=True)
    during, note = _read_stretch(form, who), form.text("note", limit=200)
    if form.errors or during is None:
        return _page(who, form), 422
    zone = ZoneInfo(who.time_zone)
    change = Change(
        title=f"Time off: {span(during.start, during.end, zone)}",
        endpoint="director.take_off",
        fields=("from_day", "from_time", "to_day", "to_time", "note"),
        touched=desk.booked_in(db_session(), who.id, during, now=now()),
        may_keep=False,
        values={},
    )

    def make(seen: Collection[int], give_back: bool) -> list[CaseFile]:
        return use_cases.take_time_off(
            db_session(), who.id, during, note, seen=seen, setup=setup(), by=actor(), now=now()
        )

    return _carry_out(who, form, change, make, f"Time off is put down: {span(during.start, during.end, zone)}.")


@director.post("/time/off/<int:off_id>/remove")
@allow(Role.DIRECTOR)
def put_back(off_id: int) -> ResponseReturnValue:
    """Give time off back to the openings."""
    if off_id not in {off.id for off in board.time_off(db_session(), me(), now=now())}:
        raise NotFound("There is no such time off of yours.")
    desk.put_back(db_session(), off_id, by=actor(), now=now())
    return done("That time can be booked again. Whoever waits may get it within seconds.", url_for("director.time"))


def _carry_out(
    who: Director,
    form: Form,
    change: Change,
    make: Callable[[Collection[int], bool], list[CaseFile]],
    words: str,
) -> ResponseReturnValue:
    """Make a change at once where it touches no call; otherwise show first which, and ask what becomes of them."""
    saving = form.values.get("action") == "save"
    choice = form.choice("calls", ("keep", "return")) if change.may_keep else "return"
    if change.touched and not saving:
        return _touched_page(who, form, change)
    if change.touched and not choice:
        form.fail("calls", "Choose what becomes of these calls.")
        return _touched_page(who, form, change), 422
    try:
        returned = make(_seen(form), choice == "return")
    except use_cases.TouchesOthersError as others:
        form.fail("calls", others.message)
        return _touched_page(who, form, change), 409
    except Conflict as conflict:
        form.fail(change.fields[0], conflict.message)
        return _page(who, form), 409
    return done(f"{words} {_moved(len(returned))}".strip(), url_for("director.time"))


def _seen(form: Form) -> set[int]:
    return {int(number) for number in form.values.get("seen", "").split(",") if number.isascii() and number.isdigit()}


def _moved(count: int) -> str:
    if not count:
        return "No call has moved."
    return f"{'1 call goes' if count == 1 else f'{count} calls go'} back to the line, each to its old place."


def _touched_page(who: Director, form: Form, change: Change) -> str:
    return render_template(
        "director/touched.html",
        who=who,
        form=form,
        change=change,
        rows=queries.calls_of(db_session(), who.id, change.touched),
        seen=",".join(str(consult_id) for consult_id in change.touched),
    )


def _person(*, lock: bool = False) -> Director:
    if lock:
        directors.lock(db_session(), [me()])
    return queries.person(db_session(), me())


def _read_spans(form: Form, name: str) -> directors.Spans:
    """Read the spans of a day as people write them; empty: none."""
    try:
        return use_cases.read_spans(form.text(name))
    except ValueError as fault:
        form.fail(name, str(fault))
        return ()


def _read_time(form: Form, name: str) -> time | None:
    """Read a time of day that may be left out."""
    typed = form.text(name)
    found = re.fullmatch(r"(\d{1,2}):(\d{2})", typed)
    clock = use_cases.read_clock(found[1], found[2]) if found else None
    if typed and (clock is None or clock == "24:00"):
        form.fail(name, "Enter the time as 13:00, or leave it empty for the whole day.")
        return None
    return time.fromisoformat(clock) if clock else None


def _read_stretch(form: Form, who: Director) -> Interval | None:
    """Read from when until when the director is away, in the zone of his hours."""
    first = form.day("from_day", "Enter the first day, like 3/14/2026.")
    last = form.day("to_day") or first
    begins, ends = _read_time(form, "from_time"), _read_time(form, "to_time")
    if first is None or last is None or form.errors:
        return None
    _check_day(form, "to_day", last, who)
    if first > last or (first == last and begins is not None and ends is not None and begins >= ends):
        form.fail("to_day", "The end lies before the start. Enter the later one here.")
    if form.errors:
        return None
    zone = ZoneInfo(who.time_zone)
    during = Interval(start_at(first, begins or time(0), zone), end_at(last, ends, zone))
    if during.end <= now():
        form.fail("to_day", "That time has passed. Enter one that is still to come.")
        return None
    return during


def _check_day(form: Form, name: str, on: date, who: Director) -> None:
    today = _today(who)
    if on < today or on > today + LONGEST:
        form.fail(name, "Enter today or a later day, within a year.")


def _today(who: Director) -> date:
    return now().astimezone(ZoneInfo(who.time_zone)).date()


def _week_in_words(who: Director) -> str:
    week = directors.weekly(who.hours)
    return "; ".join(
        f"{calendar.day_name[weekday]} {use_cases.in_words(week.get(weekday, ())) or 'closed'}" for weekday in range(7)
    )


def _page(who: Director, form: Form) -> str:
    week = directors.weekly(who.hours)
    for weekday in range(7):
        form.values.setdefault(f"day-{weekday}", use_cases.in_words(week.get(weekday, ())))
    form.values["was"] = _week_in_words(who)
    exceptions = directors.exceptional(who.days)
    return render_template(
        "director/time.html",
        who=who,
        form=form,
        days=_coming_days(who),
        weekdays=[(f"day-{weekday}", calendar.day_name[weekday]) for weekday in range(7)],
        exceptions=[(on, use_cases.in_words(exceptions[on])) for on in queries.days_from(who, _today(who))],
        off=board.time_off(db_session(), who.id, now=now()),
        today=_today(who),
        how=HOW,
    )


def _coming_days(who: Director) -> list[Day]:
    """Lay out the coming days: what holds on each, and which calls it has."""
    zone, first = ZoneInfo(who.time_zone), _today(who)
    week, exceptions = directors.weekly(who.hours), directors.exceptional(who.days)
    whole = Interval(start_at(first, time(0), zone), end_at(first + timedelta(days=AHEAD - 1), None, zone))
    calls = [row for row in queries.calls(db_session(), who.id, whole, now=now()) if row.over is None]
    offs = board.time_off(db_session(), who.id, now=now())
    days = []
    for number in range(AHEAD):
        on = first + timedelta(days=number)
        here = Interval(start_at(on, time(0), zone), end_at(on, None, zone))
        spans = exceptions.get(on, week.get(on.weekday(), ()))
        days.append(
            Day(
                on=on,
                hours=use_cases.in_words(spans),
                differs=on in exceptions,
                off=[_part_of_day(off.during, here, zone) for off in offs if off.during.overlaps(here)],
                calls=[row for row in calls if _starts_on(row.during.start, on, zone)],
            )
        )
    return days


def _part_of_day(off: Interval, here: Interval, zone: ZoneInfo) -> str:
    if off.contains(here):
        return "all day"
    start, end = max(off.start, here.start).astimezone(zone), min(off.end, here.end).astimezone(zone)
    return f"{start:%H:%M}-{'24:00' if end == here.end else f'{end:%H:%M}'}"


def _starts_on(start: datetime, on: date, zone: ZoneInfo) -> bool:
    return start.astimezone(zone).date() == on
