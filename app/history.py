"""The history of cases and of directors' time: one row for each change, in its transaction, never altered."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.models import History
from app.models.base import table
from scheduling.record import Record

SYSTEM = "system"
OFFICE = "office"

#: the row of what changed of a consult's standing where no happening tells of it
CHANGED = "changed"
#: the row of a director's time as it is from now on
TIME = "director_time"

#: a row is written at once and never looked at again by whoever wrote it: the table serves, an object would not
_ROW = insert(table(History)).inline()


def account_actor(account_id: int) -> str:
    """Name an account as the one who did something."""
    return f"account:{account_id}"


def account_of(actor: str) -> int | None:
    """Say which account did something, if one did."""
    return int(actor.removeprefix("account:")) if actor.startswith("account:") else None


def write(
    session: Session,
    *,
    denial_id: int,
    consult_id: int | None,
    what: str,
    details: Mapping[str, object],
    by: str,
    now: datetime,
    standing: Record | None = None,
    seen: str | None = None,
) -> None:
    """Add one row to the history of a case. `details` holds ids, instants and words, nothing about a patient (M5).

    `standing`: what changed with it of how the consult stands (`scheduling.record`). `seen`: the snapshot of the
    database in which whoever decided had read the line.
    """
    row = {
        "denial_id": denial_id,
        "consult_id": consult_id,
        "at": now,
        "what": str(what),
        "details": {key: plain(value) for key, value in details.items()},
        "actor": by,
        "standing": dict(standing) if standing else None,
        "seen": seen,
    }
    session.connection().execute(_ROW, row)


def write_time(session: Session, director_id: int, record: Record, *, by: str, now: datetime) -> None:
    """Add one row to the history of a director: his time, and who he may stand in for, from now on."""
    row = {"director_id": director_id, "at": now, "what": TIME, "details": {}, "actor": by, "standing": dict(record)}
    session.connection().execute(_ROW, row)


def plain(value: object) -> Any:
    """Turn a value into what JSON can hold: instants in ISO 8601 with offset, enums by value."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list | frozenset):
        return [plain(item) for item in value]
    return value
