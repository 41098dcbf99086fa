"""Instants as people read them: in their own zone, and with its name."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

#: what people in the United States call their zones
_USUAL = {
    "EST": "Eastern",
    "EDT": "Eastern",
    "CST": "Central",
    "CDT": "Central",
    "MST": "Mountain",
    "MDT": "Mountain",
    "PST": "Pacific",
    "PDT": "Pacific",
    "AKST": "Alaska",
    "AKDT": "Alaska",
    "HST": "Hawaii",
}


def span(start: datetime, end: datetime, zone: str) -> str:
    """Say when something takes place: "Tuesday 2 March 2027, 10:00 to 10:20 am Eastern (EST, America/New_York)"."""
    first, last = start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    begins = _clock(first)
    if first.utcoffset() != last.utcoffset():  # the clocks change meanwhile: each end has a name of its own
        return f"{day(first)}, {begins} {_zone(first, zone)} to {_clock(last)} {_zone(last, zone)}"
    if first.strftime("%p") == last.strftime("%p"):
        begins = begins.rpartition(" ")[0]
    return f"{day(first)}, {begins} to {_clock(last)} {_zone(first, zone)}"


def instant(at: datetime, zone: str) -> str:
    """Say a moment: "Tuesday 2 March 2027, 5:00 pm Pacific (PST, America/Los_Angeles)"."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{day(local)}, {_clock(local)} {_zone(local, zone)}"


def moment(at: datetime, zone: str) -> str:
    """Say a moment shortly, as a letter does: "Tuesday 2 March 2027, 5:00 pm PST"."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{day(local)}, {_clock(local)} {local:%Z}"


def day(on: date) -> str:
    """Say a date: "Tuesday 2 March 2027"."""
    return f"{on:%A} {on.day} {on:%B %Y}"


def _clock(local: datetime) -> str:
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


def _zone(local: datetime, zone: str) -> str:
    short = local.strftime("%Z")
    if short[:1] in "+-":
        short = f"UTC{short}"
    usual = f"{_USUAL[short]} " if short in _USUAL and zone.startswith(("America/", "US/", "Pacific/")) else ""
    return f"{usual}({short}, {zone})"
