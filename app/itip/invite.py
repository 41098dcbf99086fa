"""The two calendar objects that are sent: REQUEST and CANCEL.

Every message is for one recipient, who is its only ATTENDEE: the other side's address is nobody's business, and a
reply is unambiguous. Times are UTC, so that no VTIMEZONE can be wrong. Section numbers are those of RFC 5546.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from icalendar import Calendar, Event, vCalAddress

from app.itip import text

PRODID = "-//Peerline//P2P//EN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody with a mailbox."""

    address: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """One version of a consult's time, as one recipient is told of it. Instants are aware and in UTC.

    `sequence` rises with each version of `uid` (2.1.4), `stamp` is when this one was written.
    """

    uid: str
    sequence: int
    stamp: datetime
    created: datetime
    start: datetime
    end: datetime
    summary: str
    description: str
    location: str
    organizer: Party
    attendee: Party


def request(invitation: Invitation) -> bytes:
    """Write the invitation to a new consult, or its new version (3.2.2)."""
    lines = [_same("STATUS", "CONFIRMED"), _same("TRANSP", "OPAQUE")]
    lines += [_same(f"X-MICROSOFT-CDO-{name}", "BUSY") for name in ("BUSYSTATUS", "INTENDEDSTATUS")]
    lines.append(_same("X-MICROSOFT-DISALLOW-COUNTER", "TRUE"))
    return _calendar("REQUEST", [*_event(invitation), *lines])


def cancel(invitation: Invitation, *, whole: bool) -> bytes:
    """Write the cancellation (3.2.5): of the `whole` consult, or only of this recipient's part in it.

    Without STATUS it takes the recipient off the event and leaves the event to the others. The times stay in, so that
    a calendar which never had the event can show what was meant.
    """
    status = [_same("STATUS", "CANCELLED")] if whole else []
    return _calendar("CANCEL", [*_event(invitation), *status])


def _event(invitation: Invitation) -> list[bytes]:
    return [
        _line("SUMMARY", text.line(invitation.summary)),
        _same("DTSTART", invitation.start),
        _same("DTEND", invitation.end),
        _same("DTSTAMP", invitation.stamp),
        _same("UID", invitation.uid),
        _same("SEQUENCE", invitation.sequence),
        _line("ATTENDEE", _attendee(invitation.attendee)),
        _same("CLASS", "PRIVATE"),
        _same("CREATED", invitation.created),
        _line("DESCRIPTION", text.lines(invitation.description)),
        _same("LAST-MODIFIED", invitation.stamp),
        _line("LOCATION", text.line(invitation.location)),
        _line("ORGANIZER", _address(invitation.organizer)),
    ]


def _attendee(party: Party) -> vCalAddress:
    address = _address(party)
    address.params.update({"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT"})
    address.params.update({"PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"})
    return address


def _address(party: Party) -> vCalAddress:
    address = vCalAddress(f"mailto:{party.address}")
    address.params["CN"] = text.name(party.name) or party.address
    return address


def _line(name: str, value: object) -> bytes:
    """Write one property, escaped and folded."""
    event = Event()
    event.add(name, value)
    return bytes(event.content_line(name, event[name]).to_ical()) + b"\r\n"


#: both sides' objects have most lines in common, and all objects have some
_same = lru_cache(maxsize=256)(_line)


def _calendar(method: str, lines: Sequence[bytes]) -> bytes:
    """Put an event's lines into a calendar, in the order given."""
    before, after = _around_an_event(method)
    return b"".join([before, *lines, after])


@lru_cache
def _around_an_event(method: str) -> tuple[bytes, bytes]:
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add_component(Event())
    before, end, after = bytes(calendar.to_ical()).partition(b"END:VEVENT")
    return before, end + after
