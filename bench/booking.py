"""What one booking costs: the rows of it in bare SQL (the floor), and the use case that plans and writes them."""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from app.consults import assignment, intake
from app.consults.setup import Setup
from app.db import in_transaction, transaction
from app.models import Consult, Denial, Message, MessageKind
from bench.world import add_denials
from scheduling.values import Status
from tests.support import factories

ROUNDS = 200

FLOOR = (
    "select id from director where id = %(director)s for no key update",
    """insert into booking (consult_id, director_id, during, blocked, made_at)
       values (%(consult)s, %(director)s, %(during)s, %(during)s, now())""",
    "update consult set status = 'booked', version = version + 1 where id = %(consult)s",
    """insert into history (denial_id, consult_id, at, what, details, actor)
       values (%(denial)s, %(consult)s, now(), 'booked', '{}', 'system')""",
    *[
        """insert into message (consult_id, recipient, kind, address, message_id, subject, body, created_at,
              next_try_at, attempts, fence, last_error)
          values (%(consult)s, 'office', 'invitation', 'a@b.example', gen_random_uuid()::text, 'subject', %(body)s,
                  now(), 'infinity', 0, 0, '')"""
    ]
    * 2,
)


def measure(sessions: sessionmaker[Session], url: str, setup: Setup) -> dict[str, float]:
    """Return milliseconds at the median: the floor and the use case, on requests of the same shape, in turn."""
    about = add_denials(sessions, directors=ROUNDS, each=2)
    now = datetime.now(UTC)
    with transaction(sessions) as session:
        asked = [ask(session, denial, setup, now) for denial in about]
    body = _a_body(sessions, asked[0].denial_id, setup, now)
    floor, use_case = [], []
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for bare, planned in zip(asked[2::2], asked[3::2], strict=True):
            floor.append(_milliseconds(lambda bare=bare: _bare(connection, bare, body)))
            close(sessions, bare.id)
            line = planned.director_id
            use_case.append(
                _milliseconds(
                    lambda line=line: in_transaction(
                        sessions, lambda session: assignment.assign_queue(session, line, setup=setup, now=now)
                    )
                )
            )
    return {"floor": statistics.median(floor), "use case": statistics.median(use_case)}


def ask(session: Session, denial: Denial, setup: Setup, now: datetime) -> Consult:
    """Take one request down."""
    new = factories.request(denial, received=now, form_key=f"bench-{denial.id}")
    asked = intake.request_consult(session, new, setup=setup, by="office", now=now)
    assert asked.consult is not None, asked.refused
    return asked.consult


def close(sessions: sessionmaker[Session], consult_id: int) -> None:
    """Take the bare consult out of the line, so that the use case plans one request."""
    with transaction(sessions) as session:
        consult = session.get_one(Consult, consult_id)
        consult.status, consult.closed_reason, consult.closed_at = Status.CANCELLED, "bench", datetime.now(UTC)


def _bare(connection: psycopg.Connection, consult: Consult, body: bytes) -> None:
    values = {
        "director": consult.director_id,
        "consult": consult.id,
        "denial": consult.denial_id,
        "during": "[2030-01-01 10:00+00, 2030-01-01 10:30+00)",
        "body": body,
    }
    with connection.transaction():
        for statement in FLOOR:
            connection.execute(statement, values)


def _a_body(sessions: sessionmaker[Session], denial_id: int, setup: Setup, now: datetime) -> bytes:
    """Book once and return the bytes of an invitation, so that the floor writes as much."""
    with transaction(sessions) as session:
        line = session.get_one(Denial, denial_id).director_id
        assignment.assign_queue(session, line, setup=setup, now=now)
    with sessions() as session:
        return session.scalars(select(Message.body).where(Message.kind == MessageKind.INVITATION)).first() or b""


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000
