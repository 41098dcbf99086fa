"""Judges one decision as it was taken: was the time right, and why did nobody before it in line get it?"""

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from scheduling.free_time import AHEAD, INSTANT, Wish
from scheduling.lines import Known, Lines, View, is_ready, not_before
from scheduling.policy_words import Assignment, Fallback, MoveUp, SpecialtyMatch
from scheduling.proof_values import Decision, Fault, Finding, Overtaking, Queue, Row, Violation
from scheduling.values import Interval, What


@dataclass(frozen=True, slots=True, kw_only=True)
class _Right:
    """The time a request should get: its start, with whom it can start then, and with whom it may be at all."""

    start: datetime | None
    directors: Collection[int]
    allowed: Collection[int]


@dataclass(slots=True)
class Judge:
    """Judges decisions against the lines as the history has them."""

    lines: Lines
    _given: dict[Queue, deque[tuple[Decision, tuple[datetime, int]]]] = field(default_factory=dict)

    def booking(self, row: Row, before: Known, after: Known) -> Iterator[Finding]:
        """Judge a booking or a move, before it is applied."""
        booking = after.standing.booking
        assert booking is not None
        assert before.queue is not None or row.details.get("outside_queue"), "without a line nothing is planned"
        decision = Decision(
            row=row.id,
            at=row.at,
            consult=before.id,
            queue=before.queue if before.queue is not None else booking.director,
            director=booking.director,
            during=booking.during,
            moved=row.what == What.MOVED,
            outside_queue=bool(row.details.get("outside_queue")),
        )
        yield decision
        view = self.lines.seen_by(row, before.queue)
        explained = None
        if decision.outside_queue:
            yield from self._put_through(decision, view, before)
        elif before.standing.peer_answer is None and after.standing.peer_answer == "accepted":
            yield from self._accepted(decision, view, before)
        else:
            explained = _explained(row)
            yield from self._planned(decision, view, before, after)
        yield from self._overtaken(decision, view, before, explained)
        self._remember(decision, before)

    def unplaced(self, row: Row, known: Known) -> Iterator[Finding]:
        """Judge that no time was found."""
        if not is_ready(known):
            yield _violation(row, Fault.WAS_NOT_READY, known.id)
        right = self._right(self.lines.seen_by(row, known.queue), known, row.at, moved=False)
        if right.start is not None:
            yield _violation(row, Fault.SOME_TIME_WAS_FREE, known.id, start=right.start, director=_one(right))

    def late(self, row: Row, known: Known) -> Iterator[Overtaking]:
        """Tell of the bookings that were made after a request came in and before it was put down."""
        for decision, first in reversed(self._given.get(known.queue, ()) if known.queue is not None else ()):
            if decision.at < known.first[0]:
                break
            if known.first < first and _fits(known, decision.during):
                yield _overtaking(decision, known, "recorded_later")

    def _remember(self, decision: Decision, known: Known) -> None:
        if decision.outside_queue:
            return
        given = self._given.setdefault(decision.queue, deque())
        given.append((decision, known.first))
        while given[0][0].at < decision.at - AHEAD:
            given.popleft()

    def _planned(self, decision: Decision, view: View, before: Known, after: Known) -> Iterator[Violation]:
        """A planner's booking: the earliest that was free; a move only with consent, which is used up by it."""
        agreed = before.standing.move_up and before.rulebook.policy.queue.move_up is MoveUp.IF_AGREED
        if decision.moved and (not agreed or after.standing.move_up):
            yield _violation(decision, Fault.NO_CONSENT, before.id)
        yield from self._is_right(decision, view, before, self._right(view, before, decision.at, moved=decision.moved))

    def _accepted(self, decision: Decision, view: View, before: Known) -> Iterator[Violation]:
        """A peer the office accepted: his earliest time before the deadline."""
        offered = [before.standing.peer_offer] if before.standing.peer_offer is not None else []
        peers = [peer for peer in offered if peer in self.lines.diaries and self._suits(peer, before)]
        right = self._first(view, before, peers, decision.at, until=before.standing.deadline)
        yield from self._is_right(decision, view, before, right)

    def _put_through(self, decision: Decision, view: View, before: Known) -> Iterator[Violation]:
        """A call put through at once: from this moment on, with somebody who was free."""
        diary = self.lines.diaries.get(decision.director)
        if diary is None:
            yield _violation(decision, Fault.NOT_ON_RECORD, before.id, director=decision.director)
            return
        without, besides = view.taken(decision.director, for_certain=True)
        without.add(before.id)
        met = diary.holds_another(decision.during, without=without, besides=besides)
        if met or decision.during.start != decision.at:
            yield _violation(decision, Fault.WAS_NOT_FREE, before.id)

    def _is_right(self, decision: Decision, view: View, before: Known, right: _Right) -> Iterator[Violation]:
        start, director = decision.during.start, decision.director
        if not is_ready(before):
            yield _violation(decision, Fault.WAS_NOT_READY, before.id)
        if director not in self.lines.diaries:
            yield _violation(decision, Fault.NOT_ON_RECORD, before.id, director=director)
        elif decision.during.end - start != before.rulebook.policy.consult.duration:
            yield _violation(decision, Fault.WAS_NOT_FREE, before.id)
        elif right.start is not None and right.start < start:
            details = {"start": right.start, "director": _one(right)}
            yield _violation(decision, Fault.EARLIER_WAS_FREE, before.id, **details)
        elif director not in right.allowed:
            yield _violation(decision, Fault.WRONG_DIRECTOR, before.id)
        elif (right.start != start or director not in right.directors) and not self._was_free(decision, view, before):
            yield _violation(decision, Fault.WAS_NOT_FREE, before.id)

    def _right(self, view: View, known: Known, now: datetime, *, moved: bool) -> _Right:
        """Work out which time a request should get: its director's, or a peer's where that is after the deadline."""
        own = self._first(view, known, self._own(known), now, moved=moved)
        deadline, rules = known.standing.deadline, known.rulebook.policy.director
        late = deadline is not None and (own.start is None or own.start >= deadline)
        if moved or not late or not _falls_back(known):
            return own
        peers = self._peers(known, rules.specialty)
        for peer in peers:
            found = self._first(view, known, [peer], now, until=deadline)
            if found.start is not None:
                return found
        # a peer may still be right: a time of his that was given up while the line was read counts as taken above
        return replace(own, allowed=[*own.allowed, *peers])

    def _first(
        self,
        view: View,
        known: Known,
        directors: Sequence[int],
        now: datetime,
        *,
        moved: bool = False,
        until: datetime | None = None,
    ) -> _Right:
        """Find the first start that a request could have with some directors, before `until`."""
        wish = _wish(known, now, moved=moved, until=until)
        starts: dict[int, datetime] = {}
        for director in directors:
            without, besides = view.taken(director)
            diary = self.lines.diaries.get(director)
            start = diary.first(wish, without={*without, known.id}, besides=besides) if diary is not None else None
            if start is not None:
                starts[director] = start
        first = min(starts.values(), default=None)
        with_whom = [director for director, start in starts.items() if start == first]
        return _Right(start=first, directors=with_whom, allowed=directors)

    def _was_free(self, decision: Decision, view: View, known: Known) -> bool:
        """Tell whether the time given was free, as far as that can be said for certain."""
        until = known.standing.deadline if decision.director not in self._own(known) else None
        wish = _wish(known, decision.at, moved=decision.moved, until=until)
        start = decision.during.start
        if not wish.earliest <= start <= wish.latest:
            return False
        without, besides = view.taken(decision.director, for_certain=True)
        at_once = Wish(rulebook=known.rulebook, windows=known.standing.windows, earliest=start, latest=start)
        diary = self.lines.diaries[decision.director]
        return diary.first(at_once, without={*without, known.id}, besides=besides) is not None

    def _overtaken(
        self, decision: Decision, view: View, before: Known, explained: Mapping[int, str] | None
    ) -> Iterator[Finding]:
        """Explain each request that was there earlier and has no time, or a later one."""
        unused = dict(explained or {})
        for other in view.line():
            if other.id == before.id or not other.waits_at(decision.during.start):
                continue
            if other.key < before.key:
                said = unused.pop(other.id, None)
                yield from self._passed(decision, view, before, other, said, must_explain=explained is not None)
            elif other.first < before.first:
                yield _overtaking(decision, other, _why_behind(other, before))
        for other in view.unseen():
            if other.first < before.first and other.waits_at(decision.during.start):
                yield _overtaking(decision, other, "recorded_later")
        for id_, said in unused.items():
            yield _violation(decision, Fault.WRONGLY_EXPLAINED, id_, by=before.id, said=said)

    def _passed(
        self, decision: Decision, view: View, before: Known, other: Known, said: str | None, *, must_explain: bool
    ) -> Iterator[Finding]:
        if decision.outside_queue:
            yield _overtaking(decision, other, "outside_queue")
            return
        could = self._could_have_had(decision, view, before, other)
        reasons = [*self._reasons(decision, other), *(() if could else ("does_not_fit",))]
        if could:
            yield _violation(decision, Fault.OVERTAKEN, other.id, by=before.id, start=decision.during.start)
        if must_explain and said is None:
            yield _violation(decision, Fault.NOT_EXPLAINED, other.id, by=before.id)
        elif said is not None and said not in reasons:
            yield _violation(decision, Fault.WRONGLY_EXPLAINED, other.id, by=before.id, said=said)
        if not could:
            reason = said if said is not None and said in reasons else reasons[0]
            yield _overtaking(decision, other, reason, self._why_then(decision, other, reason))

    def _reasons(self, decision: Decision, other: Known) -> Iterator[str]:
        """Give the reasons that hold for a request that did not get a time, in the order of the rules."""
        start, standing = decision.during.start, other.standing
        rules, due = other.rulebook.policy.queue, not_before(other)
        if not is_ready(other):
            yield "not_ready"
        if standing.booking is not None and not (standing.move_up and rules.move_up is MoveUp.IF_AGREED):
            yield "no_consent"
        if decision.director not in self._own(other):
            yield "other_director"
        if standing.windows and not any(window.contains(decision.during) for window in standing.windows):
            yield "outside_windows"
        if due is not None and start < due:
            yield "before_review_due"
        if standing.booking is not None and start < decision.at + rules.move_up_notice:
            yield "within_notice"

    def _could_have_had(self, decision: Decision, view: View, before: Known, other: Known) -> bool:
        """Tell whether a request could have started at a time that this decision takes away."""
        standing, queue = other.standing, other.rulebook.policy.queue
        if not is_ready(other):
            return False
        until = None
        if standing.booking is not None:
            if not standing.move_up or queue.move_up is not MoveUp.IF_AGREED:
                return False
            until = standing.booking.during.start
        if decision.director not in self._own(other):
            peers = self._peers(other, other.rulebook.policy.director.specialty) if _falls_back(other) else ()
            if standing.booking is not None or standing.deadline is None or decision.director not in peers:
                return False
            until = standing.deadline
        diary = self.lines.diaries.get(decision.director)
        if diary is None:
            return False
        consult = other.rulebook.policy.consult
        end = decision.during.end + before.rulebook.policy.consult.buffer
        near = Interval(decision.during.start - consult.duration - consult.buffer, end)
        if diary.person.max_a_day is not None:  # it takes one of the day's consults, whatever its hour
            day = diary.whole_day(decision.during.start)
            near = Interval(min(day.start, near.start), max(day.end, near.end))
        wish = _wish(other, decision.at, moved=standing.booking is not None, until=until, near=near)
        without, besides = view.taken(decision.director)
        return diary.first(wish, without={*without, other.id}, besides=besides) is not None

    def _why_then(self, decision: Decision, other: Known, reason: str) -> str | None:
        """Say why a booked request did not get this time when it was booked: the earliest that was free."""
        if reason != "no_consent" or other.booked_at is None:
            return None
        start, consult = decision.during.start, other.rulebook.policy.consult
        diary = self.lines.diaries.get(decision.director)
        during = Interval(start, start + consult.duration + consult.buffer)
        why = diary.why_not(during, other.booked_row) if diary is not None else None
        if why is None and start > other.booked_at + AHEAD:
            return "too_far_ahead"
        return "within_notice" if why is None and start < other.booked_at + consult.notice else why

    def _own(self, known: Known) -> Sequence[int]:
        """List the directors a consult may be with of itself: the denying one, or any who suits it."""
        if known.rulebook.policy.director.assignment is Assignment.ANY:
            return [id_ for id_ in self.lines.diaries if self._suits(id_, known)]
        return [known.standing.director] if known.standing.director is not None else []

    def _peers(self, known: Known, specialty: SpecialtyMatch) -> Sequence[int]:
        """List the designated peers who suit a consult, in the order in which they are asked."""
        diary = self.lines.diaries.get(known.standing.director or 0)
        listed = diary.person.peers if diary is not None else ()
        fit = [peer for peer in listed if peer in self.lines.diaries and self._suits(peer, known)]
        wanted = known.standing.specialty
        if specialty is SpecialtyMatch.PREFERRED and wanted:
            fit.sort(key=lambda peer: wanted not in self.lines.diaries[peer].person.specialties)
        return fit

    def _suits(self, director: int, known: Known) -> bool:
        person, standing = self.lines.diaries[director].person, known.standing
        must = known.rulebook.policy.director.specialty is SpecialtyMatch.REQUIRED and standing.specialty
        return (
            person.active
            and _names(person.lines_of_business, standing.line_of_business)
            and _names(person.licence_states, standing.licence_state)
            and (not must or standing.specialty in person.specialties)
        )


