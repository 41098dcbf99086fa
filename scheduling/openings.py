"""Openings: when a director can talk and is not taken.

An opening lies wholly inside one span of the director's hours (and of `consult.hours`), not on a holiday of the plan by
the director's local date, starts on the grid in his zone, and meets neither time off nor another consult with its
buffer. Spans of a day are not joined, nor are those of two days.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
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
    known = DirectorCalendar(director).openings(rulebook, since=now)
    at_least = now + (rulebook.policy.consult.notice if notice is None else notice)
    while opening := known.first(at_least=at_least, latest=now + HORIZON, before=until, windows=windows):
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
    """One director's time while plans are made: what is taken changes, and the openings with it.

    `taken`: times of the consults that are planned here, each with its buffer; the director has the others.
    """

    def __init__(self, director: Director, taken: Iterable[Interval] = ()) -> None:
        self.director = director
        self._off = Spans(director.off)
        self._taken = Spans([*director.taken, *taken])
        self._openings: dict[int, Openings] = {}
        self._a_day: dict[date, int] = {}
        for during in self._taken:
            self._count(during, 1)

    def openings(self, rulebook: Rulebook, *, since: datetime) -> "Openings":
        """Return the openings for consults under these rules; those before `since` are not known."""
        found = self._openings.get(id(rulebook))
        if found is None:
            found = self._openings[id(rulebook)] = Openings(self, rulebook, since)
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
            each.look_again(during)

    def be_off(self, during: Interval) -> None:
        """Take time off, or a time that was declined, out of the hours."""
        self._off.add(during)
        for each in self._openings.values():
            each.look_again(during)

    def forget(self, before: datetime) -> None:
        """Drop what ended before an instant."""
        self._off.forget(before)
        for each in self._openings.values():
            each.forget(before)

    def blocked_until(self, during: Interval, buffer: timedelta) -> datetime | None:
        """Return when what keeps a consult from being then is over: time off, another one; None: nothing does.

        Its own buffer is kept clear of the others, not of time off.
        """
        return self._off.met_until(during) or self._taken.met_until(Interval(during.start, during.end + buffer))

    def bookings_between(self, start: datetime, end: datetime) -> int:
        """Count the consults that start in this span."""
        return self._taken.starting(start, end)

    def is_full(self, day: date) -> bool:
        """Tell whether the director has as many consults on that local date as he takes a day."""
        return self.director.max_a_day is not None and self._a_day.get(day, 0) >= self.director.max_a_day

    def _count(self, during: Interval, change: int) -> None:
        if self.director.max_a_day is not None:
            day = local_date(during.start, self.director.zone)
            self._a_day[day] = self._a_day.get(day, 0) + change


class Openings:
    """The openings of one director for consults under one rulebook, worked out day by day as far as somebody looks."""

    def __init__(self, calendar: DirectorCalendar, rulebook: Rulebook, since: datetime) -> None:
        consult = rulebook.policy.consult
        self._calendar = calendar
        self._rulebook = rulebook
        self._duration = consult.duration
        self._buffer = consult.buffer
        self._next_day = local_date(since, calendar.director.zone) - ONE_DAY
        self._known_until = datetime.min.replace(tzinfo=UTC)
        self._starts: list[datetime] = []
        self._free: list[datetime] = []

    def first(
        self,
        *,
        at_least: datetime,
        latest: datetime,
        before: datetime | None = None,
        windows: Sequence[Interval] = (),
    ) -> Interval | None:
        """Return the earliest opening that starts from `at_least` to `latest`, before `before`, inside one window."""
        if before is not None:
            latest = min(latest, before - _INSTANT)
        if latest < at_least:
            return None
        best: datetime | None = None
        if not windows:
            best = self._first(at_least, latest)
        for window in windows:
            start, last = max(window.start, at_least), min(window.end - self._duration, latest)
            if start <= last and (found := self._first(start, last)) is not None:
                best = latest = found
        return None if best is None else Interval(best, best + self._duration)

    def _first(self, start: datetime, last: datetime) -> datetime | None:
        """Return the first free start from `start` to `last`, both included."""
        while start <= last:
            position = bisect_left(self._free, start)
            if position < len(self._free):
                found = self._free[position]
                if found > last:
                    return None
                if self._calendar.director.max_a_day is None:
                    return found
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
            blocked = self._calendar.blocked_until(span, self._buffer) and span.start
            for at in starts_in(span, director, self._rulebook):
                if not self._starts or at > self._starts[-1]:
                    self._starts.append(at)
                    if blocked is not None and at >= blocked:
                        blocked = self._blocked_until(at) or at
                    if blocked is None or at >= blocked:
                        self._free.append(at)
        self._next_day += ONE_DAY
        self._known_until = start_at(self._next_day, _MIDNIGHT, director.zone)

    def _blocked_until(self, at: datetime) -> datetime | None:
        return self._calendar.blocked_until(Interval(at, at + self._duration), self._buffer)

    def reach_of(self, during: Interval) -> Interval:
        """Return between which starts a consult would meet a time; neither of the two would."""
        return Interval(during.start - self._duration - self._buffer, during.end)

    def taken(self, during: Interval) -> None:
        """Drop the openings that would meet a time that was just taken."""
        reach = self.reach_of(during)
        low = bisect_left(self._free, reach.start + _INSTANT)
        high = bisect_left(self._free, reach.end)
        del self._free[low:high]

    def look_again(self, during: Interval) -> None:
        """Find out again which openings there are near a time that was given back, or taken out of the hours."""
        reach = self.reach_of(during)
        self.taken(during)
        low = bisect_left(self._starts, reach.start + _INSTANT)
        high = bisect_left(self._starts, reach.end)
        free = [at for at in self._starts[low:high] if self._blocked_until(at) is None]
        if free:
            position = bisect_left(self._free, free[0])
            self._free[position:position] = free

    def forget(self, before: datetime) -> None:
        """Drop the starts that are past."""
        for starts in (self._starts, self._free):
            del starts[: bisect_left(starts, before)]


class Spans:
    """Spans of time in order of their start, which may overlap one another."""

    def __init__(self, spans: Iterable[Interval]) -> None:
        self._spans = sorted(each for each in spans if each.start < each.end)
        self._starts = [each.start for each in self._spans]
        self._longest = max((each.end - each.start for each in self._spans), default=timedelta(0))

    def __iter__(self) -> Iterator[Interval]:
        return iter(self._spans)

    def add(self, during: Interval) -> None:
        if during.start < during.end:
            position = bisect_right(self._spans, during)
            self._spans.insert(position, during)
            self._starts.insert(position, during.start)
            self._longest = max(self._longest, during.end - during.start)

    def remove(self, during: Interval) -> None:
        position = self._spans.index(during, bisect_left(self._spans, during))
        del self._spans[position], self._starts[position]

    def forget(self, before: datetime) -> None:
        """Drop the spans that ended before an instant."""
        self._spans = [each for each in self._spans if each.end > before]
        self._starts = [each.start for each in self._spans]

    def met_until(self, during: Interval) -> datetime | None:
        """Return the end of the first that overlaps `during`."""
        for position in range(bisect_left(self._starts, during.start - self._longest), len(self._spans)):
            each = self._spans[position]
            if each.start >= during.end:
                return None
            if each.end > during.start:
                return each.end
        return None

    def starting(self, start: datetime, end: datetime) -> int:
        """Count those that start in the span."""
        return bisect_left(self._starts, end) - bisect_left(self._starts, start)
