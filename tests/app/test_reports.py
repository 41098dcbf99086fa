"""The report counts what happened: in time or not and why, how long it took, what came of it, who was not there."""

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.consults import assignment, determination, intake, office, telephone
from app.models import BookingRow, Consult, Director
from app.queries import reports
from app.queries.reports import By, Report
from scheduling.values import Interval
from tests.support import factories
from tests.support.factories import NOW, setup

BSP = "blue-shield-promise-medi-cal"
SAY = {"setup": setup(), "by": "system"}


def ask(session: Session, who: Director, at: datetime = NOW, **more: object) -> Consult:
    """Ask under BSP's policy about a decision of that day; on Monday a talk is owed by Tuesday, 5 pm Pacific."""
    made = factories.denial(
        session,
        who,
        plan=BSP,
        line_of_business="medi_cal",
        dates={"initial_decision": at.replace(hour=12, minute=0).isoformat()},
    )
    consult = intake.request_consult(session, factories.request(made, received=at, **more), **SAY, now=at).consult
    assert consult is not None
    assignment.assign_queue(session, who.id, setup=setup(), now=at)
    session.flush()
    return consult


def talk(session: Session, consult: Consult, outcome: str = "upheld") -> timedelta:
    """Let the booked call take place; return how long after the request."""
    start = session.query(BookingRow).filter_by(consult_id=consult.id, released_at=None).one().during.lower
    determination.record_outcome(session, consult.id, outcome, "because", **SAY, now=start + timedelta(minutes=20))
    session.flush()
    return start - consult.received_at


def count(session: Session, by: By, now: datetime = NOW + timedelta(days=10)) -> Report:
    period = Interval(NOW - timedelta(days=1), NOW + timedelta(days=20))
    return reports.report(session, period, by, zone="America/New_York", now=now)


@pytest.fixture
def two(session: Session) -> tuple[Director, Director]:
    """One who is there every day, one on Fridays only."""
    daily = factories.director(session, name="Daily, MD")
    return daily, factories.director(session, name="Friday, MD", hours={4: [(time(9), time(17))]})


def test_late_has_a_cause_and_only_the_plans_counts_against_it(
    session: Session, two: tuple[Director, Director]
) -> None:
    daily, friday = two
    talk(session, ask(session, daily))
    talk(session, ask(session, friday), "overturned")
    thursday = Interval(NOW + timedelta(days=3), NOW + timedelta(days=4))
    ask(session, daily, windows=(thursday,))
    report = count(session, By.DIRECTOR)
    assert [line.name for line in report.lines] == ["Daily, MD", "Friday, MD"]
    sla = {line.name: line.deadlines["sla"] for line in report.lines}
    assert (sla["Daily, MD"].in_time, sla["Daily, MD"].late["office_windows"]) == (1, 1)
    assert sla["Daily, MD"].against_the_plan == 0
    assert (sla["Friday, MD"].in_time, sla["Friday, MD"].late["plan"]) == (0, 1)
    assert sla["Friday, MD"].against_the_plan == 1
    total = report.total.deadlines["sla"]
    assert (total.in_time, total.all_late, total.late["plan"], total.coming) == (1, 2, 1, 0)
    assert count(session, By.DIRECTOR, now=NOW + timedelta(hours=1)).total.deadlines["sla"].coming == 1


def test_time_to_consult_is_the_median_and_the_ninetieth_without_what_was_outside_the_queue(
    session: Session, two: tuple[Director, Director]
) -> None:
    daily, _ = two
    took = sorted(talk(session, ask(session, daily, NOW + timedelta(minutes=minute))) for minute in (0, 7, 90))
    made = factories.denial(session, daily)
    telephone.record_talk(
        session,
        factories.request(made),
        daily.id,
        "discussed",
        "They talked.",
        took_place_at=NOW + timedelta(days=5),
        **SAY,
        now=NOW + timedelta(days=6),
    )
    session.flush()
    total = count(session, By.PLAN).total
    assert (total.asked, total.talked, total.outside_queue) == (4, 4, 1)
    assert total.median == took[1]
    assert total.ninetieth == took[1] + (took[2] - took[1]) * 0.8


def test_outcomes_absences_and_weeks(session: Session, two: tuple[Director, Director]) -> None:
    daily, _ = two
    talk(session, ask(session, daily))
    office.withdraw(session, ask(session, daily).id, **SAY, now=NOW)
    missed = ask(session, daily, NOW + timedelta(days=7))
    start = session.query(BookingRow).filter_by(consult_id=missed.id, released_at=None).one().during.lower
    for who in ("office", "office", "director"):
        assignment.assign_queue(session, daily.id, setup=setup(), now=start)
        live = session.query(BookingRow).filter_by(consult_id=missed.id, released_at=None).one()
        determination.record_absence(session, missed.id, who, **SAY, now=live.during.lower + timedelta(minutes=1))
    session.flush()
    report = count(session, By.WEEK)
    assert [line.key for line in report.lines] == ["2026-03-02", "2026-03-09"]
    first, second = report.lines
    assert (first.outcomes["upheld"], first.outcomes["withdrawn_by_office"], first.outcomes["open"]) == (1, 1, 0)
    assert (second.outcomes["open"], second.office_absent, second.director_absent) == (1, 2, 1)
    assert sum(report.total.outcomes.values()) == report.total.asked == 3


def test_a_talk_with_a_designated_peer_is_counted_as_one(session: Session) -> None:
    """BSP-5."""
    peer = factories.director(session, name="Peer, MD")
    lee = factories.director(session, hours={}, peers=(peer,))
    talk(session, ask(session, lee))
    (line,) = count(session, By.DIRECTOR).lines
    assert (line.name, line.by_peer) == (lee.name, 1)


def test_it_costs_three_statements_however_many_there_are(session: Session, two: tuple[Director, Director]) -> None:
    daily, _ = two
    for _ in range(4):
        ask(session, daily)
    statements: list[str] = []

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        statements.append(statement)

    event.listen(session.bind, "before_cursor_execute", note)
    count(session, By.PLAN)
    event.remove(session.bind, "before_cursor_execute", note)
    assert len(statements) == 3


def test_an_empty_period_is_an_empty_report(session: Session) -> None:
    report = count(session, By.PLAN)
    assert (report.lines, report.total.asked, report.total.median) == ((), 0, None)
