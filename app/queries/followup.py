"""What follows decisions that were changed, as the desk works it off. No patient data."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models import Account, Consult, Denial, FollowUp, FollowUpItem
from app.queries.coordinator import MOST_ROWS


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpRow:
    """One item, and the request it belongs to."""

    id: int
    item: FollowUpItem
    opened_at: datetime
    due_at: datetime
    done_at: datetime | None
    done_by: str | None
    "None with `done_at`: proved by the mail"
    proof: str
    by_mail: bool
    "a mail that leaves, or has left, proves it"
    denial_id: int
    case_number: str
    plan: str
    reference: str
    outcome: str
    office_contact: str
    office_phone: str


def open_rows(session: Session) -> list[FollowUpRow]:
    """List what is still to be done, in order of due time. One statement."""
    query = _rows().where(FollowUp.done_at.is_(None)).order_by(FollowUp.due_at, FollowUp.id).limit(MOST_ROWS)
    return [_row(*row) for row in session.execute(query)]


def of_case(session: Session, denial_id: int) -> list[FollowUpRow]:
    """List every item about a case, of the last request first, in the order in which they are done. One statement."""
    query = _rows().where(Consult.denial_id == denial_id)
    return [_row(*row) for row in session.execute(query.order_by(Consult.id.desc(), FollowUp.id))]


def row(session: Session, item_id: int) -> FollowUpRow:
    """Read one item. Raises NotFound."""
    found = session.execute(_rows().where(FollowUp.id == item_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such item.")
    return _row(*found)


def _rows() -> Select[FollowUp, Consult, Denial, str]:
    return (
        select(FollowUp, Consult, Denial, Account.name)
        .join(Consult, Consult.id == FollowUp.consult_id)
        .join(Denial, Denial.id == Consult.denial_id)
        .outerjoin(Account, Account.id == FollowUp.done_by)
    )


def _row(item: FollowUp, consult: Consult, denial: Denial, who: str | None) -> FollowUpRow:
    return FollowUpRow(
        id=item.id,
        item=item.item,
        opened_at=item.opened_at,
        due_at=item.due_at,
        done_at=item.done_at,
        done_by=who,
        proof=item.proof,
        by_mail=item.message_id is not None,
        denial_id=denial.id,
        case_number=denial.case_number,
        plan=denial.plan,
        reference=consult.reference,
        outcome=consult.closed_reason or "",
        office_contact=consult.office_contact,
        office_phone=consult.office_phone,
    )
