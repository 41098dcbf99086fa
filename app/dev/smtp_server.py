"""The SMTP server of the development mailbox: python -m app.dev.smtp_server PORT FOLDER."""

import signal
import sys
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.dev.mail_folder import MailFolder
from app.dev.ports import LOOPBACK


class _Keeper:
    """Keeps what is received, and says so only when it is kept."""

    def __init__(self, mailbox: MailFolder) -> None:
        self.mailbox = mailbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's name
        content = envelope.content
        self.mailbox.keep(content if isinstance(content, bytes) else (content or "").encode())
        return "250 kept"


def smtp_server(port: int, folder: Path) -> Controller:
    """Make a server for the mailbox in that folder; `start()` and `stop()` it. It listens on the loopback address."""
    # a name of its own, since asking the machine for one can take seconds
    return Controller(_Keeper(MailFolder(folder)), hostname=LOOPBACK, port=port, server_hostname="localhost")


def main() -> None:
    """Receive mail until we are asked to end."""
    stopped = (signal.SIGINT, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_BLOCK, stopped)
    server = smtp_server(int(sys.argv[1]), Path(sys.argv[2]))
    server.start()
    signal.sigwait(stopped)
    server.stop()


if __name__ == "__main__":
    main()
