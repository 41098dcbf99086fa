"""When each side is reminded of its talk: so long before as the policy says, in the hours in which it works.

Nothing is kept of a reminder to come. What is due is worked out from the booking that lives now, so that none survives
a cancellation, a moved time or a policy file that has changed (statements K1, K2, K5).
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling.business_time import end_at, is_business_day, local_date, start_at
from scheduling.values import Director, Interval, Rulebook

#: who does not work at the time itself is reminded when this is left of the working hours before
LEFT_OF_THE_DAY = timedelta(hours=1)

#: how far back working hours are looked for; whoever has none for so long is reminded at the time itself
LOOK_BACK = timedelta(days=7)

#: one that is later than this is late, and waits for the next working hours
LATE = timedelta(minutes=15)

#: the hours that somebody works on a local date, earliest first
HoursOn = Callable[[date], Sequence[Interval]]


def due(
    start: datetime,
    minutes_before: Sequence[int],
    hours_on: HoursOn,
    zone: ZoneInfo,
    *,
    told_at: datetime,
    now: datetime,
) -> int | None:
    """Return which reminder of a talk is to be sent by now, as its minutes before; None: none.

    Of several that have come due the last one says it all. One whose time was over when the invitation went out is
    not sent (K3), and none is once the talk has begun (K4). One that is late, since nobody sent it in time or the hours
    have changed, waits for working hours if there are any left before the talk.
    """
    if now >= start:
        return None
    times = [(reminder_at(start, timedelta(minutes=each), hours_on, zone), -each) for each in minutes_before]
    passed = [(at, less) for at, less in times if told_at < at <= now]
    if not passed:
        return None
    at, less = max(passed)
    return None if now - at > LATE and _may_wait(start, hours_on, zone, now) else -less


def reminder_at(start: datetime, before: timedelta, hours_on: HoursOn, zone: ZoneInfo) -> datetime:
    """Return when a reminder goes out: `before` the start, or in the last working hour before that."""
    at = start - before
    for span in _back_from(at, hours_on, zone):
        if span.start <= at:
            return at if at < span.end else max(span.start, span.end - LEFT_OF_THE_DAY)
    return at


def longest_notice(minutes_before: Sequence[int]) -> timedelta:
    """Return how long before a talk its first reminder can be due at the earliest."""
    return timedelta(minutes=max(minutes_before, default=0)) + LOOK_BACK + timedelta(days=1)


def director_hours(director: Director) -> HoursOn:
    """Give the hours of a director: the week, single days in its place, without days that are time off."""

    def hours_on(day: date) -> Sequence[Interval]:
        spans = director.exceptions.get(day, director.hours.spans.get(day.weekday(), ()))
        worked = [
            Interval(start_at(day, start, director.zone), end_at(day, end, director.zone)) for start, end in spans
        ]
        return [span for span in worked if not any(off.contains(span) for off in director.off)]

    return hours_on


def office_hours(rulebook: Rulebook, zone: ZoneInfo) -> HoursOn:
    """Give the hours of an office, of which nothing is known: those of the plan's desk, on the office's own clock."""
    hours = rulebook.policy.plan.business_hours

    def hours_on(day: date) -> Sequence[Interval]:
        if not is_business_day(rulebook, day):
            return ()
        return (Interval(start_at(day, hours.from_, zone), end_at(day, hours.to, zone)),)

    return hours_on


def _may_wait(start: datetime, hours_on: HoursOn, zone: ZoneInfo, now: datetime) -> bool:
    """Tell whether nobody works now, and somebody will before the start."""
    first, last = local_date(now, zone), local_date(start, zone)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    coming = [span.start for day in days for span in hours_on(day) if now < span.end and span.start < start]
    return bool(coming) and min(coming) > now


def _back_from(at: datetime, hours_on: HoursOn, zone: ZoneInfo) -> Iterator[Interval]:
    day = local_date(at, zone)
    for back in range(LOOK_BACK.days + 1):
        yield from reversed(hours_on(day - timedelta(days=back)))
