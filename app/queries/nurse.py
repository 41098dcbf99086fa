"""What a nurse reads: the tasks that wait, first what is due or talked about first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Account, BookingRow, Consult, Denial, ReviewTask
from scheduling.values import ReviewKind, Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One task of the worklist."""

    reference: str
    case_number: str
    number: str
    kind: ReviewKind
    urgency: Urgency
    opened_at: datetime
    due_at: datetime | None
    talk_at: datetime | None
    zone: str
    holder: str | None
    is_mine: bool

    @property
    def first_of(self) -> datetime:
        """The instant before which it is wanted: when it is due or talked about, whichever comes first."""
        return min(
            filter(None, (self.due_at, self.talk_at)), default=datetime.max.replace(tzinfo=self.opened_at.tzinfo)
        )


def worklist(session: Session, *, account_id: int, now: datetime) -> list[TaskRow]:
    """List the reviews that are not decided, first what is wanted first. One statement."""
    query = (
        select(
            Consult.reference,
            Denial.case_number,
            func.coalesce(ReviewTask.pcr_number, "").label("number"),
            ReviewTask.kind,
            Denial.urgency,
            ReviewTask.opened_at,
            ReviewTask.due_at,
            func.lower(BookingRow.during).label("talk_at"),
            Consult.office_time_zone.label("zone"),
            Account.name.label("holder"),
            (ReviewTask.claimed_by == account_id).label("is_mine"),
        )
        .join(Consult, Consult.id == ReviewTask.consult_id)
        .join(Denial, Denial.id == Consult.denial_id)
        .outerjoin(BookingRow, (BookingRow.consult_id == Consult.id) & BookingRow.released_at.is_(None))
        .outerjoin(Account, (Account.id == ReviewTask.claimed_by) & (ReviewTask.claimed_until > now))
        .where(ReviewTask.decided_at.is_(None), Consult.closed_at.is_(None))
    )
    rows = [TaskRow(**row._mapping) for row in session.execute(query)]
    return sorted(rows, key=lambda row: (row.first_of, row.opened_at))


def review_of(session: Session, consult_id: int) -> tuple[ReviewTask, str | None] | None:
    """Read the task of a consult and the name of who holds it."""
    row = session.execute(
        select(ReviewTask, Account.name)
        .outerjoin(Account, Account.id == ReviewTask.claimed_by)
        .where(ReviewTask.consult_id == consult_id)
    ).one_or_none()
    return (row[0], row[1]) if row is not None else None
