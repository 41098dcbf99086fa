"""The only file that reads mail over IMAP: certificates checked, one deadline for the whole, nothing changed there.

The folder is opened read-only, flags are not touched: how far it has been read is known to the caller, by UIDVALIDITY
and UID (RFC 3501, 2.3.1.1). imaplib's own time-out is for each read, and it takes as much as a server sends: a server
that drips or pours would hold a worker for ever.
"""

import imaplib
import re
import socket
import ssl
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from imap_tools import BaseMailBox, ImapToolsError, UnexpectedCommandStatusError

from app.itip import text

#: bytes of one line that are read
LONGEST_LINE = 4 * 1024 * 1024
#: UIDs below the last one read are looked at once more: a server may show a mail late
LOOK_BACK = 50

_PORTS = {"imap": 143, "imap+starttls": 143, "imaps": 993}


class MailboxProblem(Exception):
    """The mailbox cannot be read now. The message says why, without a password."""


class NotGivenOut(MailboxProblem):
    """The server has a mail and does not give it out; those behind it can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A mail of a mailbox: as much of it as was asked for, and how large it is."""

    uid: int
    content: bytes
    size: int


class Inbox:
    """A folder of a mailbox, open for reading."""

    def __init__(self, box: "_Box", uid_validity: int) -> None:
        self._box = box
        self.uid_validity = uid_validity

    def fetch_after(self, last: int, *, known: Collection[int], longest: int) -> Iterator[Fetched]:
        """Fetch what came after a UID, in order, one mail at a time, each up to so many bytes. Raises MailboxProblem.

        `known` are the UIDs of the last ones that were read: a server may show a mail after one with a higher UID. A
        mail that is not given out, damaged there say, keeps nobody from those behind it; that is raised after them.
        """
        problem: NotGivenOut | None = None
        first = max(last - LOOK_BACK, 0) + 1
        with _problems():
            # n:* is never empty: it names the last mail even if that has a lower UID
            found = {int(uid) for uid in self._box.uids(f"UID {first}:*", charset=None)}
        for uid in sorted(uid for uid in found if uid >= first and uid not in known):
            try:
                with _problems():
                    fetched = self._fetch(uid, longest)
            except NotGivenOut as refused:
                problem = refused
                continue
            if fetched is not None:
                yield fetched
        if problem is not None:
            raise problem

    def _fetch(self, uid: int, longest: int) -> Fetched | None:
        """Fetch one mail; None where it has been taken away meanwhile."""
        parts = f"(UID RFC822.SIZE BODY.PEEK[]<0.{longest}>)"
        try:
            status, answer = self._box.client.uid("FETCH", str(uid), parts)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            status = "BAD"
        if status != "OK":
            raise NotGivenOut(
                f"The mail server does not give out its mail {uid}; the others were read. Look at it there, and take it"
                " out of the folder."
            )
        told, content = b"", b""
        for piece in answer:
            if isinstance(piece, tuple):
                told, content = told + piece[0] + b" ", content or piece[1]
            elif isinstance(piece, bytes):
                told += piece + b" "
        # a server may speak of other mails too, of which nobody asked
        if not re.search(rb"\bUID %d\b" % uid, told):
            return None
        size = re.search(rb"\bRFC822\.SIZE (\d{1,18})\b", told)
        return Fetched(uid=uid, content=content[:longest], size=max(int(size[1]) if size else 0, len(content)))


@contextmanager
def opened(url: str, *, seconds: float) -> Iterator[Inbox]:
    """Open the folder of an `imaps://user:password@host/folder` address, for so many seconds. Raises MailboxProblem."""
    parts = urlsplit(url)
    folder = unquote(parts.path.strip("/")) or "INBOX"
    with _problems():
        box = _Box(parts, time.monotonic() + seconds)
    try:
        with _problems():
            user, password = unquote(parts.username or ""), unquote(parts.password or "")
            log_in = box.login if f"{user}{password}".isascii() else box.login_utf8
            log_in(user, password, initial_folder=None)
            box.folder.set(folder, readonly=True)
            _, validity = box.client.response("UIDVALIDITY")
            if not validity or validity[0] is None:
                raise MailboxProblem(
                    "The mail server gives no UIDVALIDITY, so what was read cannot be told from what is new."
                )
        yield Inbox(box, int(validity[0]))
    finally:
        with suppress(imaplib.IMAP4.error, ImapToolsError, OSError, ValueError):
            box.client.deadline = min(box.client.deadline, time.monotonic() + 2)
            box.logout()
        box.client.shutdown()


