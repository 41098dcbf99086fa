"""Going on without clinical information that the policy asks for: a coordinator's decision, with a reason (NC-8)."""

from datetime import datetime

from sqlalchemy.orm import Session

from app import history
from app.consults.casefile import CaseFile
from app.consults.change import change
from app.consults.setup import Setup
from app.errors import Invalid
from scheduling import life


def waive_information(
    session: Session, consult_id: int, reason: str, *, setup: Setup, by: str, now: datetime
) -> CaseFile:
    """Let a request go on without the information it waits for; it is complete from now on.

    Raises Invalid without a reason, and Conflict where nothing is waited for or a nurse needs it to decide.
    """
    if not reason.strip():
        raise Invalid({"reason": "Say why it goes on without the information; it is kept with the case."})
    file = change(
        session,
        consult_id,
        lambda state, rules: life.waive_information(state, rules, now=now),
        setup=setup,
        by=by,
        now=now,
    )
    history.write(
        session,
        denial_id=file.denial.id,
        consult_id=consult_id,
        what="information_waived",
        details={"reason": reason.strip()},
        by=by,
        now=now,
    )
    return file
