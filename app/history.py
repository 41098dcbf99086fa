"""The history of a case: one row for each happening, in the transaction of the change, never altered."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy.orm import Session

from app.models import History

SYSTEM = "system"
OFFICE = "office"


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
) -> None:
    """Add one row to the history of a case. `details` holds ids, instants and words, nothing about a patient (M5)."""
    session.add(
        History(
            denial_id=denial_id,
            consult_id=consult_id,
            at=now,
            what=str(what),
            details={key: plain(value) for key, value in details.items()},
            actor=by,
        )
    )


def plain(value: object) -> Any:
    """Turn a value into what JSON can hold: instants in ISO 8601 with offset, enums by value."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list | frozenset):
        return [plain(item) for item in value]
    return value
