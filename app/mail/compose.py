"""A mail down to its last byte.

Headers are made of constants, validated addresses and words of a small alphabet, and written by hand: the `email`
package of Python before 3.11.10 turns an encoded newline into a real one (CVE-2024-6923). The headers that were built
are parsed again and compared, so that one which nobody wrote cannot leave. The parts are written by hand too: constants
around quoted-printable and base64.
"""

import binascii
import re
import uuid
from base64 import encodebytes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.header import Header
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import format_datetime
from functools import lru_cache

from icalendar import Calendar

from app.itip import text
from app.itip.invite import Party

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_WORD = r"[A-Za-z0-9!#$%&'*+/^_`{|}~-]+"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_WORD}(?:\.{_WORD})*@{_LABEL}(?:\.{_LABEL})+")
_LONGEST_ADDRESS = 254
_OWN_HEADERS = ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted")
_RAW = BytesHeaderParser(policy=policy.compat32)


class Unmailable(ValueError):
    """No mail can be sent like this. The message says why, in words for the person who typed the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPart:
    """A calendar object and the METHOD in it, which the headers have to repeat (RFC 6047, 2.4)."""

    content: bytes
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What a mail is made of. It has one recipient."""

    sender: Party
    to: str
    subject: str
    message_id: str
    date: datetime
    plain: str
    html: str
    calendar: CalendarPart | None = None
    reply_to: str = ""
    "where answers of this recipient come to; empty: to the sender"


def mail_address(value: str) -> str:
    """Return the address if mail can be sent to it. Raises Unmailable.

    Letters beyond ASCII are refused, and so are `=` and `?`, which could be read as an encoded word.
    """
    if len(value) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(value):
        raise Unmailable("This is not a mail address that can be used. Write it like name@office.example.")
    return value


def is_mail_address(value: str) -> bool:
    """Tell whether mail can be sent to that address."""
    try:
        mail_address(value)
    except Unmailable:
        return False
    return True


def compose(mail: Mail) -> bytes:
    """Write the mail. Raises Unmailable for an address that cannot be used, and for the service's own as recipient."""
    mail_address(mail.sender.address)
    if without_detail(mail_address(mail.to)) == without_detail(mail.sender.address):
        raise Unmailable("This is the service's own mailbox. Give the address of the person who is to get the mail.")
    headers = _headers(mail)
    message = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")
    message += b"MIME-Version: 1.0\r\n" + _tree(mail)
    check_headers(message, mail)
    return message


