"""What a medical director reads: the calls of a stretch of days, one of them with its brief, the days that differ.

Every function takes the director who asks; what is not that director's is not there.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select
from sqlalchemy.orm import Session, selectinload

from app.consults.setup import Setup
from app.errors import NotFound
from app.models import Account, BookingRow, CalendarReply, Consult, Denial, Director, ReviewTask
from app.queries import office
from app.queries.coordinator import HELD
from app.queries.office import RequestView
from app.ranges import interval, stored
from scheduling.values import Interval, ReviewDecision, ReviewKind, Status, Urgency

#: a list shows so many rows at the most
MOST_ROWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One call, with what a director has to know to make it. He has to identify the patient."""

    consult_id: int
    reference: str
    case_number: str
    urgency: Urgency
    during: Interval
    over: str | None
    "why this time is over: completed, office_absent ...; None: it is the consult's live booking"
    closed_reason: str | None
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
    information: bool
    review: ReviewKind | None
    decision: ReviewDecision | None
    brief: str
    "the nurse's note"
    late_minutes: int | None
    "how late he has said that he will call"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDecide:
    """A reconsideration without a call that waits for the director's decision."""

    reference: str
    number: str | None
    plan: str
    urgency: Urgency
    opened_at: datetime
    due_at: datetime | None
    member_name: str
    member_birth_date: date | None
    service: str
    speaker_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewNote:
    """What a nurse made of the case."""

    kind: ReviewKind
    due_at: datetime | None
    opened_at: datetime
    decision: ReviewDecision | None
    decided_at: datetime | None
    decided_by: str | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A consult of a director, with its brief."""

    request: RequestView
    member_name: str
    member_birth_date: date | None
    review: ReviewNote | None
    is_mine: bool
    "it is booked with him now, or his to decide without a call, so that he can act on it"
    decides: bool
    "his to decide without a call"


def calls(session: Session, director_id: int, span: Interval, *, now: datetime) -> list[CallRow]:
    """List a director's calls of a stretch of days by time, with those of any day that wait for an outcome.

    One statement.
    """
    live = BookingRow.released_at.is_(None)
    shown = and_(BookingRow.during.overlaps(stored(span)), or_(live, BookingRow.released_reason.in_(HELD)))
    waits = and_(live, func.lower(BookingRow.during) <= now)
    return _rows(session, director_id, or_(shown, waits))


def calls_of(session: Session, director_id: int, consult_ids: Collection[int]) -> list[CallRow]:
    """List the calls booked with a director for these consults, by time. One statement."""
    return _rows(session, director_id, and_(BookingRow.released_at.is_(None), Consult.id.in_(consult_ids)))


def _rows(session: Session, director_id: int, condition: ColumnElement[bool]) -> list[CallRow]:
    query = (
        select(Consult, Denial, BookingRow, ReviewTask)
        .join(Denial, Denial.id == Consult.denial_id)
        .join(BookingRow, BookingRow.consult_id == Consult.id)
        .outerjoin(ReviewTask, ReviewTask.consult_id == Consult.id)
        .where(BookingRow.director_id == director_id, condition)
        .order_by(func.lower(BookingRow.during), BookingRow.id)
        .limit(MOST_ROWS)
    )
    return [_row(*row) for row in session.execute(query)]


def _row(consult: Consult, denial: Denial, booking: BookingRow, review: ReviewTask | None) -> CallRow:
    return CallRow(
        consult_id=consult.id,
        reference=consult.reference,
        case_number=denial.case_number,
        urgency=denial.urgency,
        during=interval(booking.during),
        over=booking.released_reason,
        closed_reason=consult.closed_reason,
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
        information=consult.information,
        review=review.kind if review else None,
        decision=review.decision if review else None,
        brief=review.note if review else "",
        late_minutes=booking.late_minutes,
    )


def to_decide(session: Session, director_id: int) -> list[ToDecide]:
    """List the reconsiderations that a director decides without a call, what is due first on top. One statement."""
    query = (
        select(Consult, Denial, ReviewTask)
        .join(Denial, Denial.id == Consult.denial_id)
        .join(ReviewTask, ReviewTask.consult_id == Consult.id)
        .where(Consult.director_id == director_id, Consult.status == Status.AWAITING_DECISION)
        .order_by(ReviewTask.due_at.asc().nulls_last(), ReviewTask.id)
        .limit(MOST_ROWS)
    )
    return [
        ToDecide(
            reference=consult.reference,
            number=review.pcr_number,
            plan=denial.plan,
            urgency=denial.urgency,
            opened_at=review.opened_at,
            due_at=review.due_at,
            member_name=denial.member_name,
            member_birth_date=denial.member_birth_date,
            service=denial.service,
            speaker_name=consult.speaker_name,
        )
        for consult, denial, review in session.execute(query)
    ]


def call(session: Session, reference: str, director_id: int, *, setup: Setup, lock: bool = False) -> Call:
    """Read a consult of a director: one of his line, or that is or was booked with him. Raises NotFound.

    With `lock` nobody else changes it until the transaction ends; what is read after the lock is how things stand when
    the wait for it is over.
    """
    found = select(Consult.id, Consult.denial_id).where(Consult.reference == reference, is_mine(director_id))
    row = session.execute(found.with_for_update(of=Consult) if lock else found).one_or_none()
    if row is None:
        raise NotFound("There is no consult of yours with this reference. Look for it on your day.")
    request = office.request(session, reference, [row.denial_id], setup=setup)
    name, born = session.execute(
        select(Denial.member_name, Denial.member_birth_date).where(Denial.id == row.denial_id)
    ).one()
    state = request.state
    decides = state.status is Status.AWAITING_DECISION and state.director == director_id
    return Call(
        request=request,
        member_name=name,
        member_birth_date=born,
        review=_review(session, row.id),
        is_mine=decides or (state.booking is not None and state.booking.director == director_id),
        decides=decides,
    )


def news(session: Session, reference: str, director_id: int) -> str:
    """Name how a consult stands in a word that is another as soon as it, its time or its review has changed.

    One small statement. Raises NotFound.
    """
    query = (
        select(Consult.version, BookingRow.id, ReviewTask.decided_at, _last_reply())
        .outerjoin(BookingRow, (BookingRow.consult_id == Consult.id) & BookingRow.released_at.is_(None))
        .outerjoin(ReviewTask, ReviewTask.consult_id == Consult.id)
        .where(Consult.reference == reference, is_mine(director_id))
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("There is no consult of yours with this reference.")
    version, booking, decided, answered = row
    return f"{version}.{booking or 0}.{1 if decided else 0}.{answered or 0}"


def _last_reply() -> ScalarSelect[int | None]:
    return select(func.max(CalendarReply.id)).where(CalendarReply.consult_id == Consult.id).scalar_subquery()


def is_mine(director_id: int) -> ColumnElement[bool]:
    booked = select(BookingRow.id).where(
        BookingRow.consult_id == Consult.id,
        BookingRow.director_id == director_id,
        or_(BookingRow.released_at.is_(None), BookingRow.released_reason.in_(HELD)),
    )
    return or_(Consult.director_id == director_id, booked.correlate(Consult).exists())


def _review(session: Session, consult_id: int) -> ReviewNote | None:
    row = session.execute(
        select(ReviewTask, Account.name)
        .outerjoin(Account, Account.id == ReviewTask.decided_by)
        .where(ReviewTask.consult_id == consult_id)
    ).one_or_none()
    if row is None:
        return None
    task, decider = row
    return ReviewNote(
        kind=task.kind,
        due_at=task.due_at,
        opened_at=task.opened_at,
        decision=task.decision,
        decided_at=task.decided_at,
        decided_by=decider,
        note=task.note,
    )


def waiting_in_line(session: Session, director_id: int) -> int:
    """Count who waits in a director's line without a time, for whatever reason."""
    waits = (Status.WAITING, Status.AWAITING_REVIEW, Status.AWAITING_INFORMATION)
    mine = (Consult.director_id == director_id, Consult.talk, Consult.status.in_(waits))
    query = select(func.count(Consult.id)).where(*mine)
    return session.scalars(query).one()


def person(session: Session, director_id: int) -> Director:
    """Read a director with the hours of the week and the days that differ."""
    query = select(Director).where(Director.id == director_id)
    return session.scalars(query.options(selectinload(Director.hours), selectinload(Director.days))).one()


def days_from(who: Director, today: date) -> Sequence[date]:
    """List the dates from today on that differ from the week."""
    return sorted({day.on_date for day in who.days if day.on_date >= today})
