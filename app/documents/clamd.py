"""Asks the virus scanner clamd about one file, with its command INSTREAM. The only file that speaks to it."""

import socket
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

#: seconds for a whole file: connecting, sending, waiting for the answer
PATIENCE = 40.0
_CONNECT = 5.0
_LONGEST_ANSWER = 4096


class NoVerdict(Exception):
    """The scanner could not be asked, or did not say. The file waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the scanner says. `found`: the name of what it found; empty: nothing."""

    found: str


class Clamd:
    """A scanner at `tcp://host:port` or `unix:///path/of/socket`."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)

    def scan(self, content: Iterable[bytes], *, patience: float = PATIENCE) -> Verdict:
        """Have a file scanned. Raises NoVerdict, also after `patience` seconds."""
        until = time.monotonic() + patience
        try:
            with self._connect(min(_CONNECT, patience)) as connection:
                answer = _ask(connection, content, until)
        except OSError as error:
            raise NoVerdict(f"{type(error).__name__}: {error.strerror or error}") from None
        if answer.endswith(": OK"):
            return Verdict(found="")
        if answer.endswith(" FOUND"):
            return Verdict(found=answer.removesuffix(" FOUND").partition(": ")[2] or "unnamed")
        raise NoVerdict(f"it says {answer!r}")

    def _connect(self, seconds: float) -> socket.socket:
        if self._parts.scheme == "tcp":
            return socket.create_connection((self._parts.hostname, self._parts.port), timeout=seconds)
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(seconds)
            connection.connect(self._parts.path)
        except OSError:
            connection.close()
            raise
        return connection


def _ask(connection: socket.socket, content: Iterable[bytes], until: float) -> str:
    """Send the file in pieces, each after its length; a piece of no length ends it (clamd(8), INSTREAM)."""
    whole = False
    try:
        _send(connection, b"zINSTREAM\0", until)
        for piece in content:
            if piece:
                _send(connection, struct.pack("!I", len(piece)) + piece, until)
        _send(connection, struct.pack("!I", 0), until)
        whole = True
    except (BrokenPipeError, ConnectionResetError):
        # clamd closes as soon as it has found something, or the file is longer than it takes, and says so before it
        # does. So its answer is read all the same; an "OK" to a part of the file is made no verdict below.
        pass
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
        connection.settimeout(_left(until))
        received = connection.recv(_LONGEST_ANSWER)
        if not received:
            break
        answer += received
    said = answer.rstrip(b"\0\n").decode("utf-8", "replace")
    return said if whole or not said.endswith(": OK") else f"{said}, of a part of the file"


def _send(connection: socket.socket, content: bytes, until: float) -> None:
    connection.settimeout(_left(until))
    connection.sendall(content)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("it takes too long")
    return left
