"""Who waited for a lock must see what was written meanwhile, all of it (A6, A9)."""

import threading
import time

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from app.consults import assignment, casefile, desk, intake, office
from app.db import in_transaction, make_sessions, transaction
from app.errors import Conflict
from app.models import BookingRow, Consult, Denial
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


def test_who_waited_to_name_a_director_finds_the_one_that_was_named(engine: Engine) -> None:
    """A6: the case was on the page before the lock; what the session remembers of it does not decide."""
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        first, second = factories.director(session), factories.director(session)
        about = factories.denial(session, None)
    said: list[str] = []

    def name_second() -> None:
        with transaction(sessions) as session:
            shown = session.get_one(Denial, about.id)  # held, as a page holds what it shows
            assert shown.director_id is None
            seen.set()
            try:
                desk.name_director(session, about.id, second.id, setup=factories.setup(), by="account:2", now=NOW)
            except Conflict as conflict:
                said.append(conflict.message)

    seen = threading.Event()
    waiting = threading.Thread(target=name_second)
    with transaction(sessions) as session:
        desk.name_director(session, about.id, first.id, setup=factories.setup(), by="account:1", now=NOW)
        session.flush()
        waiting.start()
        assert seen.wait(PATIENCE)
        until_somebody_waits(engine)
    waiting.join(PATIENCE)

    with Session(engine) as session:
        assert session.get_one(Denial, about.id).director_id == first.id
    assert said == ["This denial already has a responsible director. Reassign the request instead, with a reason."]


def test_a_line_that_changed_while_it_was_planned_is_planned_again(engine: Engine) -> None:
    """The planner reads without locking rows; who is withdrawn meanwhile is passed, and the others are booked."""
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        who = factories.director(session)
        asked = []
        for _ in range(2):
            new = factories.request(factories.denial(session, who))
            asked.append(intake.request_consult(session, new, setup=factories.setup(), by="office", now=NOW).consult)
    gone, stays = (consult.id for consult in asked if consult is not None)
    tries = []

    def plan(session: Session) -> int:
        tries.append(len(tries))
        session.get_one(Consult, gone)
        files = casefile.load_line(session, [who.id], setup=factories.setup())
        if len(tries) == 1:
            with transaction(sessions) as other:
                office.withdraw(other, gone, setup=factories.setup(), by="office", now=NOW)
            for file in files:
                file.consult.move_up = True  # as a planner would write what it decided
            session.flush()
        return assignment.assign_queue(session, who.id, setup=factories.setup(), now=NOW)

    assert in_transaction(sessions, plan) == 1

    assert len(tries) == 2
    with Session(engine) as session:
        assert session.get_one(Consult, gone).status is Status.CANCELLED
        assert session.get_one(Consult, stays).status is Status.BOOKED


def until_somebody_waits(engine: Engine) -> None:
    """Return as soon as a statement waits for a lock."""
    waits = text(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    )
    deadline = time.monotonic() + PATIENCE
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.scalar(waits):
            assert time.monotonic() < deadline, "nobody waits for the planner"
