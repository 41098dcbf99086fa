"""What comes to the plan's desk by telephone, voicemail or fax: received when it came, not when it is typed (BSP-4)."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import history
from app.consults import casefile, intake, late, telephone
from app.consults.intake import Asked, NewRequest
from app.consults.setup import Setup
from app.errors import Invalid
from app.models import Consult, LateEntry
from scheduling.business_time import close_of_business, is_business_day, local_date
from scheduling.values import Rulebook

#: no desk is closed longer than this
LONGEST_CLOSURE = timedelta(days=30)


def unquestioned_from(rulebook: Rulebook, *, now: datetime) -> datetime:
    """Return the earliest moment of receipt that is entered without question: the last business day's close (BSP-4)."""
    today = local_date(now, rulebook.policy.plan.time_zone)
    day = today - timedelta(days=1)
    while not is_business_day(rulebook, day) and today - day < LONGEST_CLOSURE:
        day -= timedelta(days=1)
    return close_of_business(rulebook, day)


def is_late(rulebook: Rulebook, received: datetime, reason: str, *, now: datetime) -> bool:
    """Tell whether a call needs a second person, because it came in before the last business day closed (BSP-4).

    Raises Invalid with the fields received (a moment in the future), late_reason (it is missing).
    """
    if received > now:
        raise Invalid({"received": "This moment has not come yet. Enter when the call, voicemail or fax came in."})
    if received >= unquestioned_from(rulebook, now=now):
        return False
    if not reason.strip():
        raise Invalid(
            {"late_reason": "It came in before the last business day closed. Say why it is entered only now."}
        )
    return True


def take_down(
    session: Session,
    new: NewRequest,
    *,
    account_id: int,
    late_reason: str = "",
    connect_with: int | None = None,
    setup: Setup,
    now: datetime,
    accept_late_reason: str = "",
) -> Asked | LateEntry:
    """Take a call down as a request; with `connect_with`, put the physician through to that director at once.

    One that came in too early to be entered without question waits for a second person instead. Raises Invalid for a
    moment of receipt that cannot stand, Conflict if the director is not free; nothing is written then.
    `accept_late_reason` as in `intake.request_consult`.
    """
    by = history.account_actor(account_id)
    denial = casefile.lock_denial(session, new.denial_id)
    rulebook = intake.rulebook_for(denial, setup=setup)
    if is_late(rulebook, new.received, late_reason, now=now):
        if connect_with is not None:
            raise Invalid({"received": "A call that needs a second person cannot be connected. Enter it as of now."})
        return late.enter(
            session, new, late_reason, account_id=account_id, now=now, accept_late_reason=accept_late_reason
        )
    known = session.scalar(select(Consult.id).where(Consult.form_key == new.form_key)) is not None
    asked = intake.request_consult(
        session, new, setup=setup, by=by, now=now, accept_late_reason=accept_late_reason.strip()
    )
    if asked.consult is None or known:
        return asked
    if connect_with is not None:
        telephone.connect_now(session, asked.consult.id, connect_with, setup=setup, by=by, now=now)
    return asked
