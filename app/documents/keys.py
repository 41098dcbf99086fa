"""The keys that wrap each document's own key: one that is used, earlier ones that still open what they wrapped."""

import os
from collections.abc import Sequence

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

BYTES = 32


class NoKey(Exception):
    """A document's key was wrapped with a key that this process does not have."""


class KeyRing:
    """Wraps keys with AES-256 (RFC 3394). A secret is known by its id, which tells nothing of it."""

    def __init__(self, secret: str, before: Sequence[str] = ()) -> None:
        self._keys = {_derive(each, b"id", 8).hex(): _derive(each, b"wrap", BYTES) for each in (secret, *before)}
        self.current = next(iter(self._keys))

    def new(self) -> tuple[bytes, bytes]:
        """Make a key for one document: as it is, and wrapped with the current key."""
        key = os.urandom(BYTES)
        return key, aes_key_wrap(self._keys[self.current], key)

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Return a document's key. Raises NoKey."""
        try:
            return aes_key_unwrap(self._keys[key_id], wrapped)
        except KeyError:
            raise NoKey(
                f"the key {key_id} is not among PEERLINE_DOCUMENT_KEY and PEERLINE_DOCUMENT_KEYS_BEFORE"
            ) from None
        except InvalidUnwrap:
            raise NoKey(f"the key {key_id} does not open it") from None

    def rewrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Wrap a document's key with the current key. Raises NoKey."""
        return aes_key_wrap(self._keys[self.current], self.unwrap(key_id, wrapped))


def _derive(secret: str, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=b"peerline documents " + purpose).derive(secret.encode())
