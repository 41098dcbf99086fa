"""How time is counted: business days, closes of business, deadlines.

Everything is computed in the plan's zone and returned in UTC. Day 0 is the local date of what is counted from. A
deadline is an instant; in time means before it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from scheduling.policy_parts import Deadline
from scheduling.policy_words import Anchor, DenialDate, Unit, Unknown, Weekday
from scheduling.values import Deadlines, Denial, Interval, Rulebook

ONE_DAY = timedelta(days=1)
_ONE_SECOND = timedelta(seconds=1)
_WEEKDAYS = tuple(Weekday)


def start_at(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant of a local time that starts something.

    A time that does not exist (spring) is the instant of the change; of one that exists twice (autumn) the first.
    """
    return _instant(day, at, zone, 0)


def end_at(day: date, at: time | None, zone: ZoneInfo) -> datetime:
    """Return the instant of a local time that ends something; None is midnight at the end of the day.

    A time that does not exist (spring) is the instant of the change; of one that exists twice (autumn) the second.
    """
    return _instant(day + ONE_DAY, time(0), zone, 1) if at is None else _instant(day, at, zone, 1)


@lru_cache(maxsize=4096)
def _instant(day: date, at: time, zone: ZoneInfo, fold: int) -> datetime:
    local = datetime.combine(day, at)
    first, second = (local.replace(tzinfo=zone, fold=each).astimezone(UTC) for each in (0, 1))
    if first <= second:
        return second if fold else first
    # in a gap the two come out on either side of the change: `second` lies before it, `first` after it
    before, after = second, first
    offset = before.astimezone(zone).utcoffset()
    while after - before > _ONE_SECOND:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def local_date(at: datetime, zone: ZoneInfo) -> date:
    """Return the date on the calendar of that zone."""
    return at.astimezone(zone).date()


def is_business_day(rulebook: Rulebook, day: date) -> bool:
    """Tell whether the plan works on that day: one of its business days that is no holiday."""
    return _WEEKDAYS[day.weekday()] in rulebook.policy.plan.business_days and day not in rulebook.holidays


def nth_business_day(rulebook: Rulebook, day: date, n: int) -> date:
    """Return the Nth business day strictly after `day`; 0 is the day itself."""
    while n:
        day += ONE_DAY
        if is_business_day(rulebook, day):
            n -= 1
    return day


def close_of_business(rulebook: Rulebook, day: date) -> datetime:
    """Return when the desk closes on that day."""
    return end_at(day, rulebook.policy.plan.business_hours.to, rulebook.policy.plan.time_zone)


def warned_from(rulebook: Rulebook, due: datetime) -> datetime:
    """Return from when on a person is told that a deadline comes near: a whole business day of the desk is left.

    That is when the desk opens on the last business day before the local date on which the deadline falls.
    """
    zone = rulebook.policy.plan.time_zone
    day = local_date(due - _ONE_SECOND, zone) - ONE_DAY
    while not is_business_day(rulebook, day):
        day -= ONE_DAY
    return start_at(day, rulebook.policy.plan.business_hours.from_, zone)


def business_hours(rulebook: Rulebook, start: datetime, end: datetime) -> Iterator[Interval]:
    """Give the hours of the desk that touch the span from `start` to `end`, day by day."""
    zone, hours = rulebook.policy.plan.time_zone, rulebook.policy.plan.business_hours
    day = local_date(start, zone)
    while start_at(day, time(0), zone) < end:
        if is_business_day(rulebook, day):
            opens, closes = start_at(day, hours.from_, zone), close_of_business(rulebook, day)
            if max(opens, start) < min(closes, end):
                yield Interval(opens, closes)
        day += ONE_DAY


def any_business_hours(rulebook: Rulebook, start: datetime, end: datetime) -> bool:
    """Tell whether the plan's desk is staffed at all between the two instants."""
    return next(business_hours(rulebook, start, end), None) is not None


