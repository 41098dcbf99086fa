"""The only socket that goes out: mail, over SMTP, certificates checked, one deadline for the whole of a message.

smtplib's own time-out is for each read: a server that drips a byte a second would hold a worker for ever.
"""

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import unquote, urlsplit

from app.itip import text
from app.mail.compose import Unmailable, mail_address

#: seconds for one message as a whole, connecting included
MESSAGE_SECONDS = 40.0

#: bytes of one answer that are read; a server that talks without end is hung up on
LONGEST_ANSWER = 32_768

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_CLOSING = 421
#: "authentication required" (RFC 4954): refuses us, and would refuse every message
_NOT_LET_IN = 530


class Result(StrEnum):
    """What the server made of a message."""

    SENT = "sent"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try, and the server's words for it.

    `in_doubt`: the last line was on its way and no answer came, so it may have arrived. `unreachable`: the server let
    nobody in, which says nothing about this message; the next one would fare no better.
    """

    result: Result
    said: str = ""
    in_doubt: bool = False
    unreachable: bool = False


class Mailer:
    """A connection to the server of an `smtp://`, `smtps://` or `smtp+starttls://` address, kept for several messages.

    `name` is how this machine says hello; seconds count for each message.
    """

    def __init__(self, url: str, *, name: str = "localhost", seconds: float = MESSAGE_SECONDS) -> None:
        self._url = urlsplit(url)
        self._name = name
        self._seconds = seconds
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        """Open nothing yet: the first message does."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take leave of the server."""
        if self._server is not None:
            self._server.deadline = time.monotonic() + 1
            try:
                self._server.quit()
            except (smtplib.SMTPException, OSError):
                self._hang_up()
            self._server = None

    def send(
        self, body: bytes, *, sender: str, to: str, still_wanted: Callable[[], bool] = lambda: True
    ) -> Outcome | None:
        """Send one message to one address, given as envelope, never taken from its headers.

        A 5xx answer to the message is permanent; a 4xx, a broken connection, a deadline that passed, and whatever goes
        wrong before the message is offered (a wrong password, a bad certificate) are temporary. None where
        `still_wanted`, asked when a server listens that had to be called first, says no.
        """
        try:
            mail_address(to)
        except Unmailable as error:
            return Outcome(Result.PERMANENT, str(error))
        deadline = time.monotonic() + self._seconds
        kept = self._server is not None
        try:
            server = self._listening(deadline)
            if not kept and not still_wanted():
                return None
            refusal = _offer(server, sender)
            if kept and refusal is not None and refusal[0] in (_CLOSING, -1):
                # it had enough of this connection, as some have after a hundred messages
                self._hang_up()
                server = self._listening(deadline)
                if not still_wanted():
                    return None
                refusal = _offer(server, sender)
            if refusal is not None and refusal[0] == _NOT_LET_IN:
                raise smtplib.SMTPResponseException(*refusal)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self._hang_up()
            return Outcome(Result.TEMPORARY, _words(error), unreachable=True)
        if refusal is not None:
            return self._refused(*refusal)
        return self._hand_over(server, body, to)

    def _hand_over(self, server: "_Server", body: bytes, to: str) -> Outcome:
        """Name the recipient and send the content, after MAIL was taken."""
        in_doubt = False
        try:
            code, said = server.rcpt(to)
            if not 200 <= code < 300:
                return self._refused(code, said)
            code, said = server.docmd("DATA")
            if code != 354:
                return self._refused(code, said)
            in_doubt = True
            server.send(_with_dots_doubled(body))
            code, said = server.getreply()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self._hang_up()
            return Outcome(Result.TEMPORARY, _words(error), in_doubt=in_doubt)
        if 200 <= code < 300:
            return Outcome(Result.SENT)
        return self._refused(code, said, in_doubt=not 400 <= code < 600)

    def _listening(self, deadline: float) -> "_Server":
        """Return the connection, opened, encrypted and signed in. Never keeps one that failed half-way."""
        if self._server is None:
            server = _Server(self._url.scheme == "smtps", self._name, deadline)
            try:
                server.open(self._url.hostname or "", self._url.port or _PORTS[self._url.scheme])
                if self._url.scheme == "smtp+starttls":
                    server.starttls(context=ssl.create_default_context())
                server.ehlo_or_helo_if_needed()
                if self._url.username:
                    server.login(unquote(self._url.username), unquote(self._url.password or ""))
            except BaseException:
                server.close()
                raise
            self._server = server
        self._server.deadline = deadline
        return self._server

    def _refused(self, code: int, said: bytes, *, in_doubt: bool = False) -> Outcome:
        """Say what a refusal means, and make the connection good for the next message."""
        if code == _CLOSING or code < 0:
            self._hang_up()
        elif self._server is not None:
            try:
                self._server.rset()
            except (smtplib.SMTPException, OSError):
                self._hang_up()
        result = Result.PERMANENT if 500 <= code < 600 else Result.TEMPORARY
        return Outcome(result, _clean(f"{code} {said.decode('utf-8', 'replace')}"), in_doubt=in_doubt)

    def _hang_up(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()


class _Server(smtplib.SMTP):
    """A connection on which every wait ends at `deadline`, an instant of the monotonic clock."""

    def __init__(self, encrypted: bool, name: str, deadline: float) -> None:
        self.deadline = deadline
        self._encrypted = encrypted
        super().__init__(local_hostname=name)  # without it smtplib asks the network for our name

    def open(self, host: str, port: int) -> None:
        """Connect and hear the greeting. Raises what smtplib raises."""
        self._host = host  # what starttls compares the certificate with
        code, said = self.connect(host, port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)

    def seconds_left(self) -> float:
        """Return what is left until the deadline. Raises TimeoutError after it."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the server took too long")
        return left

    def _get_socket(self, host: str, port: int, _timeout: float) -> socket.socket:
        # the time that is left is for all its addresses: one that swallows what it gets must not keep us from the next
        addresses = len(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        connection = socket.create_connection((host, port), self.seconds_left() / (addresses + 1))
        if not self._encrypted:
            return connection
        try:
            connection.settimeout(self.seconds_left())
            return ssl.create_default_context().wrap_socket(connection, server_hostname=host)
        except BaseException:
            connection.close()
            raise

    def send(self, s: bytes | str) -> None:  # type: ignore[override]  # smtplib hands over nothing else
        """Send within what is left of the time."""
        if self.sock is not None:
            self.sock.settimeout(self.seconds_left())
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        """Read one answer within what is left of the time."""
        if self.file is None:
            self.file = _Lines(self)
        self.file.budget = LONGEST_ANSWER
        return super().getreply()


class _Lines:
    """The server's lines, as smtplib reads them from a file."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._unread = b""
        self.budget = LONGEST_ANSWER

    def readline(self, _longest: int) -> bytes:
        """Return the next line with its end; nothing where the connection has ended."""
        while b"\n" not in self._unread:
            connection = self._server.sock
            if connection is None:
                return b""
            connection.settimeout(self._server.seconds_left())
            received = connection.recv(4096)
            if not received:
                return b""
            self.budget -= len(received)
            if self.budget < 0:
                raise OSError("the server's answer has no end")
            self._unread += received
        line, end, self._unread = self._unread.partition(b"\n")
        return line + end

    def close(self) -> None:
        """Forget what was not read."""
        self._unread = b""


def _offer(server: _Server, sender: str) -> tuple[int, bytes] | None:
    """Begin a message; return the server's refusal, with code -1 where it had hung up already."""
    try:
        code, said = server.mail(sender)
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        return -1, _words(error).encode()
    return None if 200 <= code < 300 else (code, said)


def _with_dots_doubled(body: bytes) -> bytes:
    """Double the dot that begins a line, so that none ends the message (RFC 5321, 4.5.2), and add the one that does."""
    return re.sub(rb"(?m)^\.", b"..", body.removesuffix(b"\r\n") + b"\r\n") + b".\r\n"


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return _clean(f"{error.smtp_code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}")
    return _clean(f"{type(error).__name__}: {error}")


def _clean(words: str) -> str:
    return text.line(words)[:300]
