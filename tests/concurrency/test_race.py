"""Sixteen processes and one director: what may never happen, with real commits (statements A1 to A5, A14, L3)."""

import multiprocessing
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import directors
from app.consults import assignment, intake
from app.consults.casefile import open_consult_of
from app.db import in_transaction, is_taken, make_engine, make_sessions, transaction
from app.models import BookingRow, Consult, Denial, Director, History
from scheduling.values import Interval, Status
from tests.support import factories, verified
from tests.support.factories import NOW

PLANNERS = 16
ROUNDS = 50
PATIENCE = 120

#: 10:00 to 10:30 and 10:15 to 10:45 on the Tuesday, in New York
SLOT = Interval(datetime(2026, 3, 3, 15, 0, tzinfo=UTC), datetime(2026, 3, 3, 15, 30, tzinfo=UTC))
LATER = Interval(SLOT.start + timedelta(minutes=15), SLOT.end + timedelta(minutes=15))


def test_sixteen_planners_and_one_opening_give_one_booking_fifty_times(engine: Engine, database_url: str) -> None:
    """A1, A2, A4, L3: one row a round, everybody else waits with a reason, and no deadlock."""
    rounds = arrange(engine)
    before = deadlocks(engine)

    codes = race(database_url, rounds)

    assert codes == [0] * PLANNERS
    with Session(engine) as session:
        booked = select(BookingRow.director_id, func.count()).where(BookingRow.released_at.is_(None))
        assert {count for _, count in session.execute(booked.group_by(BookingRow.director_id))} == {1}
        assert session.scalar(select(func.count(BookingRow.id))) == ROUNDS
        assert session.scalar(select(func.count(Consult.id))) == ROUNDS * PLANNERS
        waiting = select(Consult.unplaced_reason).where(Consult.status == Status.WAITING)
        assert list(session.scalars(waiting)) == ["no_opening_in_windows"] * (ROUNDS * (PLANNERS - 1))
        assert overlaps(session) == 0
        assert verified.exceptions(session, setup=factories.setup()) == []
    assert deadlocks(engine) == before


def arrange(engine: Engine) -> list[list[tuple[int, int]]]:
    """Make a director and sixteen denials for each round; return their ids."""
    with transaction(make_sessions(engine)) as session:
        rounds = []
        for _ in range(ROUNDS):
            who = factories.director(session)
            directors.note_change(session, who.id, by="system", now=NOW)
            rounds.append([(who.id, factories.denial(session, who).id) for _ in range(PLANNERS)])
        return rounds


