"""The lines as the history has them, row by row: who stands where, and who holds which time.

A row can have a lower number than a booking that could not know of it, because whoever asks does not wait for the
planner. `seen_by` gives the line as it was read.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scheduling.free_time import Diary, Held
from scheduling.policy_words import Assignment, PlaceFrom, ReconsiderationConsult
from scheduling.proof_values import Made, Queue, Row, Snapshot
from scheduling.record import Person, Standing
from scheduling.values import ReviewDecision, Rulebook, Urgency

PlaceKey = tuple[bool, bool, datetime, int]

#: no transaction takes longer
LONGEST_TRANSACTION = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A consult as it stands, and what follows from it by its policy's rules."""

    id: int
    standing: Standing
    rulebook: Rulebook
    queue: Queue | None
    key: PlaceKey
    #: its place when it first stood in a line
    first: tuple[datetime, int]
    #: the row that gave it its present time, and when that was
    booked_row: int = 0
    booked_at: datetime | None = None

    @property
    def held(self) -> Held | None:
        """The time it holds, with the buffer after it."""
        booking = self.standing.booking
        if booking is None:
            return None
        return Held(booking.during.start, booking.during.end + self.rulebook.policy.consult.buffer, self.id)

    def waits_at(self, start: datetime) -> bool:
        """Tell whether it has no time, or one later than this."""
        booking = self.standing.booking
        return booking is None or booking.during.start > start


def queue_of(standing: Standing, rulebook: Rulebook) -> Queue | None:
    """Return whose line a request stands in; None: no director is known, or no talk is asked for."""
    if not standing.talk:
        return None
    return rulebook.policy.id if rulebook.policy.director.assignment is Assignment.ANY else standing.director


def place_key(standing: Standing, rulebook: Rulebook) -> PlaceKey:
    """Return what a line is sorted by: incomplete ones behind, urgent ones before, then the moment, then the number."""
    rules, at, incomplete = rulebook.policy.queue, standing.place_at, False
    if rules.place_from is PlaceFrom.REQUEST_COMPLETE:
        incomplete = standing.complete is None
        at = max(at, standing.complete or at)
    return incomplete, rules.urgent_first and standing.urgency is not Urgency.EMERGENT, at, standing.arrival


def is_ready(known: Known) -> bool:
    """Tell whether nothing is waited for: neither information, nor a nurse whose decision comes first."""
    standing = known.standing
    if not standing.talk or standing.complete is None:
        return False
    undecided = standing.reconsideration and standing.review_decision is None
    return not (undecided and _mode(known) is ReconsiderationConsult.AFTER_REVIEW)


def not_before(known: Known) -> datetime | None:
    """Return when the nurse's decision is due, where no earlier time is taken until she decided."""
    standing = known.standing
    if not standing.reconsideration or standing.review_decision in set(ReviewDecision):
        return None
    return standing.review_due if _mode(known) is ReconsiderationConsult.BOOKED_AFTER_DUE else None


