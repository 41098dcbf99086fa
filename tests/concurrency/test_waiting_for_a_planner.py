"""Who waited for a lock must see what was written meanwhile, all of it (A6, A9)."""

import threading
import time

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from app.consults import assignment, intake, office
from app.db import make_sessions, transaction
from app.models import BookingRow, Consult
from scheduling.values import Status
from tests.support import factories
from tests.support.factories import NOW

PATIENCE = 20


def test_a_withdrawal_that_waited_for_the_planner_releases_the_time_it_was_given(engine: Engine) -> None:
    """The row of the consult is read afresh after the wait; the booking beside it must be too."""
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        who = factories.director(session)
        new = factories.request(factories.denial(session, who))
        asked = intake.request_consult(session, new, setup=factories.setup(), by="office", now=NOW).consult
        assert asked is not None

    def withdraw() -> None:
        with transaction(sessions) as session:
            office.withdraw(session, asked.id, setup=factories.setup(), by="office", now=NOW)

    waiting = threading.Thread(target=withdraw)
    with transaction(sessions) as planner:
        assert assignment.assign_queue(planner, who.id, setup=factories.setup(), now=NOW) == 1
        planner.flush()
        waiting.start()
        until_somebody_waits(engine)
    waiting.join(PATIENCE)

    with Session(engine) as session:
        assert session.get_one(Consult, asked.id).status is Status.CANCELLED
        live = select(func.count(BookingRow.id)).where(BookingRow.released_at.is_(None))
        assert session.scalar(live) == 0


def until_somebody_waits(engine: Engine) -> None:
    """Return as soon as a statement waits for a lock."""
    waits = text(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    )
    deadline = time.monotonic() + PATIENCE
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.scalar(waits):
            assert time.monotonic() < deadline, "nobody waits for the planner"
