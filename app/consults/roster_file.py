"""Medical directors from a spreadsheet saved as CSV: one row each, by NPI, all of them or none.

A director who is not here is added; one who is gets what the row says. The same file again changes nothing.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app import directors
from app.consults import hours, roster
from app.consults.hours import Week
from app.consults.roster import Facts
from app.consults.setup import Setup
from app.directors import Spans
from app.errors import Conflict, Refused
from app.models import Director

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NEEDED = ("npi", "name", "phone", "email", "time_zone")
LISTS = ("specialties", "licence_states", "lines_of_business")
COLUMNS = (*NEEDED, *LISTS, "max_a_day", "active", *WEEKDAYS, "peers")
YES, NO = ("yes", "true", "1", ""), ("no", "false", "0")


class FaultyFile(Refused):
    """A file with errors, of which nothing was stored. `faults` has a line for each: where it is and what is wrong."""

    status = 422

    def __init__(self, faults: list[str]) -> None:
        super().__init__("The file has errors; nothing was stored.")
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A director as a row describes one."""

    line: int
    facts: Facts
    week: Week
    peers: tuple[str, ...]
    "NPIs, first who is asked first"


@dataclass(slots=True, kw_only=True)
class Done:
    """What became of a file."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class _Reading:
    """One row while it is read."""

    line: int
    cells: Mapping[str, str]
    faults: list[str] = field(default_factory=list)

    def fault(self, column: str, text: str) -> None:
        """Note what is wrong with a column."""
        self.faults.append(f"line {self.line}: {column}: {text}")

    def words(self, column: str) -> tuple[str, ...]:
        """Read a list; its parts are told apart by semicolons."""
        parts = (part.strip() for part in self.cells.get(column, "").split(";"))
        return tuple(dict.fromkeys(filter(None, parts)))

    def spans(self, weekday: str) -> Spans:
        """Read the hours of a weekday."""
        try:
            return hours.read_spans(self.cells.get(weekday, ""))
        except ValueError as wrong:
            self.fault(weekday, str(wrong))
            return ()

    def number(self, column: str) -> int | None:
        """Read a number that may be left out."""
        text = self.cells.get(column, "").strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit()):
            self.fault(column, f"found “{text[:20]}”; expected a number, or nothing for no limit")
            return None
        return int(text)

    def answer(self, column: str) -> bool:
        """Read yes or no; left out it is yes."""
        text = self.cells.get(column, "").strip().lower()
        if text not in (*YES, *NO):
            self.fault(column, f"found “{text[:20]}”; expected yes or no")
        return text in YES


def template() -> str:
    """Return a file with the columns and one made-up director."""
    example = {
        "npi": "1043000128",
        "name": '"Ada Example, MD"',
        "phone": "919-555-0100",
        "email": "ada@plan.example",
        "time_zone": "America/New_York",
        "specialties": "cardiology; internal medicine",
        "licence_states": "NC; SC",
        "active": "yes",
        **dict.fromkeys(WEEKDAYS[:5], '"09:00-12:00, 13:00-16:30"'),
    }
    return f"{','.join(COLUMNS)}\n{','.join(example.get(column, '') for column in COLUMNS)}\n"


def read(content: bytes) -> list[Row]:
    """Read the rows. Raises FaultyFile with every fault of the file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FaultyFile(['the file is not in UTF-8; save it again, in Excel as "CSV UTF-8"']) from None
    reader = csv.reader(io.StringIO(text), strict=True)
    rows, faults, seen = [], [], dict[str, int]()
    try:
        names = [name.strip() for name in next(reader, [])]
        if wrong := _wrong_header(names):
            raise FaultyFile([f"line 1: {wrong}. The columns are {', '.join(COLUMNS)}"])
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                faults.append(f"line {reader.line_num}: found {len(cells)} cells; expected {len(names)}")
                continue
            reading = _Reading(reader.line_num, dict(zip(names, cells, strict=True)))
            row = _row(reading)
            if (earlier := seen.setdefault(row.facts.npi, row.line)) != row.line:
                reading.fault("npi", f"stands in line {earlier} already")
            faults += reading.faults
            rows.append(row)
    except csv.Error as broken:
        raise FaultyFile([f"line {reader.line_num}: {broken}"]) from None
    if faults:
        raise FaultyFile(faults)
    return rows


