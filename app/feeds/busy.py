"""When somebody is busy, from the bytes of a calendar. What cannot be read is a fault, never free time (C10)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import recurring_ical_events
from icalendar import Calendar, Component
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from scheduling.business_time import start_at
from scheduling.values import Interval

#: more than any person's calendar has; a file beyond it is somebody's mistake
MOST_EVENTS = 10_000
MOST_BUSY = 20_000

#: an event that repeats every minute says nothing about a person's day and would take minutes to work out
TOO_OFTEN = ("SECONDLY", "MINUTELY")

_DAY = timedelta(days=1)


class UnreadableError(ValueError):
    """Bytes that are no calendar, or one that cannot be worked out. The message is for the person who named it."""


def busy_in(content: bytes, span: Interval, *, zone: ZoneInfo, own_domain: str) -> list[Interval]:
    """Return when the calendar is busy within a span, earliest first, without overlaps (C9).

    Recurring events, moved and left-out occurrences, all-day events and times without a zone in the calendar's own
    zone (`X-WR-TIMEZONE`), else in `zone`. What is marked free or cancelled is not busy, and neither are our own
    invitations, whose UIDs end in `own_domain`: a booking does not stand in its own way. Raises UnreadableError.
    """
    try:
        calendar = Calendar.from_ical(content)
        zone = _zone_of(calendar) or zone
        found = [*_of_events(calendar, span, zone, own_domain), *_of_free_busy(calendar)]
    except UnreadableError:
        raise
    except Exception:  # icalendar raises KeyError, TypeError, OverflowError and more over the bytes of strangers
        # Whatever it is, nothing was read; as a fault it leaves the last copy, and is never "free" (C10).
        raise UnreadableError("What is there is no calendar that can be read.") from None
    return _joined(each for each in found if each.overlaps(span))


def _of_events(calendar: Any, span: Interval, zone: ZoneInfo, own_domain: str) -> Iterator[Interval]:
    events = calendar.walk("VEVENT")
    _part_namesakes(events)
    if len(events) > MOST_EVENTS:
        raise UnreadableError(f"It holds more than {MOST_EVENTS} events. Name a calendar with fewer.")
    for event in events:
        rules = event.get("RRULE", [])
        for rule in rules if isinstance(rules, list) else [rules]:
            if any(often in TOO_OFTEN for often in map(str.upper, rule.get("FREQ", []))):
                raise UnreadableError("An event in it repeats every minute or second, which cannot be worked out.")
    # a day more on each side: a time without a zone may lie there before it has one
    query = recurring_ical_events.of(calendar)
    for count, event in enumerate(query.between(span.start - _DAY, span.end + _DAY)):
        if count >= MOST_BUSY:
            raise UnreadableError(f"It is busy more than {MOST_BUSY} times in the time looked at.")
        if not _is_free(event) and not str(event.get("UID", "")).endswith(f"@{own_domain}"):
            yield from _span_of(event, zone)


def _part_namesakes(events: Iterable[Component]) -> None:
    """Give each event a UID of its own where a careless program gave several the same: all but one would be free."""
    seen = set()
    for number, event in enumerate(events):
        name = (str(event.get("UID", "")), str(event.get("SEQUENCE", "")))
        if "RECURRENCE-ID" not in event and name in seen:
            event["UID"] = f"{number} {name[0]}"
        seen.add(name)


def _is_free(event: Component) -> bool:
    status, shown_as = str(event.get("STATUS", "")).upper(), str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper()
    return status == "CANCELLED" or shown_as == "FREE" or str(event.get("TRANSP", "")).upper() == "TRANSPARENT"


def _span_of(event: Any, zone: ZoneInfo) -> Iterator[Interval]:
    start = event["DTSTART"].dt
    end = event["DTEND"].dt if "DTEND" in event else start
    if not isinstance(start, datetime) and end <= start:
        end = start + _DAY  # careless programs end a day on itself and mean all of it
    first, last = _instant(start, zone), _instant(end, zone)
    if first < last:
        yield Interval(first, last)


def _of_free_busy(calendar: Any) -> Iterator[Interval]:
    for component in calendar.walk("VFREEBUSY"):
        periods = component.get("FREEBUSY", [])
        for period in periods if isinstance(periods, list) else [periods]:
            if str(period.params.get("FBTYPE", "BUSY")).upper() != "FREE":
                start, end = period.dt
                utc = ZoneInfo("UTC")
                yield Interval(_instant(start, utc), _instant(start + end if isinstance(end, timedelta) else end, utc))


def _instant(value: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(value, datetime):
        return start_at(value, time(0), zone)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def _zone_of(calendar: Component) -> ZoneInfo | None:
    """Read the calendar's own zone, also by Outlook's name; one that nobody knows is taken out."""
    name = str(calendar.pop("X-WR-TIMEZONE", ""))
    try:
        zone = ZoneInfo(WINDOWS_TO_OLSON.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    calendar["X-WR-TIMEZONE"] = zone.key
    return zone


def _joined(spans: Iterable[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
