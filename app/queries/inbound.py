"""The mail that came in, as the desk reads it: a list, and one of them as plain text."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from app.errors import NotFound
from app.mail import received
from app.mail.received import Received
from app.models import Attention, Consult, InboundKind, InboundMail, Mailbox

#: a list shows so many mails at the most
MOST_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRow:
    """A mail, without what it says."""

    id: int
    received_at: datetime
    sender: str
    kind: InboundKind | None
    "None: nothing was done about it yet"
    outcome: str
    size: int
    truncated: bool
    reference: str
    denial_id: int | None
    task_id: int | None
    "what it asks of a person, while that is open"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailToRead:
    """A mail with what it says."""

    row: MailRow
    mail: Received
    withdrawn: bool
    "what it said is out of view, because it is about the wrong patient"


def mails(session: Session, kind: InboundKind | None = None) -> list[MailRow]:
    """List the mails of one kind, or of all, the last one first. Two statements."""
    query = (
        select(InboundMail, Consult.reference, Consult.denial_id)
        .outerjoin(Consult, Consult.id == InboundMail.consult_id)
        .order_by(InboundMail.id.desc())
        .limit(MOST_ROWS)
        .options(defer(InboundMail.content))
    )
    if kind is not None:
        query = query.where(InboundMail.kind == kind)
    rows = session.execute(query).all()
    tasks = _tasks(session, [mail.id for mail, _, _ in rows])
    return [_row(mail, reference, denial_id, tasks) for mail, reference, denial_id in rows]


def mail(session: Session, inbound_id: int) -> MailToRead:
    """Read a mail. Raises NotFound."""
    found = session.execute(
        select(InboundMail, Consult.reference, Consult.denial_id)
        .outerjoin(Consult, Consult.id == InboundMail.consult_id)
        .where(InboundMail.id == inbound_id)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such mail.")
    row, reference, denial_id = found
    tasks = _tasks(session, [row.id])
    read = received.read(row.content)
    return MailToRead(row=_row(row, reference, denial_id, tasks), mail=read, withdrawn=row.withdrawn)


def denial_of(session: Session, task: Attention) -> int | None:
    """Say which denial a task is about, if about any."""
    if task.consult_id is None:
        return task.denial_id
    return session.scalar(select(Consult.denial_id).where(Consult.id == task.consult_id))


def problem(session: Session, source: str, *, now: datetime, after: timedelta) -> Mailbox | None:
    """Say since when and why a mailbox cannot be read, if that has lasted so long."""
    return session.scalar(select(Mailbox).where(Mailbox.source == source, Mailbox.problem_since <= now - after))


def oldest_undone(session: Session) -> datetime | None:
    """Say since when the oldest mail waits about which nothing was done."""
    return session.scalar(select(func.min(InboundMail.received_at)).where(InboundMail.processed_at.is_(None)))


def _tasks(session: Session, inbound_ids: list[int]) -> dict[int, int]:
    """Find the open tasks that these mails have raised."""
    told = Attention.details["mail"].as_integer()
    rows = session.execute(
        select(told, Attention.id).where(Attention.settled_at.is_(None), told.in_(inbound_ids)).order_by(Attention.id)
    )
    return dict(rows.all())


def _row(mail: InboundMail, reference: str | None, denial_id: int | None, tasks: dict[int, int]) -> MailRow:
    return MailRow(
        id=mail.id,
        received_at=mail.received_at,
        sender=mail.sender,
        kind=mail.kind,
        outcome=mail.outcome,
        size=mail.size,
        truncated=mail.truncated,
        reference=reference or "",
        denial_id=denial_id,
        task_id=tasks.get(mail.id),
    )
