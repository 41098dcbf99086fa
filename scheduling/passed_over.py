"""Why a request that stands before another in line does not have the time that the other got."""

from bisect import bisect_right, insort
from collections.abc import Iterator, Sequence
from datetime import datetime

from scheduling.eligibility import is_ready, may_be_moved_up, not_before
from scheduling.values import Booking, ConsultState, Rulebook


def why_not(state: ConsultState, rulebook: Rulebook, found: Booking, *, choices: Sequence[int], now: datetime) -> str:
    """Say why a request could not have this time. `choices`: the directors whom its consult may be with."""
    start, due = found.during.start, not_before(rulebook, state)
    if not is_ready(rulebook, state):
        return "not_ready"
    if state.booking is not None and not may_be_moved_up(state, rulebook):
        return "no_consent"
    if found.director not in choices:
        return "other_director"
    if state.windows and not any(window.contains(found.during) for window in state.windows):
        return "outside_windows"
    if due is not None and start < due:
        return "before_review_due"
    if state.booking is not None and start < now + rulebook.policy.queue.move_up_notice:
        return "within_notice"
    return "does_not_fit"


class Passed:
    """Those whom a pass has gone by, so that a booking behind them can be explained."""

    def __init__(self) -> None:
        self._waiting: list[int] = []
        self._starts: list[tuple[datetime, int]] = []

    def passed(self, state: ConsultState) -> None:
        """Remember one that was not booked before the pass came by."""
        if state.booking is None:
            self._waiting.append(state.id)
        else:
            self.booked(state)

    def booked(self, state: ConsultState) -> None:
        """Remember one that has a time."""
        if state.booking is not None:
            insort(self._starts, (state.booking.during.start, state.id))

    def later_than(self, start: datetime) -> Iterator[int]:
        """Give those that have no time, or one that is later."""
        yield from self._waiting
        for _, id_ in self._starts[bisect_right(self._starts, start, key=lambda each: each[0]) :]:
            yield id_