def _names(listed: Collection[str], wanted: str) -> bool:
    return not listed or not wanted or wanted in listed


def _falls_back(known: Known) -> bool:
    rules = known.rulebook.policy.director
    same = rules.assignment is Assignment.SAME and rules.fallback is Fallback.DESIGNATED_PEER
    return same and not known.standing.peer_declined


def _wish(
    known: Known, now: datetime, *, moved: bool, until: datetime | None = None, near: Interval | None = None
) -> Wish:
    """Say what a request needs of a time, seen from now: before `until`, and strictly inside `near`."""
    consult, queue = known.rulebook.policy.consult, known.rulebook.policy.queue
    earliest, latest = [now + consult.notice], [now + AHEAD]
    due, booking = not_before(known), known.standing.booking
    if due is not None:
        earliest.append(due)
    if moved and booking is not None:
        earliest.append(now + queue.move_up_notice)
        latest.append(booking.during.start - INSTANT)
    if until is not None:
        latest.append(until - INSTANT)
    if near is not None:
        earliest.append(near.start + INSTANT)
        latest.append(near.end - INSTANT)
    return Wish(rulebook=known.rulebook, windows=known.standing.windows, earliest=max(earliest), latest=min(latest))


def _fits(known: Known, during: Interval) -> bool:
    windows = known.standing.windows
    return not windows or any(window.contains(during) for window in windows)


