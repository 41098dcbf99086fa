"""Records of the wrong patient: taken out of everybody's view, kept for the privacy officer, reported.

What is withdrawn is moved out of its columns into the withdrawal, so that no page, search, letter or mail can show it;
only an administrator's page reads it there. Letters that were made are hidden; documents are withdrawn, each on record.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import history
from app.consults import casefile, documents
from app.errors import Conflict, Invalid, NotFound
from app.models import (
    WITHDRAWN,
    Base,
    Consult,
    Denial,
    Document,
    InboundMail,
    LateEntry,
    LeftRequest,
    ReviewTask,
    WebSession,
    Withdrawal,
    WithdrawnBecause,
)


class Part(StrEnum):
    """What of a case is withdrawn."""

    #: who the member is, and what was denied and why; with it everything else, and the letter's code
    CASE = "case"
    #: what the office has typed or told: clinical information, its own reference, what was noted of it
    INFORMATION = "information"


#: table -> column -> what stands there afterwards
CASE: Mapping[str, Any] = {
    "member_name": WITHDRAWN,
    "member_id": "",
    "member_birth_date": None,
    "service": WITHDRAWN,
    "reason_text": "",
    "criteria": "",
    "clinical_reasons": "",
    "access_code_hash": None,
}
INFORMATION: Mapping[type[Base], Mapping[str, Any]] = {
    Denial: {"early_statement": ""},
    Consult: {"statement": "", "office_reference": "", "determination_note": ""},
    ReviewTask: {"note": ""},
}
LEFT: Mapping[str, Any] = {"case_number": WITHDRAWN, "body": {}}
MAIL: Mapping[str, Any] = {"content": b""}

#: what of the form of a call that waits for a second person is about the patient
OF_A_FORM = ("statement", "office_reference")


def withdraw_case(
    session: Session, denial_id: int, part: Part, reason: str, *, account_id: int, now: datetime
) -> Withdrawal:
    """Take a case, or what its office sent, out of everybody's view. Raises NotFound, Invalid, Conflict (A6)."""
    _check(reason)
    denial = casefile.lock_denial(session, denial_id)
    consults = session.scalars(
        select(Consult).where(Consult.denial_id == denial_id).order_by(Consult.id).with_for_update(),
        execution_options=casefile.AFRESH,
    ).all()
    reviews = session.scalars(
        select(ReviewTask).where(ReviewTask.consult_id.in_([consult.id for consult in consults])).with_for_update(),
        execution_options=casefile.AFRESH,
    ).all()
    kept: dict[str, Any] = {}
    for row in (denial, *consults, *reviews):
        _move(row, INFORMATION[type(row)], kept)
    entries = select(LateEntry).where(LateEntry.denial_id == denial_id).with_for_update()
    for entry in session.scalars(entries, execution_options=casefile.AFRESH):
        _keep(entry, {"body": entry.body}, kept)
        entry.body = {**entry.body, **dict.fromkeys(OF_A_FORM, "")}
    if part is Part.CASE:
        if denial.member_name == WITHDRAWN:
            raise Conflict("This case is withdrawn from view already. Nothing was changed.")
        _move(denial, CASE, kept)
        _close_visits(session, denial_id)
        _withdraw_documents(session, denial_id, account_id, now)
    made = _made(session, reason, kept, account_id, now, denial_id=denial_id)
    _note(session, made, "withdrawn_from_view", {"part": part, "withdrawal": made.id}, account_id, now)
    return made


def withdraw_left(session: Session, left_id: int, reason: str, *, account_id: int, now: datetime) -> Withdrawal:
    """Take a request that was left without the code out of everybody's view, and settle it. Raises as above."""
    _check(reason)
    left = session.scalar(
        select(LeftRequest).where(LeftRequest.id == left_id).with_for_update(), execution_options=casefile.AFRESH
    )
    if left is None:
        raise NotFound("There is no such request.")
    if not left.body:
        raise Conflict("This request is withdrawn from view already. Nothing was changed.")
    if left.settled_at is None:
        left.settled_at, left.settled_by, left.settled_note = now, account_id, WITHDRAWN
    kept: dict[str, Any] = {}
    _move(left, LEFT, kept)
    return _made(session, reason, kept, account_id, now, left_request_id=left_id)