def deadlines(rulebook: Rulebook, denial: Denial, *, received: datetime, complete: datetime | None) -> Deadlines:
    """Return the deadlines of a request as far as they are known.

    `complete` is None while information that is needed is missing: what counts from it is unknown until then.
    """
    policy, facts = rulebook.policy, _Facts(rulebook, denial, received, complete)
    lists = {
        "request_by": ("request.deadlines", policy.request.deadlines, True),
        "occur_by": ("consult.occur_by", policy.consult.occur_by, True),
        "sla": ("consult.sla", policy.consult.sla, False),
        "target": ("consult.target", policy.consult.target, False),
    }
    known: dict[str, datetime | None] = {}
    unknown, advice = [], []
    for name, (key, rules, right) in lists.items():
        known[name] = None
        mine = [rule for rule in rules if rule.holds_for(denial)]
        if not mine:
            continue
        binding = facts.earliest([rule for rule in mine if rule.binding], right=right)
        known[name] = binding or facts.earliest(mine, right=right)
        if known[name] is not None and binding is None:
            advice.append(name)
        if any(rule.binding and facts.is_asked_for(rule) for rule in mine):
            unknown.append(key)
    return Deadlines(**known, unknown=tuple(unknown), advice=tuple(advice))


def review_due(rulebook: Rulebook, denial: Denial, *, received: datetime, complete: datetime | None) -> datetime | None:
    """Return when the nurse's decision on a reconsideration is due (NC-6, NC-7); None: no due time, or not known."""
    rule = rulebook.policy.reconsideration.of(denial).deadline
    if rule is None or not rule.holds_for(denial):
        return None
    return _Facts(rulebook, denial, received, complete).instant(rule, right=False)


def last_day(rulebook: Rulebook, denial: Denial, rules: Sequence[Deadline], *, received: datetime) -> date | None:
    """Return the last day of a right of the office, as a day of the plan; None where no date for it is known.

    A right that ends at an instant within a day has that day as its last.
    """
    mine = [rule for rule in rules if rule.holds_for(denial)]
    ends = _Facts(rulebook, denial, received, None).earliest(mine, right=True)
    return local_date(ends - _ONE_SECOND, rulebook.policy.plan.time_zone) if ends is not None else None


def duty_due(rulebook: Rulebook, since: datetime, business_days: int) -> datetime:
    """Return when a duty of the plan is due: close of business so many business days later.

    Where that close has passed already, or the day is none of business, that of the next business day.
    """
    day = nth_business_day(rulebook, local_date(since, rulebook.policy.plan.time_zone), business_days)
    while not is_business_day(rulebook, day) or close_of_business(rulebook, day) <= since:
        day += ONE_DAY
    return close_of_business(rulebook, day)


def last_opening_before(rulebook: Rulebook, due: datetime, notice: timedelta) -> datetime:
    """Return when the desk opens for the last time at least `notice` before something is due."""
    zone, opens = rulebook.policy.plan.time_zone, rulebook.policy.plan.business_hours.from_
    day = local_date(due, zone)
    while not is_business_day(rulebook, day) or start_at(day, opens, zone) > due - notice:
        day -= ONE_DAY
    return start_at(day, opens, zone)


def staffed_before(rulebook: Rulebook, due: datetime, left: timedelta) -> datetime:
    """Return when the desk has `left` of its hours before something is due."""
    plan = rulebook.policy.plan
    day = local_date(due, plan.time_zone)
    while True:
        if is_business_day(rulebook, day):
            opens = start_at(day, plan.business_hours.from_, plan.time_zone)
            closes = min(close_of_business(rulebook, day), due)
            if closes - opens >= left:
                return closes - left
            left -= max(closes - opens, timedelta(0))
        day -= ONE_DAY


