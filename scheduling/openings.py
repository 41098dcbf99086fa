"""Openings: when a director can talk and is not taken.

An opening lies wholly inside one span of the director's hours (and of `consult.hours`), not on a holiday of the plan by
the director's local date, starts on the grid in his zone, and meets neither time off nor another consult with its
buffer. Spans of a day are not joined, nor are those of two days.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from scheduling.business_time import ONE_DAY, end_at, local_date, start_at
from scheduling.values import Director, Interval, Rulebook

#: how far ahead consults are booked
HORIZON = timedelta(hours=60 * 24)

_MIDNIGHT = time(0)
_INSTANT = timedelta(microseconds=1)


def openings(
    director: Director,
    rulebook: Rulebook,
    *,
    now: datetime,
    until: datetime | None = None,
    windows: Sequence[Interval] = (),
    notice: timedelta | None = None,
) -> Iterator[Interval]:
    """Give the openings of a director, the earliest first, lazily.

    They start at least `notice` (default: the policy's) and at most 60 times 24 hours from now, and before `until`.
    What is taken is `director.taken`; to leave a consult out of account, leave its time out of that.
    """
    calendar = DirectorCalendar(director).openings(rulebook, now=now)
    at_least = now + (rulebook.policy.consult.notice if notice is None else notice)
    while opening := calendar.first(at_least=at_least, before=until, windows=windows):
        yield opening
        at_least = opening.start + _INSTANT


def is_opening(director: Director, rulebook: Rulebook, during: Interval, *, now: datetime) -> bool:
    """Tell whether a time could be booked: the same question as `openings`, asked of one time (statement C7)."""
    return during in openings(director, rulebook, now=now, windows=(during,), until=during.start + _INSTANT)


def spans_of(director: Director, rulebook: Rulebook, day: date) -> list[Interval]:
    """Return the spans of a director's local date in which consults may be, in order.

    A day on which other hours hold than in the week has those instead (statement C3). A holiday has none.
    """
    if day in rulebook.holidays or not director.active:
        return []
    spans = director.exceptions.get(day, director.hours.spans.get(day.weekday(), ()))
    mine = [Interval(start_at(day, start, director.zone), end_at(day, end, director.zone)) for start, end in spans]
    if rulebook.policy.consult.hours.spans:
        mine = [part for span in mine for part in _inside(span, rulebook)]
    return sorted(span for span in mine if span.start < span.end)


def _inside(span: Interval, rulebook: Rulebook) -> Iterator[Interval]:
    """Give the parts of a span that lie in one span of `consult.hours`, which are in the plan's zone."""
    zone, hours = rulebook.policy.plan.time_zone, rulebook.policy.consult.hours
    day = local_date(span.start, zone)
    while day <= local_date(span.end, zone):
        for start, end in hours.spans.get(day.weekday(), ()):
            part = Interval(max(span.start, start_at(day, start, zone)), min(span.end, end_at(day, end, zone)))
            if part.start < part.end:
                yield part
        day += ONE_DAY


def starts_in(span: Interval, director: Director, rulebook: Rulebook) -> Iterator[datetime]:
    """Give the starts on the grid that leave room for a consult: multiples past the hour in the director's zone."""
    every = timedelta(minutes=rulebook.policy.consult.start_every_minutes)
    last = span.end - rulebook.policy.consult.duration
    at = _on_grid(span.start, director, every)
    steady = span.start.astimezone(director.zone).utcoffset() == span.end.astimezone(director.zone).utcoffset()
    while at <= last:
        yield at
        at = at + every if steady else _on_grid(at + every, director, every)


def _on_grid(at: datetime, director: Director, every: timedelta) -> datetime:
    """Return the first instant from `at` on whose local minutes are a multiple of `every`."""
    while True:
        local = at.astimezone(director.zone)
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond) % every
        if not past:
            return at
        at += every - past


class DirectorCalendar:
    """One director's time while a plan is made: what is taken changes, and the openings with it."""

    def __init__(self, director: Director) -> None:
        self.director = director
        self._off = _Intervals(director.off)
        self._taken = _Intervals(director.taken)
        self._openings: dict[int, Openings] = {}
        self._a_day: dict[date, int] = {}
        for during in director.taken:
            self._count(during, 1)

    def openings(self, rulebook: Rulebook, *, now: datetime) -> "Openings":
        """Return the openings for consults under these rules."""
        found = self._openings.get(id(rulebook))
        if found is None:
            found = self._openings[id(rulebook)] = Openings(self, rulebook, now)
        return found

    def take(self, during: Interval) -> None:
        """Book a time. It includes the buffer after the consult."""
        self._taken.add(during)
        self._count(during, 1)
        for each in self._openings.values():
            each.taken(during)

    def give_back(self, during: Interval) -> None:
        """Free a time that was taken."""
        self._taken.remove(during)
        self._count(during, -1)
        for each in self._openings.values():
            each.freed(during)

    def is_free(self, during: Interval, buffer: timedelta) -> bool:
        """Tell whether a consult could be then: not off, and clear of the others, its own buffer included."""
        return not self._off.meets(during) and not self._taken.meets(Interval(during.start, during.end + buffer))

    def bookings_between(self, start: datetime, end: datetime) -> int:
        """Count the consults that start in this span."""
        return self._taken.starting(start, end)

    def is_full(self, day: date) -> bool:
        """Tell whether the director has as many consults on that local date as he takes a day."""
        return self.director.max_a_day is not None and self._a_day.get(day, 0) >= self.director.max_a_day

    def _count(self, during: Interval, change: int) -> None:
        day = local_date(during.start, self.director.zone)
        self._a_day[day] = self._a_day.get(day, 0) + change


