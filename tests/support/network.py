"""A test that would leave this machine fails, whatever it does with the error."""

import ipaddress
import socket
import sys
from typing import Any

import pytest


def forbid() -> None:
    """Fail, from now on, whatever connects to or looks up another machine. For the rest of the process."""
    sys.addaudithook(_look)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        connection, address = arguments
        if connection.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            pytest.fail(f"A test opens a connection to {address[0]}. Tests talk to this machine only.")
    elif event == "socket.getaddrinfo" and not _is_here(arguments[0]):
        pytest.fail(f"A test looks up the host {arguments[0]!r}. Tests talk to this machine only.")


def _is_here(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return _means_here(str(name))


def _means_here(name: str) -> bool:
    """Tell whether a number is this machine as C writes it: 127.1, 0x7f000001."""
    try:
        return socket.inet_aton(name).startswith(b"\x7f")
    except OSError:
        return False
