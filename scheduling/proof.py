"""Checks from the history alone that nobody later holds a time that an earlier request could have had (NC-9).

It reads the rows in order and asks of each decision, as it was taken: was this time free, was none earlier free, and
did each request that stood before it have a reason not to get it? Nothing is planned again, and nothing is shared with
`fifo` or `openings`: hours are cut up anew in `free_time`, lines are followed in `lines`, decisions are judged in
`overtaking`.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from scheduling.lines import Known, Lines
from scheduling.overtaking import Judge
from scheduling.policy_words import AfterReschedule
from scheduling.proof_values import Arrival, Closed, Fault, Finding, Row, Violation
from scheduling.record import person, standing
from scheduling.values import Booking, Rulebook, Status, What

#: the row of a talk that took place beside the line, and of a request that was there before rows had standings
BESIDE, AS_FOUND = "outside_the_queue", "as_found"
FIRST = (What.RECEIVED, BESIDE, AS_FOUND)
#: rows that always change how the consult stands
CHANGING = (*FIRST, What.BOOKED, What.MOVED, What.RETURNED)
ENDING = (What.CANCELLED, What.COMPLETED, What.NOT_REACHED)
#: what the office does that may cost it its place
BY_THE_OFFICE = ("office_rescheduled", "office_absent")


class Proof:
    """The history while it is read. `read` takes the rows in the order in which they were written, each once."""

    def __init__(self, rulebooks: Callable[[str], Rulebook]) -> None:
        self.lines = Lines(rulebooks)
        self._judge = Judge(self.lines)
        self._as_found: set[int] = set()

    def read(self, row: Row) -> Iterator[Finding]:
        """Read a row and tell what it shows."""
        try:
            yield from self._read(row)
        except ValueError as error:
            yield _violation(row, Fault.UNREADABLE, why=str(error))

    def open(self) -> Iterator[Closed]:
        """Give what is open at the end of the rows, as `Closed` ones were given."""
        for known in self.lines.consults.values():
            yield self._as_it_stands(known.booked_row, known.standing.received, known)

    def _read(self, row: Row) -> Iterator[Finding]:
        if row.director is not None:
            self.lines.put_on_record(row.director, person(row.standing or {}), row)
            return
        if row.consult is None:
            return
        before = self.lines.consults.get(row.consult)
        if row.standing is None:
            if row.what in CHANGING or (row.what in ENDING and before is not None):
                yield _violation(row, Fault.CONTRADICTION, what=row.what)
        elif (row.what in FIRST) == (before is not None):
            yield _violation(row, Fault.NOT_ON_RECORD if before is None else Fault.CONTRADICTION, what=row.what)
        elif before is None:
            yield from self._first(row, row.consult)
        else:
            yield from self._next(row, before)

    def _first(self, row: Row, consult: int) -> Iterator[Finding]:
        after = self.lines.known(consult, standing(row.standing or {}), None, row)
        if row.what == What.RECEIVED:
            yield from self._arrived(row, after)
            if after.standing.place_at != after.standing.received or after.standing.booking is not None:
                yield _violation(row, Fault.PLACE_MOVED)
        if row.what == AS_FOUND:
            self._as_found.add(consult)
        self.lines.apply(row, after, None)
        yield from self._end(row, after)

    def _arrived(self, row: Row, after: Known) -> Iterator[Finding]:
        """Check the place that was told, and tell of whoever was booked before an earlier request was put down."""
        now = after.standing
        line = self.lines.seen_by(row, after.queue).line()
        ahead = [other for other in line if other.standing.booking is None and other.key < after.key]
        place = None if after.queue is None else 1 + len(ahead)
        yield Arrival(
            row=row.id,
            at=row.at,
            consult=after.id,
            queue=after.queue,
            standing=now,
            place=place,
            before=tuple(other.id for other in sorted(ahead, key=lambda other: other.key)),
        )
        was_seen = row.seen is not None or not row.xact  # else nobody stood in the line when it was read
        if was_seen and row.details.get("place") != place:
            yield _violation(row, Fault.PLACE_DIFFERS, said=row.details.get("place"), place=place)
        if now.place_at > row.at:
            yield _violation(row, Fault.PLACE_MOVED)
        yield from self._judge.late(row, after)

    def _next(self, row: Row, before: Known) -> Iterator[Finding]:
        after = self.lines.known(before.id, standing(row.standing or {}, before.standing), before, row)
        booking, had = after.standing.booking, before.standing.booking
        if after.standing.received != before.standing.received:
            yield _violation(row, Fault.RECEIPT_CHANGED)
        if _place(after) != _place(before) and not _may_move(row, before, after):
            yield _violation(row, Fault.PLACE_MOVED)
        if _contradicts(row, before, after):
            yield _violation(row, Fault.CONTRADICTION, what=row.what)
        elif row.what in (What.BOOKED, What.MOVED):
            yield from self._judge.booking(row, before, after)
        elif row.what == What.UNPLACED:
            yield from self._judge.unplaced(row, before)
        elif row.what == What.TALK_ASKED:
            yield from self._arrived(row, after)
        elif booking is not None and booking != had:
            yield _violation(row, Fault.CONTRADICTION, what=row.what)
        self.lines.apply(row, after, before)
        yield from self._end(row, after)

    def _end(self, row: Row, after: Known) -> Iterator[Closed]:
        if not after.standing.status.open:
            yield self._as_it_stands(row.id, row.at, after)
            self.lines.bookings.pop(after.id, None)
            self._as_found.discard(after.id)

    def _as_it_stands(self, row: int, at: datetime, known: Known) -> Closed:
        return Closed(
            row=row,
            at=at,
            consult=known.id,
            queue=known.queue,
            standing=known.standing,
            bookings=tuple(self.lines.bookings.get(known.id, ())),
            whole=known.id not in self._as_found,
        )


def _place(known: Known) -> tuple[datetime, int]:
    return known.standing.place_at, known.standing.arrival


def _may_move(row: Row, before: Known, after: Known) -> bool:
    """Tell whether a row may give a request another place: the office gave up its time, and the policy says so."""
    if before.queue is None:
        return True  # it stood in no line yet
    back = before.rulebook.policy.queue.after_office_reschedule is AfterReschedule.TO_THE_BACK
    by_office = row.what == What.RETURNED and row.details.get("reason") in BY_THE_OFFICE
    as_if_new = after.standing.place_at == row.at and after.standing.arrival > before.standing.arrival
    return back and by_office and as_if_new


def _contradicts(row: Row, before: Known, after: Known) -> bool:
    """Tell whether what a row says in words is not what it says of how the consult stands."""
    had, has = before.standing.booking, after.standing.booking
    if (after.standing.status is Status.BOOKED) != (has is not None):
        return True
    match row.what:
        case What.BOOKED:
            return had is not None or not _says(row, has) or not _is_in_line(row, before)
        case What.MOVED:
            return had is None or not _says(row, has) or not _is_in_line(row, before)
        case What.RETURNED:
            return had is None or has is not None
        case What.UNPLACED:
            words = "no_opening_in_windows" if before.standing.windows else "no_opening"
            return has is not None or row.details.get("reason") != words
        case _:
            return False


def _is_in_line(row: Row, before: Known) -> bool:
    return before.queue is not None or bool(row.details.get("outside_queue"))


def _says(row: Row, booking: Booking | None) -> bool:
    """Tell whether the words of a row name this booking."""
    said = [_instant(row.details.get(name)) for name in ("start", "end")]
    return booking is not None and [row.details.get("director"), *said] == [
        booking.director,
        booking.during.start,
        booking.during.end,
    ]


def _instant(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _violation(row: Row, fault: Fault, **details: object) -> Violation:
    return Violation(row=row.id, at=row.at, fault=fault, consult=row.consult, details=details)