class Openings:
    """The openings of one director for consults under one rulebook, worked out day by day as far as somebody looks."""

    def __init__(self, calendar: DirectorCalendar, rulebook: Rulebook, now: datetime) -> None:
        consult = rulebook.policy.consult
        self._calendar = calendar
        self._rulebook = rulebook
        self._duration = consult.duration
        self._buffer = consult.buffer
        self._from = now + consult.notice
        self._latest = now + HORIZON
        self._next_day = local_date(self._from, calendar.director.zone) - ONE_DAY
        self._known_until = datetime.min.replace(tzinfo=UTC)
        self._starts: list[datetime] = []
        self._free: list[datetime] = []

    def first(
        self, *, at_least: datetime, before: datetime | None = None, windows: Sequence[Interval] = ()
    ) -> Interval | None:
        """Return the earliest opening that starts at or after `at_least` and before `before`, inside one window."""
        ranges = [(window.start, window.end - self._duration) for window in windows] or [(at_least, self._latest)]
        best: datetime | None = None
        for start, last in ranges:
            found = self._first(max(start, at_least), min(last, self._latest))
            if found is not None and (best is None or found < best):
                best = found
        if best is None or (before is not None and best >= before):
            return None
        return Interval(best, best + self._duration)

    def _first(self, start: datetime, last: datetime) -> datetime | None:
        """Return the first free start from `start` to `last`, both included."""
        start = max(start, self._from)
        while start <= last:
            position = bisect_left(self._free, start)
            if position < len(self._free):
                found = self._free[position]
                if found > last:
                    return None
                day = local_date(found, self._calendar.director.zone)
                if not self._calendar.is_full(day):
                    return found
                start = start_at(day + ONE_DAY, _MIDNIGHT, self._calendar.director.zone)
            elif self._known_until > last:
                return None
            else:
                self._work_out_a_day()
        return None

    def _work_out_a_day(self) -> None:
        director = self._calendar.director
        for span in spans_of(director, self._rulebook, self._next_day):
            for at in starts_in(span, director, self._rulebook):
                if not self._starts or at > self._starts[-1]:
                    self._starts.append(at)
                    if self._is_free(at):
                        self._free.append(at)
        self._next_day += ONE_DAY
        self._known_until = start_at(self._next_day, _MIDNIGHT, director.zone)

    def _is_free(self, at: datetime) -> bool:
        return self._calendar.is_free(Interval(at, at + self._duration), self._buffer)

    def _near(self, during: Interval) -> tuple[datetime, datetime]:
        """Return between which starts a consult would meet `during`; neither of the two would."""
        return during.start - self._duration - self._buffer, during.end

    def taken(self, during: Interval) -> None:
        """Drop the openings that would meet a time that was just taken."""
        after, before = self._near(during)
        low = bisect_left(self._free, after + _INSTANT)
        high = bisect_left(self._free, before)
        del self._free[low:high]

    def freed(self, during: Interval) -> None:
        """Look again at the openings that would meet a time that was just given back."""
        after, before = self._near(during)
        low = bisect_left(self._starts, after + _INSTANT)
        high = bisect_left(self._starts, before)
        for at in self._starts[low:high]:
            if self._is_free(at):
                position = bisect_left(self._free, at)
                if position == len(self._free) or self._free[position] != at:
                    self._free.insert(position, at)


class _Intervals:
    """Spans of time in order of their start, which may overlap one another."""

    def __init__(self, intervals: Sequence[Interval]) -> None:
        self._sorted = sorted(each for each in intervals if each.start < each.end)
        self._longest = max((each.end - each.start for each in self._sorted), default=timedelta(0))

    def add(self, during: Interval) -> None:
        insort(self._sorted, during)
        self._longest = max(self._longest, during.end - during.start)

    def remove(self, during: Interval) -> None:
        del self._sorted[self._sorted.index(during, bisect_left(self._sorted, during))]

    def meets(self, during: Interval) -> bool:
        """Tell whether one of them overlaps `during`."""
        for position in range(self._at(during.start - self._longest), len(self._sorted)):
            each = self._sorted[position]
            if each.start >= during.end:
                return False
            if each.end > during.start:
                return True
        return False

    def starting(self, start: datetime, end: datetime) -> int:
        """Count those that start in the span."""
        return self._at(end) - self._at(start)

    def _at(self, start: datetime) -> int:
        return bisect_left(self._sorted, start, key=lambda each: each.start)
