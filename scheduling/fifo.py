"""Who gets which opening: first come, first served, and what happens where that does not fit.

`plan` goes down each line from its head. Each request that is ready takes the earliest opening it can have; who cannot
have one keeps the place and blocks nobody. A booked consult takes part only to be moved up, with its office's consent.
A move leaves a time that others may want, so planning starts again at the head; a booking only takes time, which gives
nobody before it anything new, so planning goes on behind it with the same result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from functools import partial

from scheduling.business_time import ONE_DAY, any_business_hours, local_date, start_at
from scheduling.choice import lacks_preferred_specialty, suitable
from scheduling.eligibility import is_ready, not_before
from scheduling.line import Line
from scheduling.openings import HORIZON
from scheduling.passed_over import Passed, why_not
from scheduling.places import Queue, has_begun, place, place_key, queue_of, with_buffer
from scheduling.policy_words import Assignment, Fallback
from scheduling.standing import Standing
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
    What,
)

#: planning, and what is asked of a place besides
__all__ = ["Plan", "Planner", "Queue", "expected", "has_begun", "place", "place_key", "plan", "queue_of", "with_buffer"]


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
    return Plan(changes=Planner(consults, directors, rulebooks, now=now, explains=True).plan(queue))


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


class Planner(Standing):
    """Plans the lines as they stand, and again after each change."""

    def __init__(
        self,
        consults: Sequence[ConsultState],
        directors: Mapping[int, Director],
        rulebooks: Mapping[str, Rulebook],
        *,
        now: datetime,
        explains: bool = False,
    ) -> None:
        """Begin with the consults that are open. `explains`: each booking tells whom it passed over, and why."""
        super().__init__(consults, directors, rulebooks, now=now)
        self._explains = explains
        self._changes: list[Step] = []

    def plan(self, queue: Queue | None = None) -> tuple[Step, ...]:
        """Plan all lines, lap after lap until nobody is left to look at, or one line alone."""
        if queue is not None:
            self._plan_line(self.line(queue))
        else:
            self._plan_all()
        changes, self._changes = tuple(self._changes), []
        return changes

    def _plan_all(self) -> None:
        """Make laps over the lines in the order of their queues; whoever a lap has passed is in the next."""
        last: tuple[bool, Queue] | None = None
        while self.unseen:
            turns = {_turn(queue): queue for queue in self.unseen}
            last = min((turn for turn in turns if last is None or turn > last), default=None)
            if last is not None:
                self.unseen.discard(turns[last])
                self._plan_line(self.line(turns[last]))

    def _plan_line(self, line: Line) -> None:
        """Go down a line. Whoever could use what a move frees is looked at next, from the head."""
        before = Passed(line, self.states)
        while (id_ := line.next()) is not None:
            if id_ in line.movable:
                self._move_up(self.states[id_], before)
            elif id_ in line.waiting:
                self._place(self.states[id_], before)

    def _place(self, state: ConsultState, before: Passed) -> None:
        """Give a request the earliest opening it can have, or say that there is none."""
        rulebook, deadline = self.rulebook(state), state.deadlines.binding
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

    def _move_up(self, state: ConsultState, before: Passed) -> None:
        """Move a booked consult to an earlier opening, if its office agreed to that; once."""
        rulebook = self.rulebook(state)
        if state.booking is None or has_begun(state, now=self.now):
            return
        nearest = self.now + rulebook.policy.queue.move_up_notice
        found = self._earliest(state, self._choices(state), at_least=nearest, before=state.booking.during.start)
        if found is None:
            return
        after = became(state, Event.MOVE, replace(state, booking=found, move_up=False, attempts=0))
        self._note(after, Happening(at=self.now, what=What.MOVED, consult=state.id, details=self._told(after, before)))

    def _book(self, state: ConsultState, found: Booking, before: Passed) -> None:
        details = self._told(replace(state, booking=found), before)
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
        why = cause(state, self.rulebook(state), deadline, now=self.now)
        details = {"reason": reason, "cause": why}
        return Happening(at=self.now, what=What.ESCALATED, consult=state.id, details=details)

    def _peer(self, state: ConsultState, deadline: datetime) -> Booking | None:
        """Return the time of the first designated peer who has one before the deadline, where peers may be asked."""
        rules = self.rulebook(state).policy.director
        if rules.assignment is Assignment.ANY or rules.fallback is Fallback.NONE or state.director is None:
            return None
        if state.peer_declined or (rules.fallback is Fallback.OFFICE_CHOICE and state.peer_offer is not None):
            return None
        rulebook = self.rulebook(state)
        if state.windows and not any(_leaves_room(each, rulebook, deadline, self.now) for each in state.windows):
            return None  # the cause is `office_windows`
        soonest, latest = self._soonest(state), self.now + HORIZON
        for peer in self._peers(state, state.director):
            openings = self.openings(peer, rulebook)
            found = openings and openings.first(at_least=soonest, latest=latest, before=deadline, windows=state.windows)
            if found:
                return Booking(director=peer, during=found)
        return None

    def _offer(self, state: ConsultState, peer: Booking) -> ConsultState:
        """Offer a peer's time to the office, once; nothing is held."""
        offer = PeerOffer(director=peer.director, start=peer.during.start)
        details = {"director": offer.director, "start": offer.start}
        after = became(state, Event.OFFER_PEER, replace(state, peer_offer=offer))
        self._note(after, Happening(at=self.now, what=What.PEER_OFFERED, consult=state.id, details=details))
        return after

    def _peers(self, state: ConsultState, director: int) -> list[int]:
        peers = self.directors[director].peers if director in self.directors else ()
        others = [peer for peer in peers if peer != director]
        return suitable(state, self.rulebook(state), self.directors, others)

    def _choices(self, state: ConsultState) -> list[int]:
        """Return the directors the consult may be with: the denying one, or with `any` all who may have it."""
        rulebook = self.rulebook(state)
        if rulebook.policy.director.assignment is Assignment.ANY:
            return suitable(state, rulebook, self.directors, sorted(self.directors))
        return [state.director] if state.director is not None else []

    def earliest_with(self, state: ConsultState, director: int, *, before: datetime | None) -> Booking | None:
        """Return the earliest time one director has for a consult, its own booking left out of account."""
        return self._earliest(state, suitable(state, self.rulebook(state), self.directors, [director]), before=before)

    def _earliest(
        self,
        state: ConsultState,
        choices: Sequence[int],
        *,
        at_least: datetime | None = None,
        before: datetime | None = None,
    ) -> Booking | None:
        """Return the earliest opening among directors; ties go to the one with fewest bookings that day, then by id.

        The time that it has counts as free.
        """
        rulebook = self.rulebook(state)
        soonest, latest = self._soonest(state), self.now + HORIZON
        if at_least is not None and at_least > soonest:
            soonest = at_least
        if soonest > latest or (before is not None and soonest >= before):
            return None
        if state.booking is not None:
            self.give_back(state.booking, state)
        tied: list[Booking] = []
        for director in choices:
            openings = self.openings(director, rulebook)
            if openings is None:
                continue
            found = openings.first(at_least=soonest, latest=latest, before=before, windows=state.windows)
            if found is not None:
                if found.start < latest:
                    latest, tied = found.start, []
                tied.append(Booking(director=director, during=found))
        best = None
        if tied:
            best = tied[0] if len(tied) == 1 else min(tied, key=partial(self._rank, state))
        if state.booking is not None:
            self.take(state.booking, state)
        return best

    def _soonest(self, state: ConsultState) -> datetime:
        """Return before when a consult cannot start: the notice, and what its review is due for."""
        rulebook = self.rulebook(state)
        soonest, due = self.now + rulebook.policy.consult.notice, not_before(rulebook, state)
        return due if due is not None and due > soonest else soonest

    def _rank(self, state: ConsultState, found: Booking) -> tuple[bool, int, int]:
        """Return what decides between openings of the same time."""
        rulebook, director = self.rulebook(state), self.directors[found.director]
        away = lacks_preferred_specialty(state, rulebook, director)
        return away, self._bookings_on(director.id, found.during.start, rulebook), director.id

    def _bookings_on(self, director: int, at: datetime, rulebook: Rulebook) -> int:
        """Count a director's bookings that start on that date in the plan's zone."""
        zone, calendar = rulebook.policy.plan.time_zone, self.calendar(director)
        day = local_date(at, zone)
        midnight, next_midnight = (start_at(each, time(0), zone) for each in (day, day + ONE_DAY))
        return 0 if calendar is None else calendar.bookings_between(midnight, next_midnight)

    def _told(self, state: ConsultState, before: Passed) -> dict[str, object]:
        """Return what is told of a consult's new time: when, with whom, and why those before it do not have it."""
        found = state.booking
        assert found is not None
        told: dict[str, object] = {
            "director": found.director,
            "start": found.during.start,
            "end": found.during.end,
        }
        if self._explains:
            passed = [self.states[id_] for id_ in before.later_than(found.during.start, state.id)]
            told["passed_over"] = tuple(
                (each.id, why_not(each, self.rulebook(each), found, choices=self._choices(each), now=self.now))
                for each in passed
            )
        return told

    def _note(self, after: ConsultState, *happenings: Happening) -> None:
        self.change(after)
        self._changes.append(Step(state=after, happenings=happenings))


def _turn(queue: Queue) -> tuple[bool, Queue]:
    """Return what lines are planned in order of: the directors by id, then the policies."""
    return isinstance(queue, str), queue
