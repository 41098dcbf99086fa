"""Denials from a spreadsheet saved as CSV: one row each, columns by name. docs/import.md describes them."""

import codecs
import csv
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, BinaryIO, TypeVar

from app import npi
from app.denials import access_code
from app.denials.records import (
    DATES,
    INSTANT,
    LONGEST_LINE,
    LONGEST_TEXT,
    Given,
    NewDenial,
    Problem,
    Record,
    Unreadable,
    case_number_fault,
    one_of,
    read_date,
    read_date_or_instant,
    read_instant,
    shape,
    suggestion,
    text_fault,
)
from scheduling.values import Decision, Setting, Urgency

T = TypeVar("T")
Word = TypeVar("Word", bound=StrEnum)

LARGEST_FILE = 200_000_000
TOLD_HOW = ("phone", "fax", "voicemail", "portal", "mail", "in_person")

#: of the date `service` the column is `service_date`: `service` is what was asked for
DATE_COLUMNS = {"service_date" if name == "service" else name: name for name in DATES}
APPLIES_TO = {"state": "state", "service_type": "service", "place": "place"}
NEEDED = ("case_number", "decision", "member_name", "member_id", "service")
#: needed too, unless the command line gives them for the whole file
NEEDED_UNLESS_GIVEN = ("setting", "urgency")
LINES = ("line_of_business", "member_name", "member_id", "requester_name", "requester_specialty", "told_by", "reason")
TEXTS = ("service", "reason_text", "criteria", "clinical_reasons")

COLUMNS = (
    "case_number",
    "plan",
    "director_npi",
    "decision",
    "setting",
    "urgency",
    "line_of_business",
    *APPLIES_TO,
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
    "told_at",
    "told_how",
    "told_by",
    "access_code",
    *DATE_COLUMNS,
)


def template() -> str:
    """Return the template: the line of column names."""
    return ",".join(COLUMNS) + "\n"


def read(file: BinaryIO, given: Given) -> Iterator[Record]:
    """Read the rows one after the other. Raises Unreadable where the file as a whole cannot be read.

    The file must be one that can be read twice: its encoding is checked before its first row is handed out.
    """
    _check_encoding(file)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield from _rows(text, given)
    finally:
        text.detach()  # the file belongs to the caller


def _rows(text: io.TextIOWrapper, given: Given) -> Iterator[Record]:
    first = text.readline(10_000)
    text.seek(0)
    reader = csv.reader(text, delimiter=_delimiter(first), strict=True)
    columns: list[str] = []
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise Unreadable(f"line {line}", _broken_row(error)) from None
        if cells is None:
            break
        if not any(cell.strip() for cell in cells):
            continue
        if columns:
            yield _record(f"line {line}", columns, cells, given)
        else:
            columns = _header(line, cells, given)
    if not columns:
        raise Unreadable("line 1", f"the file is empty; expected a header with the columns {', '.join(COLUMNS)}")


def _record(place: str, columns: Sequence[str], cells: Sequence[str], given: Given) -> Record:
    if len(cells) != len(columns):
        message = f"found {len(cells)} cells; expected {len(columns)}, as many as there are columns"
        return Record(place=place, problems=(Problem(place, message),))
    row = _Row(place, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}, given)
    return Record(place=place, denial=row.denial(), problems=tuple(row.problems))


def _check_encoding(file: BinaryIO) -> None:
    size = os.fstat(file.fileno()).st_size
    if size > LARGEST_FILE:
        raise Unreadable(
            "the file",
            f"has {size / 1e6:,.1f} MB; at most {LARGEST_FILE / 1e6:,.0f} MB are read at once: split it",
        )
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    for chunk in iter(lambda: file.read(1 << 20), b""):
        if line == 1 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise Unreadable("line 1", f"the file is in UTF-16; {_SAVE_AS}")
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            raise Unreadable(*_not_utf8(error, line)) from None
        line += chunk.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise Unreadable(*_not_utf8(error, line)) from None
    file.seek(0)


_SAVE_AS = 'expected UTF-8: save it again, in Excel as "CSV UTF-8 (comma delimited)"'


def _not_utf8(error: UnicodeDecodeError, line: int) -> tuple[str, str]:
    breaks = error.object.count(b"\n", 0, error.start)
    place = f"line {line + breaks}"
    if error.object[error.start : error.start + 1] in _UNUSED_IN_CP1252:
        return place, f"the file is not in UTF-8; {_SAVE_AS}"
    return place, f"the file is not in UTF-8, it looks like Windows-1252 (cp1252); {_SAVE_AS}"


