"""Answers an invitation in the development mailbox as its reader's calendar would: a REPLY by mail."""

from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from icalendar import Calendar, Component, Event, vCalAddress

from app.dev.mail_folder import ReceivedMail

#: what a reader can answer, by the word for it in PARTSTAT
ANSWERS = {"accepted": "Accept", "tentative": "Maybe", "declined": "Decline"}


def is_invitation(mail: ReceivedMail) -> bool:
    """Tell whether a mail can be answered by its calendar."""
    return "METHOD:REQUEST" in mail.part("text/calendar")


def reply_to(mail: ReceivedMail, answer: str, *, now: datetime) -> bytes:
    """Write the REPLY of a mail's reader, to where answers to that mail come to."""
    asked = message_from_bytes(mail.content, EmailMessage, policy=SMTP)
    (event,) = Calendar.from_ical(mail.part("text/calendar")).walk("VEVENT")
    reply = EmailMessage(policy=SMTP)
    reply["From"], reply["To"] = asked["To"], asked["Reply-To"]
    reply["Subject"] = f"{answer.title()}: {asked['Subject']}"
    reply["In-Reply-To"] = asked["Message-ID"]
    reply["Message-ID"] = f"<{now.timestamp()}.{mail.id}@mailbox.example>"
    reply.set_content(f"{asked['To']} {answer} this invitation.\n")
    calendar = _calendar(event, str(asked["To"]), answer, now)
    reply.add_alternative(calendar, maintype="text", subtype="calendar", params={"charset": "UTF-8", "method": "REPLY"})
    return reply.as_bytes()


def _calendar(event: Component, attendee: str, answer: str, now: datetime) -> bytes:
    said = Event()
    for name in ("uid", "sequence", "dtstart", "dtend", "summary", "organizer"):
        said[name] = event[name]
    said.add("dtstamp", now)
    who = vCalAddress(f"mailto:{attendee}")
    who.params["PARTSTAT"] = answer.upper()
    said.add("attendee", who)
    calendar = Calendar()
    calendar.add("prodid", "-//Peerline//Development mailbox//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "REPLY")
    calendar.add_component(said)
    return bytes(calendar.to_ical())
