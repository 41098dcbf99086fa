"""What a nurse reads: the reviews that are open, what is due or talked about first on top, and one of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.consults.prereview import is_claimed_by_another
from app.consults.setup import Setup
from app.errors import NotFound
from app.models import Account, BookingRow, Consult, Denial, Director, ReviewTask, StaffRole, Wanted
from app.queries import office
from app.queries.office import RequestView
from app.ranges import interval
from scheduling.values import Interval, ReviewDecision, ReviewKind, Status, Urgency

#: a list shows so many rows at the most
MOST_ROWS = 500

#: whose work is shown, as the filter says it
MINE, FREE = "mine", "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """A review that is open, in one line. No patient data."""

    reference: str
    number: str | None
    "of the Provider Courtesy Review (NC-4)"
    case_number: str
    plan: str
    kind: ReviewKind
    urgency: Urgency
    opened_at: datetime
    due_at: datetime | None
    status: Status
    consult: Interval | None
    "the time that the review precedes"
    director_name: str | None
    holder_id: int | None
    holder_name: str | None
    "who works on it now; None once the claim has run out"
    talk: bool
    wanted_at: datetime | None
    "since when it waits for what the office is to send"

    @property
    def first(self) -> datetime | None:
        """What comes first: that it is due, or the talk."""
        known = [at for at in (self.due_at, self.consult.start if self.consult else None) if at is not None]
        return min(known, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A nurse's task with the request beside which it stands."""

    request: RequestView
    kind: ReviewKind
    number: str | None
    opened_at: datetime
    due_at: datetime | None
    decision: ReviewDecision | None
    decided_at: datetime | None
    decided_by_id: int | None
    decided_by: str | None
    note: str
    holder_id: int | None
    holder_name: str | None
    held_until: datetime | None
    "None, like the holder, once the claim has run out"

    def is_held_by_another(self, account_id: int) -> bool:
        """Tell whether somebody else works on it now."""
        return self.holder_id not in (None, account_id)


def worklist(
    session: Session,
    *,
    account_id: int,
    now: datetime,
    kind: ReviewKind | None = None,
    urgency: Urgency | None = None,
    held: str = "",
) -> list[ReviewRow]:
    """List the open reviews, first what is due or talked about first (NC-6). One statement."""
    lives = ReviewTask.claimed_until > now
    query = (
        select(ReviewTask, Consult, Denial, BookingRow.during, Director.name, Account.name, Wanted.asked_at)
        .join(Consult, Consult.id == ReviewTask.consult_id)
        .join(Denial, Denial.id == Consult.denial_id)
        .outerjoin(BookingRow, (BookingRow.consult_id == Consult.id) & BookingRow.released_at.is_(None))
        .outerjoin(Director, Director.id == func.coalesce(BookingRow.director_id, Consult.director_id))
        .outerjoin(Account, (Account.id == ReviewTask.claimed_by) & lives)
        .outerjoin(Wanted, (Wanted.consult_id == Consult.id) & Wanted.answered_at.is_(None))
        .where(ReviewTask.decided_at.is_(None), Consult.closed_at.is_(None))
        .order_by(
            func.least(ReviewTask.due_at, func.lower(BookingRow.during)).asc().nulls_last(),
            ReviewTask.opened_at,
            ReviewTask.id,
        )
        .limit(MOST_ROWS)
    )
    if kind is not None:
        query = query.where(ReviewTask.kind == kind)
    if urgency is not None:
        query = query.where(Denial.urgency == urgency)
    if held == MINE:
        query = query.where(ReviewTask.claimed_by == account_id, lives)
    if held == FREE:
        query = query.where(Account.id.is_(None))
    return [
        ReviewRow(
            reference=consult.reference,
            number=review.pcr_number,
            case_number=denial.case_number,
            plan=denial.plan,
            kind=review.kind,
            urgency=denial.urgency,
            opened_at=review.opened_at,
            due_at=review.due_at,
            status=consult.status,
            consult=interval(during) if during is not None else None,
            director_name=director,
            holder_id=review.claimed_by if holder is not None else None,
            holder_name=holder,
            talk=consult.talk,
            wanted_at=wanted_at,
        )
        for review, consult, denial, during, director, holder, wanted_at in session.execute(query)
    ]


def review(session: Session, reference: str, *, setup: Setup, now: datetime, lock: bool = False) -> Review:
    """Read a review; with `lock` nobody else decides it until the transaction ends. Raises NotFound.

    The lock comes first and alone: what is read after it is how things stand when the wait for it is over (A6).
    """
    found = select(Consult.id, Consult.denial_id).where(
        Consult.reference == reference, Consult.id.in_(select(ReviewTask.consult_id))
    )
    row = session.execute(found.with_for_update() if lock else found).one_or_none()
    if row is None:
        raise NotFound("There is no review with this reference. Look for it on the worklist.")
    request = office.request(session, reference, [row.denial_id], setup=setup)
    holder, decider = aliased(Account), aliased(Account)
    task, holder_name, decider_name = session.execute(
        select(ReviewTask, holder.name, decider.name)
        .outerjoin(holder, holder.id == ReviewTask.claimed_by)
        .outerjoin(decider, decider.id == ReviewTask.decided_by)
        .where(ReviewTask.consult_id == row.id)
    ).one()
    held = is_claimed_by_another(task, 0, now)
    return Review(
        request=request,
        kind=task.kind,
        number=task.pcr_number,
        opened_at=task.opened_at,
        due_at=task.due_at,
        decision=task.decision,
        decided_at=task.decided_at,
        decided_by_id=task.decided_by,
        decided_by=decider_name,
        note=task.note,
        holder_id=task.claimed_by if held else None,
        holder_name=holder_name if held else None,
        held_until=task.claimed_until if held else None,
    )


def news(session: Session, reference: str) -> str:
    """Name how a review stands in a word that is another as soon as it or its request has changed. Raises NotFound."""
    row = session.execute(
        select(Consult.version, BookingRow.id, ReviewTask.claimed_by, ReviewTask.decided_at, Wanted.asked_at)
        .join(ReviewTask, ReviewTask.consult_id == Consult.id)
        .outerjoin(Wanted, (Wanted.consult_id == Consult.id) & Wanted.answered_at.is_(None))
        .outerjoin(BookingRow, (BookingRow.consult_id == Consult.id) & BookingRow.released_at.is_(None))
        .where(Consult.reference == reference)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no review with this reference.")
    version, booking, holder, decided, wanted_at = row
    asked = int(wanted_at.timestamp()) if wanted_at else 0
    return f"{version}.{booking or 0}.{holder or 0}.{1 if decided else 0}.{asked}"


def others(session: Session, account_id: int) -> list[tuple[int, str]]:
    """List the other nurses, by name: to whom a task can be handed over."""
    rows = session.execute(
        select(Account.id, Account.name)
        .where(Account.role == StaffRole.NURSE, Account.active, Account.id != account_id)
        .order_by(Account.name, Account.id)
    )
    return list(rows)
