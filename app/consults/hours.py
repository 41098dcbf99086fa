"""When a director can talk: hours of the week, dates that differ, time off; and what a change does to booked calls.

A change is made under the director's lock, as planning is. Whoever makes it has seen which calls it touches and says
what becomes of them; if others are touched by then, nothing is changed (statement C8).
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from itertools import pairwise

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import directors
from app.consults import desk
from app.consults.casefile import CaseFile
from app.consults.change import change
from app.consults.setup import Setup
from app.directors import Spans
from app.errors import Conflict, Invalid
from app.models import BookingRow, DirectorDay, DirectorHours, DirectorOff, OffKind
from app.ranges import interval, stored
from scheduling import life, values
from scheduling.values import Hours, Interval

#: weekday (0 is Monday) -> spans of local time; a weekday that is left out has none
Week = Mapping[int, Spans]

HOW = "Write times as 09:00-12:00, 13:00-17:00; midnight at the end of the day is 24:00."
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*(?:-|–|to)\s*(\d{1,2}):(\d{2})")


class TouchesOthersError(Conflict):
    """Other calls than those that were shown would be touched. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__("Other calls are touched by this than a moment ago. Nothing was changed. Look at them again.")


def read_spans(text: str) -> Spans:
    """Read the spans of a day as people write them, 09:00-12:00, 13:00-24:00; empty: none. Raises ValueError."""
    spans = []
    for part in filter(None, (part.strip() for part in re.split(r"[,;]", text))):
        found = _SPAN.fullmatch(part)
        start, end = (read_clock(found[1], found[2]), read_clock(found[3], found[4])) if found else (None, None)
        if start is None or end is None or start == "24:00":
            raise ValueError(f"“{part}” is no span of time. {HOW}")
        spans.append((time.fromisoformat(start), None if end == "24:00" else time.fromisoformat(end)))
    spans.sort(key=lambda span: span[0])
    if fault := fault_of(spans):
        raise ValueError(fault)
    return tuple(spans)


def read_clock(hour: str, minute: str) -> str | None:
    """Read a time of day up to 24:00 from its two numbers, as 09:00; None if there is none."""
    if int(minute) > 59 or int(hour) > 24 or (int(hour) == 24 and int(minute) > 0):
        return None
    return f"{int(hour):02}:{minute}"


def fault_of(spans: Sequence[tuple[time, time | None]]) -> str:
    """Say what is wrong with the spans of a day, and how to put it right; nothing if they are sound."""
    for start, end in spans:
        if end is not None and start >= end:
            return f"{_clock(start)}-{_clock(end)} ends before it begins. Enter the earlier time first."
    for (start, end), (next_start, next_end) in pairwise(sorted(spans, key=lambda span: span[0])):
        if end is None or next_start < end:
            first, second = f"{_clock(start)}-{_clock(end)}", f"{_clock(next_start)}-{_clock(next_end)}"
            return f"{first} and {second} overlap. Write them as one, or let one end before the other begins."
    return ""


def in_words(spans: Sequence[tuple[time, time | None]]) -> str:
    """Write spans as they are typed: 09:00-12:00, 13:00-24:00."""
    return ", ".join(f"{_clock(start)}-{_clock(end)}" for start, end in spans)


def touched_by_week(session: Session, director_id: int, week: Week, *, now: datetime) -> list[int]:
    """List the consults whose calls lie inside the present hours and outside new ones of the week, earliest first."""
    before = _director(session, director_id, now)
    return _touched(session, before, replace(before, hours=Hours(spans=dict(week))), now)


def touched_by_day(session: Session, director_id: int, on: date, spans: Spans | None, *, now: datetime) -> list[int]:
    """As `touched_by_week`, for one date; None: the hours of the week hold on it again."""
    before = _director(session, director_id, now)
    return _touched(session, before, replace(before, exceptions=_with(before.exceptions, on, spans)), now)


def set_week(
    session: Session,
    director_id: int,
    week: Week,
    *,
    seen: Collection[int] = (),
    give_back: bool = False,
    setup: Setup,
    by: str,
    now: datetime,
) -> list[CaseFile]:
    """Replace the hours of the week. Calls outside them stay, or go back to the line with `give_back`; returns these.

    `seen`: the consults that were shown as touched. Raises Invalid (fields day-0 ...), TouchesOthersError.
    """
    faults = {f"day-{weekday}": fault for weekday, spans in week.items() if (fault := fault_of(spans))}
    if faults:
        raise Invalid(faults)
    directors.lock(session, [director_id])
    touched = _as_seen(touched_by_week(session, director_id, week, now=now), seen)
    session.execute(delete(DirectorHours).where(DirectorHours.director_id == director_id))
    session.add_all(
        DirectorHours(director_id=director_id, weekday=weekday, starts=start, ends=end)
        for weekday, spans in week.items()
        for start, end in spans
    )
    directors.note_change(session, director_id, by=by, now=now)
    return give_calls_back(session, touched, setup=setup, by=by, now=now) if give_back else []


