"""The folder of documents against what the database says of it: orphans removed, every file proven, keys changed."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, sessionmaker

from app.consults import documents
from app.db import transaction
from app.documents.keys import NoKey
from app.documents.store import Damaged, Store
from app.models import Document

log = logging.getLogger(__name__)

#: a file that belongs to no document is removed after this: whoever was writing it has long ended
ORPHANED = timedelta(days=1)
_BATCH = 500


@dataclass(slots=True, kw_only=True)
class Found:
    """What a look at every document found."""

    proven: int = 0
    faults: list[str] = field(default_factory=list)
    "one line for each document whose file is gone, is damaged, or cannot be opened with our keys"
    orphans: int = 0
    "files that belong to no document"
    waiting: int = 0
    "documents that wait for the virus scanner"


def verify(sessions: sessionmaker[Session], *, store: Store) -> Found:
    """Read every document to its last byte and compare it with what was written down; changes nothing."""
    found, names = Found(), set[str]()
    for some in _documents(sessions):
        for document in some:
            stored = documents.stored(document)
            names.add(stored.stored_as)
            found.waiting += document.scanned_at is None
            try:
                store.prove(stored)
                found.proven += 1
            except (Damaged, NoKey) as error:
                found.faults.append(f"document {document.id} of case {document.denial_id}: {error}")
    found.orphans = sum(name not in names for name, _ in store.names())
    return found


def rewrap(sessions: sessionmaker[Session], *, store: Store) -> int:
    """Wrap the key of every document with the current key; return how many were wrapped with an earlier one.

    The files stay as they are. Raises NoKey where an earlier key is not among ours; what was done before stays done.
    """
    done = 0
    while True:
        with transaction(sessions) as session:
            some = session.scalars(_wrapped_before(store)).all()
            for document in some:
                stored = documents.stored(document)
                document.wrapped_key = store.keys.rewrap(stored.key_id, stored.wrapped_key)
                document.key_id = store.keys.current
            done += len(some)
        if not some:
            return done


def tidy(sessions: sessionmaker[Session], *, store: Store, now: datetime) -> int:
    """Remove files that belong to no document, a day after they were written; return how many.

    Where the database knows none of the files that are kept, it is the folder of another one: nothing is removed.
    """
    kept = [name for name, written in store.names() if written < now - ORPHANED]
    known = set[str]()
    with transaction(sessions) as session:
        for start in range(0, len(kept), _BATCH):
            some = Document.stored_as.in_(kept[start : start + _BATCH])
            known.update(filter(None, session.scalars(select(Document.stored_as).where(some))))
    if kept and not known:
        log.error("the database knows none of %d files in the folder of documents; nothing was removed", len(kept))
        return 0
    gone = [name for name in kept if name not in known]
    gone += [name for name, written in store.unfinished() if written < now - ORPHANED]
    for name in gone:
        store.remove(name)
    if gone:
        log.info("%d files without a document removed", len(gone))
    return len(gone)


def _documents(sessions: sessionmaker[Session]) -> Iterator[Sequence[Document]]:
    """Read all documents that have a file, a batch in a transaction: proving them may take long."""
    last = 0
    while True:
        with transaction(sessions) as session:
            some = session.scalars(
                select(Document)
                .where(Document.stored_as.is_not(None), Document.id > last)
                .order_by(Document.id)
                .limit(_BATCH)
            ).all()
        if not some:
            return
        yield some
        last = some[-1].id


def _wrapped_before(store: Store) -> Select[Document]:
    return (
        select(Document)
        .where(Document.key_id != store.keys.current)
        .order_by(Document.id)
        .limit(_BATCH)
        .with_for_update()
    )
