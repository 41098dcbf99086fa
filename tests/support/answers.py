"""People and mail servers that answer: mails to the service's mailbox, made of the invitation that was sent."""

from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consults import inbound
from app.mail import inbox
from app.models import CalendarReply, InboundMail, Message, MessageKind, Recipient
from tests.support import factories
from tests.support.smtp import calendar_of

_numbers: Iterator[int] = count(1)


def invitation(session: Session, recipient: Recipient, consult_id: int | None = None) -> EmailMessage:
    """Read the last invitation that a side has got."""
    query = select(Message).where(Message.recipient == recipient, Message.kind == MessageKind.INVITATION)
    if consult_id is not None:
        query = query.where(Message.consult_id == consult_id)
    message = session.scalars(query.order_by(Message.id.desc()).limit(1)).one()
    return message_from_bytes(message.body, policy=policy.default)


def answer(
    to: EmailMessage,
    partstat: str,
    *,
    at: datetime,
    sender: str = "",
    signed: str | None = "",
    to_token: bool = True,
    method: str = "REPLY",
    head: str = "",
    **lines: str,
) -> bytes:
    """Answer an invitation as a calendar does. `lines` replace those of the event; an empty one is left out.

    `signed`: the domain whose signature our server found right; empty for the sender's own, None for none.
    """
    calendar = calendar_of(to)
    assert calendar is not None
    (event,) = calendar.walk("VEVENT")
    attendee = str(to["To"])
    sender = sender or attendee
    told = {
        "UID": str(event["UID"]),
        "SEQUENCE": str(event["SEQUENCE"]),
        "DTSTAMP": f"{at:%Y%m%dT%H%M%SZ}",
        "DTSTART": event["DTSTART"].to_ical().decode(),
        "ATTENDEE": f";PARTSTAT={partstat}:mailto:{attendee}",
        **lines,
    }
    written = [name + (value if value[0] in ";:" else f":{value}") for name, value in told.items() if value]
    result = "none" if signed is None else f"pass header.d={signed or sender.rpartition('@')[2]}"
    return "\r\n".join(
        [
            f"Authentication-Results: {factories.DESK.authserv_id}; dkim={result}",
            f"From: {sender}",
            f"To: {to['Reply-To'] if to_token else to['From'].addresses[0].addr_spec}",
            f"Message-ID: <{next(_numbers)}@answers.example>",
            *([head] if head else []),
            f"Content-Type: text/calendar; method={method}; charset=utf-8",
            "",
            "BEGIN:VCALENDAR",
            f"METHOD:{method}",
            "BEGIN:VEVENT",
            *written,
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    ).encode()


def arrive(session: Session, content: bytes, *, now: datetime, source: str = "folder") -> InboundMail:
    """Let a mail come in and be done with; return its row."""
    session.flush()
    before = session.scalar(select(InboundMail.id).order_by(InboundMail.id.desc()).limit(1)) or 0
    inbox.store(session, source, f"{next(_numbers)}", content, size=len(content), now=now)
    row = session.scalars(select(InboundMail).order_by(InboundMail.id.desc()).limit(1)).one()
    assert row.id > before, "a mail that was stored before"
    inbound.act(session, inbound_id=row.id, setup=factories.setup(), now=now)
    session.flush()
    return row


def answers(session: Session) -> list[tuple[str, str, bool]]:
    """Read what was put down: side, answer, trusted."""
    rows = session.scalars(select(CalendarReply).order_by(CalendarReply.id))
    return [(row.recipient.value, row.answer.value, row.trusted) for row in rows]