_UNUSED_IN_CP1252 = (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d")


def _delimiter(first: str) -> str:
    """Commas or semicolons: what parts the first line into more columns that are known."""

    def known(delimiter: str) -> int:
        return sum(cell.strip().strip('"') in COLUMNS for cell in first.split(delimiter))

    return max(",;", key=known)


def _broken_row(error: csv.Error) -> str:
    if "field larger" in str(error):
        return "a cell has more than 131,072 characters; is a quotation mark never closed?"
    if "unexpected end" in str(error):
        return "a quotation mark opens here and is never closed"
    return 'a quotation mark stands inside a cell; write it twice, and the cell between quotation marks: "so ""it"" is"'


def _header(line: int, cells: Sequence[str], given: Given) -> list[str]:
    """Check the column names: unknown, double and missing ones, all at once."""
    names = [cell.strip() for cell in cells]
    # a file without header must not have a patient's data repeated as "unknown columns"
    readable = sum(name in COLUMNS for name in names) * 2 >= len(names)
    faults = []
    for number, name in enumerate(names, start=1):
        # nor may a header that lost its line end, and with it runs on into the first row
        close = suggestion(name, COLUMNS) if readable else ""
        shown = f"column {number}" + (f" ({name[:40]!r})" if name in COLUMNS or close else "")
        if not name:
            faults.append(f"{shown} has no name")
        elif name not in COLUMNS:
            faults.append(f"{shown} is unknown{close}")
        elif name in names[: number - 1]:
            faults.append(f"{shown} stands there twice")
    needed = [*NEEDED, *(name for name in NEEDED_UNLESS_GIVEN if getattr(given, name) is None)]
    if missing := [name for name in needed if name not in names]:
        faults.append(f"missing: {', '.join(missing)}")
    if faults:
        raise Unreadable(f"line {line}", f"{'; '.join(faults)}. The columns are {', '.join(COLUMNS)}")
    return names


@dataclass(slots=True)
class _Row:
    """The cells of one row while they are read, and what is wrong with them."""

    place: str
    values: Mapping[str, str]
    given: Given
    problems: list[Problem] = field(default_factory=list)

    def denial(self) -> NewDenial | None:
        """Read all cells; None where a problem was found."""
        values: dict[str, Any] = {
            "case_number": self.needed("case_number"),
            "plan": self.values.get("plan") or self.given.plan,
            "director_npi": self.values.get("director_npi") or self.given.director_npi,
            "decision": self.word("decision", Decision, None),
            "setting": self.word("setting", Setting, self.given.setting),
            "urgency": self.word("urgency", Urgency, self.given.urgency),
            "applies_to": {key: text for column, key in APPLIES_TO.items() if (text := self.text(column))},
            "dates": {
                name: value
                for column, name in DATE_COLUMNS.items()
                if (value := self.parsed(column, read_date_or_instant))
            },
            "member_birth_date": self.parsed("member_birth_date", read_date),
            "requester_npi": self.requester_npi(),
            "access_code": self.access_code(),
            **self.told(),
            **{name: self.needed(name) if name in NEEDED else self.text(name) for name in (*LINES, *TEXTS)},
        }
        values["line_of_business"] = values["line_of_business"] or self.given.line_of_business
        if values["case_number"]:
            self.fault("case_number", case_number_fault(values["case_number"]))
        return None if self.problems else NewDenial(**values)

    def fault(self, column: str, message: str) -> None:
        """Note a problem of a column, if there is one."""
        if message:
            self.problems.append(Problem(self.place, f"{column}: {message}"))

    def text(self, column: str) -> str:
        """Return a cell that can be kept."""
        text = self.values.get(column, "")
        lines = column in TEXTS
        self.fault(column, text_fault(text, longest=LONGEST_TEXT if lines else LONGEST_LINE, lines=lines))
        return text

    def needed(self, column: str) -> str:
        """Return a cell that may not be empty."""
        text = self.values.get(column, "") if column == "case_number" else self.text(column)
        if not text:
            self.fault(column, "found nothing; it must be given")
        return text

    def word(self, column: str, words: type[Word], given: Word | None) -> Word | None:
        """Return a cell that holds one of a few words."""
        text = self.values.get(column, "")
        if not text and given is not None:
            return given
        try:
            return words(text)
        except ValueError:
            self.fault(column, one_of(text, words))
            return None

    def parsed(self, column: str, read: Callable[[str], T]) -> T | None:
        """Return a cell as `read` reads it; None where it is empty or cannot be read."""
        text = self.values.get(column, "")
        if not text:
            return None
        try:
            return read(text)
        except ValueError as error:
            self.fault(column, str(error))
            return None

    def requester_npi(self) -> str:
        """Return the requester's NPI, checked."""
        text = self.values.get("requester_npi", "")
        if text and not npi.is_npi(text):
            found = "ten digits whose check digit is wrong" if npi.TEN_DIGITS.fullmatch(text) else shape(text)
            self.fault("requester_npi", f"found {found}; expected an NPI: ten digits, the last one a check digit")
        return text

    def access_code(self) -> str:
        """Return the letter's code, checked."""
        text = self.values.get("access_code", "")
        if text and not access_code.is_code(text):
            expected = f"{access_code.LENGTH} characters out of {access_code.ALPHABET}, such as {access_code.EXAMPLE}"
            self.fault("access_code", f"found something else; expected {expected}; left empty, one is made")
        return text

    def told(self) -> dict[str, Any]:
        """Return when and how the decision was first told (BSP-2): both or neither."""
        at = self.parsed("told_at", read_instant)
        how = self.values.get("told_how", "")
        if how and how not in TOLD_HOW:
            self.fault("told_how", one_of(how, TOLD_HOW))
        elif how and not self.values.get("told_at"):
            self.fault("told_at", f"found nothing, but told_how is given; expected {INSTANT}")
        elif not how and self.values.get("told_at"):
            self.fault("told_how", f"found nothing, but told_at is given; expected one of {', '.join(TOLD_HOW)}")
        return {"told_at": at, "told_how": how}