def _why_behind(other: Known, before: Known) -> str:
    """Say why a request that came in earlier stands behind one that came later."""
    if other.key[0] > before.key[0]:
        return "not_ready"
    if other.key[1] > before.key[1]:
        return "urgent_first"
    return "sent_to_back" if (other.standing.place_at, other.standing.arrival) != other.first else "complete_later"


def _explained(row: Row) -> Mapping[int, str]:
    """Read the explanations that were written with a decision. Raises ValueError."""
    try:
        return {int(id_): str(reason) for id_, reason in row.details.get("passed_over", ())}
    except TypeError as error:
        raise ValueError(f"has unreadable explanations: {error}") from None


def _one(right: _Right) -> int:
    return min(right.directors)


def _violation(at: Row | Decision, fault: Fault, consult: int, **details: object) -> Violation:
    row = at.id if isinstance(at, Row) else at.row
    director = at.director if isinstance(at, Decision) else None
    return Violation(row=row, at=at.at, fault=fault, consult=consult, director=director, details=details)


def _overtaking(decision: Decision, other: Known, reason: str, then: str | None = None) -> Overtaking:
    return Overtaking(
        row=decision.row,
        at=decision.at,
        consult=decision.consult,
        overtaken=other.id,
        queue=decision.queue,
        director=decision.director,
        during=decision.during,
        reason=reason,
        then=then,
    )