def without_detail(address: str) -> str:
    """Leave out what stands behind a plus: that comes to the same mailbox."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def calendar_in(body: bytes) -> bytes | None:
    """Return the calendar that a mail of ours carries."""
    for part in message_from_bytes(body).walk():
        if part.get_content_type() == "text/calendar":
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else None
    return None


def renew(message: bytes, *, message_id: str, now: datetime) -> bytes:
    """Write a sent message once more: a new copy of the same version, so UID and SEQUENCE stay and DTSTAMP is newer."""
    old = message_from_bytes(message, policy=policy.default)
    sender = old["From"].addresses[0]
    return compose(
        Mail(
            sender=Party(address=sender.addr_spec, name=sender.display_name),
            to=str(old["To"]),
            reply_to=str(old["Reply-To"]),
            subject=str(old["Subject"]),
            message_id=message_id,
            date=now,
            plain=_content(old, "text/plain"),
            html=_content(old, "text/html"),
            calendar=_restamped(old, now),
        )
    )


def _headers(mail: Mail) -> dict[str, str]:
    sender = mail.sender.address
    return {
        "From": f"{_phrase(mail.sender.name)} <{sender}>".lstrip(),
        "To": mail.to,
        "Reply-To": mail_address(mail.reply_to or sender),
        "Subject": _encoded(text.words(mail.subject), "Subject"),
        "Date": format_datetime(mail.date),
        "Message-ID": f"<{mail.message_id}>",
        "Auto-Submitted": "auto-generated",
    }


def _phrase(name: str) -> str:
    plain = text.words(name)
    return f'"{plain}"' if plain.isascii() and plain else _encoded(plain, "From")


def _encoded(words: str, header: str) -> str:
    if words.isascii():
        return words
    return Header(words, "utf-8", header_name=header).encode(linesep="\r\n")


def _tree(mail: Mail) -> bytes:
    """Write multipart/mixed of multipart/alternative, the calendar last in it, and the same calendar as attachment."""
    alternatives = [_text("plain", mail.plain), _text("html", mail.html)]
    if mail.calendar is None:
        return _multipart("alternative", alternatives)
    content = encodebytes(mail.calendar.content).replace(b"\n", b"\r\n")
    kind = f'text/calendar; charset="UTF-8"; method="{mail.calendar.method}"'
    alternatives.append(_part(kind, content, "Content-Transfer-Encoding: base64"))
    file = 'Content-Disposition: attachment; filename="invite.ics"'
    attached = _part("application/ics", content, "Content-Transfer-Encoding: base64", file)
    return _multipart("mixed", [_multipart("alternative", alternatives), attached])


def _text(subtype: str, words: str) -> bytes:
    lines = b"".join(line + b"\r\n" for line in words.encode().splitlines())
    kind = f'text/{subtype}; charset="utf-8"'
    return _part(kind, binascii.b2a_qp(lines), "Content-Transfer-Encoding: quoted-printable")


def _multipart(subtype: str, parts: Sequence[bytes]) -> bytes:
    """Put parts together. No line of quoted-printable or base64 begins as the boundary does (RFC 2045, 6.7)."""
    boundary = f"=_{uuid.uuid4().hex}"
    begin, end = f"--{boundary}\r\n".encode(), f"--{boundary}--\r\n".encode()
    return _part(f'multipart/{subtype}; boundary="{boundary}"', b"".join([*(begin + part for part in parts), end]))


def _part(kind: str, content: bytes, *headers: str) -> bytes:
    """Write a part; its last line end belongs to the boundary that follows (RFC 2046, 5.1.1)."""
    head = "\r\n".join((f"Content-Type: {kind}", *headers))
    return b"%b\r\n\r\n%b\r\n" % (head.encode("ascii"), content)


def check_headers(message: bytes, mail: Mail) -> None:
    """Compare the headers as a reader sees them with those that were meant. Raises Unmailable."""
    raw = list(_RAW.parsebytes(message.partition(b"\r\n\r\n")[0]).raw_items())
    seen = {name: _as_read(name, value) for name, value in raw}
    fits = (
        sorted(name for name, _ in raw) == sorted([*_OWN_HEADERS, "MIME-Version", "Content-Type"])
        and _sender_as_read(dict(raw)["From"]) == [(mail.sender.address, _spaceless(text.words(mail.sender.name)))]
        and seen["To"] == mail.to
        and seen["Reply-To"] == (mail.reply_to or mail.sender.address)
        and seen["Subject"] == text.words(mail.subject)
        and seen["Message-ID"] == f"<{mail.message_id}>"
    )
    if not fits:
        raise Unmailable("The mail reads differently from what was written. Nothing was sent.")


def _as_read(name: str, value: str) -> str:
    """Read a header; one line without an encoded word in it reads as it is written."""
    if "=?" in value or "\n" in value or "\r" in value:
        return str(policy.default.header_fetch_parse(name, value))
    return value


@lru_cache(maxsize=8)
def _sender_as_read(value: str) -> list[tuple[str, str]]:
    """Read From. All mails have the same, and what it reads as depends on nothing but its text."""
    addresses = policy.default.header_fetch_parse("From", value).addresses
    return [(address.addr_spec, _spaceless(address.display_name)) for address in addresses]


def _spaceless(name: str) -> str:
    """Leave the spaces out: Python reads one between two encoded words of a name, where readers see none."""
    return "".join(name.split())


def _content(message: EmailMessage, content_type: str) -> str:
    part = next(part for part in message.walk() if part.get_content_type() == content_type)
    return str(part.get_content())


def _restamped(message: EmailMessage, now: datetime) -> CalendarPart | None:
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes), "our own calendar parts are base64"
            calendar = Calendar.from_ical(content)
            for event in calendar.walk("VEVENT"):
                event.DTSTAMP = now
            return CalendarPart(content=calendar.to_ical(), method=str(part.get_param("method")))
    return None
