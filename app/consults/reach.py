"""How the office is reached: who is called on which number, and where its mail goes."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app import history, outbox
from app.consults import casefile
from app.consults.setup import Setup
from app.errors import Conflict
from app.models import Consult
from app.ranges import interval

#: what an invitation shows; the rest is on the pages alone, and changing it sends nothing (F5)
SHOWN = ("speaker_phone", "backup_name", "backup_phone", "office_contact", "office_email")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Numbers and addresses of one request."""

    speaker_phone: str
    backup_name: str
    backup_phone: str
    how_to_reach: str
    office_contact: str
    office_email: str
    office_phone: str


def reach_of(consult: Consult) -> Reach:
    """Read how an office is reached."""
    return Reach(**{name: getattr(consult, name) for name in Reach.__slots__})


def change_reach(session: Session, consult_id: int, reach: Reach, *, setup: Setup, by: str, now: datetime) -> bool:
    """Change how the office is reached; a talk to come is told to both sides anew where it shows it (F4).

    Another mail address takes the talk out of the calendar of the earlier one. Tells whether anybody is told. Raises
    Conflict where the request is closed.
    """
    file = casefile.load(session, consult_id, setup=setup)
    consult = file.consult
    if not file.state.status.open:
        raise Conflict("This request is closed, so nothing was changed.")
    before, after = asdict(reach_of(consult)), asdict(reach)
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return False
    for name in changed:
        setattr(consult, name, after[name])
    history.write(
        session,
        denial_id=consult.denial_id,
        consult_id=consult.id,
        what="reach_changed",
        details={"fields": changed},
        by=by,
        now=now,
    )
    is_to_come = file.booking is not None and interval(file.booking.during).start > now
    if not is_to_come or not set(changed) & set(SHOWN):
        return False
    session.flush()
    outbox.announce(
        session,
        consult,
        file.booking,
        desk=setup.desk,
        plan_name=file.rulebook.policy.name,
        reason="",
        now=now,
        changed=True,
    )
    return True
