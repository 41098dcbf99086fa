"""Asks a process of its own what a file is, since a file may be made to break whoever opens it."""

import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.models import DocumentKind, RefusedBecause

OPENING = Path(__file__).with_name("opening.py")
#: on the wall; its own limit of work is `opening.SECONDS`
PATIENCE = 45.0
#: files that are opened at once by one web process
AT_ONCE = 2

LARGEST = 20 * 1024 * 1024

ENDINGS = {
    DocumentKind.PDF: ("pdf",),
    DocumentKind.TIFF: ("tif", "tiff"),
    DocumentKind.PNG: ("png",),
    DocumentKind.JPEG: ("jpg", "jpeg", "jpe", "jfif"),
}

_turns = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a file is."""

    kind: DocumentKind
    pages: int


def check(file: BinaryIO, name: str, size: int) -> Found | RefusedBecause:
    """Say what a file is, or why it is not taken. `name` is clean (`app.documents.names`); its ending has to agree."""
    if size == 0:
        return RefusedBecause.EMPTY
    if size > LARGEST:
        return RefusedBecause.TOO_LARGE
    found = _open(file)
    if isinstance(found, Found) and name.rpartition(".")[2].lower() not in ENDINGS[found.kind]:
        return RefusedBecause.NAME_DISAGREES
    return found


def _open(file: BinaryIO) -> Found | RefusedBecause:
    if not _turns.acquire(timeout=PATIENCE):
        return RefusedBecause.NOT_STORED
    # opened anew, to read only: the other process has a place in the file of its own
    descriptor = os.open(f"/proc/self/fd/{file.fileno()}", os.O_RDONLY)
    try:
        done = subprocess.run(
            # isolated, without an environment: neither our modules nor our secrets are within its reach
            [sys.executable, "-I", OPENING],
            stdin=descriptor,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return RefusedBecause.TOO_MUCH_INSIDE
    finally:
        os.close(descriptor)
        _turns.release()
    return _read(done.stdout.decode("ascii", "replace"))


def _read(said: str) -> Found | RefusedBecause:
    verdict, _, more = said.partition(" ")
    if verdict == "refused":
        return RefusedBecause(more)
    if not more:  # it was ended before it could say anything
        return RefusedBecause.TOO_MUCH_INSIDE
    return Found(kind=DocumentKind(verdict), pages=int(more))
