"""The turns of the virus scanner: work found by state, done outside of transactions."""

import logging
import time
from collections.abc import Callable
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
