"""Processes that end with the one that started them. Linux only."""

import ctypes
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

#: seconds that a process has to end by itself when asked to
PATIENCE = 20.0
#: names, in the environment of a process, the data folder of the stack that it belongs to
MARK = "PEERLINE_STACK"

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class StackError(Exception):
    """Something cannot be started or kept running. The message says what, and how to mend it."""


def launch(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    output: int | IO[bytes],
    at_parents_end: signal.Signals = signal.SIGTERM,
    user: str | None = None,
    folder: Path = Path("/"),
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own, so that Ctrl-C reaches us alone, who stop it in its turn.

    In our session: the kernel may weigh sessions against each other, and then `nice` counts only within one.

    The kernel sends it `at_parents_end` when this process ends, kill -9 included.
    """
    entry = pwd.getpwnam(user) if user else None
    identity: dict[str, Any] = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []} if entry else {}
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        cwd=folder,
        process_group=0,
        preexec_fn=lambda: _LIBC.prctl(_PR_SET_PDEATHSIG, at_parents_end),
        **identity,
    )


def end(process: subprocess.Popen[bytes], how: signal.Signals, seconds: float = PATIENCE) -> None:
    """Ask a process to end; kill it, with all that it started, where it does not."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        kill_group(process)
        process.wait()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def ending(process: subprocess.Popen[bytes]) -> str:
    """Say how a process ended."""
    code = process.returncode
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"


def processes_where(matches: Callable[[Path], bool]) -> list[int]:
    """Return the ids of the running processes whose folder in /proc matches, of those that we may look into."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int(entry.name) != os.getpid() and matches(entry):
                found.append(int(entry.name))
        except OSError:
            continue  # it ended meanwhile, or is another user's
    return found


def of_stack(data: Path) -> list[int]:
    """Return the ids of the processes that a stack with this data folder started."""
    mark = f"{MARK}={data}".encode()
    return processes_where(lambda entry: mark in (entry / "environ").read_bytes().split(b"\0"))


def end_all(find: Callable[[], list[int]], steps: Sequence[tuple[signal.Signals, float]]) -> bool:
    """End what `find` finds: each signal in its turn, then so many seconds to go; tell whether all are gone."""
    for how, seconds in steps:
        found = find()
        for pid in found:
            try:
                os.kill(pid, how)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + seconds
        while found and time.monotonic() < deadline:
            time.sleep(0.05)
            found = find()
        if not found:
            return True
    return False
