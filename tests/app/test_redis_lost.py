"""J2: everything in Redis is thrown away in the middle of the journey; one sweep, and nothing is lost."""

from collections.abc import Iterator
from dataclasses import astuple, replace

import pytest
import redis
from sqlalchemy import func, select

from app.config import Settings
from app.consults import intake
from app.db import transaction
from app.models import Consult, Message
from app.nudge import Nudger
from app.process import Process, make_process
from app.sweep import sweep
from scheduling.values import Status
from tests.support import factories
from tests.support.factories import NOW
from tests.support.smtp import Oracle, oracle


@pytest.fixture
def mail() -> Iterator[Oracle]:
    with oracle() as taken:
        yield taken


@pytest.fixture
def running(settings: Settings, mail: Oracle) -> Iterator[Process]:
    process = make_process(replace(settings, smtp_url=mail.url))
    yield process
    process.engine.dispose()


def ask(running: Process) -> int:
    with transaction(running.sessions) as session:
        new = factories.request(factories.denial(session, factories.director(session)))
        asked = intake.request_consult(session, new, setup=running.setup, by="office", now=NOW)
        assert asked.consult is not None
        return asked.consult.id


def test_a_sweep_does_what_the_lost_nudges_would_have_done(running: Process, mail: Oracle) -> None:
    consult_id = ask(running)
    broker = redis.Redis.from_url(running.settings.redis_url)
    broker.flushall()  # other tests have rung here too
    running.nudger.nudge("assign", "deliver")
    assert broker.llen("assign") == 1
    broker.flushall()
    broker.close()

    swept = sweep(running, now=NOW)
    assert (swept.assigned, swept.delivered) == (1, 3)
    assert not any(astuple(sweep(running, now=NOW)))

    with running.sessions() as session:
        assert session.get_one(Consult, consult_id).status is Status.BOOKED
        assert session.scalar(select(func.count(Message.id)).where(Message.sent_at.is_(None))) == 0
    assert len(mail.taken) == 3


def test_where_a_knock_lies_unanswered_nobody_knocks_again(running: Process) -> None:
    """Whoever answers it sees what was committed meanwhile. One that lies elsewhere is for somebody else."""
    with redis.Redis.from_url(running.settings.redis_url) as broker:
        broker.flushall()
        running.nudger.nudge("deliver")
        for _ in range(3):
            running.nudger.nudge("assign", "deliver")
        assert [broker.llen("assign"), broker.llen("mail")] == [1, 1]
        broker.lpop("assign")  # answered
        running.nudger.nudge("assign")
        assert [broker.llen("assign"), broker.llen("mail")] == [1, 1]
        broker.flushall()


def test_a_dead_redis_costs_the_pages_one_short_wait_and_loses_nothing() -> None:
    """Decided 5: after a failure nobody knocks for a while."""
    nudger = Nudger("redis://:x@127.0.0.1:1/0")
    nudger.nudge("assign")
    assert nudger.is_pausing
    nudger.nudge("assign", "deliver")  # asks nobody
    assert nudger.is_pausing
