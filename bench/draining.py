"""How fast queued mail leaves through two senders, one of which is killed, and whether all of it arrives in order.

Every lane has several messages. What the killed sender had in hand is taken up when its lease has run out; nobody
waits for that here, the clock is turned on instead.
"""

import multiprocessing
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Visit
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session, sessionmaker

from app.clock import utcnow
from app.config import Settings
from app.consults import assignment
from app.consults.setup import Setup
from app.db import make_engine, make_sessions, transaction
from app.dev.ports import free_port
from app.mail import delivery
from app.models import Message, MessageKind, Recipient
from bench.booking import ask
from bench.world import add_denials

SENDERS = 2
#: messages of one lane, and how many are put into the queue at a time
LANE = 4
BATCH = 1000
PATIENCE = 1800

#: an address and a Message-ID
Sent = tuple[str, str]

#: processes of their own, as the mailers are
_processes = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What came of a queue. `twice`: copies, to the byte, of what the killed sender may or may not have sent."""

    a_second: float
    lost: int
    out_of_order: int
    twice: int


def measure(sessions: sessionmaker[Session], settings: Settings, setup: Setup, *, messages: int) -> Drained:
    """Let two processes send a queue, kill one when a third has left, and compare the queue with what arrived."""
    queued = _queue(sessions, setup, messages)
    with _server() as (url, taken):
        to_it = replace(settings, smtp_url=url)
        senders = [_processes.Process(target=_send, args=(to_it,), daemon=True) for _ in range(SENDERS)]
        started = time.perf_counter()
        for sender in senders:
            sender.start()
        while _sent(sessions) < messages // 3:
            time.sleep(0.05)
        senders[0].kill()
        for sender in senders:
            sender.join(PATIENCE)
        seconds = time.perf_counter() - started
        sent = _sent(sessions)
        delivery.deliver_due(sessions, to_it, clock=lambda: utcnow() + delivery.LEASE)
        arrived = taken()
    first = list(dict.fromkeys(arrived))
    wanted, found = _lanes(queued), _lanes(first)
    return Drained(
        a_second=sent / seconds,
        lost=len(set(queued) - set(first)),
        out_of_order=sum(found.get(lane) != ids for lane, ids in wanted.items()),
        twice=len(arrived) - len(first),
    )


def _queue(sessions: sessionmaker[Session], setup: Setup, messages: int) -> list[Sent]:
    """Queue copies of one invitation, each with its own Message-ID, the messages of a lane far apart."""
    (denial,) = add_denials(sessions, directors=1, each=1)
    now = datetime.now(UTC)
    with transaction(sessions) as session:
        consult = ask(session, denial, setup, now)
        assignment.assign_queue(session, consult.director_id, setup=setup, now=now)
        model = session.scalars(select(Message).where(Message.kind == MessageKind.INVITATION)).all()[0]
        session.execute(delete(Message))
    lanes = max(1, messages // LANE)
    queued = [(f"lane{number % lanes}@drain.example", f"{number:09}@plan.example") for number in range(messages)]
    rows = [
        {
            "consult_id": consult.id,
            "recipient": Recipient.OFFICE,
            "kind": MessageKind.NOTICE,
            "address": address,
            "message_id": message_id,
            "subject": model.subject,
            "body": model.body.replace(model.message_id.encode(), message_id.encode()),
            "created_at": now,
            "next_try_at": now,
        }
        for address, message_id in queued
    ]
    for start in range(0, messages, BATCH):
        with transaction(sessions) as session:
            session.execute(insert(Message), rows[start : start + BATCH])
    return queued


def _send(settings: Settings) -> None:
    """Do as a mailer does, turn after turn, until nothing is due."""
    engine = make_engine(settings.database_url, pool_size=1)
    while delivery.deliver_due(make_sessions(engine), settings, clock=utcnow):
        pass
    engine.dispose()


def _sent(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return session.scalars(select(func.count()).where(Message.sent_at.is_not(None))).one()


def _lanes(sent: Iterable[Sent]) -> dict[str, list[str]]:
    lanes: dict[str, list[str]] = {}
    for address, message_id in sent:
        lanes.setdefault(address, []).append(message_id)
    return lanes


@contextmanager
def _server() -> Iterator[tuple[str, Callable[[], list[Sent]]]]:
    """Run an SMTP server in a process of its own; give its address, and a function that stops it and tells its mail."""
    ours, theirs = _processes.Pipe()
    port = free_port()
    process = _processes.Process(target=_serve, args=(port, theirs), daemon=True)
    process.start()
    ours.recv()

    def taken() -> list[Sent]:
        ours.send("stop")
        return list(ours.recv())

    yield f"smtp://127.0.0.1:{port}", taken
    process.join(PATIENCE)


def _serve(port: int, pipe: Connection) -> None:
    taking = _Taking()
    controller = Controller(taking, hostname="127.0.0.1", port=port)
    controller.start()
    pipe.send("ready")
    pipe.recv()
    controller.stop()
    pipe.send(taking.taken)


class _Taking:
    """Takes all mail and keeps who got what."""

    def __init__(self) -> None:
        self.taken: list[Sent] = []

    async def handle_DATA(self, server: SMTP, session: Visit, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's
        """Answer the dot."""
        found = re.search(rb"^Message-ID: <(.+)>\r$", envelope.original_content or b"", re.MULTILINE)
        assert found is not None
        self.taken.append((envelope.rcpt_tos[0], found[1].decode()))
        return "250 OK"
