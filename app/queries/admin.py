"""What an administrator reads: accounts, how the policies are used, mail that leaves, one case to the last row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, defer

from app import history
from app.errors import NotFound
from app.models import Account, Consult, Denial, Director, History, Message, StaffRole
from app.queries.coordinator import MOST_ROWS
from app.queries.history import Touch, lines


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """An account."""

    id: int
    name: str
    email: str
    role: StaffRole
    time_zone: str
    director_name: str | None
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedRow:
    """A request that a version of a policy has decided."""

    reference: str
    denial_id: int
    case_number: str
    received_at: datetime
    status: str
    closed_reason: str | None


class MailState(StrEnum):
    """How a message stands."""

    FAILED = "failed"
    WAITING = "waiting"
    SENT = "sent"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A message, without what it says."""

    id: int
    state: MailState
    kind: str
    recipient: str
    address: str
    subject: str
    reference: str
    denial_id: int
    created_at: datetime
    changed_at: datetime
    attempts: int
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """A row of a case's history, as it is stored."""

    id: int
    at: datetime
    what: str
    details: Mapping[str, Any]
    actor: str
    reference: str | None
    policy: str | None
    "the policy file that decided the request, to the byte"
    touch: Touch | None
    "how it gives away that it was touched after it was written"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHistory:
    """A case's history."""

    denial_id: int
    case_number: str
    plan: str
    rows: tuple[HistoryRow, ...]


def accounts(session: Session, *, closed: bool = False) -> list[AccountRow]:
    """List the accounts that are open, or those that are closed, by name."""
    query = (
        select(Account, Director.name)
        .outerjoin(Director, Director.id == Account.director_id)
        .where(Account.active.is_(not closed))
        .order_by(func.lower(Account.name), Account.id)
    )
    return [_account(account, director) for account, director in session.execute(query)]


def account(session: Session, account_id: int) -> AccountRow:
    """Read an account. Raises NotFound."""
    query = (
        select(Account, Director.name)
        .outerjoin(Director, Director.id == Account.director_id)
        .where(Account.id == account_id)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("There is no such account.")
    return _account(*row)


def _account(account: Account, director: str | None) -> AccountRow:
    return AccountRow(
        id=account.id,
        name=account.name,
        email=account.email,
        role=account.role,
        time_zone=account.time_zone,
        director_name=director,
        active=account.active,
        created_at=account.created_at,
    )


def directors_without_account(session: Session) -> list[tuple[int, str]]:
    """List the active directors who cannot sign in yet, by name."""
    query = (
        select(Director.id, Director.name)
        .outerjoin(Account, Account.director_id == Director.id)
        .where(Director.active, Account.id.is_(None))
        .order_by(Director.name, Director.id)
    )
    return list(session.execute(query))


def decided_under(session: Session, policy_id: str | None = None) -> list[tuple[str, str, int]]:
    """Count the requests that each version of a policy decided: (id, hash, requests)."""
    query = (
        select(Consult.policy_id, Consult.policy_hash, func.count())
        .group_by(Consult.policy_id, Consult.policy_hash)
        .order_by(Consult.policy_id, func.max(Consult.id).desc())
    )
    if policy_id is not None:
        query = query.where(Consult.policy_id == policy_id)
    return list(session.execute(query))


def decided(session: Session, policy_id: str, policy_hash: str) -> list[DecidedRow]:
    """List the requests that one version of a policy has decided, the last one first. One statement."""
    query = (
        select(Consult, Denial.case_number)
        .join(Denial, Denial.id == Consult.denial_id)
        .where(Consult.policy_id == policy_id, Consult.policy_hash == policy_hash)
        .order_by(Consult.id.desc())
        .limit(MOST_ROWS)
    )
    return [
        DecidedRow(
            reference=consult.reference,
            denial_id=consult.denial_id,
            case_number=number,
            received_at=consult.received_at,
            status=consult.status.value,
            closed_reason=consult.closed_reason,
        )
        for consult, number in session.execute(query)
    ]


def messages(session: Session, state: MailState) -> list[MessageRow]:
    """List messages in a state, the last one first. One statement; what they say is not read."""
    query = (
        select(Message, Consult)
        .join(Consult, Consult.id == Message.consult_id)
        .where(_is(state))
        .order_by(Message.id.desc())
        .limit(MOST_ROWS)
        .options(defer(Message.body))
    )
    return [_message(message, consult, state) for message, consult in session.execute(query)]


def _is(state: MailState) -> ColumnElement[bool]:
    ends = {
        MailState.SENT: Message.sent_at,
        MailState.SUPERSEDED: Message.superseded_at,
    }
    if state is MailState.WAITING:
        return Message.sent_at.is_(None) & Message.failed_at.is_(None) & Message.superseded_at.is_(None)
    if state is MailState.FAILED:
        return Message.failed_at.is_not(None) | Message.bounced_at.is_not(None)
    is_there: ColumnElement[bool] = ends[state].is_not(None)
    return is_there & Message.bounced_at.is_(None)


def _message(message: Message, consult: Consult, state: MailState) -> MessageRow:
    made = message.created_at
    return MessageRow(
        id=message.id,
        state=state,
        kind=message.kind.value,
        recipient=message.recipient.value,
        address=message.address,
        subject=message.subject,
        reference=consult.reference,
        denial_id=consult.denial_id,
        created_at=message.created_at,
        changed_at=message.bounced_at or message.sent_at or message.failed_at or message.superseded_at or made,
        attempts=message.attempts,
        last_error=message.last_error,
    )


def cases_called(session: Session, typed: str) -> Sequence[int]:
    """Find the denials with a case number or the reference of a request, as it was typed."""
    words = {typed, typed.upper()}
    by_number = select(Denial.id).where(Denial.case_number.in_(words))
    by_reference = select(Consult.denial_id).where(Consult.reference.in_(words))
    return session.scalars(by_number.union(by_reference).order_by("id")).all()


def case_history(session: Session, denial_id: int) -> CaseHistory:
    """Read the whole history of a case, in order, each row checked against its digest. Raises NotFound.

    Four statements.
    """
    denial = session.get(Denial, denial_id)
    if denial is None:
        raise NotFound("There is no such case.")
    query = (
        select(History, Consult.reference, Consult.policy_id, Consult.policy_hash)
        .outerjoin(Consult, Consult.id == History.consult_id)
        .where(History.denial_id == denial_id)
        .order_by(History.id)
    )
    rows = session.execute(query).all()
    names = _names(session, [row for row, *_ in rows])
    touches = {line.row.id: line.touch for line in lines(session, denial_id=denial_id)}
    return CaseHistory(
        denial_id=denial.id,
        case_number=denial.case_number,
        plan=denial.plan,
        rows=tuple(
            HistoryRow(
                id=row.id,
                at=row.at,
                what=row.what,
                details=row.details,
                actor=names.get(history.account_of(row.actor) or 0, row.actor),
                reference=reference,
                policy=f"{policy_id}@{policy_hash[:12]}" if reference else None,
                touch=touches.get(row.id),
            )
            for row, reference, policy_id, policy_hash in rows
        ),
    )


def _names(session: Session, rows: Sequence[History]) -> Mapping[int, str]:
    ids = {history.account_of(row.actor) for row in rows} - {None}
    found = session.execute(select(Account.id, Account.name).where(Account.id.in_(ids)))
    return {id_: f"{name} (account:{id_})" for id_, name in found}
