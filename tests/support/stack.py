"""The whole of Peerline as `make run` starts it, for tests that need all of it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from app.dev.surroundings import ROOT, read

#: seconds that a start may take
PATIENCE = 60


class Stack:
    """A stack with a data folder of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.said: list[str] = []
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and read what it says until it has said all that it says at its start."""
        given = ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "PORT")
        environment = {name: value for name, value in os.environ.items() if name not in given}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.dev.stack", "--data", str(self.data)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.said.clear()
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C"):
                return
        raise AssertionError("\n".join(["The stack did not start:", *self.said]))

    def stop(self) -> int:
        """Stop it as Ctrl-C does; return its exit status."""
        assert self.process is not None
        if self.process.poll() is not None:
            return self.process.returncode
        self.process.send_signal(signal.SIGINT)
        return self._gone()

    def kill(self) -> None:
        """Kill what watches over it, as a machine that runs out of memory does."""
        assert self.process is not None
        self.process.kill()
        self._gone()

    @property
    def base_url(self) -> str:
        """Return where its pages are."""
        return read(self.data)["PEERLINE_BASE_URL"]

    @property
    def environment(self) -> dict[str, str]:
        """Return what its processes are told."""
        return read(self.data)

    def mails(self) -> list[dict[str, Any]]:
        """Return the list of the mails in its mailbox."""
        with urlopen(f"{self.base_url}/dev/mailbox.json") as answer:  # noqa: S310 -- our own address
            return list(json.load(answer))

    def _gone(self) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        self.said += self.process.stdout.read().splitlines()
        self.process.stdout.close()
        return self.process.wait(PATIENCE)


@contextmanager
def stack(data: Path) -> Iterator[Stack]:
    """Run a stack and stop it afterwards."""
    running = Stack(data)
    running.start()
    try:
        yield running
    finally:
        running.stop()
