"""The queue as the policy format tells it, sentence by sentence, with no thought of speed.

It starts again at the head after each booking and looks at every quarter of an hour for sixty days. The real planner
must come to the same, in the same order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import lru_cache

from scheduling.business_time import end_at, start_at
from scheduling.places import place_key
from scheduling.values import (
    Booking,
    ConsultState,
    Director,
    Interval,
    PeerOffer,
    Rulebook,
    Status,
    Urgency,
)

QUARTER = timedelta(minutes=15)
#: (id, what, its details in an order of their own)
Line = tuple[int, str, tuple[object, ...]]


@dataclass
class Naive:
    """A planner that is obviously right, where directors' zones are whole quarters of an hour from UTC."""

    rulebook: Rulebook
    directors: dict[int, Director]
    now: datetime
    states: dict[int, ConsultState]
    told: list[Line] = field(default_factory=list)

    def plan(self) -> list[Line]:
        """Plan all queues, lap after lap."""
        any_director = self.rulebook.policy.director.assignment == "any"
        while True:
            before = len(self.told)
            for queue in [None] if any_director else sorted(self.directors):
                while self.one_pass(queue):
                    pass
            if not any(what == "moved" for _, what, _ in self.told[before:]):
                return self.told

    def one_pass(self, queue: int | None) -> bool:
        """Go down the line to the first booking or move."""
        line = [state for state in self.states.values() if state.talk and (queue is None or state.director == queue)]
        for state in sorted(line, key=lambda state: place_key(state, self.rulebook)):
            if self.ready(state) and (self.move(state) if state.booking else self.book(state)):
                return True
        return False

    def ready(self, state: ConsultState) -> bool:
        return state.complete is not None and not (self.undecided(state) and self.mode(state) == "after_review")

    def mode(self, state: ConsultState) -> str:
        rules = self.rulebook.policy.reconsideration
        return (rules.emergent if state.denial.urgency is Urgency.EMERGENT else rules.elective).consult

    def undecided(self, state: ConsultState) -> bool:
        return state.reconsideration and (state.review is None or state.review.decision is None)

    def choices(self, state: ConsultState) -> list[int]:
        if self.rulebook.policy.director.assignment == "same":
            return [state.director] if state.director is not None else []
        return [id_ for id_, each in sorted(self.directors.items()) if self.covers(each, state)]

    def covers(self, director: Director, state: ConsultState) -> bool:
        lines = director.lines_of_business
        return not lines or not state.denial.line_of_business or state.denial.line_of_business in lines

    def move(self, state: ConsultState) -> bool:
        rules = self.rulebook.policy.queue
        assert state.booking is not None
        start = state.booking.during.start
        if not state.move_up or rules.move_up == "never" or start <= self.now:
            return False
        nearest = self.now + timedelta(minutes=rules.move_up_notice_minutes)
        fit = [each for each in self.openings(state, self.choices(state)) if nearest <= each.during.start < start]
        if not fit:
            return False
        self.states[state.id] = replace(state, booking=fit[0], move_up=False, attempts=0)
        self.tell(state, "moved", fit[0].director, fit[0].during.start, fit[0].during.end)
        return True

    def book(self, state: ConsultState) -> bool:
        deadlines = state.deadlines
        deadline = min((each for each in (deadlines.occur_by, deadlines.sla, deadlines.target) if each), default=None)
        found = next(iter(self.openings(state, self.choices(state))), None)
        rules = self.rulebook.policy.director
        if deadline and (found is None or found.during.start >= deadline) and rules.assignment == "same":
            peer = self.peer(state, deadline)
            if peer and rules.fallback == "designated_peer" and not state.peer_declined:
                found = peer
            if peer and rules.fallback == "office_choice" and state.peer_offer is None and not state.peer_declined:
                offer = PeerOffer(director=peer.director, start=peer.during.start)
                state = self.states[state.id] = replace(state, peer_offer=offer)
                self.tell(state, "peer_offered", offer.director, offer.start)
        if found is None:
            return self.unplaced(state, deadline)
        self.states[state.id] = replace(state, status=Status.BOOKED, booking=found, unplaced=None, attempts=0)
        self.tell(state, "booked", found.director, found.during.start, found.during.end)
        if deadline and found.during.start >= deadline:
            owed = [each for each in (deadlines.occur_by, deadlines.sla) if each]
            late = any(found.during.start >= each for each in owed)
            self.tell(state, "escalated", "after_deadline" if late else "after_target", self.cause(state, deadline))
        return True

    def unplaced(self, state: ConsultState, deadline: datetime | None) -> bool:
        reason = "no_opening_in_windows" if state.windows else "no_opening"
        if state.unplaced != reason:
            self.states[state.id] = replace(state, unplaced=reason)
            self.tell(state, "unplaced", reason)
            if deadline:
                self.tell(state, "escalated", "no_opening_before_deadline", self.cause(state, deadline))
        return False

    def peer(self, state: ConsultState, deadline: datetime) -> Booking | None:
        if self.cause(state, deadline) == "office_windows" or state.director is None:
            return None
        for id_ in self.directors[state.director].peers:
            fit = self.openings(state, [id_]) if self.covers(self.directors[id_], state) else []
            if fit and fit[0].during.start < deadline:
                return fit[0]
        return None

    def cause(self, state: ConsultState, deadline: datetime) -> str:
        plan, consult = self.rulebook.policy.plan, self.rulebook.policy.consult
        moment = state.talk_asked or state.received
        staffed = False
        while moment < deadline:
            local = moment.astimezone(plan.time_zone)
            is_open = plan.business_hours.from_ <= local.time() < (plan.business_hours.to or time.max)
            weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[local.weekday()]
            staffed |= is_open and weekday in plan.business_days and local.date() not in self.rulebook.holidays
            moment += timedelta(minutes=5)
        if not staffed:
            return "unavoidable"
        if state.peer_declined:
            return "office_choice"
        nearest = self.now + timedelta(minutes=consult.notice_minutes)
        latest = [min(deadline - timedelta(seconds=1), w.end - consult.duration) for w in state.windows]
        if state.windows and all(max(w.start, nearest) > last for w, last in zip(state.windows, latest, strict=True)):
            return "office_windows"
        return "plan"

    def openings(self, state: ConsultState, ids: Sequence[int]) -> list[Booking]:
        """List what a consult can have, the best first."""
        found = [
            Booking(director=id_, during=during)
            for id_ in ids
            for during in self.inside_hours(self.directors[id_])
            if self.free(state, id_, during)
        ]
        return sorted(found, key=lambda each: (each.during.start, self.bookings_on(state, each), each.director))

    def inside_hours(self, director: Director) -> list[Interval]:
        consult = self.rulebook.policy.consult
        soonest = self.now + timedelta(minutes=consult.notice_minutes)
        found = _inside_hours(_Key(director, self.rulebook), self.now.replace(minute=0, second=0, microsecond=0))
        return [each for each in found if soonest <= each.start <= self.now + timedelta(hours=60 * 24)]

    def free(self, state: ConsultState, id_: int, during: Interval) -> bool:
        buffer = timedelta(minutes=self.rulebook.policy.consult.buffer_minutes)
        with_buffer = Interval(during.start, during.end + buffer)
        if state.windows and not any(w.start <= during.start and during.end <= w.end for w in state.windows):
            return False
        held = self.mode(state) == "booked_after_due" and self.undecided(state)
        if held and state.review and state.review.due and during.start < state.review.due:
            return False
        others = [each.booking for each in self.states.values() if each.booking and each.id != state.id]
        return not any(off.overlaps(during) for off in self.directors[id_].off) and not any(
            other.director == id_ and Interval(other.during.start, other.during.end + buffer).overlaps(with_buffer)
            for other in others
        )

    def bookings_on(self, state: ConsultState, found: Booking) -> int:
        zone = self.rulebook.policy.plan.time_zone
        day = found.during.start.astimezone(zone).date()
        return sum(
            1
            for each in self.states.values()
            if each.booking and each.id != state.id and each.booking.director == found.director
            if each.booking.during.start.astimezone(zone).date() == day
        )

    def tell(self, state: ConsultState, what: str, *details: object) -> None:
        self.told.append((state.id, what, details))


