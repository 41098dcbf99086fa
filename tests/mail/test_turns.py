"""A turn of the deliverer: what it does with a server that lets nobody in, and with what changes under its hands."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from app.config import Settings
from app.consults import assignment, office
from app.db import make_sessions, transaction
from app.mail import delivery
from scheduling.values import Interval
from tests.support import factories
from tests.support.factories import NOW
from tests.support.recipients import booked_consult, later, messages, state, told
from tests.support.scripted_smtp import Scripted, Trick, scripted

SETUP = factories.setup()


@pytest.mark.parametrize("step", ["554 go away", "421 later", Trick.DROP])
def test_a_server_that_lets_nobody_in_costs_one_message_one_try(
    step: str | Trick, server: Scripted, mine: Settings, sessions: sessionmaker[Session]
) -> None:
    """The others are not tried in vain: a server that is down for a day gives up no mail."""
    book(sessions, 3)
    server.script["greeting"] = [step] * 9

    assert delivery.deliver_due(sessions, mine, clock=lambda: NOW) == 0

    assert server.connections == 1
    with sessions() as session:
        assert [message.attempts for message in messages(session)] == [1] + [0] * 8
    server.script["greeting"] = []
    assert delivery.deliver_due(sessions, mine, clock=lambda: later(1)) == 9


def test_a_turn_ends_before_the_task_would_be_killed(
    server: Scripted, mine: Settings, sessions: sessionmaker[Session]
) -> None:
    book(sessions, 3)
    ticks = count()

    def clock() -> datetime:
        return NOW + timedelta(seconds=5 * next(ticks))

    assert 0 < delivery.deliver_due(sessions, mine, clock=clock) < 9
    with sessions() as session:
        assert {state(message) for message in messages(session)} == {"sent", "waiting"}
        assert not [message for message in messages(session) if message.lease_until]


def test_what_changes_while_the_server_is_called_is_not_sent_as_it_was(
    server: Scripted, mine: Settings, sessions: sessionmaker[Session]
) -> None:
    """F8, F12: the older version is dropped with the server listening, and the newer one leaves in its place."""
    (consult_id, director_email), *_ = book(sessions, 1)
    with transaction(sessions) as session:
        for message in messages(session, "pat@ortho.example"):
            message.next_try_at = later(1)

    def change() -> None:
        server.before.clear()
        with transaction(sessions) as session:
            window = Interval(NOW + timedelta(days=3), NOW + timedelta(days=3, hours=2))
            office.reschedule(session, consult_id, [window], setup=SETUP, by="office", now=NOW)
        assignment.assign_all(sessions, setup=SETUP, now=NOW)

    server.before["greeting"] = change
    delivery.deliver_due(sessions, mine, clock=lambda: later(1))

    with sessions() as session:
        assert told(session, director_email) == [("invitation", 0, "superseded"), ("invitation", 1, "sent")]
    assert len([recipient for _, recipient, _ in server.taken if recipient == director_email]) == 1


def test_the_envelope_is_the_service_and_one_recipient(
    server: Scripted, mine: Settings, sessions: sessionmaker[Session]
) -> None:
    """Explicit, never read from headers, so that nothing in a mail widens its delivery."""
    ((_, director_email),) = book(sessions, 1)
    delivery.deliver_due(sessions, mine, clock=lambda: NOW)

    assert {sender for sender, _, _ in server.taken} == {mine.mail_from}
    assert {recipient for _, recipient, _ in server.taken} == {director_email, "pat@ortho.example"}


def book(sessions: sessionmaker[Session], how_many: int) -> list[tuple[int, str]]:
    """Book consults, each with a director of its own; three messages come of each."""
    with transaction(sessions) as session:
        booked = [booked_consult(session) for _ in range(how_many)]
        return [(consult.id, who.email) for consult, who in booked]


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return make_sessions(engine)


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as running:
        yield running


@pytest.fixture
def mine(settings: Settings, server: Scripted) -> Settings:
    return replace(settings, smtp_url=f"smtp://127.0.0.1:{server.port}")
