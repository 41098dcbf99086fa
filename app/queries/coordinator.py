"""What the plan's desk reads: the day's calls, and what needs a person. These lists carry no patient data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models import (
    Account,
    BookingRow,
    Consult,
    Denial,
    Director,
    LateEntry,
    LeftRequest,
    Message,
    MessageKind,
    Recipient,
)
from app.ranges import interval, stored
from scheduling.values import Interval, Status, Urgency

#: a list shows so many rows at the most
MOST_ROWS = 500

#: bookings that are over and were held, or should have been
HELD = ("completed", "not_reached", "office_absent", "director_absent")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """A call of a day: a consult's time with a director."""

    denial_id: int
    consult_id: int
    version: int
    reference: str
    case_number: str
    urgency: Urgency
    start: datetime
    end: datetime
    released_reason: str | None
    "why this time is over; null: it is the consult's live booking"
    status: Status
    director_id: int
    director_name: str
    director_phone: str
    stands_in: bool
    "another director than the one who decided"
    speaker_name: str
    speaker_phone: str
    backup_name: str
    backup_phone: str
    how_to_reach: str
    office_contact: str
    office_phone: str
    attempts: int
    late_minutes: int | None
    "how late the director says he will call"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamelessRow:
    """A denial without responsible director (BSP-1) about which nothing has been asked for."""

    denial_id: int
    case_number: str
    plan: str
    urgency: Urgency
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftRow:
    """A request that was left without the letter's code."""

    id: int
    reference: str
    case_number: str
    received_at: datetime
    body: dict[str, Any]
    settled_at: datetime | None
    settled_note: str
    consult_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRow:
    """A call that waits for a second person to confirm when it came in (BSP-4)."""

    id: int
    denial_id: int
    case_number: str
    plan: str
    received_at: datetime
    entered_at: datetime
    entered_by: int
    entered_by_name: str
    reason: str
    body: Mapping[str, Any]
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedMessage:
    """A mail about a request that did not arrive."""

    id: int
    denial_id: int
    reference: str
    kind: MessageKind
    recipient: Recipient
    failed_at: datetime
    office_phone: str


def calls_between(session: Session, span: Interval, director_id: int | None = None) -> list[CallRow]:
    """List the calls that begin inside a span, by time. One statement."""
    columns = (Consult, BookingRow, Director, Denial.case_number, Denial.urgency, Denial.director_id)
    query = (
        select(*columns)
        .join(Consult, Consult.id == BookingRow.consult_id)
        .join(Director, Director.id == BookingRow.director_id)
        .join(Denial, Denial.id == Consult.denial_id)
        .where(
            BookingRow.during.overlaps(stored(span)),
            func.lower(BookingRow.during) >= span.start,
            or_(BookingRow.released_at.is_(None), BookingRow.released_reason.in_(HELD)),
        )
        .order_by(func.lower(BookingRow.during), Director.name, BookingRow.id)
        .limit(MOST_ROWS)
    )
    if director_id is not None:
        query = query.where(BookingRow.director_id == director_id)
    return [_call(*row) for row in session.execute(query)]


def _call(
    consult: Consult, booking: BookingRow, director: Director, number: str, urgency: Urgency, decided_by: int | None
) -> CallRow:
    during = interval(booking.during)
    return CallRow(
        denial_id=consult.denial_id,
        consult_id=consult.id,
        version=consult.version,
        reference=consult.reference,
        case_number=number,
        urgency=urgency,
        start=during.start,
        end=during.end,
        released_reason=booking.released_reason,
        status=consult.status,
        director_id=director.id,
        director_name=director.name,
        director_phone=director.phone,
        stands_in=decided_by is not None and decided_by != director.id,
        speaker_name=consult.speaker_name,
        speaker_phone=consult.speaker_phone,
        backup_name=consult.backup_name,
        backup_phone=consult.backup_phone,
        how_to_reach=consult.how_to_reach,
        office_contact=consult.office_contact,
        office_phone=consult.office_phone,
        attempts=consult.attempts,
        late_minutes=booking.late_minutes,
    )


def nameless(session: Session) -> list[NamelessRow]:
    """List denials without director, except where an open request about them says so itself. One statement."""
    said = exists().where(Consult.denial_id == Denial.id, Consult.closed_at.is_(None))
    rows = session.scalars(
        select(Denial).where(Denial.director_id.is_(None), ~said).order_by(Denial.id).limit(MOST_ROWS)
    )
    return [
        NamelessRow(
            denial_id=row.id, case_number=row.case_number, plan=row.plan, urgency=row.urgency, created_at=row.created_at
        )
        for row in rows
    ]


def left_requests(session: Session, *, settled: bool = False) -> list[LeftRow]:
    """List requests left without a code: those that wait, the oldest first; or the settled ones, the last first."""
    query = select(LeftRequest).limit(MOST_ROWS)
    if settled:
        query = query.where(LeftRequest.settled_at.is_not(None)).order_by(LeftRequest.settled_at.desc())
    else:
        query = query.where(LeftRequest.settled_at.is_(None)).order_by(LeftRequest.received_at, LeftRequest.id)
    return [_left(row) for row in session.scalars(query)]


def left_request(session: Session, left_id: int) -> LeftRow:
    """Read a request left without a code. Raises NotFound."""
    row = session.get(LeftRequest, left_id)
    if row is None:
        raise NotFound("There is no such request.")
    return _left(row)


def _left(row: LeftRequest) -> LeftRow:
    return LeftRow(
        id=row.id,
        reference=row.reference,
        case_number=row.case_number,
        received_at=row.received_at,
        body=row.body,
        settled_at=row.settled_at,
        settled_note=row.settled_note,
        consult_id=row.consult_id,
    )


def late_entries(session: Session, entry_id: int | None = None) -> list[LateRow]:
    """List the calls that wait for a second person, the oldest first; or one of them, settled or not. One statement."""
    query = (
        select(LateEntry, Denial.case_number, Denial.plan, Account.name)
        .join(Denial, Denial.id == LateEntry.denial_id)
        .join(Account, Account.id == LateEntry.entered_by)
        .where(LateEntry.settled_at.is_(None) if entry_id is None else LateEntry.id == entry_id)
        .order_by(LateEntry.received_at, LateEntry.id)
        .limit(MOST_ROWS)
    )
    return [
        LateRow(
            id=row.id,
            denial_id=row.denial_id,
            case_number=number,
            plan=plan,
            received_at=row.received_at,
            entered_at=row.entered_at,
            entered_by=row.entered_by,
            entered_by_name=name,
            reason=row.reason,
            body=row.body,
            settled=row.settled_at is not None,
        )
        for row, number, plan, name in session.execute(query)
    ]


def failed_messages(session: Session) -> list[FailedMessage]:
    """List mails about open or closed requests that were given up. One statement."""
    query = (
        select(Message, Consult)
        .join(Consult, Consult.id == Message.consult_id)
        .where(Message.failed_at.is_not(None))
        .order_by(Message.failed_at.desc())
        .limit(MOST_ROWS)
    )
    return [
        FailedMessage(
            id=message.id,
            denial_id=consult.denial_id,
            reference=consult.reference,
            kind=message.kind,
            recipient=message.recipient,
            failed_at=message.failed_at or message.created_at,
            office_phone=consult.office_phone,
        )
        for message, consult in session.execute(query)
    ]
