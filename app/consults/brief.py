"""The director's brief: when he opened it is on record (BSP-5)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import history
from app.consults import casefile
from app.models import Consult, History

OPENED = "brief_opened"


def note_opened(session: Session, consult_id: int, *, by: str, now: datetime) -> bool:
    """Put down that a director has opened the brief of a consult; only the first time of each counts (BSP-5).

    Returns whether it was the first time. Raises NotFound.
    """
    denial_id = casefile.denial_id_of(session, consult_id)
    session.execute(select(Consult.id).where(Consult.id == consult_id).with_for_update()).one()
    earlier = select(History.id).where(History.consult_id == consult_id, History.what == OPENED, History.actor == by)
    if session.scalars(earlier.limit(1)).first() is not None:
        return False
    history.write(session, denial_id=denial_id, consult_id=consult_id, what=OPENED, details={}, by=by, now=now)
    return True
