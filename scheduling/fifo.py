"""Who gets which opening: first come, first served, and what happens where that does not fit.

`plan` goes down each line from its head. Each request that is ready takes the earliest opening it can have; who cannot
have one keeps the place and blocks nobody. A booked consult takes part only to be moved up, with its office's consent.
A move leaves a time that others may want, so planning starts again at the head; a booking only takes time, which gives
nobody before it anything new, so planning goes on behind it with the same result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

from scheduling.business_time import ONE_DAY, any_business_hours, local_date, start_at
from scheduling.choice import lacks_preferred_specialty, suitable
from scheduling.eligibility import is_ready, may_be_moved_up, not_before
from scheduling.openings import DirectorCalendar
from scheduling.passed_over import Passed, why_not
from scheduling.policy_words import Assignment, Fallback, PlaceFrom
from scheduling.status import Event, became
from scheduling.values import (
    Booking,
    ConsultState,
    Director,
    Happening,
    Interval,
    PeerOffer,
    Rulebook,
    Status,
    Step,
    Urgency,
    What,
)

#: a director's id, or the id of a policy whose consults may be with any director
Queue = int | str
PlaceKey = tuple[bool, bool, datetime, int]


def queue_of(state: ConsultState, rulebook: Rulebook) -> Queue | None:
    """Return whose line a request stands in; None while no director is known, and where no talk is asked for."""
    if not state.talk:
        return None
    if rulebook.policy.director.assignment is Assignment.ANY:
        return rulebook.policy.id
    return state.director


def place_key(state: ConsultState, rulebook: Rulebook) -> PlaceKey:
    """Return what requests of a queue are sorted by (NC-9).

    `urgent_first` puts emergent before elective; then the moment that gives the place; then the order of arrival. With
    `place_from = "request_complete"` what is not complete stands behind all that is, whatever else moved it.
    """
    rules, at, incomplete = rulebook.policy.queue, state.place_at, False
    if rules.place_from is PlaceFrom.REQUEST_COMPLETE:
        incomplete = state.complete is None
        at = at if state.complete is None else max(at, state.complete)
    return incomplete, rules.urgent_first and state.denial.urgency is not Urgency.EMERGENT, at, state.arrival


def place(state: ConsultState, queue: Sequence[ConsultState], rulebooks: Mapping[str, Rulebook]) -> int | None:
    """Return 1 + the requests of its queue that stand before it and are not booked; None without a queue.

    `queue` may hold consults of other queues, closed ones and the request itself; they do not count.
    """
    mine = queue_of(state, rulebooks[state.rulebook])
    if mine is None:
        return None
    key = place_key(state, rulebooks[state.rulebook])
    return 1 + sum(
        1
        for other in queue
        if other.id != state.id
        and other.status.open
        and other.booking is None
        and queue_of(other, rulebooks[other.rulebook]) == mine
        and place_key(other, rulebooks[other.rulebook]) < key
    )


def has_begun(state: ConsultState, *, now: datetime) -> bool:
    """Tell whether the consult's time has come: it keeps it until an outcome or an absence is recorded (A15)."""
    return state.booking is not None and state.booking.during.start <= now


def with_buffer(during: Interval, rulebook: Rulebook) -> Interval:
    """Return a consult's time with what is kept free after it."""
    return Interval(during.start, during.end + rulebook.policy.consult.buffer)


def cause(state: ConsultState, rulebook: Rulebook, deadline: datetime, *, now: datetime) -> str:
    """Return why a deadline is not kept, the first that holds; only `plan` counts against the plan (BSP-6)."""
    if not any_business_hours(rulebook, state.talk_received, deadline):
        return "unavoidable"
    if state.peer_declined:
        return "office_choice"
    if state.windows and not any(_leaves_room(window, rulebook, deadline, now) for window in state.windows):
        return "office_windows"
    return "plan"


