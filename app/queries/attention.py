"""What needs a person: about a request, a denial, a director, a mail, or what came in and belongs to none of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.consults.at_risk import DUE
from app.errors import NotFound
from app.models import Attention, AttentionReason, Consult, Denial, Director
from app.queries.coordinator import MOST_ROWS
from scheduling.values import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """Something that needs a person. What it is not about is None, or empty."""

    id: int
    reason: AttentionReason
    cause: str | None
    details: Mapping[str, Any]
    raised_at: datetime
    denial_id: int | None
    case_number: str
    plan: str | None
    reference: str
    status: Status | None
    received_at: datetime
    "of the request; else when the task was raised"
    due: datetime | None
    "the deadline that comes first, of a request that is open"
    director_id: int | None
    director_name: str | None
    director_phone: str
    message_id: int | None
    office_contact: str
    office_phone: str
    speaker_name: str
    speaker_phone: str


def tasks(session: Session, reason: AttentionReason | None = None) -> list[TaskRow]:
    """List what needs a person: calls to make first, then the nearest deadline. One statement."""
    first = Attention.reason != AttentionReason.TELL_BY_TELEPHONE
    query = _tasks().order_by(first, DUE.asc().nulls_last(), Attention.raised_at, Attention.id).limit(MOST_ROWS)
    if reason is not None:
        query = query.where(Attention.reason == reason)
    return [_task(*row) for row in session.execute(query)]


def task(session: Session, attention_id: int) -> TaskRow:
    """Read one thing that needs a person. Raises NotFound where there is none, or it is settled."""
    row = session.execute(_tasks().where(Attention.id == attention_id)).one_or_none()
    if row is None:
        raise NotFound("This is settled already, or there is no such task.")
    return _task(*row)


def _tasks() -> Select[Attention, Consult | None, Denial | None, Director | None, datetime | None]:
    return (
        select(Attention, Consult, Denial, Director, DUE)
        .outerjoin(Consult, Consult.id == Attention.consult_id)
        .outerjoin(Denial, Denial.id == func.coalesce(Consult.denial_id, Attention.denial_id))
        .outerjoin(Director, Director.id == func.coalesce(Attention.director_id, Consult.director_id))
        .where(Attention.settled_at.is_(None))
    )


def _task(
    attention: Attention,
    consult: Consult | None,
    denial: Denial | None,
    director: Director | None,
    due: datetime | None,
) -> TaskRow:
    return TaskRow(
        id=attention.id,
        reason=attention.reason,
        cause=attention.cause,
        details=attention.details,
        raised_at=attention.raised_at,
        denial_id=denial.id if denial else None,
        case_number=denial.case_number if denial else "",
        plan=denial.plan if denial else None,
        reference=consult.reference if consult else "",
        status=consult.status if consult else None,
        received_at=consult.received_at if consult else attention.raised_at,
        due=due if consult and consult.status.open else None,
        director_id=director.id if director else None,
        director_name=director.name if director else None,
        director_phone=director.phone if director else "",
        message_id=attention.message_id,
        office_contact=consult.office_contact if consult else "",
        office_phone=consult.office_phone if consult else "",
        speaker_name=consult.speaker_name if consult else "",
        speaker_phone=consult.speaker_phone if consult else "",
    )
