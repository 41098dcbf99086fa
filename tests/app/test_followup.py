"""What follows a decision that was changed (BSP-7): four items, due in business time, each with its proof."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session, sessionmaker

from app.consults import assignment, desk, determination, followup, intake, prereview
from app.consults.followup import Done
from app.errors import Conflict, Invalid
from app.models import Attention, BookingRow, Consult, FollowUp, FollowUpItem, History, Message
from tests.scheduling.build import rules
from tests.support import factories
from tests.support.factories import NOW, setup

EASTERN = ZoneInfo("America/New_York")


def talked(session: Session, outcome: str, *, more: dict | None = None) -> Consult:
    """Let an office ask for a talk with reconsideration, book it, and record what it came to."""
    made = factories.denial(session, factories.director(session))
    asked = factories.request(made, reconsideration=True, **(more or {}))
    consult = intake.request_consult(session, asked, setup=setup(), by="office", now=NOW).consult
    assert consult is not None
    assignment.assign_queue(session, consult.director_id, setup=setup(), now=NOW)
    after = booked(session, consult) + timedelta(minutes=20)
    determination.record_outcome(
        session, consult.id, outcome, "The MRI decides it.", setup=setup(), by="system", now=after
    )
    session.flush()
    return consult


def booked(session: Session, consult: Consult) -> datetime:
    return session.scalars(select(BookingRow.during).where(BookingRow.consult_id == consult.id)).one().lower


def items(session: Session, consult: Consult) -> list[FollowUp]:
    query = select(FollowUp).where(FollowUp.consult_id == consult.id).order_by(FollowUp.id)
    return list(session.scalars(query, execution_options={"populate_existing": True}))


def tasks(session: Session, consult: Consult) -> set[str]:
    """Say what of the follow-up stands before the coordinators."""
    query = select(Attention.reason).where(Attention.consult_id == consult.id, Attention.settled_at.is_(None))
    return {str(reason) for reason in session.scalars(query)} & {"update_the_case", "follow_up_due"}


def makers(session: Session) -> sessionmaker[Session]:
    """Make sessions inside the test's own transaction, for what opens one of its own."""
    connection = session.connection()
    assert isinstance(connection, Connection)
    return sessionmaker(bind=connection, expire_on_commit=False, join_transaction_mode="create_savepoint")


@pytest.mark.parametrize("outcome", ["overturned", "modified", "plan_error"])
def test_a_changed_decision_opens_the_checklist_with_due_times_in_business_days(session: Session, outcome: str) -> None:
    """BSP-7: one business day for the authorization and the provider, two for the member and Appeals."""
    consult = talked(session, outcome)
    opened = items(session, consult)
    assert [row.item for row in opened] == list(FollowUpItem)
    ended = opened[0].opened_at.astimezone(EASTERN).date()
    days = {row.item: (row.due_at.astimezone(EASTERN).date() - ended).days for row in opened}
    assert {row.due_at.astimezone(EASTERN).hour for row in opened} == {17}
    assert days["authorization_changed"] == days["provider_told"] < days["member_notice"] == days["appeals_told"]
    assert tasks(session, consult) == {"update_the_case"}


@pytest.mark.parametrize("outcome", ["upheld"])
def test_a_decision_that_stands_is_followed_by_nothing(session: Session, outcome: str) -> None:
    consult = talked(session, outcome)
    assert (items(session, consult), tasks(session, consult)) == ([], set())


def test_the_nurses_approval_is_followed_by_the_same(session: Session) -> None:
    """NC-6, BSP-7: it tells the office with the cancellation, which is the proof once it is sent."""
    made = factories.denial(session, factories.director(session), urgency="emergent")
    asked = factories.request(made, reconsideration=True)
    consult = intake.request_consult(session, asked, setup=setup(), by="office", now=NOW).consult
    assert consult is not None
    who = factories.nurse(session)
    later = NOW + timedelta(minutes=5)
    prereview.approve(session, consult.id, account_id=who.id, note="Meets 2b.", setup=setup(), now=later)
    session.flush()
    told = next(row for row in items(session, consult) if row.item is FollowUpItem.PROVIDER_TOLD)
    assert told.message_id is not None
    assert session.get_one(Message, told.message_id).recipient == "office"


