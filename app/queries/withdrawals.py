"""Records withdrawn from view, for the privacy officer: what stood there, why it is gone, who is on record with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from app import history
from app.errors import NotFound
from app.models import Account, Consult, Denial, Document, History, LeftRequest, Message, Withdrawal, WithdrawnBecause
from app.queries.coordinator import MOST_ROWS


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalRow:
    """A withdrawal, without what stood there."""

    id: int
    case_number: str
    "empty: a request that was left without the code"
    left_reference: str
    mail_id: int | None
    denial_id: int | None
    reason: str
    withdrawn_at: datetime
    withdrawn_by: str
    returned_at: datetime | None
    returned_by: str

    @property
    def about(self) -> str:
        """Name what was withdrawn: "case NC-1001", "left request P2P-...", "mail 7"."""
        if self.mail_id is not None:
            return f"mail {self.mail_id}"
        return f"case {self.case_number}" if self.case_number else f"left request {self.left_reference}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """A document that was withdrawn because it is about another patient."""

    denial_id: int
    case_number: str
    number: int
    received_at: datetime
    withdrawn_at: datetime
    opened_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Somebody who is on record with a case before it was withdrawn."""

    who: str
    first: datetime
    last: datetime
    did: tuple[str, ...]
    "words of the history"


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalReport:
    """All that the privacy officer needs of one withdrawal."""

    row: WithdrawalRow
    kept: Mapping[str, Mapping[str, Mapping[str, Any]]]
    seen: tuple[Seen, ...]
    mailed: tuple[tuple[str, int], ...]
    "addresses that mail about the case went to, and how many; mail holds nothing about a patient"


def withdrawals(session: Session) -> list[WithdrawalRow]:
    """List what is withdrawn or was, the last one first. One statement."""
    return [_row(*row) for row in session.execute(_query().order_by(Withdrawal.id.desc()).limit(MOST_ROWS))]


def documents(session: Session) -> list[DocumentRow]:
    """List the documents about another patient, the last one first, with who had opened each. Three statements."""
    rows = session.execute(
        select(Document, Denial.case_number)
        .join(Denial, Denial.id == Document.denial_id)
        .where(Document.withdrawn_because == WithdrawnBecause.WRONG_PATIENT)
        .order_by(Document.withdrawn_at.desc())
        .limit(MOST_ROWS)
    ).all()
    opened = session.execute(
        select(History.denial_id, History.details["document"].astext, History.actor)
        .where(History.what == "document_opened", History.denial_id.in_({document.denial_id for document, _ in rows}))
        .distinct()
    ).all()
    names = _names(session, [actor for *_, actor in opened])
    return [
        DocumentRow(
            denial_id=document.denial_id,
            case_number=number,
            number=document.number,
            received_at=document.received_at,
            withdrawn_at=document.withdrawn_at or document.received_at,
            opened_by=tuple(
                sorted(names[actor] for denial_id, which, actor in opened if (denial_id, which) == _key(document))
            ),
        )
        for document, number in rows
    ]


def report(session: Session, withdrawal_id: int) -> WithdrawalReport:
    """Read one withdrawal with all there is about it. Raises NotFound. Five statements."""
    found = session.execute(_query().where(Withdrawal.id == withdrawal_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such record.")
    made: Withdrawal = found[0]
    return WithdrawalReport(
        row=_row(*found),
        kept=made.kept,
        seen=tuple(_seen(session, made)) if made.denial_id is not None else (),
        mailed=tuple(_mailed(session, made)) if made.denial_id is not None else (),
    )


def _key(document: Document) -> tuple[int, str]:
    return document.denial_id, str(document.number)


def _query() -> Select[Withdrawal, str | None, str | None, str, str | None]:
    by, back = aliased(Account), aliased(Account)
    return (
        select(Withdrawal, Denial.case_number, LeftRequest.reference, by.name, back.name)
        .outerjoin(Denial, Denial.id == Withdrawal.denial_id)
        .outerjoin(LeftRequest, LeftRequest.id == Withdrawal.left_request_id)
        .join(by, by.id == Withdrawal.withdrawn_by)
        .outerjoin(back, back.id == Withdrawal.returned_by)
    )


def _row(made: Withdrawal, number: str | None, reference: str | None, by: str, back: str | None) -> WithdrawalRow:
    return WithdrawalRow(
        id=made.id,
        case_number=number or "",
        left_reference=reference or "",
        mail_id=made.inbound_id,
        denial_id=made.denial_id,
        reason=made.reason,
        withdrawn_at=made.withdrawn_at,
        withdrawn_by=by,
        returned_at=made.returned_at,
        returned_by=back or "",
    )


def _seen(session: Session, made: Withdrawal) -> list[Seen]:
    rows = session.execute(
        select(
            History.actor,
            func.min(History.at),
            func.max(History.at),
            func.array_agg(func.distinct(History.what)),
        )
        .where(
            History.denial_id == made.denial_id,
            History.at <= made.withdrawn_at,
            History.actor != history.SYSTEM,
        )
        .group_by(History.actor)
        .order_by(func.min(History.at))
    ).all()
    names = _names(session, [actor for actor, *_ in rows])
    return [Seen(who=names[actor], first=first, last=last, did=tuple(sorted(did))) for actor, first, last, did in rows]


def _mailed(session: Session, made: Withdrawal) -> list[tuple[str, int]]:
    return [
        (address, count)
        for address, count in session.execute(
            select(Message.address, func.count())
            .join(Consult, Consult.id == Message.consult_id)
            .where(Consult.denial_id == made.denial_id, Message.sent_at <= made.withdrawn_at)
            .group_by(Message.address)
            .order_by(Message.address)
        )
    ]


def _names(session: Session, actors: Sequence[str]) -> Mapping[str, str]:
    ids = {history.account_of(actor) for actor in actors} - {None}
    found = dict(session.execute(select(Account.id, Account.name).where(Account.id.in_(ids))).all()) if ids else {}
    words = {history.OFFICE: "The office", history.SYSTEM: "Peerline"}
    return {actor: found.get(history.account_of(actor) or 0, words.get(actor, actor)) for actor in actors}
