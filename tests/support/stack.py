"""The whole of Peerline as `make run` starts it, for tests and figures that need all of it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.request import urlopen

from app.dev.surroundings import ROOT, read

#: seconds that starting or stopping may take on a busy machine
PATIENCE = 90


class Stack:
    """A stack with a data folder of its own. It can be started again after it was stopped or killed."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.said: list[str] = []
        self.process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Start it, and wait until it has said all that it says at its start."""
        given = ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "PORT")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.dev.stack", "--data", str(self.data)],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name not in given},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.said.clear()
        started = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout, started))
        self._reader.start()
        if not started.wait(PATIENCE) or self.process.poll() is not None:
            raise AssertionError("\n".join(["The stack did not start:", *self.said]))

    def stop(self) -> int:
        """Stop it as Ctrl-C does, if it runs; return its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
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
        return self.environment["PEERLINE_BASE_URL"]

    @property
    def environment(self) -> dict[str, str]:
        """Return what its processes are told."""
        return read(self.data)

    def mails(self) -> list[dict[str, Any]]:
        """Return the list of the mails in its mailbox."""
        with urlopen(f"{self.base_url}/dev/mailbox.json") as answer:  # noqa: S310 -- our own address
            return list(json.load(answer))

    def _read(self, output: IO[str], started: threading.Event) -> None:
        """Read all that it says, for as long as it runs: a full pipe would stop it."""
        with output:
            for line in output:
                self.said.append(line.rstrip("\n"))
                if line.startswith("Ctrl-C"):
                    started.set()
        started.set()

    def _gone(self) -> int:
        assert self.process is not None
        status = self.process.wait(PATIENCE)
        if self._reader is not None:
            self._reader.join(PATIENCE)
        return status


@contextmanager
def stack() -> Iterator[Stack]:
    """Run a stack with the data of a trial; stop it and remove its data afterwards."""
    # not pytest's tmp_path: as root the database runs as somebody else, who may not go there
    data = Path(tempfile.mkdtemp(prefix="peerline-test-"))
    data.chmod(0o711)
    running = Stack(data)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(data)
