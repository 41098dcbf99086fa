"""Reviews that nobody has decided when the last hour of the desk before they are due has begun (NC-6)."""

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, sessionmaker

from app import history
from app.consults import casefile
from app.consults.setup import Setup
from app.db import in_transaction
from app.models import Attention, AttentionReason, Consult, ReviewTask
from scheduling.business_time import staffed_before
from scheduling.steps import runs, silent
from scheduling.values import Status

#: so long before it is due, counted in the hours of the desk, a person is told
NOTICE = timedelta(hours=1)

#: no desk is closed longer than this
AHEAD = timedelta(days=21)


def warn_all(sessions: sessionmaker[Session], *, setup: Setup, now: datetime) -> int:
    """Call for a person where a review comes near its due time undecided, once for each due time; return how many."""
    with sessions() as session:
        rows = session.execute(
            select(ReviewTask.consult_id, ReviewTask.due_at, Consult.policy_id, Consult.policy_hash)
            .join(Consult, Consult.id == ReviewTask.consult_id)
            .where(
                ReviewTask.due_at > now,
                ReviewTask.due_at <= now + AHEAD,
                or_(ReviewTask.decided_at.is_(None), Consult.status == Status.AWAITING_DECISION),
                Consult.closed_at.is_(None),
            )
            .order_by(ReviewTask.due_at, ReviewTask.id)
        ).all()
    near = [
        consult_id
        for consult_id, due, policy_id, policy_hash in rows
        if due is not None and staffed_before(setup.rulebook(policy_id, policy_hash), due, NOTICE) <= now
    ]
    return sum(in_transaction(sessions, partial(warn, consult_id=each, setup=setup, now=now)) for each in near)


def warn(session: Session, consult_id: int, setup: Setup, now: datetime) -> int:
    """Call for a person about one review; what was said of this due time before, or is decided, is left alone."""
    file = casefile.load(session, consult_id, setup=setup)
    review = file.state.review
    if review is None or review.due is None or not file.state.status.open or not runs(file.state):
        return 0
    key = str(int(review.due.timestamp()))
    told = select(Attention.id).where(
        Attention.consult_id == consult_id, Attention.reason == AttentionReason.REVIEW_NEAR, Attention.key == key
    )
    if silent(file.rulebook, file.state) or session.scalars(told.limit(1)).first() is not None:
        return 0
    details = {"due": review.due}
    casefile.call_for_a_person(session, consult_id, AttentionReason.REVIEW_NEAR, key=key, details=details, now=now)
    history.write(
        session,
        denial_id=file.denial.id,
        consult_id=consult_id,
        what="review_near",
        details=details,
        by=history.SYSTEM,
        now=now,
    )
    return 1