def _leaves_room(window: Interval, rulebook: Rulebook, deadline: datetime, now: datetime) -> bool:
    consult = rulebook.policy.consult
    start = max(window.start, now + consult.notice)
    return start < deadline and start + consult.duration <= window.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What planning changed, in order; each step holds a consult as it stands after it."""

    changes: tuple[Step, ...] = ()

    @property
    def happenings(self) -> tuple[Happening, ...]:
        """All that happened, in order."""
        return tuple(happening for step in self.changes for happening in step.happenings)


def plan(
    consults: Sequence[ConsultState],
    directors: Mapping[int, Director],
    rulebooks: Mapping[str, Rulebook],
    *,
    now: datetime,
    queue: Queue | None = None,
) -> Plan:
    """Plan the queues after a change: directors in the order of their ids, laps until a whole one changes nothing.

    `consults` are the open ones of the queues concerned, booked ones too: they take the time that they have. Whatever
    else is booked stands in `Director.taken`, with its buffer. With `queue` only that one is planned.
    """
    planning = Planner(consults, directors, rulebooks, now=now)
    queues = planning.queues() if queue is None else [queue]
    moved = True
    while moved:
        moved = sum(planning.plan_queue(each) for each in queues) > 0
    return Plan(changes=tuple(planning.changes))


def expected(
    state: ConsultState,
    consults: Sequence[ConsultState],
    directors: Mapping[int, Director],
    rulebooks: Mapping[str, Rulebook],
    *,
    now: datetime,
) -> Booking | None:
    """Return the time that planning would give a request if it came now; nothing is changed ("If you send this now").

    It counts with the requests before it that still wait, and with those alone.
    """
    queue = queue_of(state, rulebooks[state.rulebook])
    if queue is None or not is_ready(rulebooks[state.rulebook], state):
        return None
    planned = plan([*consults, state], directors, rulebooks, now=now, queue=queue)
    bookings = [step.state.booking for step in planned.changes if step.state is not None and step.state.id == state.id]
    return bookings[-1] if bookings else None


class Planner:
    """Everything that planning needs at hand: the consults, and the directors' time as it is taken."""

    def __init__(
        self,
        consults: Sequence[ConsultState],
        directors: Mapping[int, Director],
        rulebooks: Mapping[str, Rulebook],
        *,
        now: datetime,
    ) -> None:
        self.now = now
        self.changes: list[Step] = []
        self._states = {state.id: state for state in consults if state.status.open}
        self._directors = directors
        self._rulebooks = rulebooks
        self._calendars = {id_: DirectorCalendar(director) for id_, director in sorted(directors.items())}
        self._lines: dict[Queue, list[int]] = {}
        for state in self._states.values():
            if state.booking is not None and state.booking.director in self._calendars:
                self._take(state.booking, self._rulebook(state))
            queue = queue_of(state, self._rulebook(state))
            if queue is not None:
                self._lines.setdefault(queue, []).append(state.id)
        for line in self._lines.values():
            line.sort(key=lambda id_: place_key(self._states[id_], self._rulebook(self._states[id_])))

    def queues(self) -> list[Queue]:
        """Return the queues in the order in which they are planned."""
        return sorted(self._lines, key=lambda queue: (isinstance(queue, str), queue))

    def plan_queue(self, queue: Queue) -> bool:
        """Plan one line until a pass moves nobody. Returns whether anybody was moved."""
        moved = False
        while self._pass(self._lines.get(queue, [])):
            moved = True
        return moved

    def _pass(self, line: Sequence[int]) -> bool:
        """Go down the line; returns True as soon as somebody was moved."""
        before = Passed()
        for id_ in line:
            state = self._states[id_]
            if state.booking is not None:
                if self._move_up(state, before):
                    return True
                before.booked(self._states[id_])
            else:
                if is_ready(self._rulebook(state), state):
                    self._place(state, before)
                before.passed(self._states[id_])
        return False

    def _place(self, state: ConsultState, before: "Passed") -> None:
        """Give a request the earliest opening it can have, or say that there is none."""
        rulebook, deadline = self._rulebook(state), state.deadlines.binding
        found = self._earliest(state, self._choices(state))
        if deadline is not None and (found is None or found.during.start >= deadline):
            peer = self._peer(state, deadline)
            if peer is not None and rulebook.policy.director.fallback is Fallback.DESIGNATED_PEER:
                found = peer
            elif peer is not None:
                state = self._offer(state, peer)
        if found is not None:
            self._book(state, found, before)
        else:
            self._say_unplaced(state)

    def _move_up(self, state: ConsultState, before: "Passed") -> bool:
        """Move a booked consult to an earlier opening, if its office agreed to that; once."""
        rulebook = self._rulebook(state)
        if state.booking is None or not may_be_moved_up(state, rulebook) or has_begun(state, now=self.now):
            return False
        if not is_ready(rulebook, state):
            return False
        notice = rulebook.policy.queue.move_up_notice
        choices, start = self._choices(state), state.booking.during.start
        if self.now + notice >= start:
            return False
        self._give_back(state.booking, rulebook)
        found = self._earliest(state, choices, at_least=self.now + notice, before=start)
        if found is None:
            self._take(state.booking, rulebook)
            return False
        self._take(found, rulebook)
        details = _time_of(found) | {"passed_over": self._passed_over(found, before)}
        after = became(state, Event.MOVE, replace(state, booking=found, move_up=False, attempts=0))
        self._note(after, Happening(at=self.now, what=What.MOVED, consult=state.id, details=details))
        return True

    def _book(self, state: ConsultState, found: Booking, before: "Passed") -> None:
        self._take(found, self._rulebook(state))
        details = _time_of(found) | {"passed_over": self._passed_over(found, before)}
        happenings = [Happening(at=self.now, what=What.BOOKED, consult=state.id, details=details)]
        deadline, owed = state.deadlines.binding, state.deadlines.owed
        if deadline is not None and found.during.start >= deadline:
            reason = "after_deadline" if owed is not None and found.during.start >= owed else "after_target"
            happenings.append(self._escalated(state, reason, deadline))
        after = became(
            state, Event.BOOK, replace(state, status=Status.BOOKED, booking=found, unplaced=None, attempts=0)
        )
        self._note(after, *happenings)

    def _say_unplaced(self, state: ConsultState) -> None:
        """Say that nothing was found, unless that was said before for the same reason."""
        reason = "no_opening_in_windows" if state.windows else "no_opening"
        if state.unplaced == reason:
            return
        happenings = [Happening(at=self.now, what=What.UNPLACED, consult=state.id, details={"reason": reason})]
        if state.deadlines.binding is not None:
            happenings.append(self._escalated(state, "no_opening_before_deadline", state.deadlines.binding))
        self._note(became(state, Event.FIND_NOTHING, replace(state, unplaced=reason)), *happenings)

    def _escalated(self, state: ConsultState, reason: str, deadline: datetime) -> Happening:
        why = cause(state, self._rulebook(state), deadline, now=self.now)
        details = {"reason": reason, "cause": why}
        return Happening(at=self.now, what=What.ESCALATED, consult=state.id, details=details)

    def _peer(self, state: ConsultState, deadline: datetime) -> Booking | None:
        """Return the time of the first designated peer who has one before the deadline, where peers may be asked."""
        rules = self._rulebook(state).policy.director
        if rules.assignment is Assignment.ANY or rules.fallback is Fallback.NONE or state.director is None:
            return None
        if state.peer_declined or (rules.fallback is Fallback.OFFICE_CHOICE and state.peer_offer is not None):
            return None
        if cause(state, self._rulebook(state), deadline, now=self.now) == "office_windows":
            return None
        for peer in self._peers(state, state.director):
            found = self._earliest(state, [peer], before=deadline)
            if found is not None:
                return found
        return None

    def _offer(self, state: ConsultState, peer: Booking) -> ConsultState:
        """Offer a peer's time to the office, once; nothing is held."""
        offer = PeerOffer(director=peer.director, start=peer.during.start)
        details = {"director": offer.director, "start": offer.start}
        after = became(state, Event.OFFER_PEER, replace(state, peer_offer=offer))
        self._note(after, Happening(at=self.now, what=What.PEER_OFFERED, consult=state.id, details=details))
        return after

    def _peers(self, state: ConsultState, director: int) -> list[int]:
        peers = self._directors[director].peers if director in self._directors else ()
        others = [peer for peer in peers if peer != director]
        return suitable(state, self._rulebook(state), self._directors, others)

    def _choices(self, state: ConsultState) -> list[int]:
        """Return the directors the consult may be with: the denying one, or with `any` all who may have it."""
        rulebook = self._rulebook(state)
        if rulebook.policy.director.assignment is Assignment.ANY:
            return suitable(state, rulebook, self._directors, sorted(self._directors))
        return [state.director] if state.director is not None else []

    def earliest_with(self, state: ConsultState, director: int, *, before: datetime | None) -> Booking | None:
        """Return the earliest time one director has for a consult, its own booking left out of account."""
        if state.booking is not None:
            self._give_back(state.booking, self._rulebook(state))
        choices = suitable(state, self._rulebook(state), self._directors, [director])
        found = self._earliest(state, choices, before=before)
        if state.booking is not None:
            self._take(state.booking, self._rulebook(state))
        return found

    def _earliest(
        self,
        state: ConsultState,
        choices: Sequence[int],
        *,
        at_least: datetime | None = None,
        before: datetime | None = None,
    ) -> Booking | None:
        """Return the earliest opening among directors; ties go to the one with fewest bookings that day, then by id."""
        rulebook = self._rulebook(state)
        bounds = [bound for bound in (at_least, not_before(rulebook, state)) if bound is not None]
        first: tuple[datetime, bool, int, int] | None = None
        best: Booking | None = None
        for director in choices:
            calendar = self._calendars.get(director)
            if calendar is None:
                continue
            opening = calendar.openings(rulebook, now=self.now).first(
                at_least=max([self.now, *bounds]), before=before, windows=state.windows
            )
            if opening is None or (first is not None and opening.start > first[0]):
                continue
            away = lacks_preferred_specialty(state, rulebook, self._directors[director])
            key = (opening.start, away, self._bookings_on(director, opening.start, rulebook), director)
            if first is None or key < first:
                first, best = key, Booking(director=director, during=opening)
        return best

    def _bookings_on(self, director: int, at: datetime, rulebook: Rulebook) -> int:
        """Count a director's bookings that start on that date in the plan's zone."""
        zone = rulebook.policy.plan.time_zone
        day = local_date(at, zone)
        midnight, next_midnight = (start_at(each, time(0), zone) for each in (day, day + ONE_DAY))
        return self._calendars[director].bookings_between(midnight, next_midnight)

    def _passed_over(self, found: Booking, before: "Passed") -> tuple[tuple[int, str], ...]:
        """Say why those before it in line do not have this time."""
        passed = [self._states[id_] for id_ in before.later_than(found.during.start)]
        return tuple(
            (state.id, why_not(state, self._rulebook(state), found, choices=self._choices(state), now=self.now))
            for state in passed
        )

    def _take(self, booking: Booking, rulebook: Rulebook) -> None:
        if booking.director in self._calendars:
            self._calendars[booking.director].take(with_buffer(booking.during, rulebook))

    def _give_back(self, booking: Booking, rulebook: Rulebook) -> None:
        if booking.director in self._calendars:
            self._calendars[booking.director].give_back(with_buffer(booking.during, rulebook))

    def _note(self, after: ConsultState, *happenings: Happening) -> None:
        self._states[after.id] = after
        self.changes.append(Step(state=after, happenings=happenings))

    def _rulebook(self, state: ConsultState) -> Rulebook:
        return self._rulebooks[state.rulebook]


def _time_of(found: Booking) -> dict[str, object]:
    return {"director": found.director, "start": found.during.start, "end": found.during.end}
