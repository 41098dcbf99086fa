"""A director's talks as a calendar to subscribe to. Not one word in it is about a patient (statement M5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event

from app.itip import text
from app.itip.invite import PRODID

#: how often calendars are asked to look again; each does as it likes
EVERY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A booked talk as the director's calendar shows it; instants are aware and in UTC."""

    uid: str
    made_at: datetime
    start: datetime
    end: datetime
    summary: str
    location: str
    link: str


def feed(talks: Sequence[Talk]) -> bytes:
    """Write the calendar. The same talks give the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", "Peer-to-peer consults")
    calendar.add("refresh-interval", EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for talk in talks:
        calendar.add_component(_event(talk))
    return bytes(calendar.to_ical())


def _event(talk: Talk) -> Event:
    event = Event()
    event.add("uid", talk.uid)
    event.add("dtstamp", talk.made_at)
    event.add("dtstart", talk.start)
    event.add("dtend", talk.end)
    event.add("summary", text.line(talk.summary))
    event.add("location", text.line(talk.location))
    event.add("description", text.lines(f"To open the case, sign in here: {talk.link}"))
    event.add("class", "PRIVATE")
    event.add("status", "CONFIRMED")
    event.add("transp", "OPAQUE")
    return event
