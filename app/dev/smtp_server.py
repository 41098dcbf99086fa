"""The SMTP server of the development mailbox: python -m app.dev.smtp_server PORT FOLDER ADDRESS.

Every mail is kept for the page of the mailbox. What is sent to ADDRESS, the service's own, or to one with a token in
it, is also put where answers are read from, with the headers that a server adds when it delivers.
"""

import signal
import sys
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.dev.mail_folder import MailFolder, keep_whole
from app.dev.ports import LOOPBACK
from app.mail.compose import without_detail
from app.mail.inbox import development_folder


class _Keeper:
    """Keeps what is received, and says so only when it is kept."""

    def __init__(self, mailbox: MailFolder, service: str) -> None:
        self.mailbox = mailbox
        self.service = service

    async def handle_DATA(  # noqa: N802 -- aiosmtpd calls its handlers by the SMTP command, in capitals
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        number = self.mailbox.keep(content)
        answered = [address for address in envelope.rcpt_tos if without_detail(address) == self.service]
        if answered:
            head = f"Return-Path: <{envelope.mail_from or ''}>\r\nDelivered-To: {answered[0]}\r\n".encode()
            keep_whole(development_folder(self.mailbox.folder) / f"{number:06d}.eml", head + content)
        return "250 kept"


def smtp_server(port: int, folder: Path, service: str = "") -> Controller:
    """Make a server for the mailbox in that folder; `start()` and `stop()` it. It listens on the loopback address.

    `service`: the address whose mail is read for answers.
    """
    # a name of its own, since asking the machine for one can take seconds
    return Controller(
        _Keeper(MailFolder(folder), without_detail(service)), hostname=LOOPBACK, port=port, server_hostname="localhost"
    )


def main() -> None:
    """Receive mail until we are asked to end."""
    stopped = (signal.SIGINT, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_BLOCK, stopped)
    server = smtp_server(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    server.start()
    signal.sigwait(stopped)
    server.stop()


if __name__ == "__main__":
    main()
