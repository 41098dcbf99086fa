"""The two calendar objects that are sent: REQUEST and CANCEL.

Every message is for one recipient, who is its only ATTENDEE: the other side's address is nobody's business, and a
reply is unambiguous. Times are UTC, so that no VTIMEZONE can be wrong. Section numbers are those of RFC 5546.
"""

from dataclasses import dataclass
from datetime import datetime

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
    event = _event(invitation)
    event.add("status", "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("x-microsoft-cdo-busystatus", "BUSY")
    event.add("x-microsoft-cdo-intendedstatus", "BUSY")
    event.add("x-microsoft-disallow-counter", "TRUE")
    return _calendar("REQUEST", event)


def cancel(invitation: Invitation, *, whole: bool) -> bytes:
    """Write the cancellation (3.2.5): of the `whole` consult, or only of this recipient's part in it.

    Without STATUS it takes the recipient off the event and leaves the event to the others. The times stay in, so that
    a calendar which never had the event can show what was meant.
    """
    event = _event(invitation)
    if whole:
        event.add("status", "CANCELLED")
    return _calendar("CANCEL", event)


def _event(invitation: Invitation) -> Event:
    event = Event()
    event.add("uid", invitation.uid)
    event.add("sequence", invitation.sequence)
    event.add("dtstamp", invitation.stamp)
    event.add("created", invitation.created)
    event.add("last-modified", invitation.stamp)
    event.add("dtstart", invitation.start)
    event.add("dtend", invitation.end)
    event.add("summary", text.line(invitation.summary))
    event.add("description", text.lines(invitation.description))
    event.add("location", text.line(invitation.location))
    event.add("class", "PRIVATE")
    event.add("organizer", _address(invitation.organizer))
    event.add("attendee", _attendee(invitation.attendee))
    return event


def _attendee(party: Party) -> vCalAddress:
    address = _address(party)
    address.params.update({"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT"})
    address.params.update({"PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"})
    return address


def _address(party: Party) -> vCalAddress:
    address = vCalAddress(f"mailto:{party.address}")
    address.params["CN"] = text.name(party.name) or party.address
    return address


def _calendar(method: str, event: Event) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
