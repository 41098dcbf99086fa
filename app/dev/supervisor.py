"""Watches over processes: prints what they say, starts again what ends, stops all of them in turn."""

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.dev.processes import PATIENCE, StackError, end, ending, kill_group, launch

#: a process that ends by itself so often within so many seconds will not be helped by another start
HOPELESS_TIMES, HOPELESS_SECONDS = 3, 30.0
#: seconds before a process that ended is started again
PAUSE = 0.5


class Interrupted(Exception):
    """Somebody pressed Ctrl-C, sent TERM or closed the terminal."""


@dataclass(slots=True, kw_only=True, eq=False)
class Child:
    """A process that is watched over."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes]
    is_server: bool
    """Servers stop after all that use them."""
    stop_signal: signal.Signals
    partial: bytes = b""
    ended: deque[float] = field(default_factory=lambda: deque(maxlen=HOPELESS_TIMES))
    start_again_at: float | None = None


class Supervisor:
    """The processes of one stack, in the order in which they were started."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self.starts_again = False
        """Whether what ends is started again. Not while the stack starts: what ends then would end again."""
        self._interruptions = 0
        self._interrupted_at = float("-inf")
        self._selector = selectors.DefaultSelector()
        self._wakeup, self._wakeup_writer = socket.socketpair()
        self._wakeup_writer.setblocking(False)
        signal.set_wakeup_fd(self._wakeup_writer.fileno())
        self._selector.register(self._wakeup, selectors.EVENT_READ)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._interrupt)

    def add(
        self,
        name: str,
        start: Callable[[], subprocess.Popen[bytes]],
        *,
        is_server: bool = False,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        """Start a process and watch over it."""
        child = Child(name=name, start=start, process=start(), is_server=is_server, stop_signal=stop_signal)
        self.children.append(child)
        self._listen(child)

    def run(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str], folder: Path) -> None:
        """Run a command to its end. Raises StackError where it fails."""
        process = launch(command, environment=environment, folder=folder, output=subprocess.PIPE)
        child = Child(name=name, start=lambda: process, process=process, is_server=False, stop_signal=signal.SIGTERM)
        self._listen(child)
        try:
            while process.poll() is None:
                self._pump(0.05)
                self._raise_if_interrupted()
        finally:
            end(process, signal.SIGTERM)
            self._drain(child)
        if process.returncode != 0:
            raise StackError(f"{name} {ending(process)}; what it said stands above.")

    def watch(self, until: Callable[[], bool]) -> None:
        """Watch until the condition holds. Raises Interrupted; StackError where a process cannot be kept running."""
        while not until():
            self._pump(0.1)
            self._raise_if_interrupted()
            for child in self.children:
                self._mind(child)

    def stop(self) -> None:
        """Ask all processes to end: first those of the application, then the servers. Asked once more, kill them."""
        asked = self._interruptions
        servers = [[child] for child in reversed(self.children) if child.is_server]
        for wave in [[child for child in self.children if not child.is_server], *servers]:
            for child in wave:
                if child.process.poll() is None:
                    child.process.send_signal(child.stop_signal)
            deadline = time.monotonic() + PATIENCE
            while any(child.process.poll() is None for child in wave):
                self._pump(0.05)
                if self._interruptions > asked or time.monotonic() > deadline:
                    for child in wave:
                        kill_group(child.process)
            for child in wave:
                self._drain(child)
        self.children.clear()

    def close(self) -> None:
        """Give up what was opened for watching."""
        signal.set_wakeup_fd(-1)
        self._selector.close()
        self._wakeup.close()
        self._wakeup_writer.close()

    def _interrupt(self, _number: int, _frame: object) -> None:
        """Count one interruption, also where `make` passes on the signal that it got together with us."""
        now = time.monotonic()
        if now - self._interrupted_at > 1:
            self._interruptions += 1
            self._interrupted_at = now

    def _raise_if_interrupted(self) -> None:
        if self._interruptions:
            raise Interrupted

    def _pump(self, seconds: float) -> None:
        """Wait so long at most for what the processes say, and print it."""
        for key, _events in self._selector.select(seconds):
            if key.fileobj is self._wakeup:
                self._wakeup.recv(64)
            else:
                self._read(key.data)

    def _listen(self, child: Child) -> None:
        if child.process.stdout is not None:
            os.set_blocking(child.process.stdout.fileno(), False)
            self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _read(self, child: Child) -> bool:
        """Print the lines that are whole; tell whether there may be more."""
        stdout = child.process.stdout
        if stdout is None or stdout.closed:
            return False
        try:
            piece = os.read(stdout.fileno(), 65536)
        except BlockingIOError:
            return False
        *lines, child.partial = (child.partial + piece).split(b"\n")
        for line in lines:
            say(line.decode(errors="replace"), child.name)
        if not piece:
            self._close(child)
        return bool(piece)

    def _drain(self, child: Child) -> None:
        """Print what a process that ended has said, and listen no longer, though what it started may live on."""
        while self._read(child):
            pass
        self._close(child)

    def _close(self, child: Child) -> None:
        stdout = child.process.stdout
        if stdout is not None and not stdout.closed:
            self._selector.unregister(stdout)
            stdout.close()
        if child.partial:
            say(child.partial.decode(errors="replace"), child.name)
            child.partial = b""

    def _mind(self, child: Child) -> None:
        """Start a process again that ended, after a pause. Raises StackError where that does not help."""
        now = time.monotonic()
        if child.start_again_at is not None:
            if now >= child.start_again_at:
                child.start_again_at = None
                child.process = child.start()
                self._listen(child)
            return
        if child.process.poll() is None:
            return
        self._drain(child)
        kill_group(child.process)  # what it started must not work on beside its successor
        how = ending(child.process)
        if not self.starts_again:
            raise StackError(f"{child.name} {how} while it started; what it said stands above.")
        if child.process.returncode >= 0:  # by itself; being killed says nothing about its health
            child.ended.append(now)
            if len(child.ended) == HOPELESS_TIMES and now - child.ended[0] < HOPELESS_SECONDS:
                raise StackError(f"{child.name} {how}, time and again; what it said stands above.")
        say(f"{child.name} {how}; starting it again")
        child.start_again_at = now + PAUSE


def say(line: str, name: str = "") -> None:
    """Print a line at once, with the name of who says it. A reader or a terminal that has gone stops nothing."""
    try:
        print(f"{name:<8} | {line}" if name else line, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
