"""The turns of the virus scanner and of the folder of documents: work found by state, done outside of transactions."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from app.consults import documents
from app.db import in_transaction, transaction
from app.documents.clamd import Clamd, NoVerdict
from app.documents.keys import NoKey
from app.documents.store import Damaged, Store
from app.models import Document, DocumentState

log = logging.getLogger(__name__)

#: a document that the scanner did not judge is put before it again after this
AGAIN = timedelta(minutes=1)
#: seconds after which a turn begins nothing more: a task ends after 90 s, and one scan may take 40
TURN = 45.0
#: a file that belongs to no document is removed after this: whoever is writing one has long ended
ORPHANED = timedelta(days=1)
_BATCH = 500


def scan_waiting(
    sessions: sessionmaker[Session], *, store: Store, clamd: Clamd | None, clock: Callable[[], datetime]
) -> int:
    """Have every document scanned that waits for it, and return how many verdicts there were.

    Ends where the scanner cannot be asked: what is left waits, and nobody can open it meanwhile.
    """
    if clamd is None:
        return 0
    verdicts, began = 0, time.monotonic()
    while time.monotonic() - began < TURN:
        with transaction(sessions) as session:
            document = session.scalar(_next(clock()))
        if document is None:
            break
        try:
            found = clamd.scan(store.read(documents.stored(document))).found
        except (NoVerdict, Damaged, NoKey) as error:
            log.warning("document %d was not scanned: %s", document.id, error)
            _put_off(sessions, document.id, clock())
            if isinstance(error, NoVerdict):
                break
            continue
        log.info("document %d scanned: %s", document.id, "refused" if found else "nothing found")
        gone = in_transaction(sessions, _record(document.id, found, clock()))
        if gone is not None:
            store.remove(gone)
        verdicts += 1
    return verdicts


def tidy(sessions: sessionmaker[Session], *, store: Store, now: datetime) -> int:
    """Remove files that belong to no document, a day after they were written; return how many.

    Where the database knows none of the files that are kept, it is the folder of another one: nothing is removed.
    """
    kept = [name for name, written in store.names() if written < now - ORPHANED]
    known = known_names(sessions, kept)
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


def known_names(sessions: sessionmaker[Session], names: Iterable[str]) -> set[str]:
    """Say which of these files belong to a document."""
    known: set[str] = set()
    with transaction(sessions) as session:
        for some in _batches(list(names)):
            known.update(filter(None, session.scalars(select(Document.stored_as).where(Document.stored_as.in_(some)))))
    return known


def oldest_waiting(session: Session) -> datetime | None:
    """Say since when the document waits that has waited longest for the scanner."""
    return session.scalar(select(func.min(Document.received_at)).where(_waits()))


def _next(now: datetime) -> Select[Document]:
    asked_long_ago = or_(Document.tried_at.is_(None), Document.tried_at < now - AGAIN)
    return (
        select(Document)
        .where(_waits(), asked_long_ago)
        .order_by(Document.tried_at.asc().nulls_first(), Document.id)
        .limit(1)
    )


def _waits() -> ColumnElement[bool]:
    return and_(Document.state == DocumentState.WAITING, Document.withdrawn_at.is_(None))


def _record(document_id: int, found: str, now: datetime) -> Callable[[Session], str | None]:
    return lambda session: documents.record_verdict(session, document_id, found, now=now)


def _put_off(sessions: sessionmaker[Session], document_id: int, now: datetime) -> None:
    with transaction(sessions) as session:
        session.execute(update(Document).where(Document.id == document_id).values(tried_at=now))


def _batches(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _BATCH):
        yield names[start : start + _BATCH]