def name_of(url: str) -> str:
    """Name a mailbox by its address, without the password."""
    parts = urlsplit(url)
    return f"imap {unquote(parts.username or '')} {parts.hostname} {unquote(parts.path.strip('/')) or 'INBOX'}"


@contextmanager
def _problems() -> Iterator[None]:
    """Turn whatever goes wrong with a server into one kind of error."""
    try:
        yield
    except (imaplib.IMAP4.error, ImapToolsError, OSError, ValueError) as error:
        raise MailboxProblem(_words(error)) from None


def _words(error: Exception) -> str:
    """Say what went wrong in the server's words, or those of the system, without those of the libraries."""
    if isinstance(error, UnexpectedCommandStatusError):
        status, data = error.command_result[0], error.command_result[1]
        said = " ".join(each.decode("utf-8", "replace") for each in data if isinstance(each, bytes))
        return text.line(f"{status} {said}")[:300]
    if isinstance(error, OSError) and error.strerror and not isinstance(error, ssl.SSLError):
        return error.strerror
    return text.line(str(error) or type(error).__name__)[:300]


class _Connection(imaplib.IMAP4):
    """A connection on which every wait ends at `deadline`, an instant of the monotonic clock."""

    def __init__(self, host: str, port: int, *, deadline: float, **more: Any) -> None:
        self.deadline = deadline
        self._unread = b""
        self._unread_of: socket.socket | None = None
        super().__init__(host, port, **more)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        """Connect, as imaplib wants it done."""
        self.host, self.port = host, port
        self.sock = self._create_socket(self._left())

    def read(self, size: int) -> bytes:
        """Read so many bytes; fewer where the connection has ended, and where it is more than anybody asked for."""
        kept = min(size, LONGEST_LINE)
        while len(self._buffer()) < kept and self._receive():
            continue
        taken, self._unread = self._unread[:kept], self._unread[kept:]
        rest = size - kept
        while rest > len(self._unread):
            rest -= len(self._unread)
            self._unread = b""
            if not self._receive():
                break
        self._unread = self._unread[rest:]
        return taken

    def readline(self) -> bytes:
        """Read a line with its end; what is there where the connection has ended."""
        searched = 0
        while (end := self._buffer().find(b"\n", searched)) < 0:
            searched = len(self._unread)
            if searched > LONGEST_LINE:
                raise OSError("the server's line has no end")
            if not self._receive():
                end = len(self._unread)
                break
        taken, self._unread = self._unread[: end + 1], self._unread[end + 1 :]
        return taken

    def send(self, data: Any) -> None:
        """Send within what is left of the time."""
        self.sock.settimeout(self._left())
        self.sock.sendall(data)

    def shutdown(self) -> None:
        """Close the connection, and the file that imaplib opens on it when it begins to encrypt."""
        opened = vars(self).get("file") or vars(self).get("_file")
        if opened is not None:
            opened.close()
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def _buffer(self) -> bytes:
        """Return what was received and not read; what came before encryption is not believed after it."""
        if self._unread_of is not self.sock:
            self._unread, self._unread_of = b"", self.sock
        return self._unread

    def _receive(self) -> bool:
        self.sock.settimeout(self._left())
        received: bytes = self.sock.recv(65536)
        self._unread += received
        return bool(received)

    def _left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the server took too long")
        return left


class _EncryptedConnection(_Connection, imaplib.IMAP4_SSL):  # type: ignore[misc]  # typeshed: their open() differ
    """Encrypted from the first byte on."""


class _Box(BaseMailBox):
    """imap-tools' mailbox over a connection that is bounded in time."""

    client: _Connection

    def __init__(self, parts: SplitResult, deadline: float) -> None:
        self._parts, self._deadline = parts, deadline
        super().__init__()

    def _get_mailbox_client(self) -> _Connection:
        host, port = self._parts.hostname or "", self._parts.port or _PORTS[self._parts.scheme]
        context = ssl.create_default_context()
        if self._parts.scheme == "imaps":
            return _EncryptedConnection(host, port, deadline=self._deadline, ssl_context=context)
        client = _Connection(host, port, deadline=self._deadline)
        if self._parts.scheme == "imap+starttls":
            try:
                client.starttls(ssl_context=context)
            except BaseException:
                client.shutdown()
                raise
        return client
