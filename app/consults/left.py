"""Requests left without the letter's access code: matched to a case by a coordinator, or settled with a note."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import history
from app.consults import casefile, intake
from app.consults.intake import Asked, NewRequest
from app.consults.setup import Setup
from app.errors import Conflict, Invalid, NotFound
from app.models import Channel, LeftRequest


def take_up(
    session: Session,
    left_id: int,
    new: NewRequest,
    *,
    account_id: int,
    setup: Setup,
    now: datetime,
    accept_late_reason: str = "",
) -> Asked:
    """Make the request that was left one about the case of `new`, received at the moment it was left.

    A refusal is kept in the history of the denial, and the left request goes on waiting. Raises NotFound, and Conflict
    if it is settled already (A6).
    """
    left = locked(session, left_id)
    asked = intake.request_consult(
        session,
        replace(new, form_key=left.form_key, channel=Channel.ONLINE, received=left.received_at, taken_by=None),
        setup=setup,
        by=history.account_actor(account_id),
        now=now,
        accept_late_reason=accept_late_reason.strip(),
    )
    if asked.consult is not None:
        left.settled_at, left.settled_by, left.consult_id = now, account_id, asked.consult.id
        history.write(
            session,
            denial_id=new.denial_id,
            consult_id=asked.consult.id,
            what="matched",
            details={"left_request": left.reference, "left_at": left.received_at},
            by=history.account_actor(account_id),
            now=now,
        )
    return asked


def settle(session: Session, left_id: int, *, account_id: int, note: str, now: datetime) -> LeftRequest:
    """Close a left request that becomes none, with a note what was done. Raises NotFound, Invalid, Conflict (A6)."""
    if not note.strip():
        raise Invalid({"note": "Say what you did, for example whom you called; it is kept with the request."})
    left = locked(session, left_id)
    left.settled_at, left.settled_by, left.settled_note = now, account_id, note.strip()
    return left


def locked(session: Session, left_id: int) -> LeftRequest:
    """Read a left request that is still open and that nobody else changes meanwhile. Raises NotFound, Conflict."""
    left = session.scalar(
        select(LeftRequest).where(LeftRequest.id == left_id).with_for_update(), execution_options=casefile.AFRESH
    )
    if left is None:
        raise NotFound("There is no such request.")
    if left.settled_at is not None:
        raise Conflict("Somebody has settled this request already. Nothing was changed.")
    return left
