"""The data of a trial must be there whenever somebody starts it, and every stage of a consult must be in it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from app.config import Settings
from app.dev.seed import seed
from app.models import (
    Attention,
    AttentionReason,
    Consult,
    Denial,
    Director,
    Document,
    DocumentState,
    Message,
    ReviewTask,
    Wanted,
)
from app.process import Process, make_process
from scheduling.values import ReviewKind, Status
from tests.support import verified


@pytest.fixture
def running(settings: Settings) -> Iterator[Process]:
    process = make_process(settings)
    yield process
    process.engine.dispose()


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 24, 15, 0, tzinfo=UTC),
        datetime(2026, 11, 28, 3, 30, tzinfo=UTC),
        datetime(2027, 1, 1, 12, 0, tzinfo=UTC),
        datetime(2027, 3, 15, 1, 15, tzinfo=UTC),
        datetime(2026, 11, 2, 6, 45, tzinfo=UTC),
    ],
    ids=["a Tuesday", "a Friday night", "New Year", "after the clocks went forward", "after the clocks went back"],
)
def test_a_trial_can_begin_at_any_hour_and_shows_every_stage(running: Process, now: datetime) -> None:
    seed(running, now=now)

    with running.sessions() as session:
        assert session.scalar(select(func.count(Director.id))) == 4
        assert session.scalar(select(func.count(Denial.id))) == 30
        statuses = set(session.scalars(select(Consult.status)))
        assert statuses == set(Status), "a consult in every status"
        assert session.scalars(select(Wanted.answered_at)).all() == [None]
        reasons = set(session.scalars(select(Consult.closed_reason)))
        assert {"approved_by_nurse", "withdrawn_by_office", "upheld", "overturned", "discussed"} <= reasons
        assert session.scalar(select(Consult.unplaced_reason).where(Consult.unplaced_reason.is_not(None)))
        kinds = set(session.scalars(select(ReviewTask.kind).where(ReviewTask.decided_at.is_(None))))
        assert kinds == set(ReviewKind)
        needed = set(session.scalars(select(Attention.reason).where(Attention.settled_at.is_(None))))
        assert {AttentionReason.NO_DIRECTOR, AttentionReason.DATE_UNKNOWN} <= needed
        assert session.scalars(select(Document.state)).all() == [DocumentState.WAITING]
        assert session.scalar(select(func.count(Message.id)))
        assert verified.exceptions(session, setup=running.setup) == []
