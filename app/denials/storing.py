"""Denials are stored: each once, under its plan and case number, with the hash of its access code."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from app import history
from app.db import is_busy
from app.denials.access_code import code_hash, make_code
from app.denials.records import NewDenial, Problem
from app.errors import Conflict
from app.models import WITHDRAWN, Denial, Director

#: rows in one statement: its lists stay short, and none of them runs into the time limit
AT_ONCE = 500

SAME = (
    "decision",
    "setting",
    "urgency",
    "line_of_business",
    "applies_to",
    "member_name",
    "member_id",
    "member_birth_date",
    "service",
    "reason",
    "reason_text",
    "criteria",
    "clinical_reasons",
    "requester_name",
    "requester_npi",
    "requester_specialty",
)
#: what people may add to a case later: where a file is silent about it, it says nothing against what is stored
ADDED_LATER = ("told_at", "told_how", "told_by")

Placed = tuple[str, NewDenial]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCode:
    """An access code that was made here and exists nowhere else in readable form."""

    plan: str
    case_number: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Stored:
    """What became of the denials of a file."""

    codes: list[NewCode] = field(default_factory=list)
    new: int = 0
    without_director: int = 0
    "of the new ones"
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)
    "denials that are stored already, with other content"


def directors_by_npi(session: Session) -> dict[str, int]:
    """Return the id of every director by NPI."""
    return {row.npi: row.id for row in session.execute(select(Director.npi, Director.id))}


def store(
    session: Session,
    denials: Sequence[Placed],
    *,
    directors: Mapping[str, int],
    key: str,
    source: str,
    now: datetime,
) -> Stored:
    """Store the denials that are new, with one row of history each; compare the others with what is stored.

    Nothing is flushed for a denial whose plan and case number are there already. `key` is that of the access codes,
    `source` the name of the file. Raises Conflict where another import runs.
    """
    _alone(session)
    stored = Stored()
    for some in _batches(denials):
        known = _known(session, some)
        new = []
        for place, denial in some:
            row = known.get((denial.plan, denial.case_number))
            if row is None:
                new.append(denial)
            elif row.member_name == WITHDRAWN:
                stored.unchanged += 1
            elif names := _differing(row, denial, directors=directors, key=key):
                stored.problems.append(Problem(place, _conflict(names)))
            else:
                stored.unchanged += 1
        _add(session, new, stored, directors=directors, key=key, source=source, now=now)
    return stored


def _alone(session: Session) -> None:
    try:
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("denials import", 0))))
    except DBAPIError as error:
        if not is_busy(error):
            raise
        raise Conflict("Another import is under way; nothing was stored. Try again when it has ended.") from None


def _batches(denials: Sequence[Placed]) -> Iterator[Sequence[Placed]]:
    return (denials[start : start + AT_ONCE] for start in range(0, len(denials), AT_ONCE))


def _known(session: Session, denials: Sequence[Placed]) -> dict[tuple[str, str], Denial]:
    keys = [(denial.plan, denial.case_number) for _, denial in denials]
    rows = session.scalars(select(Denial).where(tuple_(Denial.plan, Denial.case_number).in_(keys)))
    return {(row.plan, row.case_number): row for row in rows}


def _differing(row: Denial, denial: NewDenial, *, directors: Mapping[str, int], key: str) -> list[str]:
    """Name the fields in which a file differs from what is stored."""
    names = [name for name in SAME if getattr(row, name) != getattr(denial, name)]
    names += [name for name in ADDED_LATER if getattr(denial, name) and getattr(row, name) != getattr(denial, name)]
    names += [f"date {name}" for name, value in denial.dates.items() if row.dates.get(name) != value]
    if denial.director_npi and row.director_id != directors[denial.director_npi]:
        names.append("director")
    if denial.access_code and row.access_code_hash != code_hash(key, denial.case_number, denial.access_code):
        names.append("access_code")
    return names


def _conflict(names: Sequence[str]) -> str:
    return (
        f"this plan and case number are stored already, with another {', '.join(names)}; "
        "an import changes nothing that is stored: correct the file, or the case on its page"
    )


def _add(
    session: Session,
    denials: Sequence[NewDenial],
    stored: Stored,
    *,
    directors: Mapping[str, int],
    key: str,
    source: str,
    now: datetime,
) -> None:
    rows = []
    for denial in denials:
        code = denial.access_code or make_code()
        if not denial.access_code:
            stored.codes.append(NewCode(plan=denial.plan, case_number=denial.case_number, code=code))
        director_id = directors[denial.director_npi] if denial.director_npi else None
        stored.without_director += director_id is None
        rows.append(
            Denial(
                plan=denial.plan,
                case_number=denial.case_number,
                director_id=director_id,
                dates=dict(denial.dates),
                access_code_hash=code_hash(key, denial.case_number, code),
                imported_from=source,
                created_at=now,
                **_as_given(denial),
            )
        )
    _write(session, rows, now=now)
    stored.new += len(rows)


def _write(session: Session, rows: Sequence[Denial], *, now: datetime) -> None:
    """Write the rows, each with its history."""
    session.add_all(rows)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("Another process stored one of these denials just now; nothing was stored. Try again.") from None
    for row in rows:
        details = {"plan": row.plan, "director": row.director_id}
        history.write(
            session, denial_id=row.id, consult_id=None, what="imported", details=details, by=history.SYSTEM, now=now
        )
    session.flush()
    session.expunge_all()


def _as_given(denial: NewDenial) -> dict[str, Any]:
    values = {name: getattr(denial, name) for name in (*SAME, *ADDED_LATER)}
    return {**values, "applies_to": dict(denial.applies_to)}
