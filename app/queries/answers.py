"""What both sides answered to the invitation that holds now, declines that wait, addresses that take no mail."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app import directors
from app.models import Answer, BookingRow, BouncedAddress, CalendarReply, Consult, DeclineEnd, Director, Recipient
from app.ranges import interval
from scheduling.values import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One side's last answer."""

    answer: Answer
    at: datetime
    trusted: bool
    kept_at: datetime | None
    "when a decline was taken back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """A director's decline by mail that waits for the director's second thought."""

    consult_id: int
    reference: str
    director_id: int
    director_name: str
    during: Interval
    at: datetime
    due: datetime


#: what the two sides of a consult have answered
Answers = Mapping[Recipient, Answered]


def answers(session: Session, consult_ids: Collection[int]) -> dict[int, dict[Recipient, Answered]]:
    """Read the last answer of each side to the present version of each consult's invitation. One statement."""
    rows = session.scalars(
        select(CalendarReply)
        .join(Consult, Consult.id == CalendarReply.consult_id)
        .where(
            CalendarReply.consult_id.in_(consult_ids),
            CalendarReply.uid == Consult.calendar_uid,
            CalendarReply.sequence == Consult.calendar_sequence,
        )
        .order_by(CalendarReply.id)
    )
    found: dict[int, dict[Recipient, Answered]] = {}
    for row in rows:
        kept_at = row.decline_ended_at if row.decline_end is DeclineEnd.KEPT else None
        answered = Answered(answer=row.answer, at=row.received_at, trusted=row.trusted, kept_at=kept_at)
        found.setdefault(row.consult_id, {})[row.recipient] = answered
    return found


def declined(session: Session, *, consult_id: int | None = None, director_id: int | None = None) -> list[Declined]:
    """List the declines that wait, of a consult or of a director, the nearest first. One statement.

    What has been overtaken by another time is left out, also before a sweep has noticed.
    """
    query = (
        select(CalendarReply, Consult.reference, BookingRow, Director.name)
        .join(Consult, Consult.id == CalendarReply.consult_id)
        .join(BookingRow, and_(BookingRow.id == CalendarReply.booking_id, BookingRow.released_at.is_(None)))
        .join(Director, Director.id == BookingRow.director_id)
        .where(CalendarReply.decline_due_at.is_not(None), CalendarReply.decline_ended_at.is_(None))
        .order_by(CalendarReply.decline_due_at)
    )
    if consult_id is not None:
        query = query.where(CalendarReply.consult_id == consult_id)
    if director_id is not None:
        query = query.where(BookingRow.director_id == director_id)
    return [
        Declined(
            consult_id=reply.consult_id,
            reference=reference,
            director_id=booking.director_id,
            director_name=name,
            during=interval(booking.during),
            at=reply.received_at,
            due=reply.decline_due_at,
        )
        for reply, reference, booking, name in session.execute(query)
        if reply.decline_due_at is not None
    ]


def bounced(session: Session, *addresses: str) -> dict[str, BouncedAddress]:
    """Say which of some addresses mail came back from, by the address as it was given. One statement."""
    wanted = {address.lower(): address for address in addresses if address}
    rows = session.scalars(select(BouncedAddress).where(BouncedAddress.address.in_(wanted)))
    return {wanted[row.address]: row for row in rows}


def director_of(session: Session, director_id: int) -> Director:
    """Read a director."""
    return session.get_one(Director, director_id)


def is_free(session: Session, director_id: int, during: Interval, *, now: datetime) -> bool:
    """Tell whether a director is in his hours, not off and not booked for a span to come."""
    if during.start <= now:
        return False
    return directors.is_free(directors.load(session, [director_id], now=now)[director_id], during)
