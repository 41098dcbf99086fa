"""A virus scanner for tests: speaks clamd's INSTREAM over a real socket and finds the EICAR test file."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from tests.documents.files import EICAR


class Mood(Enum):
    """How the scanner behaves."""

    WELL = "answers"
    ERROR = "says that something went wrong"
    HANGS = "reads and says nothing"
    DEAF = "accepts and does not read"
    HANGS_UP = "closes in the middle"
    FULL = "has a limit of 100 KB"
    HASTY = "says OK before it has heard all"
    GARBLED = "answers nonsense"


class FakeClamd:
    """The scanner: what it was sent, and how it behaves."""

    def __init__(self, server: socket.socket, url: str) -> None:
        self.url = url
        self.mood = Mood.WELL
        self.seen: list[bytes] = []
        self._server = server
        self._open: list[socket.socket] = []

    def serve(self) -> None:
        """Answer until the server is closed."""
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self._open:
            connection.close()

    def _answer(self, connection: socket.socket) -> None:
        if self.mood is Mood.DEAF:
            return
        try:
            with connection, connection.makefile("rb") as reader:
                assert reader.read(10) == b"zINSTREAM\0"
                said = self._judge(connection, reader)
                if said is not None:
                    connection.sendall(said + b"\0")
        except (OSError, struct.error):
            pass  # the other side went away

    def _judge(self, connection: socket.socket, reader) -> bytes | None:
        content = b""
        while size := struct.unpack("!I", reader.read(4))[0]:
            content += reader.read(size)
            if self.mood is Mood.HANGS_UP:
                return None
            if self.mood is Mood.HASTY:
                return b"stream: OK"
            if self.mood is Mood.FULL and len(content) > 100_000:
                return b"INSTREAM size limit exceeded. ERROR"
        self.seen.append(content)
        if self.mood is Mood.HANGS:
            connection.recv(1)
        if self.mood is Mood.ERROR:
            return b"stream: Can't allocate memory ERROR"
        if self.mood is Mood.GARBLED:
            return b"UNKNOWN COMMAND"
        return b"stream: Eicar-Test-Signature FOUND" if EICAR in content else b"stream: OK"


@contextmanager
def clamd(path: Path | None = None) -> Iterator[FakeClamd]:
    """Run a scanner on a port of this machine, or on a Unix socket."""
    if path is None:
        server = socket.create_server(("127.0.0.1", 0))
        url = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    else:
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(path))
        server.listen()
        url = f"unix://{path}"
    running = FakeClamd(server, url)
    thread = threading.Thread(target=running.serve, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.close()
        thread.join(5)