def race(database_url: str, rounds: list[list[tuple[int, int]]]) -> list[int | None]:
    """Let each process ask and plan in every round, all at the same moment; return their exit codes."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PLANNERS)
    lanes = [[each[number] for each in rounds] for number in range(PLANNERS)]
    processes = [
        context.Process(target=ask_and_plan, args=(database_url, lane, number, barrier))
        for number, lane in enumerate(lanes)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
    return [process.exitcode for process in processes]


def ask_and_plan(url: str, lane: Sequence[tuple[int, int]], number: int, barrier: Barrier) -> None:
    """Ask for the one opening, or for one that overlaps it, and plan the line, in each round."""
    sessions = make_sessions(make_engine(url, pool_size=1))
    setup = factories.setup()
    window = SLOT if number % 2 else LATER
    for director_id, denial_id in lane:
        barrier.wait(PATIENCE)

        def ask(session: Session, denial_id: int = denial_id) -> None:
            new = factories.request(session.get_one(Denial, denial_id), form_key=f"form-{denial_id}", windows=(window,))
            intake.request_consult(session, new, setup=setup, by="office", now=NOW)

        def plan(session: Session, director_id: int = director_id) -> int:
            return assignment.assign_queue(session, director_id, setup=setup, now=NOW)

        in_transaction(sessions, ask)
        in_transaction(sessions, plan)


def deadlocks(engine: Engine) -> int:
    """Read how many deadlocks PostgreSQL has broken in this database."""
    with engine.connect() as connection:
        connection.execute(text("select pg_stat_clear_snapshot()"))
        return int(
            connection.scalar(text("select deadlocks from pg_stat_database where datname = current_database()")) or 0
        )


def overlaps(session: Session) -> int:
    """Count live bookings of one director that overlap, without the help of the constraint."""
    pairs = text(
        "select count(*) from booking a join booking b on a.director_id = b.director_id and a.id < b.id"
        " and a.blocked && b.blocked where a.released_at is null and b.released_at is null"
    )
    return int(session.scalar(pairs) or 0)


def test_planning_a_line_again_changes_nothing(engine: Engine) -> None:
    """House rule 7: twice is once."""
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        who = factories.director(session)
        new = factories.request(factories.denial(session, who))
        intake.request_consult(session, new, setup=factories.setup(), by="office", now=NOW)

    first = assignment.assign_all(sessions, setup=factories.setup(), now=NOW)
    with sessions() as session:
        rows = session.scalar(select(func.count(History.id)))
    second = assignment.assign_all(sessions, setup=factories.setup(), now=NOW)

    assert (first, second) == (1, 0)
    with sessions() as session:
        assert session.scalar(select(func.count(History.id))) == rows


def test_with_one_director_locked_the_seven_others_are_planned(engine: Engine) -> None:
    """A14: lines of two directors do not wait for one another."""
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        people = [factories.director(session) for _ in range(8)]
        for who in people:
            new = factories.request(factories.denial(session, who))
            intake.request_consult(session, new, setup=factories.setup(), by="office", now=NOW)
        ids = [who.id for who in people]

    with sessions() as holder, holder.begin():
        holder.execute(text("select 1 from director where id = :id for no key update"), {"id": ids[0]})
        for director_id in ids[1:]:
            with transaction(sessions) as session:
                assert assignment.assign_queue(session, director_id, setup=factories.setup(), now=NOW) == 1


def test_intake_does_not_wait_for_the_planner(engine: Engine) -> None:
    """Decided 3: the director's lock is NO KEY, so a request can come in while the line is planned."""
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        who = factories.director(session)
        about = factories.denial(session, who)

    with sessions() as planner, planner.begin():
        assignment.lock_for_planning(planner, who.id, setup=factories.setup())
        with transaction(sessions) as session:
            new = factories.request(about)
            intake.request_consult(session, new, setup=factories.setup(), by="office", now=NOW)
            assert open_consult_of(session, about.id) is not None


def booking(session: Session, who: Director, start: datetime, minutes: int) -> BookingRow:
    """Write a booking straight into the table, past all rules."""
    asked = intake.request_consult(
        session, factories.request(factories.denial(session, who)), setup=factories.setup(), by="office", now=NOW
    )
    assert asked.consult is not None
    during = Range(start, start + timedelta(minutes=minutes), bounds="[)")
    row = BookingRow(consult_id=asked.consult.id, director_id=who.id, during=during, blocked=during, made_at=NOW)
    session.add(row)
    session.flush()
    return row


def test_the_database_itself_refuses_an_overlap(session: Session) -> None:
    """A5: whoever writes the row, the table refuses it."""
    who = factories.director(session)
    booking(session, who, SLOT.start, 30)

    with pytest.raises(IntegrityError) as refused:
        booking(session, who, SLOT.start + timedelta(minutes=10), 20)

    assert is_taken(refused.value)


def test_neighbouring_times_are_no_overlap(session: Session) -> None:
    """A3: intervals are half open."""
    who = factories.director(session)
    first = booking(session, who, SLOT.start, 30)
    second = booking(session, who, SLOT.end, 30)

    assert first.director_id == second.director_id


def test_an_empty_time_is_refused(session: Session) -> None:
    """Decided 4: empty ranges would slip through an exclusion constraint."""
    with pytest.raises(IntegrityError, match="_sane"):
        booking(session, factories.director(session), SLOT.start, 0)