def test_a_policy_sets_how_fast(session: Session) -> None:
    rulebook = rules("[follow_up]\nauthorization_changed = 0\nmember_notice = 5")
    monday = datetime(2026, 3, 2, 10, tzinfo=EASTERN)
    due = followup.due_times(rulebook, monday)
    assert due["authorization_changed"] == datetime(2026, 3, 2, 17, tzinfo=EASTERN)
    assert due["member_notice"] == datetime(2026, 3, 9, 17, tzinfo=EASTERN)
    after_hours = followup.due_times(rulebook, datetime(2026, 3, 6, 18, tzinfo=EASTERN))
    assert after_hours["authorization_changed"] == datetime(2026, 3, 9, 17, tzinfo=EASTERN), "Friday evening: Monday"


def test_no_item_is_ticked_off_without_proof(session: Session) -> None:
    consult = talked(session, "overturned")
    first = items(session, consult)[0]
    who = factories.nurse(session)
    now = first.opened_at + timedelta(hours=1)
    with pytest.raises(Invalid) as refused:
        followup.tick(session, first.id, Done(at=now, proof=" "), account_id=who.id, now=now)
    assert refused.value.fields == {"proof": "Write down what proves it. Without a proof it stays open."}
    for at in (now + timedelta(minutes=1), first.opened_at - timedelta(minutes=2)):
        with pytest.raises(Invalid):
            followup.tick(session, first.id, Done(at=at, proof="A-1"), account_id=who.id, now=now)
    assert items(session, consult)[0].done_at is None


def test_an_item_done_twice_is_done_once_and_its_proof_is_in_history(session: Session) -> None:
    """A6: the second press changes nothing; M8: who, when and the proof are in the history."""
    consult = talked(session, "overturned")
    first = items(session, consult)[0]
    who = factories.nurse(session)
    now = first.opened_at + timedelta(hours=1)
    followup.tick(session, first.id, Done(at=now, proof="AUTH-77"), account_id=who.id, now=now)
    with pytest.raises(Conflict):
        followup.tick(session, first.id, Done(at=now, proof="AUTH-78"), account_id=who.id, now=now)
    assert (first.done_at, first.done_by, first.proof) == (now, who.id, "AUTH-77")
    (said,) = session.scalars(select(History).where(History.what == "followed_up")).all()
    assert (said.actor, said.details) == (
        f"account:{who.id}",
        {"item": "authorization_changed", "done_at": now.isoformat(), "proof": "AUTH-77"},
    )


def test_the_mail_that_was_sent_proves_that_the_provider_was_told(session: Session) -> None:
    consult = talked(session, "overturned")
    told = items(session, consult)[1]
    now = told.opened_at + timedelta(minutes=3)
    followup.sweep(makers(session), now=now)
    session.expire_all()
    assert items(session, consult)[1].done_at is None, "the mail has not left"
    mail = session.get_one(Message, told.message_id)
    mail.sent_at = told.opened_at + timedelta(minutes=1)
    session.flush()
    assert followup.sweep(makers(session), now=now) == 1
    assert followup.sweep(makers(session), now=now) == 0
    session.expire_all()
    told = items(session, consult)[1]
    assert (told.done_at, told.done_by) == (mail.sent_at, None)
    assert told.proof == f"By mail to pat@ortho.example, Message-ID {mail.message_id}"


def test_an_open_item_is_before_the_coordinators_on_the_morning_of_the_day_it_is_due(session: Session) -> None:
    """Before it is overdue, not after."""
    consult = talked(session, "overturned")
    first = items(session, consult)[0]
    due = first.due_at.astimezone(EASTERN)
    assert first.warn_at == due.replace(hour=8)
    followup.sweep(makers(session), now=first.warn_at - timedelta(seconds=1))
    assert tasks(session, consult) == {"update_the_case"}
    followup.sweep(makers(session), now=first.warn_at)
    assert tasks(session, consult) == {"update_the_case", "follow_up_due"}


def test_the_last_item_settles_the_tasks_and_a_note_does_not(session: Session) -> None:
    consult = talked(session, "overturned")
    who = factories.nurse(session)
    now = items(session, consult)[0].due_at
    followup.sweep(makers(session), now=now)
    session.expire_all()
    for task in session.scalars(select(Attention).where(Attention.consult_id == consult.id)):
        if task.reason in followup.SETTLED_BY_TICKING:
            with pytest.raises(Invalid):
                desk.settle(session, task.id, account_id=who.id, note="done by hand", now=now)
    for row in items(session, consult)[:2]:
        followup.tick(session, row.id, Done(at=now, proof="yes"), account_id=who.id, now=now)
    assert tasks(session, consult) == {"update_the_case"}, "what is due soon is done"
    for row in items(session, consult)[2:]:
        followup.tick(session, row.id, Done(at=now, proof="yes"), account_id=who.id, now=now)
    assert tasks(session, consult) == set()
