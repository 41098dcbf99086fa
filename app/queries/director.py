"""What a medical director reads: the calls of a stretch of days, and the time that is not to be had."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from app.models import BookingRow, Consult, Denial, Director, DirectorOff, OffKind, ReviewTask
from app.ranges import interval, stored
from scheduling.values import Interval, ReviewDecision, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One call, with what a director has to know to make it."""

    denial_id: int
    reference: str
    status: Status
    during: Interval
    member_name: str
    member_birth_date: date | None
    service: str
    speaker_name: str
    speaker_specialty: str
    speaker_phone: str
    backup_name: str
    backup_phone: str
    how_to_reach: str
    office_time_zone: str
    attempts: int
    reconsideration: bool
    review: ReviewDecision | None


def calls(session: Session, director_id: int, during: Interval) -> list[CallRow]:
    """List a director's live bookings in a stretch of time, earliest first. One statement."""
    query = (
        select(Consult, Denial, BookingRow.during, ReviewTask.decision)
        .join(Denial, Denial.id == Consult.denial_id)
        .join(BookingRow, BookingRow.consult_id == Consult.id)
        .outerjoin(ReviewTask, ReviewTask.consult_id == Consult.id)
        .where(
            BookingRow.director_id == director_id,
            BookingRow.released_at.is_(None),
            BookingRow.during.overlaps(stored(during)),
        )
        .order_by(func.lower(BookingRow.during))
    )
    return [_row(consult, denial, time, decision) for consult, denial, time, decision in session.execute(query)]


def _row(consult: Consult, denial: Denial, during: object, decision: ReviewDecision | None) -> CallRow:
    return CallRow(
        denial_id=denial.id,
        reference=consult.reference,
        status=consult.status,
        during=interval(during),  # type: ignore[arg-type]  # a tstzrange
        member_name=denial.member_name,
        member_birth_date=denial.member_birth_date,
        service=denial.service,
        speaker_name=consult.speaker_name,
        speaker_specialty=consult.speaker_specialty,
        speaker_phone=consult.speaker_phone,
        backup_name=consult.backup_name,
        backup_phone=consult.backup_phone,
        how_to_reach=consult.how_to_reach,
        office_time_zone=consult.office_time_zone,
        attempts=consult.attempts,
        reconsideration=consult.reconsideration,
        review=decision,
    )


def denial_for(session: Session, reference: str, director_id: int) -> int | None:
    """Find the denial of a consult that stands in a director's line or is, or was, booked with him; else None."""
    booked = (
        select(BookingRow.id).where(BookingRow.consult_id == Consult.id, BookingRow.director_id == director_id).exists()
    )
    query = select(Consult.denial_id).where(
        Consult.reference == reference, (Consult.director_id == director_id) | booked
    )
    return session.scalar(query)


def waiting_in_line(session: Session, director_id: int) -> int:
    """Count who waits in a director's line without a time."""
    query = select(func.count(Consult.id)).where(Consult.director_id == director_id, Consult.status == Status.WAITING)
    return session.scalars(query).one()


def identity(session: Session, denial_id: int) -> tuple[str, date | None]:
    """Read name and birth date of the patient: the director has to identify whom the talk is about."""
    return session.execute(select(Denial.member_name, Denial.member_birth_date).where(Denial.id == denial_id)).one()


def week_of(session: Session, director_id: int) -> Director:
    """Read a director with weekly hours."""
    return session.scalars(
        select(Director).where(Director.id == director_id).options(selectinload(Director.hours))
    ).one()


def time_off(session: Session, director_id: int, now: datetime) -> Sequence[DirectorOff]:
    """List what is put down as time off from now on, earliest first."""
    return session.scalars(
        select(DirectorOff)
        .where(
            DirectorOff.director_id == director_id,
            DirectorOff.kind == OffKind.TIME_OFF,
            func.upper(DirectorOff.during) > now,
        )
        .order_by(func.lower(DirectorOff.during))
    ).all()