@dataclass(frozen=True)
class _Key:
    """What the hours of a director depend on, for the cache."""

    director: Director
    rulebook: Rulebook

    def __hash__(self) -> int:
        return hash((self.director.id, id(self.rulebook)))


@lru_cache(maxsize=64)
def _inside_hours(key: _Key, start: datetime) -> list[Interval]:
    return list(_look_everywhere(key.director, key.rulebook, start))


def _look_everywhere(director: Director, rulebook: Rulebook, start: datetime) -> Iterator[Interval]:
    consult, plan = rulebook.policy.consult, rulebook.policy.plan
    for n in range(4 * 24 * 62):
        during = Interval(start + n * QUARTER, start + n * QUARTER + timedelta(minutes=consult.duration_minutes))
        local = during.start.astimezone(director.zone)
        if local.minute % consult.start_every_minutes or local.date() in rulebook.holidays:
            continue
        spans = director.hours.spans.get(local.weekday(), ())
        if not any(_holds(s, e, local, during, director.zone) for s, e in spans):
            continue
        of_plan = during.start.astimezone(plan.time_zone)
        limits = consult.hours.spans
        if limits and not any(
            _holds(s, e, of_plan, during, plan.time_zone) for s, e in limits.get(of_plan.weekday(), ())
        ):
            continue
        yield during


def _holds(start: time, end: time | None, local: datetime, during: Interval, zone: object) -> bool:
    day = local.date()
    return start_at(day, start, local.tzinfo) <= during.start and during.end <= end_at(day, end, local.tzinfo)  # type: ignore[arg-type]  # a zone was given to astimezone above
