"""Clinical information that staff take down: told on the telephone, or a fax that has come in (NC-8)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from app import history
from app.consults import casefile, office
from app.consults.casefile import CaseFile
from app.consults.setup import Setup
from app.errors import Invalid
from app.mail import times
from app.models import Account


class How(StrEnum):
    """How it came."""

    TELEPHONE = "telephone"
    FAX = "fax"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenDown:
    """Who said or sent what, and when."""

    how: How
    whom: str
    at: datetime
    what: str


def take_down(
    session: Session, consult_id: int, taken: TakenDown, *, account_id: int, setup: Setup, now: datetime
) -> CaseFile:
    """Add what was told or faxed to the information of a request: it counts as such, whoever reads it sees whence.

    Raises Invalid with the fields whom, at, what.
    """
    wrong = {}
    if not taken.whom.strip():
        wrong["whom"] = "Write who told you, or whose fax it is."
    if not taken.what.strip():
        wrong["what"] = "Write what was said, or what the fax holds."
    if taken.at > now:
        wrong["at"] = "This moment has not come yet. Enter when it came in."
    if wrong:
        raise Invalid(wrong)
    zone = casefile.load(session, consult_id, setup=setup).rulebook.policy.plan.time_zone.key
    name = session.get_one(Account, account_id).name
    how = "Told on the telephone by" if taken.how is How.TELEPHONE else "Fax from"
    heading = f"{how} {taken.whom.strip()}, {times.instant(taken.at, zone)}; taken down by {name}:"
    return office.send_information(
        session,
        consult_id,
        f"{heading}\n{taken.what.strip()}",
        setup=setup,
        by=history.account_actor(account_id),
        now=now,
        details={"how": taken.how, "whom": taken.whom.strip(), "at": taken.at},
    )
