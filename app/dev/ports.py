"""Ports of the loopback address."""

import socket
import subprocess
import time
from collections.abc import Iterable

from app.dev.processes import StackError, ending

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def claim_port(ports: Iterable[int]) -> tuple[int, socket.socket] | None:
    """Return the first port that is free, and the claim to it, to be kept for as long as the port is used.

    The claim is a name in Linux's abstract socket namespace. With it two stacks that start at the same moment pick two
    ports, although neither has bound its own yet.
    """
    for port in ports:
        claim = socket.socket(socket.AF_UNIX)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the web server will
            try:
                claim.bind(f"\0peerline-port-{port}")
                probe.bind((LOOPBACK, port))
            except OSError:
                claim.close()
                continue
        return port, claim
    return None


def wait_for_port(port: int, process: subprocess.Popen[bytes], name: str) -> None:
    """Wait until the process listens on the port. Raises StackError where it ends before, or takes over ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StackError(f"{name} {ending(process)} while it started.")
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.02)
    raise StackError(f"{name} does not answer on port {port}.")
