"""Instants as people read them: the reader's zone by name, deadlines with what is left in words."""

import calendar
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from flask import Flask, g, request

from app.web.edge import now, visit

CHOSEN_COOKIE = "peerline-zone"
BROWSER_COOKIE = "peerline-browser-zone"

NAMES = {
    "America/New_York": "Eastern",
    "America/Detroit": "Eastern",
    "America/Indiana/Indianapolis": "Eastern",
    "America/Kentucky/Louisville": "Eastern",
    "America/Chicago": "Central",
    "America/Denver": "Mountain",
    "America/Boise": "Mountain",
    "America/Phoenix": "Arizona",
    "America/Los_Angeles": "Pacific",
    "America/Anchorage": "Alaska",
    "Pacific/Honolulu": "Hawaii",
    "America/Puerto_Rico": "Atlantic",
    "Pacific/Guam": "Guam",
    "UTC": "UTC",
}
#: offered first in the list of zones
USUAL = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "Pacific/Guam",
)
LEGACY = {
    "US/Eastern": "America/New_York",
    "US/Central": "America/Chicago",
    "US/Mountain": "America/Denver",
    "US/Pacific": "America/Los_Angeles",
    "US/Arizona": "America/Phoenix",
    "US/Alaska": "America/Anchorage",
    "US/Hawaii": "Pacific/Honolulu",
}


def install(app: Flask) -> None:
    """Make the filters and functions known to templates."""
    app.jinja_env.filters.update(
        when=when, day=day, clock=clock, span=span, through=through, zone_name=zone_name, how_long=how_long
    )
    app.jinja_env.globals.update(
        reader_zone=reader_zone, zone_choices=zone_choices, left=left, state_of=state_of, request_now=now
    )


def known_zone(name: str) -> ZoneInfo | None:
    """Return the zone of that name, legacy names of the United States mapped; None if there is none (D8)."""
    name = LEGACY.get(name, name)
    return ZoneInfo(name) if name in _zone_names() else None


def plan_zone(zone: ZoneInfo) -> None:
    """Say whose zone is shown when nothing is known of the reader's: that of the plan whose case the page is about."""
    g.plan_zone = zone


def reader_zone() -> ZoneInfo:
    """Return the zone in which times are shown: chosen, the account's, the browser's, the plan's."""
    if "reader_zone" not in g:
        chosen = known_zone(request.cookies.get(CHOSEN_COOKIE, ""))
        account = visit().account
        g.reader_zone = (
            chosen
            or (account and known_zone(account.time_zone))
            or known_zone(request.cookies.get(BROWSER_COOKIE, ""))
            or None
        )
    zone: ZoneInfo = g.reader_zone or g.get("plan_zone") or ZoneInfo("America/New_York")
    return zone


def zone_name(zone: ZoneInfo | str) -> str:
    """Name a zone as people do: Pacific, Arizona; otherwise its place: Kolkata time."""
    key = str(zone)
    return NAMES.get(key) or key.rpartition("/")[2].replace("_", " ") + " time"


@cache
def zone_choices() -> list[tuple[str, str]]:
    """List the zones a reader can choose, those of the United States first."""
    others = sorted(_zone_names() - {*USUAL, "UTC"})
    return [(name, zone_name(name)) for name in USUAL] + [(name, name.replace("_", " ")) for name in others]


@cache
def _zone_names() -> frozenset[str]:
    # by place, not by offset: "Etc/GMT+5" is five hours *behind*, which nobody means who types it
    places = {name for name in available_timezones() if "/" in name and not name.startswith("Etc/")}
    return frozenset(places - LEGACY.keys() | {"UTC"})


def day(at: datetime | date, zone: ZoneInfo | str | None = None) -> str:
    """Write the day: Wednesday 4 March, with the year if it is another than now."""
    local = at.astimezone(_zone(zone)).date() if isinstance(at, datetime) else at
    this_year = now().astimezone(_zone(zone)).year
    year = "" if local.year == this_year else f" {local.year}"
    return f"{calendar.day_name[local.weekday()]} {local.day} {calendar.month_name[local.month]}{year}"


def clock(at: datetime, zone: ZoneInfo | str | None = None) -> str:
    """Write the time of day: 5:00 pm; in the hour that an autumn night has twice, with which one it is: 1:30 am EDT."""
    local = at.astimezone(_zone(zone))
    twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    suffix = f" {local.tzname()}" if twice else ""
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}{suffix}"


def when(at: datetime, zone: ZoneInfo | str | None = None) -> str:
    """Write an instant: Wednesday 4 March, 5:00 pm Pacific."""
    return f"{day(at, zone)}, {clock(at, zone)} {zone_name(_zone(zone))}"


def span(start: datetime, end: datetime, zone: ZoneInfo | str | None = None) -> str:
    """Write a stretch of time: Wednesday 4 March, 5:00 pm to 5:30 pm Pacific."""
    local_start, local_end = start.astimezone(_zone(zone)), end.astimezone(_zone(zone))
    midnight = local_end.time() == time(0) and local_end.date() == local_start.date() + timedelta(days=1)
    if midnight:
        return f"{day(start, zone)}, {clock(start, zone)} to midnight {zone_name(_zone(zone))}"
    if local_start.date() != local_end.date():
        return f"{when(start, zone)} to {when(end, zone)}"
    return f"{day(start, zone)}, {clock(start, zone)} to {clock(end, zone)} {zone_name(_zone(zone))}"


def through(at: datetime, plan: ZoneInfo | str) -> str:
    """Write a deadline: midnight in the plan's zone ends the day before it, everything else is an instant.

    The plan's zone counts; the reader's is added where the two differ.
    """
    local = at.astimezone(_zone(plan))
    if local.time() == time(0):
        written = f"the end of {day(local.date() - timedelta(days=1))}, {zone_name(plan)}"
    else:
        written = when(at, plan)
    reader = reader_zone()
    if at.astimezone(reader).utcoffset() == local.utcoffset():
        return written
    return f"{written} ({clock(at, reader)} {zone_name(reader)}{_other_day(at, local, reader)})"


def how_long(length: timedelta) -> str:
    """Write a length of time in its two largest units: 1 day 6 hours."""
    minutes = max(int(length.total_seconds()) // 60, 0)
    parts = ((minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute"))
    named = [f"{count} {unit}{'s' if count != 1 else ''}" for count, unit in parts if count]
    return " ".join(named[:2]) or "less than a minute"


def left(due: datetime, at: datetime | None = None) -> str:
    """Write what is left until an instant, or since when it is missed."""
    at = at or now()
    return f"in {how_long(due - at)}" if due > at else f"{how_long(at - due)} ago"


def state_of(due: datetime, since: datetime, at: datetime | None = None) -> str:
    """Tell how a deadline stands: `missed`, `soon` when a quarter of the time or less is left, else `ok`."""
    at = at or now()
    if at >= due:
        return "missed"
    return "soon" if (due - at) * 4 <= due - since else "ok"


def _zone(zone: ZoneInfo | str | None) -> ZoneInfo:
    if zone is None:
        return reader_zone()
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone)


def _other_day(at: datetime, local: datetime, reader: ZoneInfo) -> str:
    there = at.astimezone(reader).date()
    shown = local.date() - timedelta(days=1) if local.time() == time(0) else local.date()
    return "" if there == shown else f" on {day(there)}"
