"""Chance, from the seed of a year: a stream for each concern, so that one that changes leaves the others as they were.

Only `random()` is drawn and only sums and products are made of it, so that every machine draws the same.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from random import Random

from app.year.description import Kind, Spread, Year
from scheduling.business_time import is_business_day, local_date, nth_business_day, start_at
from scheduling.policy_words import DenialDate, InformationRule
from scheduling.reading import minutes_of
from scheduling.values import Denial, Interval, Request, Rulebook

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


class Chance:
    """Streams of chance by concern."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._streams: dict[str, Random] = {}

    def __getitem__(self, concern: str) -> Random:
        """Return the stream of a concern that everybody draws from in turn."""
        if concern not in self._streams:
            self._streams[concern] = Random(f"{self._seed} {concern}")
        return self._streams[concern]

    def of(self, concern: str, *whose: object) -> Random:
        """Return a stream for one thing alone, for what is not drawn in the same order in each variant."""
        return Random(f"{self._seed} {concern} {' '.join(map(str, whose))}")


def pick(chance: float, summed: Sequence[float]) -> int:
    """Return the position that chance, from 0 to 1, falls on in weights that are summed up."""
    return min(bisect_right(summed, chance * summed[-1]), len(summed) - 1)


def drawn(spread: Spread, stream: Random) -> int:
    """Draw a whole number from a spread."""
    part = spread[0] if len(spread) == 1 else spread[pick(stream.random(), list(accumulate(p.share for p in spread)))]
    return part.from_ + int(stream.random() * (part.to - part.from_ + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A request as chance has it. `number` names it in every variant of the year; chances are from 0 to 1."""

    number: int
    kind: Kind
    denial: Denial
    request: Request
    information_after: timedelta | None
    director: float
    added_director: float
    nurse: float
    nurse_minutes: int
    brief_minutes: int
    talk_minutes: int
    outcome: float

    def denial_of(self, director: int) -> Denial:
        """Return the denial as the director who decided it leaves it."""
        return replace(self.denial, director=director)


class Arrivals:
    """Draws who asks, when, and for what, an hour at a time."""

    def __init__(self, year: Year, rulebook: Rulebook) -> None:
        self._year = year
        self._rulebook = rulebook
        self._chance = Chance(year.seed)
        self._kinds = list(accumulate(kind.share for kind in year.kind))
        self._number = 0
        self.total = round(year.arrivals.a_year * year.days / 365)
        self._a_hour = self._shared_out()

    def _shared_out(self) -> list[int]:
        """Give each request its hour by weight: so many in all, and otherwise each when it likes."""
        weights = [weight for day in range(self._year.days) for weight in self._weights(day)]
        summed = list(accumulate(weights))
        counts = [0] * len(weights)
        stream = self._chance["hour"]
        for _ in range(self.total if summed[-1] else 0):
            counts[pick(stream.random(), summed)] += 1
        return counts

    def _weights(self, day: int) -> list[float]:
        rules, on = self._year.arrivals, self._year.start + day * _DAY
        weight = rules.by_weekday.weights()[on.weekday()]
        if on in self._rulebook.holidays:
            weight *= rules.on_holidays
        return [weight * hour for hour in rules.by_hour]

    def hours(self) -> Iterator[tuple[datetime, int]]:
        """Give each hour of the plan in which somebody asks, with how many do."""
        zone = self._rulebook.policy.plan.time_zone
        for hour, count in enumerate(self._a_hour):
            if count:
                yield start_at(self._year.start + hour // 24 * _DAY, time(hour % 24), zone), count

    def draw(self, hour: datetime, count: int) -> list[Drawn]:
        """Draw the requests of an hour, in order of time."""
        stream = self._chance["second"]
        seconds = sorted(int(stream.random() * 3600) for _ in range(count))
        return [self._draw(hour + timedelta(seconds=second)) for second in seconds]

    def _draw(self, received: datetime) -> Drawn:
        chance, policy = self._chance, self._rulebook.policy
        kind = self._year.kind[pick(chance["kind"].random(), self._kinds)]
        self._number += 1
        asks = chance["reconsideration"].random() < kind.reconsideration and policy.reconsideration.offered
        information, later = self._information()
        request = Request(
            received=received,
            windows=self._windows(received),
            reconsideration=asks,
            information=information,
            move_up=chance["move up"].random() < self._year.office.move_up,
            specialty=kind.specialty,
        )
        return Drawn(
            number=self._number,
            kind=kind,
            denial=self._denial(kind, received),
            request=request,
            information_after=later,
            director=chance["director"].random(),
            added_director=chance["added director"].random(),
            nurse=chance["nurse"].random(),
            nurse_minutes=drawn(self._year.nurse.minutes, chance["nurse minutes"]),
            brief_minutes=drawn(self._year.nurse.brief_minutes, chance["brief minutes"]),
            talk_minutes=drawn(self._year.talk.minutes, chance["talk minutes"]),
            outcome=chance["outcome"].random(),
        )

    def _information(self) -> tuple[bool, timedelta | None]:
        """Draw whether information comes with the request, or how long after it; none where the policy refuses it."""
        office, fate = self._year.office, self._chance["information"].random()
        after = timedelta(hours=drawn(office.information_after_hours, self._chance["information after"]))
        if self._rulebook.policy.clinical_information.rule is InformationRule.REFUSED:
            return False, None
        if fate < office.information:
            return True, None
        return False, after if fate < office.information + office.information_later else None

    def _denial(self, kind: Kind, received: datetime) -> Denial:
        rules = self._year.denial
        hours = timedelta(hours=drawn(rules.asked_after_hours, self._chance["decision"]))
        decision = received + hours if rules.asked_before_decision else received - hours
        dates: dict[str, datetime | date] = {DenialDate.INITIAL_DECISION: decision}
        for name in DenialDate:
            after = getattr(rules.dates, name, None)
            if after is not None:
                dates[name] = decision + timedelta(hours=after)
        return Denial(
            director=None,
            decision=kind.decision,
            setting=kind.setting,
            urgency=kind.urgency,
            line_of_business=kind.line_of_business,
            reason=kind.reason,
            dates=dates,
        )

    def _windows(self, now: datetime) -> tuple[Interval, ...]:
        least = self._rulebook.policy.request.min_windows
        any_time = self._chance["any time"].random() < self._year.office.any_time
        return () if any_time and not least else self.windows(now, self._chance["windows"])

    def windows(self, now: datetime, stream: Random) -> tuple[Interval, ...]:
        """Draw the windows of an office: in its hours, on business days from today on."""
        office, rulebook = self._year.office, self._rulebook
        opens, closes = minutes_of(office.window_clock.from_), minutes_of(office.window_clock.to)
        zone, windows = rulebook.policy.plan.time_zone, []
        for _ in range(max(office.windows, rulebook.policy.request.min_windows)):
            width = min(drawn(office.window_minutes, stream), closes - opens)
            start = opens + int(stream.random() * ((closes - opens - width) // 30 + 1)) * 30
            today = local_date(now, zone)
            ahead = int(stream.random() * (office.window_within_days + 1))
            at = start_at(nth_business_day(rulebook, today, ahead), time(*divmod(start, 60)), zone)
            if at <= now or not (ahead or is_business_day(rulebook, today)):
                at = start_at(nth_business_day(rulebook, today, 1), time(*divmod(start, 60)), zone)
            windows.append(Interval(at, at + width * _MINUTE))
        return tuple(windows)
