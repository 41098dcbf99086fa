"""Reminders on PostgreSQL: one each, for the time that holds, to those whom it concerns (statements K1 to K5, H5)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from app.config import Settings
from app.consults import assignment, desk, intake, office, reach, reminders
from app.consults.setup import Setup
from app.db import make_sessions, transaction
from app.errors import Conflict
from app.mail import delivery
from app.models import Consult, Director, Message, MessageKind
from app.policies import Policies
from scheduling.policy import Reminders
from scheduling.values import Interval
from tests.support import factories
from tests.support.factories import NOW
from tests.support.smtp import Oracle, oracle

#: Thursday, 10:00 in New York
TALK = datetime(2026, 3, 5, 15, 0, tzinfo=UTC)
A_DAY_BEFORE, AN_HOUR_BEFORE = TALK - timedelta(days=1), TALK - timedelta(hours=1)
SETUP = factories.setup()
OFFICE = "pat@ortho.example"


def test_each_side_is_reminded_a_day_and_an_hour_before_once(sessions: sessionmaker[Session]) -> None:
    """K1, I6: nobody has answered the invitation, and the reminders go."""
    _, who = booked(sessions)

    assert remind(sessions, A_DAY_BEFORE - timedelta(seconds=1)) == 0
    assert remind(sessions, A_DAY_BEFORE) == 2
    assert remind(sessions, A_DAY_BEFORE) == 0
    assert remind(sessions, AN_HOUR_BEFORE) == 2
    assert remind(sessions, TALK) == 0
    assert reminded(sessions) == [(who.email, 1440), (OFFICE, 1440), (who.email, 60), (OFFICE, 60)]


def test_a_reminder_says_all_that_a_call_needs_and_changes_no_calendar(sessions: sessionmaker[Session]) -> None:
    booked(sessions)
    remind(sessions, A_DAY_BEFORE)

    with sessions() as session:
        for message in session.scalars(select(Message).where(Message.kind == MessageKind.REMINDER)):
            assert b"text/calendar" not in message.body
            assert message.subject.startswith("Reminder: ")
            assert message.calendar_uid is None
            text = message.body.decode()
            assert "10:00" in text
            assert "984-555-0142" in text
            assert "Canary" not in text


def test_after_a_cancellation_nobody_is_reminded(sessions: sessionmaker[Session]) -> None:
    """K1."""
    consult_id, _ = booked(sessions)
    with transaction(sessions) as session:
        office.withdraw(session, consult_id, setup=SETUP, by="office", now=NOW + timedelta(hours=1))
    assert remind(sessions, A_DAY_BEFORE) == 0


def test_a_reminder_that_waits_is_not_sent_once_its_talk_is_off(
    sessions: sessionmaker[Session], mail: Oracle, settings: Settings
) -> None:
    """K1: the state is read again at sending."""
    consult_id, _ = booked(sessions)
    remind(sessions, A_DAY_BEFORE)
    with transaction(sessions) as session:
        office.withdraw(session, consult_id, setup=SETUP, by="office", now=A_DAY_BEFORE)

    send(sessions, mail, settings, A_DAY_BEFORE)

    subjects = [str(message["Subject"]) for message in mail.messages()]
    assert not [subject for subject in subjects if "Reminder" in subject]
    with sessions() as session:
        rows = session.scalars(select(Message).where(Message.kind == MessageKind.REMINDER)).all()
        assert [row.superseded_at is not None for row in rows] == [True, True]


def test_a_reminder_that_waits_gives_way_to_an_invitation_to_another_address_or_number(
    sessions: sessionmaker[Session], mail: Oracle, settings: Settings
) -> None:
    """F4: it would go to where the office was, and tell the director a number that holds no more."""
    consult_id, _ = booked(sessions)
    send(sessions, mail, settings, NOW)
    remind(sessions, A_DAY_BEFORE)
    with transaction(sessions) as session:
        told = reach.reach_of(session.get_one(Consult, consult_id))
        moved = replace(told, office_email="front@ortho.example", speaker_phone="984-555-0199")
        reach.change_reach(session, consult_id, moved, setup=SETUP, by="office", now=A_DAY_BEFORE)

    send(sessions, mail, settings, A_DAY_BEFORE)

    assert not [message for message in mail.messages() if "Reminder" in str(message["Subject"])]
    assert remind(sessions, AN_HOUR_BEFORE) == 2


def test_a_reminder_that_could_not_be_sent_before_the_talk_is_dropped(
    sessions: sessionmaker[Session], mail: Oracle, settings: Settings
) -> None:
    """K4."""
    booked(sessions)
    remind(sessions, AN_HOUR_BEFORE)
    send(sessions, mail, settings, TALK)
    assert not [m for m in mail.messages() if "Reminder" in str(m["Subject"])]


def test_a_moved_talk_is_reminded_of_at_its_new_time_alone(sessions: sessionmaker[Session]) -> None:
    """K2."""
    consult_id, _ = booked(sessions)
    later = Interval(TALK + timedelta(days=1), TALK + timedelta(days=1, hours=2))
    with transaction(sessions) as session:
        office.reschedule(session, consult_id, [later], setup=SETUP, by="office", now=NOW + timedelta(hours=1))
    assignment.assign_all(sessions, setup=SETUP, now=NOW + timedelta(hours=1))

    assert remind(sessions, A_DAY_BEFORE) == 0
    assert remind(sessions, TALK) == 2
    with sessions() as session:
        texts = session.scalars(select(Message.body).where(Message.kind == MessageKind.REMINDER)).all()
        assert all(b"6 March" in text or b"March 6" in text for text in texts)


def test_after_a_reassignment_the_new_director_is_reminded_and_the_old_one_is_not(
    sessions: sessionmaker[Session],
) -> None:
    """H5."""
    consult_id, old = booked(sessions)
    with transaction(sessions) as session:
        new = factories.director(session, name="Pia Peer, MD")
        address = new.email
        desk.reassign(session, consult_id, new.id, reason="out", setup=SETUP, by="account:1", now=NOW)
    assignment.assign_all(sessions, setup=SETUP, now=NOW)

    remind(sessions, A_DAY_BEFORE)
    told = [to for to, _ in reminded(sessions)]
    assert sorted(told) == sorted([address, OFFICE])
    assert old.email not in told


def test_another_rule_holds_at_once_and_reminds_once(sessions: sessionmaker[Session]) -> None:
    """K5: the reminder already sent under the old rule is not repeated under the new one."""
    booked(sessions)
    remind(sessions, A_DAY_BEFORE)
    changed = with_reminders(1440, 30)
    assert remind(sessions, AN_HOUR_BEFORE, changed) == 0
    assert remind(sessions, TALK - timedelta(minutes=30), changed) == 2
    assert remind(sessions, TALK - timedelta(minutes=1), changed) == 0


def test_a_sent_reminder_is_not_sent_again(sessions: sessionmaker[Session], mail: Oracle, settings: Settings) -> None:
    booked(sessions)
    remind(sessions, A_DAY_BEFORE)
    send(sessions, mail, settings, A_DAY_BEFORE)
    with sessions() as session:
        row = session.scalars(select(Message).where(Message.kind == MessageKind.REMINDER)).first()
        assert row is not None
    with pytest.raises(Conflict, match="sent once"), transaction(sessions) as session:
        delivery.send_again(session, row.id, by="system", now=A_DAY_BEFORE)


def test_two_at_once_write_one(sessions: sessionmaker[Session]) -> None:
    """House rule 7: what was found due and is written meanwhile is left alone."""
    booked(sessions)
    with sessions() as session:
        found = list(reminders.due_now(session, setup=SETUP, now=A_DAY_BEFORE))
    remind(sessions, A_DAY_BEFORE)
    with transaction(sessions) as session:
        assert [reminders.remind(session, due=each, setup=SETUP, now=A_DAY_BEFORE) for each in found] == [False] * 2


def remind(sessions: sessionmaker[Session], now: datetime, setup: Setup = SETUP) -> int:
    return reminders.remind_all(sessions, setup=setup, now=now)


def reminded(sessions: sessionmaker[Session]) -> list[tuple[str, int | None]]:
    with sessions() as session:
        query = select(Message.address, Message.minutes_before).where(Message.kind == MessageKind.REMINDER)
        return [(address, minutes) for address, minutes in session.execute(query.order_by(Message.id))]


def with_reminders(*minutes: int) -> Setup:
    def other(rules):
        policy = replace(rules.policy, reminders=Reminders(minutes_before=minutes))
        return replace(rules, policy=policy)

    current = {id_: other(rules) for id_, rules in SETUP.policies.current_by_id.items()}
    policies: Policies = replace(SETUP.policies, current_by_id=current)
    return replace(SETUP, policies=policies)


def booked(sessions: sessionmaker[Session]) -> tuple[int, Director]:
    """Have a talk booked for Thursday at ten."""
    with transaction(sessions) as session:
        who = factories.director(session)
        new = factories.request(factories.denial(session, who), windows=(Interval(TALK, TALK + timedelta(hours=1)),))
        asked = intake.request_consult(session, new, setup=SETUP, by="office", now=NOW)
        assert isinstance(asked.consult, Consult)
        consult_id = asked.consult.id
    assignment.assign_all(sessions, setup=SETUP, now=NOW)
    return consult_id, who


def send(sessions: sessionmaker[Session], mail: Oracle, settings: Settings, now: datetime) -> None:
    mine = replace(settings, smtp_url=mail.url, mail_from=factories.DESK.address)
    delivery.deliver_due(sessions, mine, clock=lambda: now)


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return make_sessions(engine)


@pytest.fixture
def mail():
    with oracle() as taken:
        yield taken
