"""A real SMTP server on loopback that keeps what it took and answers as a test scripts it: the mail oracle."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from icalendar import Calendar

from app.dev.ports import free_port
from tests.support import readers

OK = "250 OK"


@dataclass  # no slots: aiosmtpd looks at every member, at which Python 3.11.2 stumbles
class Oracle:
    """What the server took, in order; `script` holds the next answers to DATA, afterwards all are taken."""

    url: str = ""
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    script: list[str] = field(default_factory=list)
    refused_addresses: set[str] = field(default_factory=set)

    async def handle_RCPT(  # noqa: N802 -- the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer RCPT."""
        if address in self.refused_addresses:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- as above
        """Answer the dot. "take, then 4xx" keeps the message and says that it did not."""
        answer = self.script.pop(0) if self.script else OK
        content = envelope.content
        assert isinstance(content, bytes)
        if answer == OK or answer.startswith("take"):
            self.taken.append((envelope.rcpt_tos[0], content))
        return answer.removeprefix("take ")

    def messages(self, to: str | None = None) -> list[EmailMessage]:
        """Parse what was taken, in order, of one recipient or of all."""
        return [
            message_from_bytes(content, policy=policy.default)
            for address, content in self.taken
            if to is None or address == to
        ]


@contextmanager
def oracle() -> Iterator[Oracle]:
    """Run a server for one test."""
    taken = Oracle()
    port = free_port()
    controller = Controller(taken, hostname="127.0.0.1", port=port)
    controller.start()
    taken.url = f"smtp://127.0.0.1:{port}"
    yield taken
    controller.stop()
    for content in {calendar for message in taken.messages() if (calendar := calendar_bytes(message)) is not None}:
        readers.read_alike(content)  # whatever a test has sent (E9)


def calendar_of(message: EmailMessage) -> Calendar | None:
    """Parse the calendar part of a message."""
    content = calendar_bytes(message)
    return None if content is None else Calendar.from_ical(content)


def calendar_bytes(message: EmailMessage) -> bytes | None:
    """Return the calendar part of a message."""
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            return content
    return None
