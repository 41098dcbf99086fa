"""Calls entered later than the desk may without question: a second person confirms them before they stand (BSP-4).

Until then the call takes no place. Confirmed, it is a request received when it came in; not confirmed, one received
when it was entered. Either way the caller's request is not lost.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import history
from app.consults import casefile, intake
from app.consults.intake import Asked, NewRequest
from app.consults.setup import Setup
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.models import Channel, LateEntry
from scheduling.values import Interval

#: fields of a request that the row keeps in columns of its own
IN_COLUMNS = ("denial_id", "form_key", "received")


def enter(
    session: Session, new: NewRequest, reason: str, *, account_id: int, now: datetime, accept_late_reason: str = ""
) -> LateEntry:
    """Keep a call that came in earlier than the desk may enter without question, until a second person confirms it.

    The same form again gives the entry of the first time (A7). Raises Conflict where a request about the case is open,
    or another such call waits.
    """
    casefile.lock_denial(session, new.denial_id)
    already = session.scalar(select(LateEntry).where(LateEntry.form_key == new.form_key))
    if already is not None:
        return already
    if casefile.open_consult_of(session, new.denial_id) is not None:
        raise Conflict("A request about this case is open. Do there what the caller wants.")
    if waiting_of(session, new.denial_id) is not None:
        raise Conflict("A call about this case waits for a second person already. Have that one confirmed first.")
    entry = LateEntry(
        denial_id=new.denial_id,
        form_key=new.form_key,
        received_at=new.received,
        entered_at=now,
        entered_by=account_id,
        reason=reason.strip(),
        accept_late_reason=accept_late_reason.strip(),
        body=to_body(new),
    )
    session.add(entry)
    session.flush()
    history.write(
        session,
        denial_id=new.denial_id,
        consult_id=None,
        what="entered_late",
        details={"received": new.received, "reason": entry.reason},
        by=history.account_actor(account_id),
        now=now,
    )
    return entry


def settle(
    session: Session,
    entry_id: int,
    *,
    account_id: int,
    confirmed: bool,
    note: str = "",
    accept_late_reason: str = "",
    setup: Setup,
    now: datetime,
) -> Asked:
    """Confirm when a call came in, or say that it cannot be confirmed; it becomes a request either way.

    A refusal of the policy is on record, and the entry goes on waiting for a reason to accept it all the same; where a
    request has been made meanwhile, it is closed by that.
    Raises NotFound, Conflict where it is settled already (A6), Forbidden for whoever entered it, Invalid (note).
    """
    entry = _locked(session, entry_id)
    if entry.entered_by == account_id:
        raise Forbidden("You entered this call yourself. Somebody else has to confirm when it came in.")
    if not confirmed and not note.strip():
        raise Invalid({"note": "Say why it cannot be confirmed; it is kept with the case."})
    asked = intake.request_consult(
        session,
        from_body(entry, received=entry.received_at if confirmed else entry.entered_at),
        setup=setup,
        by=history.account_actor(entry.entered_by),
        now=now,
        accept_late_reason=accept_late_reason.strip() or entry.accept_late_reason,
    )
    if asked.consult is None and asked.refused != "already_requested":
        return asked
    consult_id = asked.consult.id if asked.consult else None
    entry.settled_at, entry.settled_by, entry.settled_note = now, account_id, note.strip()
    entry.confirmed, entry.consult_id = confirmed, consult_id
    history.write(
        session,
        denial_id=entry.denial_id,
        consult_id=consult_id,
        what="late_entry_settled",
        details={"confirmed": confirmed, "received": entry.received_at, "note": note.strip()},
        by=history.account_actor(account_id),
        now=now,
    )
    return asked


def waiting_of(session: Session, denial_id: int) -> LateEntry | None:
    """Find the call about a case that waits for a second person; there is one at the most."""
    return session.scalar(select(LateEntry).where(LateEntry.denial_id == denial_id, LateEntry.settled_at.is_(None)))


def to_body(new: NewRequest) -> dict[str, Any]:
    """Write a request as JSON holds it, without what the row keeps itself."""
    values = {name: value for name, value in asdict(replace(new, windows=())).items() if name not in IN_COLUMNS}
    windows = [[window.start.isoformat(), window.end.isoformat()] for window in new.windows]
    return {**values, "channel": new.channel.value, "windows": windows}


def from_body(entry: LateEntry, *, received: datetime) -> NewRequest:
    """Read a request again."""
    body: Mapping[str, Any] = entry.body
    windows = (Interval(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in body["windows"])
    return NewRequest(
        **{
            **body,
            "denial_id": entry.denial_id,
            "form_key": entry.form_key,
            "received": received,
            "channel": Channel(body["channel"]),
            "windows": tuple(windows),
        }
    )


def _locked(session: Session, entry_id: int) -> LateEntry:
    entry = session.scalar(
        select(LateEntry).where(LateEntry.id == entry_id).with_for_update(), execution_options=casefile.AFRESH
    )
    if entry is None:
        raise NotFound("There is no such call.")
    if entry.settled_at is not None:
        raise Conflict("Somebody has settled this call already. Nothing was changed.")
    return entry
