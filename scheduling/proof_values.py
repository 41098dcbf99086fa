"""What the proof reads and what it says: rows of the history, overtakings with their explanation, violations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from scheduling.record import Record, Standing
from scheduling.values import Booking, Interval

#: a director's id, or the id of a policy whose consults may be with any director
Queue = int | str


class Fault(StrEnum):
    """What can be wrong with what is on record."""

    OVERTAKEN = "overtaken"
    EARLIER_WAS_FREE = "earlier_was_free"
    WAS_NOT_FREE = "was_not_free"
    SOME_TIME_WAS_FREE = "some_time_was_free"
    WRONG_DIRECTOR = "wrong_director"
    WAS_NOT_READY = "was_not_ready"
    NO_CONSENT = "no_consent"
    NOT_EXPLAINED = "not_explained"
    WRONGLY_EXPLAINED = "wrongly_explained"
    PLACE_DIFFERS = "place_differs"
    PLACE_MOVED = "place_moved"
    RECEIPT_CHANGED = "receipt_changed"
    CONTRADICTION = "contradiction"
    NOT_ON_RECORD = "not_on_record"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the history."""

    id: int
    at: datetime
    what: str
    consult: int | None = None
    director: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    standing: Record | None = None
    #: the transaction that wrote it
    xact: int = 0
    #: the snapshot in which the line was read; None: everything before this row was seen
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Which transactions could be seen, as PostgreSQL writes it: `xmin:xmax:those under way`."""

    before: int
    after: int
    under_way: frozenset[int]

    @classmethod
    def read(cls, text: str) -> "Snapshot":
        """Read a snapshot. Raises ValueError for what is none."""
        before, after, under_way = text.split(":")
        return cls(int(before), int(after), frozenset(int(each) for each in under_way.split(",") if each))

    def shows(self, xact: int) -> bool:
        """Tell whether a transaction had ended."""
        return xact < self.before or (xact < self.after and xact not in self.under_way)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A time that was given: to whom, when, with which director, from which line."""

    row: int
    at: datetime
    consult: int
    queue: Queue
    director: int
    during: Interval
    moved: bool = False
    outside_queue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtaking:
    """A booking that an earlier request did not get, and why.

    `then`: why that request, booked for later, could not have this time when it was booked.
    """

    row: int
    at: datetime
    consult: int
    overtaken: int
    queue: Queue
    director: int
    during: Interval
    reason: str
    then: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Something on record that the rules do not allow, or that contradicts something else on record."""

    row: int
    at: datetime
    fault: Fault
    consult: int | None = None
    director: int | None = None
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request as it came in: its line, its place, and who stood before it without a time."""

    row: int
    at: datetime
    consult: int
    queue: Queue | None
    standing: Standing
    place: int | None
    before: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A booking as the history has it, from when it was made until it was given up."""

    booking: Booking
    made_at: datetime
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A request that ended, with what the history knows of it."""

    row: int
    at: datetime
    consult: int
    queue: Queue | None
    standing: Standing
    bookings: tuple[Made, ...]
    #: false: it was there before rows had standings, so earlier bookings are not among these
    whole: bool = True


Finding = Arrival | Decision | Overtaking | Violation | Closed
