"""Denials from FHIR: Da Vinci PAS response bundles, one a file or one a line. docs/import.md has the mapping."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from app.denials.fhir_bundle import Bundle
from app.denials.fhir_json import read_json
from app.denials.records import Given, Problem, Record, Unreadable

LARGEST_FILE = 20_000_000


def read(file: BinaryIO, given: Given) -> Iterator[Record]:
    """Read the bundles one after the other. Raises Unreadable where the file as a whole cannot be read."""
    size = os.fstat(file.fileno()).st_size
    if size > LARGEST_FILE:
        raise Unreadable(
            "the file",
            f"has {size / 1e6:,.1f} MB; at most {LARGEST_FILE / 1e6:,.0f} MB are read at once: "
            "give one bundle a file, or split a file with one bundle a line",
        )
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"line {number}", "the file is not in UTF-8, as all JSON is") from None
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not lines:
        raise Unreadable("line 1", "the file is empty; expected a FHIR Bundle with a ClaimResponse")
    if not _one_a_line(lines):
        yield read_bundle(read_json(text), given)
        return
    for number, line in lines:
        yield _line(number, line, given)


def read_bundle(value: object, given: Given, place: str = "") -> Record:
    """Read one bundle. `place` stands before every path, where a file has several."""
    reading = Bundle(value, given)
    denial = reading.denial()
    return Record(
        place=place or "Bundle",
        denial=denial if not reading.problems else None,
        problems=_placed(reading.problems, place),
        notes=_placed(reading.notes, place),
    )


def _one_a_line(lines: Sequence[tuple[int, str]]) -> bool:
    first = lines[0][1].strip()
    return len(lines) > 1 and first.startswith("{") and first.endswith("}")


def _line(number: int, line: str, given: Given) -> Record:
    place = f"line {number}"
    try:
        value = read_json(line, number)
    except Unreadable as error:
        where = error.problem.place
        where = where if where.startswith("line") else f"{place}, {where}"
        return Record(place=place, problems=(Problem(where, error.problem.message),))
    return read_bundle(value, given, place)


def _placed(problems: Iterable[Problem], place: str) -> tuple[Problem, ...]:
    # asked for twice, a part that is wrong is noted twice
    once = dict.fromkeys(problems)
    return tuple(Problem(f"{place}, {problem.place}", problem.message) if place else problem for problem in once)
