"""When a director had time, as far as it is on record: whatever is taken is cut away from his hours.

Nothing here is shared with `openings`: a proof that repeats the planner's mistakes proves nothing.
"""

from bisect import bisect_left, insort
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from operator import attrgetter

from scheduling.business_time import ONE_DAY, end_at, local_date, start_at
from scheduling.record import Off, Person
from scheduling.values import Interval, Rulebook

INSTANT = timedelta(microseconds=1)

#: how far ahead consults are booked: 60 times 24 hours
AHEAD = timedelta(days=60)

#: ended times that are kept to say why something was not free then
_KEPT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a consult needs: its rules, its windows (none: any time), and from when to when it may start."""

    rulebook: Rulebook
    windows: tuple[Interval, ...]
    earliest: datetime
    latest: datetime


@dataclass(frozen=True, slots=True, order=True)
class Held:
    """A consult's time with the buffer after it."""

    start: datetime
    end: datetime
    consult: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Was:
    """Why a time was not free, from one row of the history to another."""

    during: Interval
    why: str
    since: int
    until: int


@dataclass(slots=True)
class Diary:
    """What is on record of one director, row by row: his hours, and the consults he holds."""

    person: Person
    #: the row from which on it holds
    row: int
    _held: list[Held] = field(default_factory=list)
    _since: dict[Held | Off, int] = field(default_factory=dict)
    _longest: timedelta = timedelta(0)
    _off: list[Off] = field(default_factory=list)
    _longest_off: timedelta = timedelta(0)
    _was: list[_Was] = field(default_factory=list)
    _spans: dict[tuple[int, date], list[Interval]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._note_off(self.person, self.row)

    def put_on_record(self, person: Person, row: int) -> None:
        """Take over what a row says of the director from now on."""
        gone = set(self.person.off) - set(person.off)
        for off in sorted(gone, key=_start_of_off):
            self._ended(off.during, off.kind, off, row)
        self.person, self.row = person, row
        self._spans.clear()
        self._note_off(person, row)

    def _note_off(self, person: Person, row: int) -> None:
        self._off = sorted(person.off, key=_start_of_off)
        self._longest_off = max((off.during.end - off.during.start for off in person.off), default=timedelta(0))
        for off in person.off:
            self._since.setdefault(off, row)

    def hold(self, held: Held, row: int) -> None:
        """Give a consult its time."""
        insort(self._held, held)
        self._longest = max(self._longest, held.end - held.start)
        self._since[held] = row

    def release(self, held: Held, row: int) -> None:
        """Take a consult's time from it."""
        position = bisect_left(self._held, held)
        if position < len(self._held) and self._held[position] == held:
            del self._held[position]
            self._ended(Interval(held.start, held.end), "booked", held, row)

    def _ended(self, during: Interval, why: str, what: Held | Off, row: int) -> None:
        self._was.append(_Was(during=during, why=why, since=self._since.pop(what, 0), until=row))
        if len(self._was) > 2 * _KEPT:
            del self._was[:_KEPT]

    def first(self, wish: Wish, *, without: Collection[int] = (), besides: Sequence[Held] = ()) -> datetime | None:
        """Return the first start that fulfils a wish.

        `without`: consults whose time is left out of account; `besides`: times that are taken too.
        """
        if not self.person.active:
            return None
        day, last = local_date(wish.earliest, self.person.zone), local_date(wish.latest, self.person.zone)
        while day <= last:
            if not self._is_full(day, without, besides):
                for span in self._hours_on(day, wish.rulebook):
                    found = self._first_in(span, wish, without, besides)
                    if found is not None:
                        return found
            day += ONE_DAY
        return None

    def whole_day(self, at: datetime) -> Interval:
        """Return the director's local day on which an instant lies."""
        day = local_date(at, self.person.zone)
        zone = self.person.zone
        return Interval(start_at(day, _MIDNIGHT, zone), start_at(day + ONE_DAY, _MIDNIGHT, zone))

    def holds_another(self, during: Interval, *, without: Collection[int], besides: Sequence[Held]) -> bool:
        """Tell whether another consult, or time off, meets a time."""
        held = any(self._held_in(during.start, during.end, without, besides))
        return held or any(self._off_in(during.start, during.end))

    def why_not(self, during: Interval, row: int) -> str | None:
        """Say why a time was not free when a row was written; None: nothing on record says so."""
        for off in self._off_in(during.start, during.end):
            if self._since[off] < row:
                return off.kind
        for held in self._held_in(during.start, during.end, (), ()):
            if self._since[held] < row:
                return "booked"
        for was in reversed(self._was):
            if was.since < row < was.until and was.during.overlaps(during):
                return was.why
        return "outside_hours" if self.row > row else None

    def _first_in(
        self, span: Interval, wish: Wish, without: Collection[int], besides: Sequence[Held]
    ) -> datetime | None:
        duration = wish.rulebook.policy.consult.duration
        earliest, latest = max(span.start, wish.earliest), min(span.end - duration, wish.latest)
        pieces = [(max(earliest, window.start), min(latest, window.end - duration)) for window in wish.windows]
        found = (self._first_free(*piece, wish, without, besides) for piece in pieces or [(earliest, latest)])
        return min((start for start in found if start is not None), default=None)

    def _first_free(
        self, earliest: datetime, latest: datetime, wish: Wish, without: Collection[int], besides: Sequence[Held]
    ) -> datetime | None:
        """Return the first start between two instants, both included, at which nothing is in the way."""
        if earliest > latest:
            return None
        consult = wish.rulebook.policy.consult
        start = self._on_grid(earliest, consult.start_every_minutes)
        while start <= latest:
            end = start + consult.duration
            taken = self._held_in(start, end + consult.buffer, without, besides)
            free_from = max(
                max((held.end for held in taken), default=start),
                max((off.during.end for off in self._off_in(start, end)), default=start),
            )
            if free_from == start:
                return start
            start = self._on_grid(free_from, consult.start_every_minutes)
        return None

    def _on_grid(self, at: datetime, every: int) -> datetime:
        """Return the first instant from `at` on that is a multiple of so many minutes past the director's hour."""
        while True:
            local = at.astimezone(self.person.zone)
            past = timedelta(minutes=local.minute % every, seconds=local.second, microseconds=local.microsecond)
            if not past:
                return at
            at += timedelta(minutes=every) - past

    def _is_full(self, day: date, without: Collection[int], besides: Sequence[Held]) -> bool:
        most, zone = self.person.max_a_day, self.person.zone
        if most is None:
            return False
        start, end = start_at(day, _MIDNIGHT, zone), start_at(day + ONE_DAY, _MIDNIGHT, zone)
        held = self._held_in(start - ONE_DAY, end + ONE_DAY, without, besides)
        return sum(local_date(each.start, zone) == day for each in held) >= most

    def _held_in(
        self, start: datetime, end: datetime, without: Collection[int], besides: Sequence[Held]
    ) -> Iterator[Held]:
        for position in range(bisect_left(self._held, start - self._longest, key=_start), len(self._held)):
            held = self._held[position]
            if held.start >= end:
                break
            if held.end > start and held.consult not in without:
                yield held
        yield from (held for held in besides if held.start < end and held.end > start)

    def _off_in(self, start: datetime, end: datetime) -> Iterator[Off]:
        for position in range(bisect_left(self._off, start - self._longest_off, key=_start_of_off), len(self._off)):
            off = self._off[position]
            if off.during.start >= end:
                break
            if off.during.end > start:
                yield off

    def _hours_on(self, day: date, rulebook: Rulebook) -> list[Interval]:
        key = (id(rulebook), day)
        if key not in self._spans:
            if len(self._spans) > 4 * AHEAD.days:
                self._spans.clear()
            self._spans[key] = sorted(_hours_on(self.person, day, rulebook))
        return self._spans[key]


_start = attrgetter("start")
_start_of_off = attrgetter("during.start")
_MIDNIGHT = time(0)


def _hours_on(person: Person, day: date, rulebook: Rulebook) -> Iterator[Interval]:
    """Give the spans of a director's local day that the plan lets consults be in; a holiday of the plan has none."""
    if day in rulebook.holidays:
        return
    allowed = rulebook.policy.consult.hours.spans
    zone = rulebook.policy.plan.time_zone
    for start, end in person.exceptions.get(day, person.week.get(day.weekday(), ())):
        span = Interval(start_at(day, start, person.zone), end_at(day, end, person.zone))
        if not allowed:
            yield span
            continue
        of_plan = local_date(span.start, zone)
        while of_plan <= local_date(span.end, zone):
            for opens, closes in allowed.get(of_plan.weekday(), ()):
                yield Interval(
                    max(span.start, start_at(of_plan, opens, zone)), min(span.end, end_at(of_plan, closes, zone))
                )
            of_plan += ONE_DAY
