"""Due times that pass. Found by `<= now`, never inside a window that a missed tick could skip (house rule 5)."""

from datetime import datetime
from functools import partial

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, sessionmaker

from app import history
from app.consults import at_risk, review_near
from app.consults.change import change
from app.consults.setup import Setup
from app.db import in_transaction
from app.models import Consult, ReviewTask
from scheduling import life
from scheduling.values import Status


def pass_due_times(sessions: sessionmaker[Session], *, setup: Setup, now: datetime) -> int:
    """Mark reviews as overdue whose due time has come, and call for a person where a deadline comes near.

    One transaction each; returns how many.
    """
    with sessions() as session:
        due = session.scalars(
            select(ReviewTask.consult_id)
            .join(Consult, Consult.id == ReviewTask.consult_id)
            .where(
                ReviewTask.due_at <= now,
                or_(ReviewTask.decided_at.is_(None), Consult.status == Status.AWAITING_DECISION),
                ReviewTask.overdue_at.is_(None),
                Consult.closed_at.is_(None),
            )
            .order_by(ReviewTask.due_at, ReviewTask.id)
        ).all()
    for consult_id in due:
        in_transaction(sessions, partial(mark_overdue, consult_id=consult_id, setup=setup, now=now))
    near = at_risk.warn_all(sessions, setup=setup, now=now) + review_near.warn_all(sessions, setup=setup, now=now)
    return len(due) + near


def mark_overdue(session: Session, consult_id: int, setup: Setup, now: datetime) -> None:
    """Mark one review as overdue and call for a person; a second time changes nothing (house rule 7)."""
    change(
        session,
        consult_id,
        lambda state, rules: life.review_due_passed(state, rules, now=now),
        setup=setup,
        by=history.SYSTEM,
        now=now,
        must=False,
    )
