"""What comes to the plan's desk by telephone, voicemail or fax: received when it came, not when it is typed (BSP-4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import history
from app.consults import casefile, intake, telephone
from app.consults.intake import Asked, NewRequest
from app.consults.setup import Setup
from app.errors import Invalid
from app.models import Consult
from scheduling.business_time import close_of_business, is_business_day, local_date
from scheduling.values import Rulebook

#: no desk is closed longer than this
LONGEST_CLOSURE = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateEntry:
    """Why a call is entered later than the desk may without question, and who else vouches for the time."""

    reason: str
    second_person: str


def unquestioned_from(rulebook: Rulebook, *, now: datetime) -> datetime:
    """Return the earliest moment of receipt that is entered without question: the last business day's close (BSP-4)."""
    today = local_date(now, rulebook.policy.plan.time_zone)
    day = today - timedelta(days=1)
    while not is_business_day(rulebook, day) and today - day < LONGEST_CLOSURE:
        day -= timedelta(days=1)
    return close_of_business(rulebook, day)


def check_receipt(rulebook: Rulebook, received: datetime, late: LateEntry | None, *, now: datetime) -> None:
    """Refuse a moment of receipt in the future, and an earlier one without a reason and a second person (BSP-4).

    Raises Invalid with the fields received, late_reason, second_person.
    """
    if received > now:
        raise Invalid({"received": "This moment has not come yet. Enter when the call, voicemail or fax came in."})
    if received >= unquestioned_from(rulebook, now=now):
        return
    wrong = {}
    if late is None or not late.reason.strip():
        wrong["late_reason"] = "It came in before the last business day closed. Say why it is entered only now."
    if late is None or not late.second_person.strip():
        wrong["second_person"] = "Name a second person who vouches for the time it came in."
    if wrong:
        raise Invalid(wrong)


def take_down(
    session: Session,
    new: NewRequest,
    *,
    late: LateEntry | None = None,
    connect_with: int | None = None,
    setup: Setup,
    by: str,
    now: datetime,
    accept_late_reason: str = "",
) -> Asked:
    """Take a call down as a request; with `connect_with`, put the physician through to that director at once.

    Raises Invalid for a moment of receipt that cannot stand, Conflict if the director is not free; nothing is written
    then. `accept_late_reason` as in `intake.request_consult`.
    """
    denial = casefile.lock_denial(session, new.denial_id)
    rulebook = intake.rulebook_for(denial, setup=setup)
    check_receipt(rulebook, new.received, late, now=now)
    known = session.scalar(select(Consult.id).where(Consult.form_key == new.form_key)) is not None
    asked = intake.request_consult(
        session, new, setup=setup, by=by, now=now, accept_late_reason=accept_late_reason.strip()
    )
    if asked.consult is None or known:
        return asked
    if new.received < unquestioned_from(rulebook, now=now) and late is not None:
        history.write(
            session,
            denial_id=new.denial_id,
            consult_id=asked.consult.id,
            what="entered_late",
            details={
                "received": new.received,
                "reason": late.reason.strip(),
                "second_person": late.second_person.strip(),
            },
            by=by,
            now=now,
        )
    if connect_with is not None:
        telephone.connect_now(session, asked.consult.id, connect_with, setup=setup, by=by, now=now)
    return asked