def withdraw_mail(session: Session, inbound_id: int, reason: str, *, account_id: int, now: datetime) -> Withdrawal:
    """Take what a mail says out of everybody's view; what came of it stays. Raises as above."""
    _check(reason)
    mail = session.scalar(
        select(InboundMail).where(InboundMail.id == inbound_id).with_for_update(), execution_options=casefile.AFRESH
    )
    if mail is None:
        raise NotFound("There is no such mail.")
    if mail.withdrawn:
        raise Conflict("This mail is withdrawn from view already. Nothing was changed.")
    if mail.processed_at is None:
        raise Conflict("Nothing has come of this mail yet, so nothing was changed. Try again in a minute.")
    kept: dict[str, Any] = {}
    _move(mail, MAIL, kept)
    return _made(session, reason, kept, account_id, now, inbound_id=inbound_id)


def give_back(session: Session, withdrawal_id: int, *, account_id: int, now: datetime) -> Withdrawal:
    """Put back into view what was withdrawn by mistake. What has been written there since stays, and nothing is lost.

    Documents stay withdrawn: each is sent again. Raises NotFound, Conflict (A6).
    """
    made = session.scalar(
        select(Withdrawal).where(Withdrawal.id == withdrawal_id).with_for_update(), execution_options=casefile.AFRESH
    )
    if made is None:
        raise NotFound("There is no such record.")
    if made.returned_at is not None:
        raise Conflict("This is back in view already. Nothing was changed.")
    for row, columns in _rows_of(session, made.kept):
        for name, value in columns.items():
            if getattr(row, name) == _placeholder(row, name, value):
                setattr(row, name, _read(name, value))
    made.returned_at, made.returned_by = now, account_id
    _note(session, made, "returned_to_view", {"withdrawal": made.id}, account_id, now)
    return made


def _made(
    session: Session, reason: str, kept: dict[str, Any], account_id: int, now: datetime, **about: int
) -> Withdrawal:
    made = Withdrawal(reason=reason.strip(), withdrawn_at=now, withdrawn_by=account_id, kept=kept, **about)
    session.add(made)
    session.flush()
    return made


def _check(reason: str) -> None:
    if not reason.strip():
        raise Invalid({"reason": "Say what happened, without naming anybody; the privacy officer reads it."})


def _move(row: Any, columns: Mapping[str, Any], kept: dict[str, Any]) -> None:
    """Move what stands in columns into `kept`, and put in its place what tells nothing."""
    _keep(row, {name: getattr(row, name) for name in columns if getattr(row, name) != columns[name]}, kept)
    for name, value in columns.items():
        setattr(row, name, value)


def _keep(row: Any, values: Mapping[str, Any], kept: dict[str, Any]) -> None:
    if values:
        of_table = kept.setdefault(row.__tablename__, {}).setdefault(str(row.id), {})
        of_table |= {name: _written(value) for name, value in values.items()}


def _written(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else history.plain(value)


def _read(name: str, value: Any) -> Any:
    if name in ("access_code_hash", "content"):
        return bytes.fromhex(value)
    return date.fromisoformat(value) if name == "member_birth_date" else value


def _placeholder(row: Any, name: str, value: Any) -> Any:
    """Say what a withdrawal has left in a column."""
    if isinstance(row, LateEntry):
        return {**value, **dict.fromkeys(OF_A_FORM, "")}
    return {**CASE, **INFORMATION.get(type(row), {}), **LEFT, **MAIL}[name]


def _rows_of(session: Session, kept: Mapping[str, Any]) -> Iterable[tuple[Any, Mapping[str, Any]]]:
    tables = {
        table.__tablename__: table for table in (Denial, Consult, ReviewTask, LateEntry, LeftRequest, InboundMail)
    }
    for name, rows in kept.items():
        for row_id, columns in rows.items():
            row = session.get(tables[name], int(row_id), with_for_update=True, populate_existing=True)
            if row is not None:
                yield row, columns


def _close_visits(session: Session, denial_id: int) -> None:
    """Close the case in every visit in which an office has opened it with the letter's code."""
    session.execute(
        update(WebSession)
        .where(WebSession.denials.contains([denial_id]))
        .values(denials=func.array_remove(WebSession.denials, denial_id)),
        execution_options={"synchronize_session": False},
    )


def _withdraw_documents(session: Session, denial_id: int, account_id: int, now: datetime) -> None:
    live = select(Document.token).where(Document.denial_id == denial_id, Document.withdrawn_at.is_(None))
    for token in session.scalars(live.order_by(Document.number)).all():
        by = history.account_actor(account_id)
        documents.withdraw_from_view(session, token, WithdrawnBecause.WRONG_PATIENT, by=by, now=now)


def _note(
    session: Session, made: Withdrawal, what: str, details: Mapping[str, object], account_id: int, now: datetime
) -> None:
    if made.denial_id is not None:
        history.write(
            session,
            denial_id=made.denial_id,
            consult_id=None,
            what=what,
            details=details,
            by=history.account_actor(account_id),
            now=now,
        )
