"""People who read our mail: a calendar that does what RFC 5546 says, and a desk whose consult changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy

from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consults import assignment, intake
from app.mail import delivery
from app.mail.smtp import Outcome, Result
from app.models import BookingRow, Consult, Director, Message
from scheduling.values import Urgency
from tests.support import factories, readers
from tests.support.factories import NOW
from tests.support.smtp import calendar_bytes

TAKEN = Outcome(Result.SENT)
BUSY = Outcome(Result.TEMPORARY, "451 later")
CUT_OFF = Outcome(Result.TEMPORARY, "the line broke", in_doubt=True)
NO_SUCH_MAILBOX = Outcome(Result.PERMANENT, "550 no such mailbox")


@dataclass(slots=True)
class CalendarOfOne:
    """What one person's calendar shows after the mails that came in."""

    events: dict[str, datetime] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    stamps: dict[str, datetime] = field(default_factory=dict)
    seen: dict[str, bytes] = field(default_factory=dict)
    "by Message-ID"
    puzzles: int = 0
    "cancellations of what never came"

    def read(self, content: bytes) -> None:
        """Do what a mail says; a copy of one that was read changes nothing (J1)."""
        message = message_from_bytes(content, policy=policy.default)
        known = self.seen.setdefault(message["Message-ID"], content)
        assert known == content, "a message that is sent again is the same to the byte"
        calendar = calendar_bytes(message)
        if calendar is not None and known is content:
            readers.read_alike(calendar)
            self.follow(Calendar.from_ical(calendar))

    def follow(self, calendar: Calendar) -> None:
        """Do what a calendar object says."""
        (event,) = calendar.walk("VEVENT")
        uid, number, stamp = str(event["UID"]), int(event["SEQUENCE"]), event["DTSTAMP"].dt
        if uid in self.numbers:
            assert number > self.numbers[uid], "each version has a higher number (F2)"
            assert stamp > self.stamps[uid], "and a later stamp (F3)"
        elif calendar["METHOD"] == "CANCEL":
            self.puzzles += 1
        self.numbers[uid], self.stamps[uid] = number, stamp
        if calendar["METHOD"] == "CANCEL":
            self.events.pop(uid, None)
        else:
            self.events[uid] = event["DTSTART"].dt


def booked_consult(
    session: Session, *, who: Director | None = None, urgency: Urgency = Urgency.ELECTIVE, **more: object
) -> tuple[Consult, Director]:
    """Ask for a consult and have it booked."""
    who = who or factories.director(session)
    about = factories.denial(session, who, urgency=urgency)
    asked = intake.request_consult(
        session, factories.request(about, **more), setup=factories.setup(), by="office", now=NOW
    )
    assert asked.consult is not None
    plan(session, who.id)
    return asked.consult, who


def plan(session: Session, director_id: int, now: datetime = NOW) -> None:
    """Plan a director's line."""
    assignment.assign_queue(session, director_id, setup=factories.setup(), now=now)


def live_booking(session: Session, consult_id: int) -> BookingRow | None:
    """Read a consult's time."""
    return session.scalar(
        select(BookingRow).where(BookingRow.consult_id == consult_id, BookingRow.released_at.is_(None))
    )


def later(minutes: float) -> datetime:
    """Give an instant after the first."""
    return NOW + timedelta(minutes=minutes)


def leave(
    session: Session,
    now: datetime = NOW,
    what_comes_of: Callable[[delivery.Claim], Outcome] = lambda _: TAKEN,
) -> list[tuple[str, bytes]]:
    """Send what is due as the deliverer does, without a server; return what a server has taken, in order."""
    taken = []
    while (claimed := delivery.claim(session, now=now)) is not None:
        outcome = what_comes_of(claimed)
        if outcome.result is Result.SENT:
            taken.append((claimed.address, claimed.body))
        delivery.mark(session, claimed, outcome, now=now)
    return taken


def messages(session: Session, address: str | None = None) -> Sequence[Message]:
    """Read what was written, in order, to an address or to all."""
    query = select(Message).order_by(Message.id).execution_options(populate_existing=True)
    return session.scalars(query if address is None else query.where(Message.address == address)).all()


def told(session: Session, address: str) -> list[tuple[str, int | None, str]]:
    """Read the messages to an address: kind, SEQUENCE, how each stands."""
    return [(message.kind.value, message.calendar_sequence, state(message)) for message in messages(session, address)]


def state(message: Message) -> str:
    """Say how a message stands."""
    ends = {"sent": message.sent_at, "failed": message.failed_at, "superseded": message.superseded_at}
    return next((word for word, at in ends.items() if at is not None), "waiting")
