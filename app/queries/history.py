"""The rows of the history as they are stored, each with what its digest says of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, case, cast, extract, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.models import History
from scheduling.proof_values import Row

#: rows that are fetched at once
AT_ONCE = 1000


class Touch(StrEnum):
    """How a row gives away that the history was touched."""

    ALTERED = "altered"
    ROW_IS_GONE = "row_is_gone"
    PUT_IN_LATER = "put_in_later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the history, and how it gives away that it was touched, if it does."""

    row: Row
    denial: int | None
    digest: bytes
    #: written before rows had standings
    old: bool
    touch: Touch | None
    #: a row that this one names and that is not there
    gone: int | None


def lines(session: Session, *, up_to: int | None = None, denial_id: int | None = None) -> Iterator[Line]:
    """Give the rows in the order in which they were written, a thousand at once, each once.

    `up_to`: no row after this one. `denial_id`: the rows of one case.
    """
    query = _checked().order_by(History.id)
    if up_to is not None:
        query = query.where(History.id <= up_to)
    if denial_id is not None:
        query = query.where(History.denial_id == denial_id)
    for each in session.execute(query.execution_options(yield_per=AT_ONCE)):
        yield Line(
            row=Row(
                id=each.id,
                at=each.at,
                what=each.what,
                consult=each.consult_id,
                director=each.director_id,
                details=each.details,
                standing=each.standing,
                xact=each.xact or 0,
                seen=each.seen,
            ),
            denial=each.denial_id,
            digest=each.digest,
            old=each.xact is None,
            touch=Touch(each.touch) if each.touch is not None else None,
            gone=each.gone,
        )


def _checked() -> Select[Any]:
    before, last = aliased(History), aliased(History)
    gone = case((_is_gone(before), History.previous_id), (_is_not_there(last), History.last_id))
    return (
        select(
            History.id,
            History.denial_id,
            History.consult_id,
            History.director_id,
            History.at,
            History.what,
            History.details,
            History.standing,
            History.seen,
            History.xact,
            History.digest,
            gone.label("gone"),
            case(
                (func.greatest(History.previous_id, History.last_id) >= History.id, Touch.PUT_IN_LATER.value),
                (gone.is_not(None), Touch.ROW_IS_GONE.value),
                (History.digest != _digest(before, last), Touch.ALTERED.value),
            ).label("touch"),
        )
        .outerjoin(before, before.id == History.previous_id)
        .outerjoin(last, last.id == History.last_id)
    )


def _is_gone(before: type[History]) -> ColumnElement[bool]:
    """Tell whether the row that a row follows is not there, or is of something else."""
    same = before.denial_id.is_not_distinct_from(History.denial_id)
    same &= before.director_id.is_not_distinct_from(History.director_id)
    return History.previous_id.is_not(None) & func.coalesce(before.id.is_(None) | ~same, True)


def _is_not_there(last: type[History]) -> ColumnElement[bool]:
    return History.last_id.is_not(None) & last.id.is_(None)


def _digest(before: type[History], last: type[History]) -> ColumnElement[bytes]:
    """Compute a row's digest anew, as the trigger does, by an expression that does not come from the database."""
    content = func.jsonb_build_array(
        History.id,
        History.denial_id,
        History.consult_id,
        History.director_id,
        extract("epoch", History.at),
        History.what,
        History.details,
        History.actor,
        History.standing,
        History.seen,
        History.previous_id,
        History.xact,
        _hex(before.digest),
    )
    whole = content.op("||")(func.jsonb_build_array(History.last_id, _hex(last.digest)))
    text = case((History.last_id.is_(None), cast(content, Text)), else_=cast(whole, Text))
    return func.sha256(func.convert_to(text, literal_column("'UTF8'")))


def _hex(digest: ColumnElement[bytes] | InstrumentedAttribute[bytes]) -> ColumnElement[str]:
    return func.encode(digest, literal_column("'hex'"))
