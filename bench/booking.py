"""What one booking costs: its rows in bare SQL (the floor), and the use case that plans and writes them.

The floor writes what the use case wrote for another request of the same shape, to the byte. That it does is checked
before anything is measured.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session, sessionmaker

from app.consults import assignment, intake
from app.consults.setup import Setup
from app.db import in_transaction, transaction
from app.models import Consult, Denial
from bench.world import add_denials
from tests.support import factories

ROUNDS = 200
TABLES = ("booking", "history", "message")

#: columns that the database fills in, and those that name the request
DRAWN = ("id", "previous_id", "last_id", "xact", "digest")
NAMING = ("denial_id", "consult_id", "director_id", "message_id")
#: what a booking changes of its consult
CHANGED = ("status", "version", "calendar_uid", "calendar_sequence", "announced_booking_id")

Rows = dict[str, list[dict[str, Any]]]
Connection = psycopg.Connection[dict[str, Any]]


def measure(sessions: sessionmaker[Session], url: str, setup: Setup) -> dict[str, float]:
    """Return milliseconds at the median: the floor and the use case, in turn, each on a line of its own."""
    about = add_denials(sessions, directors=2 * ROUNDS + 2, each=1)
    now = datetime.now(UTC)
    with transaction(sessions) as session:
        model, copy, *asked = [ask(session, denial, setup, now) for denial in about]

    def plan(line: int | None) -> None:
        in_transaction(sessions, lambda session: assignment.assign_queue(session, line, setup=setup, now=now))

    floor, use_case = [], []
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True, row_factory=dict_row) as connection:
        written = _written(connection, model, lambda: plan(model.director_id))
        copied = _written(connection, copy, _bare(connection, copy, written))
        assert _without_names(copied) == _without_names(written), "the floor writes the same rows"
        for bare, planned in zip(asked[::2], asked[1::2], strict=True):
            floor.append(_milliseconds(_bare(connection, bare, written)))
            use_case.append(_milliseconds(lambda line=planned.director_id: plan(line)))
    return {"floor": statistics.median(floor), "use case": statistics.median(use_case)}


def ask(session: Session, denial: Denial, setup: Setup, now: datetime) -> Consult:
    """Take one request down."""
    new = factories.request(denial, received=now, form_key=f"bench-{denial.id}")
    asked = intake.request_consult(session, new, setup=setup, by="office", now=now)
    assert asked.consult is not None, asked.refused
    return asked.consult


def _bare(connection: Connection, consult: Consult, written: Rows) -> Callable[[], None]:
    """Prepare the transaction that writes the same rows for another consult; only running it is measured."""
    names = {"consult_id": consult.id, "director_id": consult.director_id, "denial_id": consult.denial_id}
    inserts = []
    for table in TABLES:
        for number, row in enumerate(written[table]):
            named = {name: value for name, value in names.items() if row.get(name) is not None}
            if table == "message":
                named["message_id"] = f"{consult.id:09}-{number}{row['message_id'][11:]}"
            values = {name: _storable(value) for name, value in {**row, **named}.items() if name not in DRAWN}
            columns, places = ", ".join(values), ", ".join(f"%({name})s" for name in values)
            inserts.append((f"insert into {table} ({columns}) values ({places}) returning id", values))
    (booking, values), *others = inserts
    changes = ", ".join(f"{name} = %({name})s" for name in CHANGED)
    changed = {**written["consult"][0], **names}

    def run() -> None:
        with connection.transaction():
            connection.execute("select id from director where id = %(director_id)s for no key update", names)
            made = connection.execute(booking, values).fetchone()
            assert made is not None
            changed["announced_booking_id"] = made["id"]
            connection.execute(f"update consult set {changes} where id = %(consult_id)s", changed)
            for insert, row in others:
                connection.execute(insert, row)

    return run


def _written(connection: Connection, consult: Consult, work: Callable[[], None]) -> Rows:
    """Read the rows that some work writes for a consult."""
    mine = {"consult": consult.id}
    last = {table: connection.execute(f"select coalesce(max(id), 0) as id from {table}").fetchone() for table in TABLES}
    work()
    rows: Rows = {"consult": connection.execute("select * from consult where id = %(consult)s", mine).fetchall()}
    for table in TABLES:
        new = f"select * from {table} where consult_id = %(consult)s and id > %(id)s order by id"
        rows[table] = connection.execute(new, {**mine, **(last[table] or {})}).fetchall()
    return rows


def _without_names(rows: Rows) -> Rows:
    consult = [{name: row[name] for name in CHANGED if name != "announced_booking_id"} for row in rows["consult"]]
    others = {
        table: [{name: value for name, value in row.items() if name not in (*DRAWN, *NAMING)} for row in rows[table]]
        for table in TABLES
    }
    return {"consult": consult, **others}


def _storable(value: object) -> object:
    return Jsonb(value) if isinstance(value, dict) else value


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000
