"""One case as the desk works on it: the denial, its request, all that happened and was sent, what needs a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from app import directors, history
from app.consults import telephone
from app.consults.setup import Setup
from app.errors import NotFound
from app.models import Account, Attention, AttentionReason, Consult, Denial, Director, History, Message
from app.queries import office
from app.queries.office import CaseView, Person, RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One entry of the contact log: what happened, or a mail that was written."""

    at: datetime
    what: str
    details: Mapping[str, Any]
    actor: str
    "account:7, office, system"
    consult_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """What needs a person about the request."""

    id: int
    reason: AttentionReason
    cause: str | None
    raised_at: datetime
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A case on the desk."""

    case: CaseView
    request: RequestView | None
    "the open request, or else the last one"
    log: tuple[LogRow, ...]
    "the last entry first"
    tasks: tuple[OpenTask, ...]
    people: Mapping[int, str]
    "directors by id"
    accounts: Mapping[int, str]
    "those who did something, by id"
    references: Mapping[int, str]
    "of the requests about this case, by id"


def case(session: Session, denial_id: int, *, setup: Setup) -> CaseView:
    """Read a case. Raises NotFound. Two statements."""
    return office.case(session, denial_id, [denial_id], setup=setup)


def request_of(session: Session, denial_id: int, *, setup: Setup, lock: bool = False) -> RequestView:
    """Read the open request about a case, or else the last one. Raises NotFound if nothing was asked for yet."""
    found = _last_request(session, denial_id)
    if found is None:
        raise NotFound("Nothing has been asked for about this case yet.")
    return office.request(session, found, [denial_id], setup=setup, lock=lock)


def work(session: Session, denial_id: int, *, setup: Setup) -> Work:
    """Read a case with everything about it. Raises NotFound. A fixed number of statements."""
    shown = case(session, denial_id, setup=setup)
    reference = shown.requests[0].reference if shown.requests else None
    log = _log(session, denial_id)
    request = None
    if reference is not None:
        request = office.request(session, reference, [denial_id], setup=setup)
    return Work(
        case=shown,
        request=request,
        log=log,
        tasks=_open_tasks(session, denial_id),
        people=_directors(session, log, shown, request),
        accounts=_accounts(session, log),
        references=dict(
            session.execute(select(Consult.id, Consult.reference).where(Consult.denial_id == denial_id)).all()
        ),
    )


def news(session: Session, denial_id: int) -> str:
    """Name how a case stands in a word that is another as soon as anything has happened. Raises NotFound."""
    row = session.execute(
        select(
            Denial.id,
            select(func.max(History.id)).where(History.denial_id == Denial.id).scalar_subquery().label("last"),
            select(func.sum(Consult.version)).where(Consult.denial_id == Denial.id).scalar_subquery().label("version"),
            _mail_state(),
        ).where(Denial.id == denial_id)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such case.")
    return f"{row.last or 0}.{row.version or 0}.{row.mail or 0}"


def _mail_state() -> Any:
    moved = func.count().filter(Message.sent_at.is_not(None) | Message.failed_at.is_not(None))
    return (
        select(func.count() + moved)
        .select_from(Message)
        .join(Consult, Consult.id == Message.consult_id)
        .where(Consult.denial_id == Denial.id)
        .scalar_subquery()
        .label("mail")
    )


def connectable(session: Session, shown: CaseView, *, now: datetime) -> list[Person]:
    """List who could take the call at once: the director who decided, then designated peers if the policy knows them.

    Where any director may take a consult: those who cover the line of business.
    """
    allowed = telephone.may_take(session, session.get_one(Denial, shown.id), shown.rulebook)
    minutes = shown.rulebook.policy.consult.duration_minutes
    free = {director.id: director for director in directors.free_now(session, now=now, minutes=minutes)}
    takes = [free[director_id] for director_id in dict.fromkeys(allowed) if director_id in free]
    return [
        Person(id=director.id, name=director.name, phone=director.phone, time_zone=director.time_zone)
        for director in takes
    ]


def active_directors(session: Session) -> list[tuple[int, str]]:
    """List the directors who take consults, by name."""
    rows = session.execute(
        select(Director.id, Director.name).where(Director.active).order_by(Director.name, Director.id)
    )
    return list(rows)


def is_taken(session: Session, form_key: str) -> bool:
    """Tell whether a form has become a request already."""
    return session.scalar(select(Consult.id).where(Consult.form_key == form_key)) is not None


def denial_of(session: Session, reference: str) -> int | None:
    """Find the denial that a request is about, by what people say on the telephone."""
    return session.scalar(select(Consult.denial_id).where(Consult.reference == reference.upper()))


def reference_of(session: Session, consult_id: int) -> tuple[int, str] | None:
    """Return the denial and the reference of a request."""
    row = session.execute(select(Consult.denial_id, Consult.reference).where(Consult.id == consult_id)).one_or_none()
    return (row.denial_id, row.reference) if row is not None else None


def _last_request(session: Session, denial_id: int) -> str | None:
    return session.scalar(
        select(Consult.reference)
        .where(Consult.denial_id == denial_id)
        .order_by(Consult.closed_at.is_(None).desc(), Consult.id.desc())
        .limit(1)
    )


def _log(session: Session, denial_id: int) -> tuple[LogRow, ...]:
    rows = session.scalars(select(History).where(History.denial_id == denial_id).order_by(History.id))
    happened = [
        LogRow(at=row.at, what=row.what, details=row.details, actor=row.actor, consult_id=row.consult_id)
        for row in rows
    ]
    mails = session.scalars(
        select(Message)
        .join(Consult, Consult.id == Message.consult_id)
        .where(Consult.denial_id == denial_id)
        .order_by(Message.id)
        .options(defer(Message.body))
    )
    entries = [*happened, *map(_mail, mails)]
    entries.sort(key=lambda entry: entry.at)  # stable: at the same time a mail stands behind what it tells of
    return tuple(entries[::-1])


def _mail(message: Message) -> LogRow:
    ends = {"sent": message.sent_at, "failed": message.failed_at, "superseded": message.superseded_at}
    state, at = next(((word, at) for word, at in ends.items() if at is not None), ("waiting", message.created_at))
    return LogRow(
        at=at,
        what="mail",
        details={"id": message.id, "kind": message.kind, "recipient": message.recipient, "state": state},
        actor=history.SYSTEM,
        consult_id=message.consult_id,
    )


def _open_tasks(session: Session, denial_id: int) -> tuple[OpenTask, ...]:
    rows = session.scalars(
        select(Attention)
        .join(Consult, Consult.id == Attention.consult_id)
        .where(Consult.denial_id == denial_id, Attention.settled_at.is_(None))
        .order_by(Attention.id)
    )
    return tuple(
        OpenTask(id=row.id, reason=row.reason, cause=row.cause, raised_at=row.raised_at, details=row.details)
        for row in rows
    )


def _directors(
    session: Session, log: Sequence[LogRow], shown: CaseView, request: RequestView | None
) -> Mapping[int, str]:
    ids = {row.details.get("director") for row in log} | {shown.facts.director}
    known = {director_id for director_id in ids if isinstance(director_id, int)}
    names = {person.id: person.name for person in request.people.values()} if request else {}
    missing = known - names.keys()
    if missing:
        found = session.execute(select(Director.id, Director.name).where(Director.id.in_(missing)))
        names |= dict(found.all())
    return names


def _accounts(session: Session, log: Sequence[LogRow]) -> Mapping[int, str]:
    ids = {history.account_of(row.actor) for row in log} | {row.details.get("to") for row in log} - {None}
    ids = {account_id for account_id in ids if isinstance(account_id, int)}
    found = session.execute(select(Account.id, Account.name).where(Account.id.in_(ids)))
    return dict(found.all())
