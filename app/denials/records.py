"""What a file says of one denial, and what is wrong with it.

An error says where it is, what kind of thing was found and what was expected. It never repeats what stands in the file:
a column that has slipped would put a patient's name on a screen or into a log.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from app.errors import Refused
from scheduling.values import Decision, Setting, Urgency

#: dates of a denial, by the names of the policy format
DATES = (
    "initial_decision",
    "letter",
    "verbal_notice",
    "written_notice",
    "discharge",
    "service",
    "authorization_received",
    "decision_due",
    "notice_deadline",
    "appeal_deadline",
)

LONGEST_CASE_NUMBER = 64
LONGEST_LINE = 200
LONGEST_TEXT = 10_000

EXAMPLE_INSTANT = "2026-03-02T09:00:00-08:00"
DATE_OR_INSTANT = f"a date such as 2026-03-02, or an instant with its offset such as {EXAMPLE_INSTANT}"
INSTANT = f"an instant with its offset, such as {EXAMPLE_INSTANT}"

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_CASE_NUMBER = re.compile(r"[A-Za-z0-9#].*")
# PostgreSQL cannot hold NUL, and UTF-8 no halves of surrogate pairs; the others show nowhere
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_YEARS = range(1880, 2200)


@dataclass(frozen=True, slots=True)
class Problem:
    """A line or a path, and what is wrong there."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the command line says for everything about which the file says nothing."""

    plan: str = ""
    director_npi: str = ""
    setting: Setting | None = None
    urgency: Urgency | None = None
    line_of_business: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDenial:
    """A denial as a file describes it. Its repr shows nothing of the patient."""

    plan: str
    case_number: str = field(repr=False)
    director_npi: str
    "empty: waits for a coordinator to name a director (BSP-1)"
    decision: Decision
    setting: Setting
    urgency: Urgency
    line_of_business: str = ""
    applies_to: Mapping[str, str] = field(default_factory=dict)
    "the words for `state`, `service` and `place` that are known"
    dates: Mapping[str, str] = field(default_factory=dict)
    "name of the policy format -> ISO date, or ISO instant in UTC"
    member_name: str = field(repr=False)
    member_id: str = field(repr=False)
    member_birth_date: date | None = field(default=None, repr=False)
    service: str = field(repr=False)
    reason: str = field(default="", repr=False)
    reason_text: str = field(default="", repr=False)
    criteria: str = field(default="", repr=False)
    clinical_reasons: str = field(default="", repr=False)
    requester_name: str = field(default="", repr=False)
    requester_npi: str = ""
    requester_specialty: str = ""
    told_at: datetime | None = None
    told_how: str = ""
    told_by: str = field(default="", repr=False)
    access_code: str = field(default="", repr=False)
    "empty: one is made"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row or one bundle: a denial, or what is wrong with it, or neither where it tells of none."""

    place: str
    denial: NewDenial | None = None
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    "worth knowing, in the way of nothing"


class Unreadable(Refused):
    """A file that cannot be read to its end; nothing of it is stored."""

    status = 422

    def __init__(self, place: str, message: str) -> None:
        self.problem = Problem(place, message)
        super().__init__(str(self.problem))


def read_date(text: str) -> date:
    """Read an ISO date. Raises ValueError with what was expected."""
    if not _DAY.fullmatch(text):
        raise ValueError(f"found {shape(text)}; expected a date such as 2026-03-02")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("found a day that no calendar has; expected one that exists") from None
    _check_year(day.year)
    return day


def read_instant(text: str) -> datetime:
    """Read an ISO instant with its offset, as UTC. Raises ValueError with what was expected."""
    if _LOCAL.fullmatch(text):
        raise ValueError(f"found a time without its offset from UTC; expected {INSTANT} (Z for UTC)")
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"found {shape(text)}; expected {INSTANT}")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("found a day or a time that does not exist; expected one that does") from None
    _check_year(instant.year)
    return instant.astimezone(UTC)


def read_date_or_instant(text: str) -> str:
    """Return an ISO date as it is and an ISO instant in UTC, as `Denial.dates` keeps them. Raises ValueError."""
    if _DAY.fullmatch(text):
        return read_date(text).isoformat()
    if _INSTANT.fullmatch(text) or _LOCAL.fullmatch(text):
        return read_instant(text).isoformat()
    raise ValueError(f"found {shape(text)}; expected {DATE_OR_INSTANT}")


def text_fault(text: str, *, longest: int, lines: bool = False) -> str:
    """Say why this text cannot be kept; empty where it can. `lines`: it may have several."""
    if len(text) > longest:
        return f"found {len(text):,} characters; at most {longest:,} can be kept"
    if _UNPRINTABLE.search(text):
        return "found a control character or half a character; expected text that can be printed"
    if not lines and ("\n" in text or "\r" in text):
        return "found several lines; expected one"
    return ""


def case_number_fault(text: str) -> str:
    """Say why this is no case number; empty where it is one."""
    if fault := text_fault(text, longest=LONGEST_CASE_NUMBER):
        return fault
    # spreadsheets take =, +, - and @ at the start of a cell for a formula, in every list that is ever exported
    if not _CASE_NUMBER.fullmatch(text):
        return "starts with a sign; expected the number on the letter, which starts with a letter, a digit or #"
    return ""


def shape(text: str) -> str:
    """Describe a text without repeating it: its length, and where it looks like a date or a number, its form."""
    if not text:
        return "nothing"
    if len(text) <= 40 and re.fullmatch(r"[\d\s./:TZ+-]+", text, re.ASCII):
        return "'" + re.sub(r"\d", "9", " ".join(text.split())) + "'"
    return f"{len(text)} characters of another form"


def suggestion(text: str, known: Iterable[str]) -> str:
    """Name the known word that this was probably meant to be, as the end of a sentence; empty without one."""
    close = difflib.get_close_matches(text.lower().replace(" ", "_").replace("-", "_")[:60], list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def one_of(text: str, known: Iterable[str]) -> str:
    """Say that a text is none of the known words."""
    known = list(known)
    found = "nothing" if not text else f"another word ({len(text)} characters)"
    return f"found {found}; expected one of {', '.join(known)}{suggestion(text, known)}"


def printable(path: Path) -> str:
    """Return a path as it can be printed and stored: names of files may hold bytes that are no text."""
    return str(path).encode(errors="replace").decode()


def _check_year(year: int) -> None:
    if year not in _YEARS:
        raise ValueError(f"found a year that cannot be meant; expected one from {_YEARS[0]} to {_YEARS[-1]}")
