"""When the physician can talk, as an office says it: hours ticked in a week, rows with a date, or any time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.web.forms import Form
from app.web.times import clock, day
from scheduling.business_time import end_at, start_at
from scheduling.values import Interval

#: no opening is looked for beyond this
HORIZON = timedelta(days=60)
MOST_WINDOWS = 60
FEWEST_ROWS = 2
HOUR = timedelta(hours=1)
WEEKS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An hour of a week that can be ticked."""

    value: str
    label: str
    open: bool
    "the director has an opening in it"
    past: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A week of hours: a column a day, a row an hour."""

    title: str
    days: tuple[tuple[str, str], ...]
    "short and long name of each day"
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def read_windows(
    form: Form, zone: ZoneInfo, *, at_least: int, length: timedelta, now: datetime
) -> tuple[Interval, ...]:
    """Read the windows that were ticked and typed, joined where they touch; none for "any time".

    Errors go beside the row, or beside the whole (`windows`).
    """
    if form.values.get("any_time"):
        if at_least:
            form.fail("windows", f"This plan asks for at least {_times(at_least)} at which the physician can talk.")
        return ()
    spans = [*_ticked(form, now), *_typed(form, zone, now)]
    windows = join(spans)
    rows_fail = any(name.startswith("window-") for name in form.errors)
    if not windows and not rows_fail:
        form.fail("windows", "Tick or enter when the physician can talk, or choose any time.")
    elif len(windows) < at_least and not rows_fail:
        form.fail(
            "windows", f"This plan asks for at least {_times(at_least)} that do not touch; there are {len(windows)}."
        )
    if len(windows) > MOST_WINDOWS:
        form.fail("windows", f"These are more times than can be used. Give at most {MOST_WINDOWS}.")
    if any(window.end - window.start < length for window in windows):
        minutes = int(length.total_seconds() // 60)
        form.fail("windows", f"A consult takes {minutes} minutes; make each time at least that long.")
    return windows


def join(spans: Sequence[Interval]) -> tuple[Interval, ...]:
    """Join spans that touch or overlap, in order of time."""
    joined: list[Interval] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def row_count(form: Form) -> int:
    """Say how many rows the form has: those that were sent, and one more if that was asked for."""
    typed = form.values.getlist("window_rows")  # each row says its own number
    rows = [int(number) for number in typed if number.isascii() and number.isdigit()]
    return max(FEWEST_ROWS, min(max(rows, default=0), MOST_WINDOWS))


def rows_of(windows: Sequence[Interval], zone: ZoneInfo) -> dict[str, str]:
    """Write windows as the values of rows, to be changed."""
    values = {"window_rows": str(max(len(windows), FEWEST_ROWS))}
    for number, window in enumerate(windows):
        start, end = window.start.astimezone(zone), window.end.astimezone(zone)
        values[f"window-{number}-date"] = start.date().isoformat()
        values[f"window-{number}-from"] = f"{start:%H:%M}"
        values[f"window-{number}-to"] = f"{end:%H:%M}"
    return values


def weeks(openings: Sequence[Interval], zone: ZoneInfo, *, now: datetime, first: datetime) -> list[Week]:
    """Lay out the next two weeks in a zone; hours that hold one of the `openings` are marked.

    `first`: nothing that ends before it can be had any more.
    """
    hours = {opening.start.astimezone(zone).hour for opening in openings}
    hours = set(range(min(hours | {8}), max(hours | {16}) + 1))
    weekend = {opening.start.astimezone(zone).weekday() for opening in openings} & {5, 6}
    shown = [number for number in range(7) if number < 5 or number in weekend]
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    if today.weekday() not in shown and today.weekday() > max(shown):
        monday += timedelta(days=7)
    return [
        _week([monday + timedelta(days=7 * week + number) for number in shown], sorted(hours), openings, zone, first)
        for week in range(WEEKS)
    ]


def _week(
    days: Sequence[date], hours: Sequence[int], openings: Sequence[Interval], zone: ZoneInfo, first: datetime
) -> Week:
    rows = []
    for hour in hours:
        cells = tuple(_cell(on, hour, openings, zone, first) for on in days)
        rows.append((_hour(hour), cells))
    names = tuple((f"{on:%a} {on.day}", day(on, zone)) for on in days)
    return Week(title=f"Week of {day(days[0], zone)}", days=names, rows=tuple(rows))


def _cell(on: date, hour: int, openings: Sequence[Interval], zone: ZoneInfo, first: datetime) -> Cell:
    start = start_at(on, time(hour), zone)
    span = Interval(start, start + HOUR)
    return Cell(
        value=f"{start.astimezone(UTC):%Y-%m-%dT%H:%MZ}",
        label=f"{day(on, zone)}, {clock(start, zone)} to {clock(span.end, zone)}",
        open=any(span.contains(opening) for opening in openings),
        past=span.end <= first,
    )


def _ticked(form: Form, now: datetime) -> list[Interval]:
    spans = []
    for value in form.values.getlist("hour"):
        try:
            start = datetime.strptime(value, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
        except ValueError:
            continue
        if now - HOUR < start < now + HORIZON:
            spans.append(Interval(start, start + HOUR))
    return spans


def _typed(form: Form, zone: ZoneInfo, now: datetime) -> list[Interval]:
    spans = []
    for number in range(row_count(form)):
        window = _row(form, number, zone, now)
        if window is not None:
            spans.append(window)
    return spans


def _row(form: Form, number: int, zone: ZoneInfo, now: datetime) -> Interval | None:
    names = {part: f"window-{number}-{part}" for part in ("date", "from", "to")}
    typed = {part: form.values.get(name, "").strip() for part, name in names.items()}
    if not any(typed.values()):
        return None
    on = form.day(names["date"], "Enter the date of this time.")
    begins = _clock(form, names["from"], typed["from"], "Enter when this time begins, for example 9:00 am.")
    ends = _clock(form, names["to"], typed["to"], "Enter when this time ends, for example 11:30 am.")
    if on is None or begins is None or ends is None:
        return None
    start = start_at(on, begins, zone)
    end = end_at(on, None if ends == time(0) else ends, zone)
    if end <= start:
        form.fail(names["to"], "The end has to be later than the beginning, on the same day.")
    elif end <= now:
        form.fail(names["date"], "This time has passed. Choose a later one.")
    elif start > now + HORIZON:
        form.fail(names["date"], "Choose a time within the next 60 days.")
    else:
        return Interval(start, end)
    return None


def _clock(form: Form, name: str, typed: str, missing: str) -> time | None:
    match = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?\s*(am|pm|a\.m\.|p\.m\.)?", typed.lower())
    if match is None:
        form.fail(name, missing)
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[3]:
        if not 1 <= hour <= 12:
            form.fail(name, missing)
            return None
        hour = hour % 12 + (12 if match[3].startswith("p") else 0)
    if hour == 24 and minute == 0:
        hour = 0
    if hour > 23 or minute > 59:
        form.fail(name, missing)
        return None
    return time(hour, minute)


def _hour(hour: int) -> str:
    return f"{hour % 12 or 12} {'am' if hour < 12 else 'pm'}"


def _times(count: int) -> str:
    return f"{count} time{'s' if count != 1 else ''}"
