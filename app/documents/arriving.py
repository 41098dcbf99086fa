"""What becomes of a file that was sent: looked at, then kept encrypted; or refused, with the reason."""

import logging
from dataclasses import dataclass
from typing import BinaryIO

from app.documents import names
from app.documents.checking import Found, check
from app.documents.store import Store, Stored
from app.models import RefusedBecause

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A file that was sent. Either it is kept, and `found` and `stored` say what and where, or it is `refused`."""

    name: str
    size: int
    found: Found | None = None
    stored: Stored | None = None
    refused: RefusedBecause | None = None


def take_in(file: BinaryIO, name: str, size: int, store: Store) -> Arrived:
    """Look at a file and keep it. `size`: of what was sent; `file` holds less of it where it was too much."""
    cleaned = names.clean(name)
    try:
        file.flush()
        verdict = check(file, cleaned, size)
        if isinstance(verdict, Found):
            return Arrived(name=cleaned, size=size, found=verdict, stored=store.write(file))
    except OSError as error:
        log.error("a document could not be stored: %s", error.strerror)
        verdict = RefusedBecause.NOT_STORED
    return Arrived(name=cleaned, size=size, refused=verdict)


def refuse(name: str, size: int, because: RefusedBecause) -> Arrived:
    """Turn a file away without a look at it."""
    return Arrived(name=names.clean(name), size=size, refused=because)
