"""What a calendar answers: a calendar object in, values out. Never raises, whatever came (statement I4).

Only what an answer needs is looked at, line by line: a time zone or a rule of recurrence that somebody else wrote is
never computed. Section numbers are those of RFC 5546.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from icalendar.parser import Contentline
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

#: a calendar object that is longer is no answer to ours
LONGEST = 256 * 1024
#: so many answers are read of one object, and so many lines of one event
MOST_REPLIES = 20
MOST_LINES = 300

_FOLD = re.compile(rb"(?:\r\n|\n|\r)[ \t]")
_ADDRESS = re.compile(r"[^\s<>\"@]{1,64}@[^\s<>\"@]{1,250}")
_INSTANT = re.compile(r"\d{8}T\d{6}Z?")
_LONGEST_COMMENT = 2000
#: an instant outside of these years is nobody's answer, and near the ends of the calendar no zone can show it
_YEARS = range(2000, 2200)

Property = tuple[Mapping[str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One attendee's word on one event."""

    method: str
    "REPLY, COUNTER, CANCEL ... in capitals; empty where the object does not say"
    uid: str
    sequence: int | None
    "None: not given, which means 0 (3.2.3); some calendars leave out what is not"
    attendee: str
    "the address in small letters; empty where none is named"
    answer: str
    "PARTSTAT in small letters: accepted, declined, tentative ...; empty where there is none"
    stamp: datetime | None
    "when it was answered, by the clock of whoever did"
    start: datetime | None
    end: datetime | None
    comment: str
    occurrence: bool
    "it is about one occurrence of a series, and we send none"
    enclosed: bool = False
    "it was found in a mail inside the mail, whose sender nobody vouches for"


def read(calendar: bytes, *, charset: str = "", method: str = "") -> tuple[Reply, ...]:
    """Read the answers in a calendar object; none where it cannot be read.

    `charset` and `method` are what the mail's headers say; the object itself is believed first.
    """
    if len(calendar) > LONGEST:
        return ()
    try:
        return tuple(_replies(decoded(calendar, charset, unfold=True), method))[:MOST_REPLIES]
    except Exception:  # anybody may send anything; an answer that cannot be read must not stop the mailbox
        # A mail in which no answer is found goes to a person.
        return ()


def decoded(content: bytes, charset: str, *, unfold: bool = False) -> str:
    """Return text whose charset may be told wrongly: UTF-8 where it can be, then as told, then byte for byte.

    `unfold` joins folded lines first, since a fold may cut a character (RFC 5545, 3.1).
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0B" in content[:8] or b"B\0" in content[:8]:
        wide = "utf-16" if content[:1] in (b"\xff", b"\xfe") else "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
        text = content.decode(wide, "replace")
        return re.sub(r"(?:\r\n|\n|\r)[ \t]", "", text) if unfold else text
    if unfold:
        content = _FOLD.sub(b"", content)
    for codec in ("utf-8-sig", charset.strip("\"' ")):
        try:
            return content.decode(codec)
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1")


def _replies(text: str, method: str) -> Iterator[Reply]:
    events, told = _events(text)
    for event in events:
        own = _value(event, "METHOD")
        yield from _of_event(event, (told or own or method).strip().upper())


def _events(text: str) -> tuple[list[dict[str, list[Property]]], str]:
    """Find the events with their properties, and the METHOD of the whole."""
    open_: list[str] = []
    events: list[dict[str, list[Property]]] = []
    method = ""
    lines = 0
    for line in re.split(r"\r\n|\n|\r", text):
        name, params, value = _parts(line)
        if name == "BEGIN":
            open_.append(value.strip().upper())
            if open_[-1] == "VEVENT":
                events.append({})
                lines = 0
        elif name == "END" and open_:
            open_.pop()
        elif open_ and open_[-1] == "VEVENT":
            lines += 1
            if lines <= MOST_LINES:
                events[-1].setdefault(name, []).append((params, value))
        elif name == "METHOD" and not method:
            method = value
    return events[:MOST_REPLIES], method


def _parts(line: str) -> tuple[str, Mapping[str, str], str]:
    """Part a line into name, parameters and value; a line that is none has no name."""
    if ":" not in line:
        return "", {}, ""
    try:
        made = Contentline(line)  # type: ignore[no-untyped-call]  # icalendar gives types, but none to this constructor
        name, params, value = made.parts()
    except (ValueError, AssertionError, KeyError, IndexError):
        name, _, value = line.partition(":")
        return name.partition(";")[0].strip().upper(), {}, value
    plain = {key.upper(): given if isinstance(given, str) else ",".join(given) for key, given in params.items()}
    return name.upper(), plain, value


def _of_event(event: Mapping[str, list[Property]], method: str) -> Iterator[Reply]:
    for params, value in event.get("ATTENDEE", [({}, "")])[:MOST_REPLIES]:
        yield Reply(
            method=method,
            uid=_value(event, "UID"),
            sequence=_number(_value(event, "SEQUENCE")),
            attendee=_address(params, value),
            answer=params.get("PARTSTAT", "").strip().lower(),
            stamp=_instant(event.get("DTSTAMP", ())),
            start=_instant(event.get("DTSTART", ())),
            end=_instant(event.get("DTEND", ())),
            comment=_value(event, "COMMENT")[:_LONGEST_COMMENT],
            occurrence="RECURRENCE-ID" in event,
        )


def _value(event: Mapping[str, list[Property]], name: str) -> str:
    found = event.get(name)
    return found[0][1].strip() if found else ""


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _address(params: Mapping[str, str], value: str) -> str:
    """Find the address of an attendee: `mailto:` in any letters, left out, or, for Exchange, only in EMAIL."""
    for given in (value, params.get("EMAIL", "")):
        found = _ADDRESS.search(unquote(re.sub(r"(?i)^\s*mailto:", "", given)).partition("?")[0])
        if found:
            return found[0].lower()
    return ""


def _instant(found: Sequence[Property]) -> datetime | None:
    """Return an instant in UTC; None for a day, a time of no zone, a zone that is not known, and beyond `_YEARS`."""
    if not found:
        return None
    params, value = found[0]
    value = value.strip()
    if not _INSTANT.fullmatch(value) or int(value[:4]) not in _YEARS:
        return None
    zone = UTC if value.endswith("Z") else _zone(params.get("TZID", ""))
    if zone is None:
        return None
    try:
        return datetime.strptime(value.rstrip("Z"), "%Y%m%dT%H%M%S").replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(name: str) -> ZoneInfo | None:
    """Find a zone by its name, by Outlook's name for it, or by the end of a longer one."""
    name = name.strip("\"' ")
    for known in (name, WINDOWS_TO_OLSON.get(name, ""), "/".join(name.split("/")[-2:])):
        try:
            return ZoneInfo(known)
        except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            continue
    return None
