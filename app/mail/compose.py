"""A mail down to its last byte.

Headers are made of constants, validated addresses and words of a small alphabet, and written by hand: the `email`
package of Python before 3.11.10 turns an encoded newline into a real one (CVE-2024-6923). What was built is parsed
again and its headers compared, so that a header which nobody wrote cannot leave.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime

from icalendar import Calendar

from app.itip import text
from app.itip.invite import Party

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_WORD = r"[A-Za-z0-9!#$%&'*+/^_`{|}~-]+"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_WORD}(?:\.{_WORD})*@{_LABEL}(?:\.{_LABEL})+")
_LONGEST_ADDRESS = 254
_OWN_HEADERS = ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted")


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


def mail_address(value: str) -> str:
    """Return the address if mail can be sent to it. Raises Unmailable.

    Letters beyond ASCII are refused, and so are `=` and `?`, which could be read as an encoded word.
    """
    if len(value) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(value):
        raise Unmailable("This is not a mail address that can be used. Write it like name@office.example.")
    return value


def compose(mail: Mail) -> bytes:
    """Write the mail. Raises Unmailable for an address that cannot be used, and for the service's own as recipient."""
    mail_address(mail.sender.address)
    if mail_address(mail.to).lower() == mail.sender.address.lower():
        raise Unmailable("This is the service's own mailbox. Give the address of the person who is to get the mail.")
    headers = _headers(mail)
    message = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")
    message += _tree(mail).as_bytes()
    check_headers(message, mail)
    return message


def renew(message: bytes, *, message_id: str, now: datetime) -> bytes:
    """Write a sent message once more: a new copy of the same version, so UID and SEQUENCE stay and DTSTAMP is newer."""
    old = message_from_bytes(message, policy=policy.default)
    sender = old["From"].addresses[0]
    return compose(
        Mail(
            sender=Party(address=sender.addr_spec, name=sender.display_name),
            to=str(old["To"]),
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
        "Reply-To": sender,
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


def _tree(mail: Mail) -> EmailMessage:
    """Build multipart/mixed of multipart/alternative, the calendar last in it, and the same calendar as attachment."""
    tree = EmailMessage(policy=policy.SMTP)
    tree.set_content(mail.plain, charset="utf-8", cte="quoted-printable")
    tree.add_alternative(mail.html, subtype="html", charset="utf-8", cte="quoted-printable")
    if mail.calendar:
        tree.add_alternative(
            mail.calendar.content,
            maintype="text",
            subtype="calendar",
            cte="base64",
            params={"charset": "UTF-8", "method": mail.calendar.method},
        )
        tree.add_attachment(
            mail.calendar.content, maintype="application", subtype="ics", cte="base64", filename="invite.ics"
        )
    return tree


def check_headers(message: bytes, mail: Mail) -> None:
    """Compare the headers as a reader sees them with those that were meant. Raises Unmailable."""
    seen = message_from_bytes(message, policy=policy.default)
    # read without its spaces: Python puts one between two encoded words of a name, where readers see none
    sender = [(address.addr_spec, "".join(address.display_name.split())) for address in seen["From"].addresses]
    fits = (
        sorted(seen.keys()) == sorted([*_OWN_HEADERS, "MIME-Version", "Content-Type"])
        and sender == [(mail.sender.address, "".join(text.words(mail.sender.name).split()))]
        and seen["To"] == mail.to
        and seen["Reply-To"] == mail.sender.address
        and seen["Subject"] == text.words(mail.subject)
        and seen["Message-ID"] == f"<{mail.message_id}>"
    )
    if not fits:
        raise Unmailable("The mail reads differently from what was written. Nothing was sent.")


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
