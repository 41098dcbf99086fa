"""Passwords of staff: argon2id, few checks at a time, and equal work for accounts that are not there."""

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import Refused

#: each check takes 64 MiB and a tenth of a second; more of them at once would be a way to stop the service
AT_ONCE = 2
WAIT_SECONDS = 5.0

_hasher = PasswordHasher()
_room = threading.BoundedSemaphore(AT_ONCE)


class TooBusy(Refused):
    """More sign-ins than can be checked at once."""

    status = 503


def hash_password(password: str) -> str:
    """Make the hash that is stored."""
    return _hasher.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Check a password; `stored` None does the same work and says no. Raises TooBusy after five seconds of waiting."""
    if not _room.acquire(timeout=WAIT_SECONDS):
        raise TooBusy("Many people are signing in. Nothing is wrong with your account. Try again in a moment.")
    try:
        return _hasher.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
    finally:
        _room.release()


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")
