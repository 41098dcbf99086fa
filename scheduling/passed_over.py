"""Why a request that stands before another in line does not have the time that the other got."""

from bisect import bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from scheduling.eligibility import is_ready, may_be_moved_up, not_before
from scheduling.line import Line
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
    """Those whom planning has gone by in a line, so that a booking behind them can be explained."""

    def __init__(self, line: Line, states: Mapping[int, ConsultState]) -> None:
        self._line = line
        self._states = states
        self._gone_by = 0
        self._waiting: list[int] = []
        self._starts: list[tuple[datetime, int]] = []

    def later_than(self, start: datetime, id_: int) -> Iterator[int]:
        """Give those before a request in line that have no time, or one that is later than `start`."""
        self._go_down_to(self._line.position(id_))
        yield from self._waiting
        for _, other in self._starts[bisect_right(self._starts, start, key=lambda each: each[0]) :]:
            yield other

    def _go_down_to(self, position: int) -> None:
        if position < self._gone_by:  # planning has begun again at the head
            self._gone_by, self._waiting, self._starts = 0, [], []
        for id_ in self._line.between(self._gone_by, position):
            booking = self._states[id_].booking
            if booking is None:
                self._waiting.append(id_)
            else:
                insort(self._starts, (booking.during.start, id_))
        self._gone_by = position