def _mode(known: Known) -> ReconsiderationConsult:
    rules = known.rulebook.policy.reconsideration
    return (rules.emergent if known.standing.urgency is Urgency.EMERGENT else rules.elective).consult


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The lines as somebody had read them who decided: where a consult stood otherwise then, `otherwise` says how."""

    lines: "Lines"
    queue: Queue | None
    otherwise: Mapping[int, Known | None]

    def line(self) -> Iterator[Known]:
        """Give the open requests of the line."""
        for id_ in self.lines.queues.get(self.queue, ()) if self.queue is not None else ():
            if id_ not in self.otherwise:
                yield self.lines.consults[id_]
        for known in self.otherwise.values():
            if known is not None and known.queue == self.queue and known.standing.status.open:
                yield known

    def unseen(self) -> Iterator[Known]:
        """Give the requests of the line that nobody could know of yet."""
        for id_, known in self.otherwise.items():
            now = self.lines.consults.get(id_)
            if known is None and now is not None and now.queue == self.queue:
                yield now

    def taken(self, director: int, *, for_certain: bool = False) -> tuple[set[int], list[Held]]:
        """Return what differs in a director's diary: consults whose time does not count, and times that do.

        The times of other lines are read a moment after the line. Where one was given up in between, it is not known
        whether it was still taken: it counts unless `for_certain`.
        """
        without, besides = set(self.otherwise), []
        for id_, known in self.otherwise.items():
            then = _held_by(known, director)
            now = _held_by(self.lines.consults.get(id_), director)
            if known is None or known.queue == self.queue or then == now:
                besides += [then] if then else []
            elif not for_certain:
                besides += [held for held in (then, now) if held]
        return without, besides


def _held_by(known: Known | None, director: int) -> Held | None:
    booking = known.standing.booking if known is not None else None
    return known.held if known is not None and booking is not None and booking.director == director else None


@dataclass(slots=True)
class Lines:
    """Every open consult and every director, as far as the rows were read."""

    rulebooks: Callable[[str], Rulebook]
    consults: dict[int, Known] = field(default_factory=dict)
    queues: dict[Queue, dict[int, None]] = field(default_factory=dict)
    diaries: dict[int, Diary] = field(default_factory=dict)
    bookings: dict[int, list[Made]] = field(default_factory=dict)
    _recent: deque[tuple[datetime, int, int, Known | None]] = field(default_factory=deque)

    def seen_by(self, row: Row, queue: Queue | None) -> View:
        """Return the lines as they were read by whoever wrote a row. Raises ValueError for what is no snapshot."""
        otherwise: dict[int, Known | None] = {}
        if row.seen is not None:
            snapshot = Snapshot.read(row.seen)
            for _, xact, consult, before in reversed(self._recent):
                if xact != row.xact and not snapshot.shows(xact):
                    otherwise[consult] = before
        return View(lines=self, queue=queue, otherwise=otherwise)

    def put_on_record(self, director: int, person: Person, row: Row) -> None:
        """Take over what a row says of a director."""
        if director in self.diaries:
            self.diaries[director].put_on_record(person, row.id)
            return
        self.diaries[director] = diary = Diary(person=person, row=row.id)
        for known in self.consults.values():
            held = _held_by(known, director)
            if held is not None:
                diary.hold(held, row.id)

    def known(self, consult: int, standing: Standing, before: Known | None, row: Row) -> Known:
        """Work out what follows from how a consult stands after a row."""
        rulebook = self.rulebooks(standing.rulebook)
        queue = queue_of(standing, rulebook)
        first = (standing.place_at, standing.arrival)
        made = Known(
            id=consult,
            standing=standing,
            rulebook=rulebook,
            queue=queue,
            key=place_key(standing, rulebook),
            first=first if before is None or before.queue is None else before.first,
        )
        if before is not None and before.standing.booking == standing.booking:
            return replace(made, booked_row=before.booked_row, booked_at=before.booked_at)
        return replace(made, booked_row=row.id, booked_at=row.at)

    def apply(self, row: Row, after: Known, before: Known | None) -> None:
        """Let a consult stand as a row says."""
        self._remember(row, after.id, before)
        if before is not None and before.queue is not None:
            self.queues[before.queue].pop(after.id, None)
        if after.standing.status.open:
            self.consults[after.id] = after
            if after.queue is not None:
                self.queues.setdefault(after.queue, {})[after.id] = None
        else:
            self.consults.pop(after.id, None)
        self._book(row, after, before)

    def _remember(self, row: Row, consult: int, before: Known | None) -> None:
        while self._recent and self._recent[0][0] < row.at - LONGEST_TRANSACTION:
            self._recent.popleft()
        self._recent.append((row.at, row.xact, consult, before))

    def _book(self, row: Row, after: Known, before: Known | None) -> None:
        old, new = before.standing.booking if before else None, after.standing.booking
        if old == new:
            return
        made = self.bookings.setdefault(after.id, [])
        if old is not None and before is not None and before.held is not None:
            made[-1] = replace(made[-1], released_at=row.at)
            if old.director in self.diaries:
                self.diaries[old.director].release(before.held, row.id)
        if new is not None and after.held is not None:
            made.append(Made(booking=new, made_at=row.at))
            if new.director in self.diaries:
                self.diaries[new.director].hold(after.held, row.id)
