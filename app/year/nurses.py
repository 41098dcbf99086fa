"""The nurses' pile: what is due or talked about first is taken first, in staffed hours, one case a nurse at a time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush

from app.year.description import Nurses
from scheduling.business_time import end_at, local_date, start_at
from scheduling.values import Interval, Rulebook

_DAY = timedelta(days=1)
#: a pile that nobody is ever there for is looked at again after so many days without staffed hours
_LOOK_AHEAD = 60


class Pile:
    """Cases that wait for a nurse, and the nurses who work on one."""

    def __init__(self, nurses: Nurses, rulebook: Rulebook) -> None:
        self._nurses = nurses
        self._rulebook = rulebook
        self._waiting: list[tuple[datetime, int]] = []
        self._free = nurses.number
        self.minutes_worked = 0

    def put(self, number: int, first: datetime) -> None:
        """Lay a case on the pile. `first`: when it is due or talked about, whichever comes first."""
        heappush(self._waiting, (first, number))

    def take(self) -> int:
        """Take the case that comes first from the pile."""
        return heappop(self._waiting)[1]

    @property
    def is_waiting(self) -> bool:
        """Tell whether a case waits and a nurse is free."""
        return bool(self._waiting) and self._free > 0

    def begin(self, now: datetime, minutes: int) -> datetime | None:
        """Let a nurse work on a case; returns when it is done, None if the staffed hours end before that for good."""
        self._free -= 1
        self.minutes_worked += minutes
        left = timedelta(minutes=minutes)
        for staffed in self._staffed_from(now):
            start = max(staffed.start, now)
            if start + left <= staffed.end:
                return start + left
            left -= staffed.end - start
        return None

    def done(self) -> None:
        """Let a nurse be free again."""
        self._free += 1

    def next_staffed(self, now: datetime) -> datetime | None:
        """Return the next moment from `now` on at which nurses are there."""
        first = next(self._staffed_from(now), None)
        return None if first is None else max(first.start, now)

    def staffed_minutes(self, start: datetime, end: datetime) -> int:
        """Return the minutes of all nurses together between two instants."""
        total = timedelta()
        for staffed in self._staffed_from(start):
            if staffed.start >= end:
                break
            total += min(staffed.end, end) - max(staffed.start, start)
        return int(total.total_seconds()) // 60 * self._nurses.number

    def _staffed_from(self, now: datetime) -> Iterator[Interval]:
        """Give the staffed spans that end after `now`, until sixty days hold none."""
        zone = self._rulebook.policy.plan.time_zone
        day, empty = local_date(now, zone), 0
        while empty < _LOOK_AHEAD:
            found = False
            if day not in self._rulebook.holidays:
                for opens, closes in self._nurses.hours.spans.get(day.weekday(), ()):
                    staffed = Interval(start_at(day, opens, zone), end_at(day, closes, zone))
                    if staffed.end > now and staffed.start < staffed.end:
                        found = True
                        yield staffed
            day, empty = day + _DAY, 0 if found else empty + 1