def set_day(
    session: Session,
    director_id: int,
    on: date,
    spans: Spans | None,
    *,
    seen: Collection[int] = (),
    give_back: bool = False,
    setup: Setup,
    by: str,
    now: datetime,
) -> list[CaseFile]:
    """Let other hours hold on one local date than in the week (C3): none is closed; None takes such a day back.

    Otherwise as `set_week`; the field of Invalid is `hours`.
    """
    if spans and (fault := fault_of(spans)):
        raise Invalid({"hours": fault})
    directors.lock(session, [director_id])
    touched = _as_seen(touched_by_day(session, director_id, on, spans, now=now), seen)
    session.execute(delete(DirectorDay).where(DirectorDay.director_id == director_id, DirectorDay.on_date == on))
    if spans is not None:
        rows: Sequence[tuple[time | None, time | None]] = spans or ((None, None),)
        session.add_all(DirectorDay(director_id=director_id, on_date=on, starts=start, ends=end) for start, end in rows)
    directors.note_change(session, director_id, by=by, now=now)
    return give_calls_back(session, touched, setup=setup, by=by, now=now) if give_back else []


def take_time_off(
    session: Session,
    director_id: int,
    during: Interval,
    note: str,
    *,
    seen: Collection[int] = (),
    setup: Setup,
    by: str,
    now: datetime,
) -> list[CaseFile]:
    """Put down time off; the calls inside it return to the line, each to its old place.

    Raises Conflict if that time is off already, TouchesOthersError as `set_week`.
    """
    directors.lock(session, [director_id])
    known = select(DirectorOff.id).where(
        DirectorOff.director_id == director_id,
        DirectorOff.kind == OffKind.TIME_OFF,
        DirectorOff.during.contains(stored(during)),
    )
    if session.scalars(known.limit(1)).first() is not None:
        raise Conflict("This time is off already. Nothing was changed.")
    _as_seen(desk.booked_in(session, director_id, during, now=now), seen)
    return desk.take_director_out(session, director_id, during, note, setup=setup, by=by, now=now)


def _director(session: Session, director_id: int, now: datetime) -> values.Director:
    directors.get(session, director_id)
    return directors.load(session, [director_id], now=now)[director_id]


def _with(exceptions: Mapping[date, Spans], on: date, spans: Spans | None) -> Mapping[date, Spans]:
    others = {day: hours for day, hours in exceptions.items() if day != on}
    return others if spans is None else {**others, on: spans}


def _touched(session: Session, before: values.Director, after: values.Director, now: datetime) -> list[int]:
    booked = session.execute(
        select(BookingRow.consult_id, BookingRow.during)
        .where(
            BookingRow.director_id == before.id,
            BookingRow.released_at.is_(None),
            func.lower(BookingRow.during) > now,
        )
        .order_by(func.lower(BookingRow.during))
    )
    calls = [(consult_id, interval(during)) for consult_id, during in booked]
    return [consult_id for consult_id, call in calls if _in_hours(before, call) and not _in_hours(after, call)]


def _in_hours(director: values.Director, call: Interval) -> bool:
    return any(span.contains(call) for span in directors.hours_on(director, call.start))


def _as_seen(touched: Sequence[int], seen: Collection[int]) -> Sequence[int]:
    if set(touched) != set(seen):
        raise TouchesOthersError
    return touched


def give_calls_back(
    session: Session, consult_ids: Sequence[int], *, setup: Setup, by: str, now: datetime
) -> list[CaseFile]:
    """Return the consults that have a time which has not begun, each to its old place in its own line."""

    def event(state: values.ConsultState, rules: values.Rulebook) -> values.Step:
        if state.booking is None:
            return values.Step(state=state)
        return life.director_off(state, rules, state.booking.during, now=now)

    return [change(session, consult_id, event, setup=setup, by=by, now=now, must=False) for consult_id in consult_ids]


def _clock(at: time | None) -> str:
    return "24:00" if at is None else f"{at:%H:%M}"
