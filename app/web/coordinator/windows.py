"""When the physician can talk, as it is said on the telephone: this afternoon, tomorrow morning, any time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.web.forms import Form
from app.web.office.windows import read_windows
from app.web.times import clock, day, zone_name
from scheduling.business_time import start_at
from scheduling.values import Interval

#: half days that are offered: five days with their mornings and afternoons
DAYS = 5
HALVES = {"am": ("morning", 8, 12), "pm": ("afternoon", 12, 17)}
SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfDay:
    """A morning or an afternoon that can be ticked."""

    value: str
    label: str
    openings: int
    past: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day with its two halves."""

    name: str
    "Tomorrow, Wednesday 4 March"
    short: str
    date: str
    halves: tuple[HalfDay, HalfDay]


def days(openings: Sequence[Interval], zone: ZoneInfo, *, now: datetime, first: datetime) -> list[Day]:
    """Offer the next working days, today first, each half with how many openings lie in it.

    `first`: nothing that ends before it can be had any more.
    """
    today = now.astimezone(zone).date()
    offered = [today + timedelta(days=number) for number in range(2 * DAYS)]
    shown = [on for on in offered if on.weekday() < SATURDAY][:DAYS]
    return [
        Day(
            name=f"{_name(on, today)}{day(on, zone)}",
            short="Today" if on == today else f"{on:%a}",
            date=f"{on.day} {on:%b}",
            halves=(_half(on, "am", openings, zone, first), _half(on, "pm", openings, zone, first)),
        )
        for on in shown
    ]


def read_half_days(
    form: Form, zone: ZoneInfo, *, at_least: int, length: timedelta, now: datetime
) -> tuple[Interval, ...]:
    """Read the windows of a call: half days that were ticked, rows that were typed, or any time."""
    with_hours = Form(form.values)
    with_hours.errors = form.errors
    for value in form.values.getlist("half"):
        for start in _hours(value, zone):
            with_hours.values.add("hour", f"{start.astimezone(UTC):%Y-%m-%dT%H:%MZ}")
    return read_windows(with_hours, zone, at_least=at_least, length=length, now=now)


def _half(on: date, half: str, openings: Sequence[Interval], zone: ZoneInfo, first: datetime) -> HalfDay:
    name, begins, ends = HALVES[half]
    span = Interval(start_at(on, time(begins), zone), start_at(on, time(ends), zone))
    return HalfDay(
        value=f"{on.isoformat()}.{half}",
        label=f"{day(on)} {name}, {clock(span.start, zone)} to {clock(span.end, zone)} {zone_name(zone)}",
        openings=sum(span.contains(opening) for opening in openings),
        past=span.end <= first,
    )


def _hours(value: str, zone: ZoneInfo) -> list[datetime]:
    typed, _, half = value.partition(".")
    if half not in HALVES:
        return []
    try:
        on = date.fromisoformat(typed)
    except ValueError:
        return []
    _, begins, ends = HALVES[half]
    return [start_at(on, time(hour), zone) for hour in range(begins, ends)]


def _name(on: date, today: date) -> str:
    if on == today:
        return "Today, "
    return "Tomorrow, " if on == today + timedelta(days=1) else ""