def review_date_unknown(rulebook: Rulebook, denial: Denial, *, received: datetime, complete: datetime | None) -> bool:
    """Tell whether a coordinator has to be asked for the date that the nurse's due time counts from."""
    rule = rulebook.policy.reconsideration.of(denial).deadline
    facts = _Facts(rulebook, denial, received, complete)
    return rule is not None and rule.binding and rule.holds_for(denial) and facts.is_asked_for(rule)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What deadlines of one request count from."""

    rulebook: Rulebook
    denial: Denial
    received: datetime
    complete: datetime | None

    @property
    def zone(self) -> ZoneInfo:
        return self.rulebook.policy.plan.time_zone

    def earliest(self, rules: Sequence[Deadline], *, right: bool) -> datetime | None:
        """Several in one list: the earliest that is known."""
        instants = [self.instant(rule, right=right) for rule in rules]
        return min((each for each in instants if each is not None), default=None)

    def instant(self, rule: Deadline, *, right: bool) -> datetime | None:
        """Return the instant of one deadline. `right`: one of the office lasts through the day, a duty to the close."""
        if rule.latest:
            inner = [self.instant(each, right=right) for each in rule.latest if each.holds_for(self.denial)]
            return self._latest(rule, inner)
        named = rule.before or rule.by
        if named is not None:
            return self._carried(named)
        return self._latest(rule, [self._counted(rule, anchor, right=right) for anchor in rule.of])

    def _latest(self, rule: Deadline, instants: Sequence[datetime | None]) -> datetime | None:
        if rule.unknown is Unknown.WAIT and None in instants:
            return None
        return max((each for each in instants if each is not None), default=None)

    def _carried(self, name: DenialDate) -> datetime | None:
        """With `by` and `before` a date without a time ends at midnight."""
        value = self.denial.dates.get(name)
        return value if value is None or isinstance(value, datetime) else end_at(value, None, self.zone)

    def _anchor(self, anchor: Anchor) -> datetime | date | None:
        if anchor is Anchor.REQUEST_RECEIVED:
            return self.received
        return self.complete if anchor is Anchor.REQUEST_COMPLETE else self.denial.dates.get(anchor)

    def _counted(self, rule: Deadline, anchor: Anchor, *, right: bool) -> datetime | None:
        value = self._anchor(anchor)
        if value is None or rule.within is None:
            return None
        day = local_date(value, self.zone) if isinstance(value, datetime) else value
        if rule.unit in (Unit.CALENDAR_DAYS, Unit.BUSINESS_DAYS):
            if rule.unit is Unit.CALENDAR_DAYS:
                last = day + timedelta(days=rule.within)
            else:
                last = nth_business_day(self.rulebook, day, rule.within)
            return end_at(last, None, self.zone) if right else close_of_business(self.rulebook, last)
        start = value if isinstance(value, datetime) else start_at(value, time(0), self.zone)
        if rule.unit is Unit.BUSINESS_DAY_HOURS:
            return self._business_day_hours(start, timedelta(hours=rule.within))
        return start + (timedelta(minutes=rule.within) if rule.unit is Unit.MINUTES else timedelta(hours=rule.within))

    def _business_day_hours(self, start: datetime, left: timedelta) -> datetime:
        """Elapsed time that runs only on business days."""
        day = local_date(start, self.zone)
        while True:
            midnight = start_at(day + ONE_DAY, time(0), self.zone)
            if left <= timedelta(0):
                return start
            if is_business_day(self.rulebook, day):
                if left <= midnight - start:
                    return start + left
                left -= midnight - start
            start, day = midnight, day + ONE_DAY

    def is_asked_for(self, rule: Deadline) -> bool:
        """Tell whether a coordinator is asked for a date: unknown, because the denial lacks all the dates it names.

        `before` a date that is not known is simply not reached, nor is what waits; dates of the request are never
        asked for.
        """
        if rule.unknown is Unknown.WAIT or rule.before is not None:
            return False
        if rule.latest:
            mine = [each for each in rule.latest if each.holds_for(self.denial)]
            return self.instant(rule, right=True) is None and any(self.is_asked_for(each) for each in mine)
        named = [rule.by] if rule.by is not None else [each for each in rule.of if not each.of_the_request]
        lacking = all(name not in self.denial.dates for name in named)
        return bool(named) and lacking and self.instant(rule, right=True) is None
