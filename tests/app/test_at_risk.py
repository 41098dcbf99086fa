"""A consult that cannot meet its deadline is before a person before the deadline passes, not after."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consults import assignment, at_risk, desk, intake
from app.history import account_actor
from app.models import Attention, AttentionReason, Consult, Director, History
from app.queries import board
from scheduling.business_time import warned_from
from scheduling.values import Interval
from tests.support import factories
from tests.support.factories import NOW, setup

BSP = "blue-shield-promise-medi-cal"
DAY = timedelta(days=1)


def asked(session: Session, who: Director | None, now: datetime = NOW, **more: object) -> Consult:
    """Ask under BSP's policy about a decision of this Monday: to be talked about through Saturday, 7 March."""
    about = {"plan": BSP, "line_of_business": "medi_cal", "dates": {"initial_decision": "2026-03-02T06:00:00-08:00"}}
    made = factories.denial(session, who, **about)
    consult = intake.request_consult(session, factories.request(made, **more), setup=setup(), by="office", now=now)
    assert consult.consult is not None
    return consult.consult


def look(session: Session, now: datetime) -> list[tuple[AttentionReason, str | None]]:
    """Look as the sweep does, in this test's transaction; return what needs a person, with what it waits for."""
    for consult_id in at_risk.near_a_deadline(session, now=now):
        at_risk.warn(session, consult_id, setup(), now)
    for consult_id in at_risk.left_behind(session):
        at_risk.tell_of_the_director(session, consult_id, setup(), now)
    session.flush()
    open_ = select(Attention).where(Attention.settled_at.is_(None)).order_by(Attention.id)
    return [(row.reason, row.details.get("waits")) for row in session.scalars(open_)]


def on_the_board(session: Session, now: datetime) -> list[AttentionReason | None]:
    columns = board.board(session, today=Interval(now, now + DAY), setup=setup(), now=now)
    return [row.at_risk for column in columns for row in (*column.waiting, *column.late)]


def test_a_director_without_any_opening_is_told_of_at_once(session: Session) -> None:
    who = factories.director(session, hours={})
    asked(session, who)
    assignment.assign_queue(session, who.id, setup=setup(), now=NOW)
    assert look(session, NOW) == [(AttentionReason.NO_OPENING_BEFORE_DEADLINE, None)]
    assert on_the_board(session, NOW) == [AttentionReason.NO_OPENING_BEFORE_DEADLINE]


def test_openings_that_all_lie_after_the_deadline_are_told_of_at_once(session: Session) -> None:
    who = factories.director(session, hours={4: [(time(9), time(17))]})
    consult = asked(session, who)
    assignment.assign_queue(session, who.id, setup=setup(), now=NOW)
    assert consult.sla_due == datetime(2026, 3, 4, 1, tzinfo=UTC)
    assert look(session, NOW) == [(AttentionReason.AFTER_DEADLINE, None)]
    assert on_the_board(session, NOW) == [AttentionReason.AFTER_DEADLINE]


@pytest.mark.parametrize("reason", ["awaiting_information", "awaiting_review", "no_director"])
def test_what_waits_for_a_person_is_told_of_while_a_business_day_is_left(session: Session, reason: str) -> None:
    who = factories.director(session)
    consult = asked(session, who)
    consult.sla_due = consult.target_due = None
    if reason == "no_director":
        consult.director_id = None
    else:
        consult.status = reason  # type: ignore[assignment]  # as a policy would have it
    session.flush()
    # through Saturday: Friday is the last business day before it
    friday = datetime(2026, 3, 6, 8, tzinfo=ZoneInfo("America/Los_Angeles"))
    assert consult.occur_by == datetime(2026, 3, 8, 8, tzinfo=UTC)
    assert look(session, friday - timedelta(minutes=1)) == []
    assert look(session, friday) == [(AttentionReason.DEADLINE_NEAR, reason)]
    assert look(session, friday) == [(AttentionReason.DEADLINE_NEAR, reason)], "once"
    assert on_the_board(session, friday) == [AttentionReason.DEADLINE_NEAR]
    said = session.scalars(select(History).where(History.what == "deadline_near")).all()
    assert [row.details["waits"] for row in said] == [reason]


def test_what_a_person_has_settled_is_not_raised_again_for_the_same_deadline(session: Session) -> None:
    nurse, consult = factories.nurse(session), asked(session, None)
    consult.sla_due = consult.target_due = None
    session.flush()
    near = consult.occur_by - timedelta(hours=3)
    look(session, near)
    for task in session.scalars(select(Attention).where(Attention.settled_at.is_(None))):
        desk.settle(session, task.id, account_id=nurse.id, note="The office knows.", now=near)
    session.flush()
    assert look(session, near + timedelta(hours=1)) == []
    consult.occur_by += DAY
    session.flush()
    assert look(session, near + DAY) == [(AttentionReason.DEADLINE_NEAR, "no_director")]


def test_a_deadline_that_becomes_known_after_the_booking_is_told_of(session: Session) -> None:
    who = factories.director(session)
    consult = asked(session, who)
    assignment.assign_queue(session, who.id, setup=setup(), now=NOW)
    consult.sla_due = NOW + timedelta(minutes=1)
    session.flush()
    assert look(session, NOW) == [(AttentionReason.DEADLINE_NEAR, None)]
    assert on_the_board(session, NOW) == [AttentionReason.DEADLINE_NEAR]


def test_advice_calls_for_nobody(session: Session) -> None:
    """`binding = false`: shown, never refuses, never escalates."""
    consult = asked(session, None)
    consult.advisory_deadlines = ["occur_by", "sla", "target"]
    session.flush()
    assert at_risk.near_a_deadline(session, now=consult.occur_by) == []
    (row,) = (row for column in _board(session) for row in column.waiting)
    assert row.due is None


def _board(session: Session) -> list[board.Column]:
    return board.board(session, today=Interval(NOW, NOW + DAY), setup=setup(), now=NOW)


def test_a_case_in_the_line_of_a_director_who_takes_none_any_more_is_told_of(session: Session) -> None:
    who, other = factories.director(session, active=False), factories.director(session, name="Omar Haddad, MD")
    consult, by = asked(session, who), account_actor(factories.nurse(session).id)
    assert (AttentionReason.DIRECTOR_LEFT, None) in look(session, NOW)
    desk.reassign(session, consult.id, other.id, "He has left.", setup=setup(), by=by, now=NOW)
    assert AttentionReason.DIRECTOR_LEFT not in dict(look(session, NOW))


def test_a_whole_business_day_is_left_when_a_person_is_told() -> None:
    rules = setup().policies.current(BSP)
    pacific = ZoneInfo("America/Los_Angeles")

    def told(due: datetime) -> datetime:
        return warned_from(rules, due).astimezone(pacific)

    assert told(datetime(2026, 3, 4, 17, tzinfo=pacific)) == datetime(2026, 3, 3, 8, tzinfo=pacific)
    assert told(datetime(2026, 3, 9, 17, tzinfo=pacific)) == datetime(2026, 3, 6, 8, tzinfo=pacific), "over a weekend"
    assert told(datetime(2026, 3, 8, tzinfo=pacific)) == datetime(2026, 3, 6, 8, tzinfo=pacific), "through Saturday"