def _wrong_header(names: list[str]) -> str:
    faults = [f"“{name[:40]}” is no column" for name in names if name not in COLUMNS]
    faults += [f"{name} stands there twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    if missing := [name for name in NEEDED if name not in names]:
        faults.append(f"missing: {', '.join(missing)}")
    return "; ".join(faults)


def _row(reading: _Reading) -> Row:
    text = {name: " ".join(reading.cells[name].split()) for name in NEEDED}
    return Row(
        line=reading.line,
        facts=Facts(
            **text,
            specialties=reading.words("specialties"),
            licence_states=tuple(state.upper() for state in reading.words("licence_states")),
            lines_of_business=reading.words("lines_of_business"),
            max_a_day=reading.number("max_a_day"),
            active=reading.answer("active"),
        ),
        week={weekday: reading.spans(name) for weekday, name in enumerate(WEEKDAYS)},
        peers=reading.words("peers"),
    )


def store(session: Session, rows: list[Row], *, setup: Setup, by: str, now: datetime) -> Done:
    """Store all rows in this transaction. Raises FaultyFile with every fault against what is known here.

    Booked calls outside new hours stay where they are: a person decides about these on the director's page.
    """
    known = {
        director.npi: director for director in session.scalars(select(Director).options(selectinload(Director.hours)))
    }
    if faults := _faults(session, rows, known, setup):
        raise FaultyFile(faults)
    ids = {npi: director.id for npi, director in known.items()}
    before = {row.facts.npi: _as_it_is(session, known.get(row.facts.npi)) for row in rows}
    for row in rows:
        if row.facts.npi not in ids:
            ids[row.facts.npi] = roster.add(session, row.facts, setup=setup, by=by, now=now).id
    done, wrong = Done(), list[str]()
    for row in rows:
        was = before[row.facts.npi]
        try:
            _bring_up_to_date(session, ids, row, was, setup=setup, by=by, now=now)
        except Conflict as conflict:
            wrong.append(f"line {row.line}: active: {conflict.message}")
        done.added += was is None
        done.changed += was is not None and was != _wanted(row)
        done.unchanged += was == _wanted(row)
    if wrong:
        raise FaultyFile(wrong)
    return done


Standing = tuple[Facts, Week, tuple[str, ...]]


def _wanted(row: Row) -> Standing:
    return row.facts, {weekday: spans for weekday, spans in row.week.items() if spans}, row.peers


def _as_it_is(session: Session, director: Director | None) -> Standing | None:
    if director is None:
        return None
    peers = tuple(peer.npi for peer in roster.peers_of(session, director.id))
    return roster.facts_of(director), directors.weekly(director.hours), peers


def _bring_up_to_date(
    session: Session, ids: Mapping[str, int], row: Row, was: Standing | None, *, setup: Setup, by: str, now: datetime
) -> None:
    facts, week, peers = was or (row.facts, {}, ())
    director_id = ids[row.facts.npi]
    if facts != row.facts:
        roster.change(session, director_id, row.facts, setup=setup, by=by, now=now)
    if week != _wanted(row)[1]:
        touched = hours.touched_by_week(session, director_id, row.week, now=now)
        hours.set_week(session, director_id, row.week, seen=touched, setup=setup, by=by, now=now)
    if peers != row.peers:
        roster.set_peers(session, director_id, [ids[npi] for npi in row.peers], by=by, now=now)


def _faults(session: Session, rows: list[Row], known: Mapping[str, Director], setup: Setup) -> list[str]:
    faults, lines = [], roster.lines_of(setup)
    there = {*known, *(row.facts.npi for row in rows)}
    for row in rows:
        other = known.get(row.facts.npi)
        wrong = roster.faults(session, row.facts, lines=lines, director_id=other.id if other else None)
        for npi in row.peers:
            if npi not in there or npi == row.facts.npi:
                wrong["peers"] = f"{npi} is the NPI of no other director, neither here nor in the file"
        faults += [f"line {row.line}: {name}: {text}" for name, text in wrong.items()]
    return faults
