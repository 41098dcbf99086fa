"""Deadlines by the format's text, counted the long way round: a day or a minute at a time."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays as calendars

Mapping = dict[str, Any]
Dates = dict[str, date | datetime]

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
OF_THE_REQUEST = {"request_received", "request_complete"}


def instant(zone: ZoneInfo, day: date, clock: str, *, end: bool = False) -> datetime:
    """Local to UTC; in a gap the instant of the change; of a repeated hour the first, as an end the second."""
    hour, minute = map(int, clock.split(":"))
    local = datetime.combine(day, time()) + timedelta(hours=hour, minutes=minute)
    both = sorted(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if both[0].astimezone(zone).replace(tzinfo=None) == local or both[0] == both[1]:
        return both[1] if end else both[0]
    moment = both[0]
    while (moment + MINUTE).astimezone(zone).utcoffset() == both[0].astimezone(zone).utcoffset():
        moment += MINUTE
    return moment + MINUTE


def is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


class PlanClock:
    def __init__(self, plan: Mapping) -> None:
        self.zone = ZoneInfo(plan["time_zone"])
        self.weekdays = plan["business_days"]
        self.opens, self.closes = plan["business_hours"]["from"], plan["business_hours"]["to"]
        named = plan["holidays"]
        country, _, part = named.partition("-") if isinstance(named, str) else ("", "", "")
        self.holidays: Any = calendars.country_holidays(country, subdiv=part or None) if country else set(named)

    def local(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def is_business(self, day: date) -> bool:
        return day.strftime("%a").lower() in self.weekdays and day not in self.holidays

    def midnight_after(self, day: date) -> datetime:
        return instant(self.zone, day + DAY, "00:00", end=True)

    def start_of(self, value: date | datetime) -> datetime:
        return value.astimezone(UTC) if isinstance(value, datetime) else instant(self.zone, value, "00:00")

    def end_of(self, value: date | datetime) -> datetime:
        return value.astimezone(UTC) if isinstance(value, datetime) else self.midnight_after(value)

    def counted(self, within: int, unit: str, anchor: date | datetime, *, duty: bool) -> datetime:
        if unit in ("minutes", "hours"):
            return self.start_of(anchor) + timedelta(**{unit: within})
        if unit == "business_day_hours":
            return self.business_day_hours(self.start_of(anchor), timedelta(hours=within))
        day = self.local(anchor) if isinstance(anchor, datetime) else anchor
        left = within
        while left:
            day += DAY
            left -= unit == "calendar_days" or self.is_business(day)
        return instant(self.zone, day, self.closes, end=True) if duty else self.midnight_after(day)

    def business_day_hours(self, moment: datetime, left: timedelta) -> datetime:
        while left:
            day = self.local(moment)
            end = instant(self.zone, day + DAY, "00:00")
            if self.is_business(day):
                if moment + left <= end:
                    return moment + left
                left -= end - moment
            moment = end
        return moment

    def business_between(self, start: datetime, end: datetime) -> bool:
        """Whether any business hours of the plan lie between the two."""
        day = self.local(start)
        while day <= self.local(end):
            if self.is_business(day):
                opens = instant(self.zone, day, self.opens)
                if max(opens, start) < min(instant(self.zone, day, self.closes, end=True), end):
                    return True
            day += DAY
        return False

    def deadline(self, rule: Mapping, dates: Dates, *, duty: bool) -> datetime | None:
        if "latest" in rule:
            inner = [self.deadline(each, dates, duty=duty) for each in rule["latest"]]
            waits = rule.get("unknown") == "wait" and None in inner
            return None if waits else max((at for at in inner if at), default=None)
        if "by" in rule or "before" in rule:
            value = dates.get(rule.get("by") or rule["before"])
            return None if value is None else self.end_of(value)
        names = anchors(rule)
        known = [self.counted(rule["within"], rule["unit"], dates[n], duty=duty) for n in names if n in dates]
        return None if rule.get("unknown") == "wait" and len(known) < len(names) else max(known, default=None)


def anchors(rule: Mapping) -> list[str]:
    if "latest" in rule:
        return [name for inner in rule["latest"] for name in anchors(inner)]
    of = rule.get("of") or rule.get("by") or rule["before"]
    return [of] if isinstance(of, str) else of


def is_asked_for(rule: Mapping, dates: Dates) -> bool:
    """Whether a coordinator is asked for a date that an unknown deadline is counted from."""
    if "before" in rule or rule.get("unknown") == "wait":
        return False
    if "latest" in rule:
        return any(is_asked_for(inner, dates) for inner in rule["latest"])
    of_denial = [name for name in anchors(rule) if name not in OF_THE_REQUEST]
    return bool(of_denial) and not any(name in dates for name in of_denial)
