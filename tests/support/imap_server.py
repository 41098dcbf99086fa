"""A small IMAP4rev1 server that serves one folder and misbehaves where it is told to."""

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path


class Trick(Enum):
    """What the server does instead of an answer."""

    DRIP = auto()
    "a byte now and then, and never the end"
    FLOOD = auto()
    "an answer that never ends"
    DROP = auto()
    "close the connection"
    HALF = auto()
    "half of a mail, then close the connection"
    ALL = auto()
    "the whole mail, though a part was asked for"
    GONE = auto()
    "nothing: somebody has taken the mail away"
    REFUSE = auto()
    "say that this mail cannot be given out"
    BAD = auto()
    "the same, as if it had been asked for wrongly"


@dataclass(slots=True)
class Served:
    """The server. `mails` are those of the folder, by UID; `tricks` holds for each command what is done next."""

    listener: socket.socket
    certificate: Path | None = None
    mails: dict[int, bytes] = field(default_factory=dict)
    uid_validity: int | None = 1
    in_disorder: bool = False
    "lists UIDs backwards and twice, and speaks of other mails while one is fetched"
    tricks: dict[str, list[Trick]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    "every command, without its tag"
    password: str = "mail-password"
    over: threading.Event = field(default_factory=threading.Event)

    def url(self, scheme: str = "imap", host: str = "127.0.0.1", folder: str = "INBOX") -> str:
        """Return its address."""
        return f"{scheme}://consults:mail-password@{host}:{self.listener.getsockname()[1]}/{folder}"

    def put(self, *mails: bytes) -> None:
        """Deliver mails."""
        for mail in mails:
            self.mails[max(self.mails, default=0) + 1] = mail

    def fetched(self) -> list[int]:
        """List the UIDs that were fetched, in order."""
        return [int(found[1]) for line in self.seen if (found := re.match(r"UID FETCH (\d+)", line))]

    def serve(self) -> None:
        """Take one connection after the other until the test is over."""
        while not self.over.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with suppress(OSError, ConnectionError):
                _Talk(self, connection).run()


class _Talk:
    """One connection."""

    def __init__(self, server: Served, connection: socket.socket) -> None:
        self.server = server
        self.connection = connection
        if server.certificate and "implicit" in server.tricks:
            self.encrypt()
        self.lines = self.connection.makefile("rb")

    def run(self) -> None:
        """Answer until either side hangs up."""
        try:
            if self.trick("greeting"):
                self.say("* OK ready")
                while (line := self.lines.readline()) and self.obey(line.decode().rstrip("\r\n")):
                    pass
        finally:
            self.lines.close()
            self.connection.close()

    def obey(self, line: str) -> bool:
        """Do one command; tell whether to go on."""
        tag, _, command = line.partition(" ")
        self.server.seen.append(command)
        word = " ".join(command.upper().split()[: 2 if command.upper().startswith("UID") else 1])
        if not self.trick(word):
            return False
        answer = getattr(self, word.lower().replace(" ", "_"), None)
        if answer is None:
            self.say(f"{tag} BAD what?")
            return True
        return bool(answer(tag, command))

    def capability(self, tag: str, command: str) -> bool:
        """Say what it can do."""
        self.say("* CAPABILITY IMAP4rev1 STARTTLS", f"{tag} OK done")
        return True

    def login(self, tag: str, command: str) -> bool:
        """Let in whoever has the password."""
        right = f'"{self.server.password}"' in command
        self.say(f"{tag} OK welcome" if right else f"{tag} NO [AUTHENTICATIONFAILED] who?")
        return True

    def starttls(self, tag: str, command: str) -> bool:
        """Begin to encrypt; somebody on the way adds a line that is not."""
        self.say(f"{tag} OK begin", "XXXX9 OK injected")
        self.lines.close()
        self.encrypt()
        self.lines = self.connection.makefile("rb")
        return True

    def examine(self, tag: str, command: str) -> bool:
        """Open the folder, read-only."""
        if "INBOX" not in command:
            self.say(f"{tag} NO there is no such folder")
            return True
        self.say(f"* {len(self.server.mails)} EXISTS", "* FLAGS (\\Seen)")
        if self.server.uid_validity is not None:
            self.say(f"* OK [UIDVALIDITY {self.server.uid_validity}] valid")
        self.say(f"{tag} OK [READ-ONLY] open")
        return True

    def uid_search(self, tag: str, command: str) -> bool:
        """List the UIDs from one on; the last one always (RFC 3501, 6.4.8)."""
        first = int(command.split()[-1].partition(":")[0])
        found = sorted(uid for uid in self.server.mails if uid >= first or uid == max(self.server.mails))
        if self.server.in_disorder:
            found = [*found[::-1], *found]
        self.say(f"* SEARCH {' '.join(map(str, found))}".rstrip(), f"{tag} OK done")
        return True

    def uid_fetch(self, tag: str, command: str) -> bool:
        """Give a mail, or as much of it as was asked for."""
        uid = int(command.split()[2])
        asked = re.search(r"<0\.(\d+)>", command)
        mail = self.server.mails.get(uid, b"")
        trick = self.next_trick("mail")
        if trick in (Trick.REFUSE, Trick.BAD):
            self.say(f"{tag} {'NO' if trick is Trick.REFUSE else 'BAD'} message is damaged")
            return True
        if self.server.in_disorder:
            self.say("* 1 FETCH (FLAGS (\\Seen) UID 99999)")
        if uid in self.server.mails and trick is not Trick.GONE:
            sent = mail if trick is Trick.ALL or not asked else mail[: int(asked[1])]
            head = f"* 1 FETCH (UID {uid} RFC822.SIZE {len(mail)} BODY[]<0> {{{len(sent)}}}\r\n".encode()
            if trick is Trick.HALF:
                self.connection.sendall(head + sent[: len(sent) // 2])
                return False
            self.connection.sendall(head + sent + b")\r\n")
        self.say(f"{tag} OK done")
        return True

    def logout(self, tag: str, command: str) -> bool:
        """Take leave."""
        self.say("* BYE", f"{tag} OK done")
        return False

    def next_trick(self, word: str) -> Trick | None:
        """Take the next trick of a command."""
        waiting = self.server.tricks.get(word)
        return waiting.pop(0) if waiting else None

    def trick(self, word: str) -> bool:
        """Misbehave where the test wants it; tell whether to go on."""
        trick = self.next_trick(word)
        if trick is None:
            return True
        piece = {Trick.DRIP: b"*", Trick.FLOOD: b"* OK more\r\n" * 2000}.get(trick)
        while piece is not None and not self.server.over.wait(0 if trick is Trick.FLOOD else 0.02):
            self.connection.sendall(piece)
        return False

    def encrypt(self) -> None:
        """Begin TLS with the certificate of the test."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(self.server.certificate))
        self.connection = context.wrap_socket(self.connection, server_side=True)

    def say(self, *lines: str) -> None:
        """Send lines."""
        self.connection.sendall("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def served(certificate: Path | None = None) -> Iterator[Served]:
    """Run a server for one test."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Served(listener, certificate)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        yield server
        server.over.set()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
