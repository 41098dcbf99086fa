"""The folder of documents: every file under a name drawn by chance, encrypted with a key of its own.

AES-256-GCM in pieces, so that memory stays flat: the nonce of a piece is its number and whether it is the last one, so
that no piece can be moved, doubled or cut off. A key is used for one file alone, so that no nonce comes twice.
"""

import errno
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.documents.keys import KeyRing

PIECE = 64 * 1024
_TAG = 16
#: so much of the disk is left free for what else needs it
KEPT_FREE = 512 * 1024 * 1024


class Damaged(Exception):
    """A document's file is gone or is not what was written; nothing of it is given out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What it takes to find a document's content and to open it."""

    stored_as: str
    key_id: str
    wrapped_key: bytes
    size: int
    sha256: bytes


class Store:
    """The folder of documents."""

    def __init__(self, folder: Path, keys: KeyRing) -> None:
        self.keys = keys
        self._kept = folder / "kept"
        self._arriving = folder / "arriving"

    def incoming(self) -> BinaryIO:
        """Make a file for what is just being sent. It has no name, and is gone when it is closed."""
        return tempfile.TemporaryFile(dir=_private(self._arriving))

    def write(self, source: BinaryIO) -> Stored:
        """Keep what `source` holds, from its beginning. When this returns it is on the disk under its final name.

        Raises OSError, also where too little of the disk is left.
        """
        key, wrapped = self.keys.new()
        name = secrets.token_hex(16)
        unfinished = _private(self._arriving) / name
        if shutil.disk_usage(self._arriving).free < KEPT_FREE:
            raise OSError(errno.ENOSPC, "too little of the disk is left for documents")
        digest, size = hashlib.sha256(), 0
        try:
            with open(unfinished, "xb", opener=lambda path, flags: os.open(path, flags, mode=0o600)) as target:
                for piece, sealed in _seal(key, source):
                    digest.update(piece)
                    size += len(piece)
                    target.write(sealed)
                target.flush()
                os.fsync(target.fileno())
            os.rename(unfinished, _private(self._kept) / name)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        _sync_folder(self._kept)
        return Stored(stored_as=name, key_id=self.keys.current, wrapped_key=wrapped, size=size, sha256=digest.digest())

    def read(self, stored: Stored) -> Iterator[bytes]:
        """Give a document's content in pieces, after all of it has been proven. Raises Damaged, NoKey."""
        self.prove(stored)
        return self._open(stored)

    def prove(self, stored: Stored) -> None:
        """Read a document to its end. Raises Damaged where a byte differs from what was written, and NoKey."""
        digest, size = hashlib.sha256(), 0
        for piece in self._open(stored):
            digest.update(piece)
            size += len(piece)
        if (digest.digest(), size) != (stored.sha256, stored.size):
            raise Damaged(f"{stored.stored_as} is another file")

    def _open(self, stored: Stored) -> Iterator[bytes]:
        key = self.keys.unwrap(stored.key_id, stored.wrapped_key)
        try:
            with (self._kept / stored.stored_as).open("rb") as file:
                yield from _unseal(key, file)
        except (FileNotFoundError, InvalidTag) as error:
            raise Damaged(f"{stored.stored_as} is {'gone' if isinstance(error, OSError) else 'damaged'}") from None

    def names(self) -> Iterator[tuple[str, datetime]]:
        """List the files that are kept, with the instant each was written."""
        yield from _files(self._kept)

    def unfinished(self) -> Iterator[tuple[str, datetime]]:
        """List the files whose writing was cut off, or goes on."""
        yield from _files(self._arriving)

    def remove(self, name: str) -> None:
        """Remove a file, wherever it is."""
        for folder in (self._kept, self._arriving):
            (folder / name).unlink(missing_ok=True)


def _seal(key: bytes, source: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    cipher, number = AESGCM(key), 0
    source.seek(0)
    piece = source.read(PIECE)
    while True:
        following = source.read(PIECE)
        yield piece, cipher.encrypt(_nonce(number, last=not following), piece, None)
        if not following:
            return
        piece, number = following, number + 1


def _unseal(key: bytes, file: BinaryIO) -> Iterator[bytes]:
    cipher, number = AESGCM(key), 0
    sealed = file.read(PIECE + _TAG)
    while True:
        following = file.read(PIECE + _TAG)
        yield cipher.decrypt(_nonce(number, last=not following), sealed, None)
        if not following:
            return
        sealed, number = following, number + 1


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _files(folder: Path) -> Iterator[tuple[str, datetime]]:
    for entry in os.scandir(_private(folder)):
        yield entry.name, datetime.fromtimestamp(entry.stat().st_mtime, UTC)


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
