"""Reading what people wrote: every fault is kept with its place, so that all are told at once.

Simple readers take a value as TOML gives it and return what it means, or raise `WrongError`, which says what is
allowed. A `Place` knows where the value stands and keeps the fault. What could not be read is `BROKEN`; whoever reads
the whole file looks at the faults at the end and hands nothing out if there are any.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from itertools import pairwise
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scheduling.values import Hours, Interval

T = TypeVar("T")

#: stands for what could not be read; never seen outside
BROKEN: Any = None

FIRST_YEAR, LAST_YEAR = 1900, 2199


class WrongError(ValueError):
    """A value that is not what it should be. The message shows it and says what is allowed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file a value stands, and the faults found so far in the whole file."""

    path: str = ""
    faults: list[str] = field(default_factory=list)

    def __truediv__(self, name: str) -> "Place":
        """Step into a key."""
        return Place(f"{self.path}.{name}" if self.path and name else self.path or name, self.faults)

    def __getitem__(self, position: int) -> "Place":
        """Step into an element of a list."""
        return Place(f"{self.path}[{position}]", self.faults)

    def fault(self, what: str) -> None:
        """Keep a fault: what is wrong, and what is allowed."""
        self.faults.append(f"{self.path}: {what}" if self.path else what)

    def read(self, reader: Callable[[object], T], value: object) -> T:
        """Read the value that stands here; a fault is kept, and BROKEN returned."""
        try:
            return reader(value)
        except WrongError as wrong:
            self.fault(str(wrong))
            return cast(T, BROKEN)

    def table(self, value: object, known: Iterable[str]) -> Mapping[str, object]:
        """Read a table and fault each key that is not known; the rest is read all the same."""
        if not isinstance(value, Mapping):
            self.fault(f"{shown(value)} is no table; write {{ ... }}")
            return {}
        allowed = list(known)
        for name in value:
            if name not in allowed:
                (self / str(name)).fault(f"is no key here; one of {', '.join(allowed)}")
        return {name: inner for name, inner in value.items() if name in allowed}

    def each(self, value: object) -> list[tuple["Place", object]]:
        """Read a list: each element with its place."""
        if not isinstance(value, list):
            self.fault(f"{shown(value)} is no list; write [ ... ]")
            return []
        return [(self[i], element) for i, element in enumerate(value)]


def shown(value: object) -> str:
    """Show a value in a message, as it stands in a TOML file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return repr(value)


def text(value: object) -> str:
    """Read a text."""
    if not isinstance(value, str):
        raise WrongError(f"{shown(value)} is no text; put it in quotation marks")
    return value


def switch(value: object) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise WrongError(f"{shown(value)} is neither true nor false")
    return value


def whole(value: object, least: int, most: int) -> int:
    """Read a whole number from `least` to `most`."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise WrongError(f"{shown(value)} is no whole number from {least} to {most}")
    return value


def number(value: object, least: float, most: float) -> float:
    """Read a number from `least` to `most`."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not least <= value <= most:
        raise WrongError(f"{shown(value)} is no number from {least:g} to {most:g}")
    return value


E_co = TypeVar("E_co", bound=StrEnum)


def one_of(words: type[E_co], value: object, what: str = "is not allowed") -> E_co:
    """Read one word of a list."""
    if not isinstance(value, str) or value not in list(words):
        raise WrongError(f"{shown(value)} {what}; one of {', '.join(words)}")
    return words(value)


def day(value: object) -> date:
    """Read a date without a time."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise WrongError(f"{shown(value)} is no date; write it as 2026-03-02")
    _check_year(value)
    return value


def instant(value: object) -> datetime:
    """Read an instant: a date and a time with an offset. Returned in UTC."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise WrongError(f"{shown(value)} is no instant; write date, time and offset, as 2026-03-02T09:00:00-05:00")
    _check_year(value)
    return value.astimezone(UTC)


def day_or_instant(value: object) -> date | datetime:
    """Read a day of the plan, or an instant."""
    return instant(value) if isinstance(value, datetime) else day(value)


def zone(value: object) -> ZoneInfo:
    """Read the name of a time zone. Abbreviations are refused: they say nothing of summer time (statement D8)."""
    name = text(value)
    unknown = WrongError(f"{name!r} is no time zone; one such as America/New_York")
    if "/" not in name and name != "UTC":
        raise unknown
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise unknown from None


def clock_time(value: object) -> time | None:
    """Read `HH:MM` up to 24:00, which is returned as None."""
    written = value if isinstance(value, str) and value.isascii() else ""
    hours, minutes = written[:2], written[3:]
    if len(written) == 5 and written[2] == ":" and (hours + minutes).isdigit():
        if written == "24:00":
            return None
        if int(hours) < 24 and int(minutes) < 60:
            return time(int(hours), int(minutes))
    raise WrongError(f"{shown(value)} is no time of day; HH:MM from 00:00 to 24:00")


def minutes_of(at: time | None) -> int:
    """Return the minutes since midnight; None is 24:00."""
    return 24 * 60 if at is None else at.hour * 60 + at.minute


def span(value: object) -> tuple[time, time | None]:
    """Read `HH:MM-HH:MM`, the start before the end."""
    if not isinstance(value, str) or "-" not in value:
        raise WrongError(f"{shown(value)} is no span of hours; HH:MM-HH:MM")
    start_text, _, end_text = value.partition("-")
    start, end = clock_time(start_text), clock_time(end_text)
    if start is None or minutes_of(start) >= minutes_of(end):
        raise WrongError(f"{value!r}: the start must be before the end")
    return start, end


def interval(value: object, place: Place) -> Interval:
    """Read `{ from = ..., to = ... }`, two instants."""
    before = len(place.faults)
    row = place.table(value, ("from", "to"))
    for name in ("from", "to"):
        if name not in row and len(place.faults) == before:
            (place / name).fault("is missing; an instant such as 2026-03-02T09:00:00-05:00")
    start, end = [(place / name).read(instant, row[name]) if name in row else BROKEN for name in ("from", "to")]
    if len(place.faults) == before:
        if start < end:
            return Interval(start, end)
        place.fault("from is not before to")
    return cast(Interval, BROKEN)


def spans(value: object, place: Place) -> tuple[tuple[time, time | None], ...]:
    """Read the spans of one day; they do not overlap."""
    read = [inner.read(span, each) for inner, each in place.each(value)]
    good = sorted((each for each in read if each is not BROKEN), key=lambda each: minutes_of(each[0]))
    for earlier, later in pairwise(good):
        if minutes_of(later[0]) < minutes_of(earlier[1]):
            place.fault(f"the spans that start at {earlier[0]:%H:%M} and {later[0]:%H:%M} overlap")
    return tuple(good)


def weekly_hours(value: object, place: Place, weekdays: type[StrEnum]) -> Hours:
    """Read `{ mon = ["09:00-12:00"], ... }`; days that are not named have none."""
    names = [str(name) for name in weekdays]
    row = place.table(value, names)
    return Hours(spans={names.index(name): spans(each, place / name) for name, each in row.items()})


def _check_year(value: date) -> None:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise WrongError(f"{shown(value)} lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
