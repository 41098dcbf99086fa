"""One event of one consult, from the row and back: the path of every use case."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from app import outbox
from app.consults import casefile
from app.consults.casefile import CaseFile
from app.consults.setup import Setup
from app.errors import Conflict
from app.models import BookingRow
from scheduling.values import ConsultState, Rulebook, Status, Step

Event = Callable[[ConsultState, Rulebook], Step]

WORDS = {
    Status.AWAITING_INFORMATION: "waiting for clinical information",
    Status.AWAITING_REVIEW: "waiting for the nurse's review",
    Status.AWAITING_DECISION: "waiting for the medical director, who decides without a call",
    Status.WAITING: "waiting in line",
    Status.BOOKED: "booked",
    Status.COMPLETED: "completed",
    Status.CANCELLED: "cancelled",
    Status.NOT_REACHED: "closed as not reached",
}


def change(
    session: Session,
    consult_id: int,
    event: Event,
    *,
    setup: Setup,
    by: str,
    now: datetime,
    must: bool = True,
) -> CaseFile:
    """Let one event happen to one consult and write what comes of it. Raises Conflict if its state does not allow it,
    unless it need not (`must`).

    A consult that closes says so at once. One that lost its time and goes on says so when it has been planned again,
    in `assignment`: one message with the new time then, instead of a cancellation and an invitation.
    """
    file = casefile.load(session, consult_id, setup=setup)
    step = event(file.state, file.rulebook)
    if step.state is None or (step.state == file.state and not step.happenings):
        if not must:
            return file
        raise Conflict(
            f"Nothing was changed: this consult is {WORDS[file.state.status]}, and that does not allow it."
            " Somebody else may have acted meanwhile; look at the case again."
        )
    casefile.apply(session, file, step, by=by, now=now)
    if not step.state.status.open:
        announce(session, file, setup=setup, now=now)
    return file


def announce(session: Session, file: CaseFile, *, setup: Setup, now: datetime) -> None:
    """Tell both calendars what they do not know yet, in this transaction."""
    outbox.announce(
        session,
        file.consult,
        file.booking,
        desk=setup.desk,
        plan_name=file.rulebook.policy.name,
        reason=why_it_is_gone(session, file),
        now=now,
    )


def why_it_is_gone(session: Session, file: CaseFile) -> str:
    """Say why the time that both sides were told of is no longer theirs, in a word of the rules; else nothing."""
    told = file.consult.announced_booking_id
    before = session.get(BookingRow, told) if told is not None else None
    return (before.released_reason if before is not None else None) or file.consult.closed_reason or ""
