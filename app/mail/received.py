"""A mail that came in, read: bytes in, a value out. Never raises, and never takes long, whatever was sent.

What came is kept as it came (`app/mail/inbox.py`); this reads it as often as it is looked at. Nothing here decides what
follows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import unquote
from html.parser import HTMLParser

from app.itip import reply, text
from app.itip.reply import Reply
from app.mail import bounce
from app.mail.bounce import Bounce

#: a mail with more parts, or parts inside of parts, is left to a person
MOST_PARTS, MOST_LEVELS = 60, 10
#: as is one over which Python's parser would sit for long: it asks at each line for the end of each open part, and
#: takes parameters apart again and again
MOST_WORK, MOST_BOUNDARIES, LONGEST_PARAMETERS = 5_000_000, 1_000, 2_000
#: characters that are shown of a mail, and bytes of a header that are looked at
LONGEST_WORDS, LONGEST_HEADER = 20_000, 8_000

_MESSAGE_ID = re.compile(r"<([^<>\s@]{1,200}@[^<>\s@]{1,200})>")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,250}")
_WITH_PARAMETERS = re.compile(rb"(?im)^content-(?:type|disposition):[^\n]*(?:\n[ \t][^\n]*)*")
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
_AWAY = re.compile(r"^(?:automatic reply|auto[- ]?reply|out of (?:the )?office|away from)\b", re.IGNORECASE)
_RECIPIENTS = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a mail says."""

    readable: bool = True
    "False: it could not be taken apart, so that a person has to look at it"
    sender: str = ""
    "the address of From in small letters; empty where there is none, or more than one"
    subject: str = ""
    message_id: str = ""
    quoted: tuple[str, ...] = ()
    "the Message-IDs that it answers"
    recipients: tuple[str, ...] = ()
    "the addresses it came to, by the servers' word first"
    results: tuple[str, ...] = ()
    "the Authentication-Results, the topmost first"
    automatic: str = ""
    "why nobody has written it: auto-replied, list ...; empty: somebody may have"
    replies: tuple[Reply, ...] = ()
    bounce: Bounce | None = None
    mentioned: tuple[str, ...] = ()
    "Message-IDs and addresses anywhere in a mail about mail"
    words: str = ""
    "what it says to people, as plain text"


@dataclass(frozen=True, slots=True)
class _Part:
    """A leaf of the tree of a mail."""

    message: Message
    content_type: str
    filename: str
    content: bytes
    enclosed: bool


def read(content: bytes) -> Received:
    """Read a mail."""
    try:
        return _read(message_from_bytes(content)) if _is_soon_read(content) else Received(readable=False)
    except Exception:  # Python's email package raises errors of many kinds, some its own faults, over hostile mail
        # The mail is stored already; one that cannot be read goes to a person, and the next one is read.
        return Received(readable=False)


def _is_soon_read(content: bytes) -> bool:
    content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return (
        content.lower().count(b"content-type") * content.count(b"\n") <= MOST_WORK
        and content.count(b"\n--") <= MOST_BOUNDARIES
        and all(len(header[0]) <= LONGEST_PARAMETERS for header in _WITH_PARAMETERS.finditer(content))
    )


def _read(message: Message) -> Received:
    headers = {name: _header(message, name) for name in {name.lower() for name in message}}
    parts = list(_leaves(message))
    reports = [_groups(each) for each in message.walk() if each.get_content_type() == "message/delivery-status"]
    words = _words(parts)
    sender = sole_address([str(value) for value in message.get_all("From", [])])
    found = bounce.read(reports, sender=sender, headers=headers, words=words)
    return Received(
        readable=len(parts) <= MOST_PARTS,
        sender=sender,
        subject=_shown(headers.get("subject", "")),
        message_id=next(iter(_MESSAGE_ID.findall(headers.get("message-id", ""))), ""),
        quoted=tuple(_MESSAGE_ID.findall(f"{headers.get('in-reply-to', '')} {headers.get('references', '')}"))[-50:],
        recipients=tuple(
            address.lower()
            for name in _RECIPIENTS
            for value in message.get_all(name, [])
            for address in _ADDRESS.findall(str(value)[:LONGEST_HEADER])
        )[:50],
        results=tuple(str(value) for value in message.get_all("Authentication-Results", []))[:20],
        automatic=_automatic(message, headers),
        replies=tuple(_replies(parts)),
        bounce=found,
        mentioned=_mentioned(parts, message) if found else (),
        words=words,
    )


def _groups(report: Message) -> list[Message]:
    payload = report.get_payload()
    return [group for group in payload if isinstance(group, Message)] if isinstance(payload, list) else []


def sole_address(values: list[str]) -> str:
    """Return the one address of a From header in small letters; nothing where it could be read as another's.

    Two headers, two addresses, or something beside the address that is no name: some programs read the first, others
    the last, and the signature vouches for one of them.
    """
    if len(values) != 1:
        return ""
    value = " ".join(values[0][:LONGEST_HEADER].split())
    name, bracket, rest = value.rpartition("<")
    if not bracket:
        return value.lower() if _ADDRESS.fullmatch(value) else ""
    address = rest.removesuffix(">")
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", name)
    well = rest.endswith(">") and _ADDRESS.fullmatch(address) and not re.search(r"[<>,;:@]", bare)
    return address.lower() if well else ""


