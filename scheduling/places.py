"""Where a request stands: in whose line, and where in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from scheduling.line import PlaceKey
from scheduling.policy_words import Assignment, PlaceFrom
from scheduling.values import ConsultState, Interval, Rulebook, Urgency

#: a director's id, or the id of a policy whose consults may be with any director
Queue = int | str


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
