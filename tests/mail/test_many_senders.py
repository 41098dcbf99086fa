"""Several senders at once, and senders that are killed, as processes with real commits (F7, J1, J5)."""

import multiprocessing
import os
import random
import signal
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session, sessionmaker

from app.config import Settings
from app.consults import office
from app.db import make_engine, make_sessions, transaction
from app.mail import delivery
from app.models import Consult, Message
from scheduling.values import Interval
from tests.support import factories
from tests.support.factories import NOW
from tests.support.recipients import booked_consult, later, messages, state
from tests.support.scripted_smtp import Scripted, scripted
from tests.support.smtp import oracle

SENDERS = 4
CASES = 12
#: minutes at which a message that is put off again and again is due
TURNS = (0, 1, 3, 8, 23, 83, 143, 203)
DAY = 24 * 60
PATIENCE = 60


def test_four_senders_send_each_message_once_and_each_lane_in_order(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    """F7, J5: with a server that puts off every third message, invitations and then cancellations."""
    with oracle() as mail:
        mail.script = script()
        window = Interval(later(3 * 24 * 60), later(3 * 24 * 60 + 120))
        with transaction(sessions) as session:
            cases = [booked_consult(session, windows=(window,))[0].id for _ in range(CASES)]
        send_with_many(replace(settings, smtp_url=mail.url), start_at=0)
        mail.script = script()
        with transaction(sessions) as session:
            for consult_id in cases:
                office.withdraw(session, consult_id, setup=factories.setup(), by="office", now=later(DAY))
        send_with_many(replace(settings, smtp_url=mail.url), start_at=DAY)
        taken = list(mail.taken)

    with sessions() as session:
        written = messages(session)
        lanes = {message.message_id: (message.consult_id, message.address) for message in written}
    assert {state(message) for message in written} == {"sent"}
    ids = [message_from_bytes(content, policy=policy.default)["Message-ID"].strip("<>") for _, content in taken]
    assert Counter(ids) == Counter(message.message_id for message in written)
    left = defaultdict(list)
    for message_id in ids:
        left[lanes[message_id]].append(message_id)
    for lane, in_order in left.items():
        assert in_order == [m.message_id for m in written if (m.consult_id, m.address) == lane]


@pytest.mark.parametrize("phase", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_sender_killed_before_the_dot_is_made_up_for_once(
    phase: str, server: Scripted, one_message: bytes, mine: Settings, sessions: sessionmaker[Session]
) -> None:
    """J1: in every other kill point exactly one."""
    sender = start(send_once, mine)
    server.before[phase] = lambda: os.kill(sender.process.pid or 0, signal.SIGKILL)
    go_on(sender, server)

    assert send_now(sessions, mine, minutes=1) == 0
    assert send_now(sessions, mine, minutes=2) == 1
    assert [content for _, _, content in server.taken] == [one_message]


def test_a_sender_killed_before_it_hears_the_answer_leads_to_the_same_bytes_again(
    server: Scripted, one_message: bytes, mine: Settings, sessions: sessionmaker[Session]
) -> None:
    """J1: never zero, at most one more, and it is the same message."""
    sender = start(send_once, mine)
    server.before["content"] = lambda: os.kill(sender.process.pid or 0, signal.SIGKILL)
    go_on(sender, server)

    send_now(sessions, mine, minutes=2)
    assert [content for _, _, content in server.taken] == [one_message, one_message]


def test_a_sender_killed_between_the_answer_and_the_mark_leads_to_the_same_bytes_again(
    server: Scripted, one_message: bytes, mine: Settings, engine: Engine, sessions: sessionmaker[Session]
) -> None:
    """J1: it has heard the 250 and waits for its row when it dies."""
    with Session(engine) as other:
        sender = start(send_once, mine)
        server.before["content"] = lambda: other.execute(select(Message.id).with_for_update()) and None
        sender.go.set()
        wait_until(lambda: somebody_waits(engine))
        kill(sender)
        other.rollback()
    server.before.clear()

    assert send_now(sessions, mine, minutes=2) == 1
    assert [content for _, _, content in server.taken] == [one_message, one_message]


def test_a_sender_that_was_frozen_past_its_lease_sends_nothing_more(
    server: Scripted, one_message: bytes, mine: Settings, sessions: sessionmaker[Session]
) -> None:
    """Fault matrix F3: another has sent it meanwhile; the late one must not, and must not mark it."""
    sender = start(send_once, mine)
    server.before["RCPT"] = lambda: os.kill(sender.process.pid or 0, signal.SIGSTOP)
    sender.go.set()
    wait_until(lambda: "RCPT" in server.seen)
    server.before.clear()
    with scripted() as second:
        assert send_now(sessions, replace(mine, smtp_url=f"smtp://127.0.0.1:{second.port}"), minutes=2) == 1
        with sessions() as session:
            marked = messages(session)[0].sent_at
        os.kill(sender.process.pid or 0, signal.SIGCONT)
        sender.process.join(PATIENCE)

    assert [content for _, _, content in second.taken] == [one_message]
    with sessions() as session:
        assert messages(session)[0].sent_at == marked == later(2)


def script() -> list[str]:
    """Answer as a server does that puts off every third message, by chance, for a while."""
    chance = random.Random(7)
    return [chance.choice(["250 OK", "250 OK", "451 later"]) for _ in range(CASES * 3)]


class Sender:
    """A process that sends once it is told to."""

    def __init__(self, process: BaseProcess, go: threading.Event) -> None:
        self.process = process
        self.go = go


def start(target: Callable[..., None], settings: Settings) -> Sender:
    """Start a process that waits for its word."""
    context = multiprocessing.get_context("spawn")
    go = context.Event()
    process = context.Process(target=target, args=(settings, go), daemon=True)
    process.start()
    return Sender(process, go)  # type: ignore[arg-type]  # it waits and sets as a thread's does


def go_on(sender: Sender, server: Scripted) -> None:
    """Give the word, see the process die, and let the server answer from then on."""
    sender.go.set()
    sender.process.join(PATIENCE)
    assert sender.process.exitcode == -signal.SIGKILL
    server.before.clear()


def kill(sender: Sender) -> None:
    """Kill a sender and see to it that it is dead."""
    os.kill(sender.process.pid or 0, signal.SIGKILL)
    sender.process.join(PATIENCE)


def send_once(settings: Settings, go: threading.Event) -> None:
    """Send what is due at the first instant."""
    go.wait(PATIENCE)
    sessions = make_sessions(make_engine(settings.database_url, pool_size=1))
    delivery.deliver_due(sessions, settings, clock=lambda: NOW)


def send_now(sessions: sessionmaker[Session], settings: Settings, *, minutes: float) -> int:
    """Send what is due at an instant, in this process."""
    return delivery.deliver_due(sessions, settings, clock=lambda: later(minutes))


def send_with_many(settings: Settings, *, start_at: int) -> None:
    """Let several processes send, at one minute of the clock after the other."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(SENDERS)
    processes = [context.Process(target=send_at_each, args=(settings, barrier, start_at)) for _ in range(SENDERS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
    assert [process.exitcode for process in processes] == [0] * SENDERS


def send_at_each(settings: Settings, barrier: Barrier, start_at: int) -> None:
    """Send what is due at each turn, all processes at the same."""
    sessions = make_sessions(make_engine(settings.database_url, pool_size=1))
    for minutes in TURNS:
        barrier.wait(PATIENCE)
        now = later(start_at + minutes)
        delivery.deliver_due(sessions, settings, clock=lambda now=now: now)


def somebody_waits(engine: Engine) -> bool:
    """Tell whether a statement waits for a row."""
    with engine.connect() as connection:
        waits = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
        return bool(connection.scalar(waits))


def wait_until(holds: Callable[[], bool]) -> None:
    """Look again and again until something holds."""
    for _ in range(PATIENCE * 100):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came to pass")


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


@pytest.fixture
def one_message(sessions: sessionmaker[Session]) -> bytes:
    """Write one acknowledgement and give its bytes."""
    with transaction(sessions) as session:
        booked_consult(session, who=factories.director(session, hours={}))
    with sessions() as session:
        assert session.scalars(select(Consult)).one()
        (message,) = messages(session)
        return message.body