def _leaves(message: Message, level: int = 0, enclosed: bool = False) -> Iterator[_Part]:
    if level > MOST_LEVELS:
        raise ValueError("parts inside of parts without end")
    kind = message.get_content_type()
    payload = message.get_payload()
    if isinstance(payload, list):
        for child in payload:
            assert isinstance(child, Message), "what has parts has messages"
            yield from _leaves(child, level + 1, enclosed or kind.startswith("message/"))
        return
    content = message.get_payload(decode=True)
    name = _shown(message.get_filename() or "")
    yield _Part(message, kind, name.lower(), content if isinstance(content, bytes) else b"", enclosed)


def _replies(parts: list[_Part]) -> Iterator[Reply]:
    """Read the calendar objects, wherever they are and whatever they are called; one that is there twice, once."""
    seen = set()
    for part in parts[:MOST_PARTS]:
        if not _is_calendar(part):
            continue
        charset = str(part.message.get_param("charset") or "")
        method = str(part.message.get_param("method") or "")
        for each in reply.read(part.content, charset=charset, method=method):
            if each not in seen:
                seen.add(each)
                yield replace(each, enclosed=part.enclosed)


def _is_calendar(part: _Part) -> bool:
    named = part.filename.endswith((".ics", ".vcs", ".ifb"))
    begins = part.content[:200].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\0", b"").upper()
    return part.content_type in ("text/calendar", "application/ics") or named or begins.startswith(b"BEGIN:VCALENDAR")


def _automatic(message: Message, headers: dict[str, str]) -> str:
    """Say why a mail is nobody's own (RFC 3834), in a word."""
    submitted = re.split(r"[;\s(]", headers.get("auto-submitted", "").strip().lower())[0]
    if submitted not in ("", "no"):
        return submitted
    if message.get_content_type() == "multipart/report" and message.get_param("report-type"):
        return "report"
    if headers.get("precedence", "").strip().lower() in _BULK:
        return headers["precedence"].strip().lower()
    for name, word in (("list-id", "list"), ("list-unsubscribe", "list"), ("x-autoreply", "auto-replied")):
        if name in headers:
            return word
    if headers.get("return-path", "").strip() == "<>":
        return "no-sender"
    if headers.get("x-spam-flag", "").strip().lower() == "yes":
        return "spam"
    return "auto-replied" if _AWAY.match(_shown(headers.get("subject", ""))) else ""


def _mentioned(parts: list[_Part], message: Message) -> tuple[str, ...]:
    """Collect what could name the mail that came back: ids and addresses in its words and in what it encloses."""
    places = [f"{name}: {value}" for each in message.walk() if each is not message for name, value in each.items()]
    places += [reply.decoded(part.content[:LONGEST_WORDS], "") for part in parts if _is_text(part)]
    places = [place[:LONGEST_WORDS] for place in places]
    found = [name for place in places for name in (*_MESSAGE_ID.findall(place), *_ADDRESS.findall(place))]
    return tuple(dict.fromkeys(found))[:200]


def _is_text(part: _Part) -> bool:
    return part.content_type.startswith("text/")


def _words(parts: list[_Part]) -> str:
    """Return what a mail says to people: its plain text, or else its HTML without the marks."""
    for kind in ("text/plain", "text/html"):
        for part in parts[:MOST_PARTS]:
            attached = "attachment" in str(part.message.get("Content-Disposition", "")).lower()
            if part.content_type != kind or attached or part.enclosed or _is_calendar(part):
                continue
            said = reply.decoded(part.content[: 10 * LONGEST_WORDS], str(part.message.get_param("charset") or ""))
            said = text.lines(_without_marks(said) if kind == "text/html" else said)[:LONGEST_WORDS]
            if said:
                return said
    return ""


class _Words(HTMLParser):
    """Collects the text of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Begin what is not read out, or a new line."""
        self.silent += tag in ("script", "style", "head", "title")
        if tag in ("br", "p", "div", "tr", "li"):
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """End what is not read out."""
        if tag in ("script", "style", "head", "title"):
            self.silent = max(self.silent - 1, 0)

    def handle_data(self, data: str) -> None:
        """Keep what is read out."""
        if not self.silent:
            self.said.append(data)


def _without_marks(page: str) -> str:
    words = _Words()
    words.feed(page)
    return re.sub(r"\n\s*\n+", "\n\n", "".join(words.said))


def _header(message: Message, name: str) -> str:
    return " ".join(str(message.get(name, ""))[:LONGEST_HEADER].split())


def _shown(value: str) -> str:
    """Return a header as people read it, on one line."""
    try:
        value = str(make_header(decode_header(value[:2000])))
    except (LookupError, ValueError):  # a charset that nobody knows, or bytes that are none of it
        value = unquote(value)
    return text.line(value)[:200]
