"""Parsers that are not ours read what we send, and have to agree (statements E9, E12)."""

import json
import shutil
import subprocess
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import vobject
from icalendar import Calendar

from app.dev.surroundings import ROOT
from tests.support import browser

ICAL_JS = ROOT / "tests" / "vendor" / "ical.js" / "ical.es5.min.cjs"
SCRIPT = Path(__file__).with_name("read_calendar.cjs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a parser makes of an event. Instants are seconds since 1970."""

    method: str | None
    uid: str
    sequence: int
    start: float
    end: float
    status: str | None
    organizer: str
    attendees: tuple[str, ...]
    summary: str
    description: str
    location: str


def read_alike(content: bytes) -> Reading:
    """Read a calendar of one event with every parser there is, and give what all of them have read."""
    readings = {"icalendar": by_icalendar(content), "vobject": by_vobject(content)}
    if node() is not None:
        readings["ical.js"] = by_ical_js(content)
    first = readings["icalendar"]
    for name, reading in readings.items():
        assert reading == first, f"{name} reads it differently"
    return first


def by_icalendar(content: bytes) -> Reading:
    """Read with icalendar."""
    calendar = Calendar.from_ical(content)
    (event,) = calendar.walk("VEVENT")
    attendees = event.get("ATTENDEE", [])
    return Reading(
        method=str(calendar["METHOD"]) if "METHOD" in calendar else None,
        uid=str(event["UID"]),
        sequence=int(event["SEQUENCE"]),
        start=event["DTSTART"].dt.timestamp(),
        end=event["DTEND"].dt.timestamp(),
        status=str(event["STATUS"]) if "STATUS" in event else None,
        organizer=str(event["ORGANIZER"]),
        attendees=tuple(map(str, attendees if isinstance(attendees, list) else [attendees])),
        summary=str(event["SUMMARY"]),
        description=str(event["DESCRIPTION"]),
        location=str(event["LOCATION"]),
    )


def by_vobject(content: bytes) -> Reading:
    """Read with vobject."""
    calendar = vobject.readOne(content.decode())
    (event,) = calendar.vevent_list
    return Reading(
        method=calendar.method.value if hasattr(calendar, "method") else None,
        uid=event.uid.value,
        sequence=int(event.sequence.value),
        start=event.dtstart.value.timestamp(),
        end=event.dtend.value.timestamp(),
        status=event.status.value if hasattr(event, "status") else None,
        organizer=event.organizer.value,
        attendees=tuple(attendee.value for attendee in event.attendee_list),
        summary=event.summary.value,
        description=event.description.value,
        location=event.location.value,
    )


def by_ical_js(content: bytes) -> Reading:
    """Read with ical.js, the parser of Thunderbird and Nextcloud."""
    process = _ical_js()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b64encode(content).decode() + "\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    assert "fault" not in answer, answer
    (event,) = answer["events"]
    return Reading(**{**event, "attendees": tuple(event["attendees"])})


@cache
def node() -> str | None:
    """Return the Node that runs ical.js: an installed one, or Playwright's; None where neither starts."""
    return shutil.which("node") or browser.driver()


def close() -> None:
    """End ical.js, if it was started."""
    if _ical_js.cache_info().currsize:
        with _ical_js() as process:
            process.kill()
        _ical_js.cache_clear()


@cache
def _ical_js() -> "subprocess.Popen[str]":
    # one for the whole run
    return subprocess.Popen(
        [str(node()), str(SCRIPT), str(ICAL_JS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
