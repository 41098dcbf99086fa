"""An SMTP server that fails where it is told to: in every phase, also in ways no decent server would.

It takes a message like `tests.support.smtp.oracle`, which is a real server; `test_smtp` holds both to the same.
"""

import socket
import ssl
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path


class Trick(Enum):
    """What the server does instead of an answer."""

    HANG = auto()
    DRIP = auto()
    "a byte now and then, and never the end of the line"
    FLOOD = auto()
    "an answer that never ends"
    DROP = auto()
    "close the connection"


GOOD = {
    "greeting": "220 ready",
    "EHLO": "250-here\r\n250-AUTH PLAIN\r\n250 STARTTLS",
    "STARTTLS": "220 go ahead",
    "AUTH": "235 welcome",
    "MAIL": "250 OK",
    "RCPT": "250 OK",
    "DATA": "354 go ahead",
    "content": "250 taken",
    "RSET": "250 OK",
    "QUIT": "221 bye",
}


@dataclass(slots=True)
class Scripted:
    """The server. `script` holds for each phase the next answers; what is not in it is answered well."""

    listener: socket.socket
    certificate: Path | None = None
    script: dict[str, list[str | Trick]] = field(default_factory=lambda: defaultdict(list))
    taken: list[tuple[str, str, bytes]] = field(default_factory=list)
    "envelope sender, envelope recipient, content, as they came"
    seen: list[str] = field(default_factory=list)
    "every command, over all connections; * after those that came encrypted"
    connections: int = 0
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    "what is done before the answer of a phase; before that to the content, which is kept by then"
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        """Return where it listens."""
        return int(self.listener.getsockname()[1])

    def serve(self) -> None:
        """Take one connection after the other until the test is over."""
        while not self.over.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            with suppress(OSError, ConnectionError):
                Talk(self, connection).run()


class Talk:
    """One connection."""

    def __init__(self, server: Scripted, connection: socket.socket) -> None:
        self.server = server
        self.connection = connection
        self.lines = connection.makefile("rb")
        self.sender = self.recipient = ""

    def run(self) -> None:
        """Answer until either side hangs up."""
        try:
            if self.server.certificate and "implicit" in self.server.script:
                self.encrypt()
            if self.answer("greeting"):
                while (line := self.lines.readline()) and self.obey(line.decode().strip()):
                    pass
        finally:
            self.lines.close()
            self.connection.close()

    def obey(self, line: str) -> bool:
        """Do one command; tell whether to go on."""
        word = line.split()[0].upper()
        self.server.seen.append(word + ("*" if isinstance(self.connection, ssl.SSLSocket) else ""))
        if word == "MAIL":
            self.sender = line.partition("<")[2].partition(">")[0]
        if word == "RCPT":
            self.recipient = line.partition("<")[2].partition(">")[0]
        answered = self.answer(word)
        if word == "DATA" and answered.startswith("354"):
            return bool(self.take())
        if word == "STARTTLS" and answered.startswith("220"):
            self.encrypt()
        return bool(answered) and word != "QUIT"

    def take(self) -> str:
        """Read a message to its dot, and answer."""
        content = b""
        while (line := self.lines.readline()) != b".\r\n":
            if not line:
                return ""
            content += line.removeprefix(b".")
        return self.answer("content", before=lambda: self.keep(content))

    def keep(self, content: bytes) -> None:
        """Remember what was taken."""
        self.server.taken.append((self.sender, self.recipient, content))

    def answer(self, phase: str, before: Callable[[], None] = lambda: None) -> str:
        """Answer as the script wants it; return what was said, nothing where the connection is over."""
        steps = self.server.script.get(phase)
        step = steps.pop(0) if steps else GOOD.get(phase, "500 what?")
        if isinstance(step, Trick) or step.startswith("250"):
            before()
        self.server.before.get(phase, lambda: None)()
        if isinstance(step, Trick):
            self.play(step)
            return ""
        self.connection.sendall(step.encode() + b"\r\n")
        return step

    def play(self, trick: Trick) -> None:
        """Misbehave until the test is over or the other side has had enough."""
        if trick is Trick.DROP:
            return
        piece = {Trick.HANG: b"", Trick.DRIP: b"2", Trick.FLOOD: b"250-more\r\n" * 500}[trick]
        with suppress(OSError):
            while not self.server.over.wait(0 if trick is Trick.FLOOD else 0.02):
                self.connection.sendall(piece)
                if trick is Trick.HANG:
                    self.connection.settimeout(0.02)
                    with suppress(TimeoutError):
                        if not self.connection.recv(1):
                            return

    def encrypt(self) -> None:
        """Begin TLS with the certificate of the test."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(self.server.certificate))
        self.lines.close()
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.lines = self.connection.makefile("rb")


@contextmanager
def scripted(certificate: Path | None = None) -> Iterator[Scripted]:
    """Run a server for one test."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Scripted(listener, certificate)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        yield server
        server.over.set()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
