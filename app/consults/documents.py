"""Documents of a case: received as clinical information (NC-8), scanned, opened, taken out of view.

History and logs call a document by its number; its name is patient data and stays in its row.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app import history
from app.consults import casefile, wanted
from app.consults.change import change
from app.consults.setup import Setup
from app.documents.arriving import Arrived
from app.documents.store import Stored
from app.errors import Conflict, NotFound
from app.models import (
    AttentionReason,
    Consult,
    Denial,
    Document,
    DocumentState,
    RefusedBecause,
    WithdrawnBecause,
)
from scheduling import life

#: files taken at one time
AT_ONCE = 10
#: what one office may send within an hour, of all its cases together
MOST_AN_HOUR = 100
WITHIN = timedelta(hours=1)

RECEIVED = "document_received"
REFUSED = "document_refused"
SCANNED = "document_scanned"
OPENED = "document_opened"
WITHDRAWN = "document_withdrawn"

_COUNTS = and_(Document.state != DocumentState.REFUSED, Document.withdrawn_at.is_(None))
#: of the documents of a case that are beside no request: how many there are, and how many count for the next one
UNTAKEN = (
    select(func.count().label("untaken"), func.count().filter(_COUNTS).label("early"))
    .where(Document.denial_id == bindparam("denial"), Document.consult_id.is_(None))
    .subquery("documents")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of sending some files."""

    kept: int = 0
    "those that are there now, also where they had been sent before"
    refused: int = 0
    left_out: int = 0
    "too much within an hour: nothing of them is on record"
    spare: tuple[str, ...] = ()
    "files in the store that nobody needs, since the same had been there"


def receive(
    session: Session,
    denial_id: int,
    arrived: Sequence[Arrived],
    *,
    others: Sequence[int] = (),
    setup: Setup,
    by: str,
    now: datetime,
) -> Taken:
    """Put files beside a case: information for its open request, or kept for the next one (NC-7, NC-8).

    `others`: further cases of the same office, for what it may send within an hour. The same file again is one
    document. Raises Conflict where the policy takes no information.
    """
    denial = casefile.lock_denial(session, denial_id)
    consult_id = casefile.open_consult_of(session, denial_id)
    _must_take_information(session, denial, consult_id, setup=setup)
    room = _room(session, [denial_id, *others], by=by, now=now)
    rows = [_row(session, denial, each, consult_id, by=by, now=now) for each in arrived[:room]]
    kept = [row for row in rows if row.state is not DocumentState.REFUSED]
    new = [row for row in kept if row.received_at == now]
    if new and consult_id is not None:
        _becomes_information(session, consult_id, setup=setup, by=by, now=now)
        wanted.information_came(session, consult_id, now=now)
    names = {row.stored_as for row in kept}
    return Taken(
        kept=len(kept),
        refused=len(rows) - len(kept),
        left_out=len(arrived) - len(rows),
        spare=tuple(each.stored.stored_as for each in arrived if each.stored and each.stored.stored_as not in names),
    )


def _must_take_information(session: Session, denial: Denial, consult_id: int | None, *, setup: Setup) -> None:
    rulebook = setup.policies.current(denial.plan)
    if consult_id is not None:
        rulebook = casefile.load(session, consult_id, setup=setup, lock=False).rulebook
    if not life.keeps_early_information(rulebook):
        raise Conflict("This plan takes no further clinical information for a consult. Send it with an appeal.")


def _room(session: Session, denial_ids: Sequence[int], *, by: str, now: datetime) -> int:
    """Say how many files more may be taken: what an office sends is counted, what the desk attaches is not."""
    if by != history.OFFICE:
        return MOST_AN_HOUR
    recent = select(func.count(Document.id)).where(
        Document.denial_id.in_(denial_ids), Document.sent_by == history.OFFICE, Document.received_at > now - WITHIN
    )
    return max(0, MOST_AN_HOUR - session.scalars(recent).one())


def _row(
    session: Session, denial: Denial, each: Arrived, consult_id: int | None, *, by: str, now: datetime
) -> Document:
    """Write the row of one file, or find that of the same file."""
    if each.stored is not None and (found := _same(session, denial.id, each.stored.sha256)) is not None:
        return found
    last = session.scalar(select(func.max(Document.number)).where(Document.denial_id == denial.id))
    made = Document(
        denial_id=denial.id,
        consult_id=consult_id,
        number=(last or 0) + 1,
        token=secrets.token_urlsafe(16),
        name=each.name,
        size=each.size,
        sha256=each.stored.sha256 if each.stored else b"",
        state=DocumentState.WAITING if each.stored else DocumentState.REFUSED,
        refused_because=each.refused,
        kind=each.found.kind if each.found else None,
        pages=each.found.pages if each.found else None,
        stored_as=each.stored.stored_as if each.stored else None,
        key_id=each.stored.key_id if each.stored else None,
        wrapped_key=each.stored.wrapped_key if each.stored else None,
        received_at=now,
        sent_by=by,
    )
    session.add(made)
    session.flush()
    if each.refused is not None:
        note(session, made, REFUSED, {"reason": each.refused}, by=by, now=now)
    else:
        note(session, made, RECEIVED, {"kind": made.kind, "pages": made.pages}, by=by, now=now)
    return made


def _same(session: Session, denial_id: int, sha256: bytes) -> Document | None:
    return session.scalar(
        select(Document).where(
            Document.denial_id == denial_id,
            Document.sha256 == sha256,
            Document.state != DocumentState.REFUSED,
            Document.withdrawn_at.is_(None),
        )
    )


def _becomes_information(session: Session, consult_id: int, *, setup: Setup, by: str, now: datetime) -> None:
    file = change(
        session,
        consult_id,
        lambda state, rules: life.add_information(state, rules, now=now),
        setup=setup,
        by=by,
        now=now,
        must=False,  # what comes later is added to what is there, and opens nothing
    )
    # whoever has the case open decides on another case from now on: the version says so (A12)
    flag_modified(file.consult, "information")


def early(session: Session, denial_id: int) -> Sequence[Document]:
    """List the documents that came while no request was open; they count for the next one."""
    return session.scalars(
        select(Document).where(
            Document.denial_id == denial_id,
            Document.consult_id.is_(None),
            _COUNTS,
        )
    ).all()


def come_along(session: Session, consult: Consult) -> None:
    """Put the documents that came before a request beside it."""
    session.execute(
        update(Document)
        .where(Document.denial_id == consult.denial_id, Document.consult_id.is_(None))
        .values(consult_id=consult.id)
    )


def find(session: Session, token: str, *, lock: bool = False) -> Document:
    """Read a document by its token. Raises NotFound."""
    query = select(Document).where(Document.token == token)
    found = session.scalar(query.with_for_update() if lock else query, execution_options=casefile.AFRESH)
    if found is None:
        raise NotFound("There is no such document.")
    return found


def may_be_opened(document: Document, *, scanner: bool) -> bool:
    """Tell whether a document is given out: in view, and scanned where there is a scanner."""
    if document.withdrawn_at is not None:
        return False
    return document.state is DocumentState.SCANNED or (document.state is DocumentState.WAITING and not scanner)


def open_document(session: Session, token: str, *, scanner: bool, by: str, now: datetime) -> Document:
    """Put down who opens a document, and return it. Raises NotFound, and Conflict for one that is not given out."""
    document = find(session, token)
    if document.withdrawn_at is not None or document.state is DocumentState.REFUSED:
        raise NotFound("This document is no longer in view. Open the case to see what there is.")
    if not may_be_opened(document, scanner=scanner):
        raise Conflict("This document has not been checked for viruses yet. Try again in a few minutes.")
    note(session, document, OPENED, {}, by=by, now=now)
    return document


def withdraw_from_view(session: Session, token: str, because: WithdrawnBecause, *, by: str, now: datetime) -> Document:
    """Take a document out of everybody's view: sent by mistake, or about another patient. It is kept, and on record.

    A second press changes nothing. Raises NotFound.
    """
    document = find(session, token, lock=True)
    if document.withdrawn_at is not None:
        return document
    document.withdrawn_at, document.withdrawn_by, document.withdrawn_because = now, by, because
    note(session, document, WITHDRAWN, {"reason": because}, by=by, now=now)
    if because is WithdrawnBecause.WRONG_PATIENT:
        _call_for_a_person(session, document, AttentionReason.DOCUMENT_WITHDRAWN, now=now)
    return document


def record_verdict(session: Session, document_id: int, found: str, *, now: datetime) -> str | None:
    """Put down what the scanner said; `found` names what it found, empty: nothing.

    Returns the name of the file that is not needed any more, once this is committed. A verdict that comes twice, or
    after the document was refused, changes nothing.
    """
    document = session.scalars(select(Document).where(Document.id == document_id).with_for_update()).one()
    if document.state is not DocumentState.WAITING:
        return None
    by = history.SYSTEM
    if not found:
        document.state, document.scanned_at = DocumentState.SCANNED, now
        note(session, document, SCANNED, {}, by=by, now=now)
        return None
    gone = document.stored_as
    document.state, document.refused_because = DocumentState.REFUSED, RefusedBecause.VIRUS
    document.stored_as = document.key_id = document.wrapped_key = document.kind = document.pages = None
    note(session, document, REFUSED, {"reason": RefusedBecause.VIRUS, "found": found}, by=by, now=now)
    # the office believes that it is there: somebody has to say that it is not
    _call_for_a_person(session, document, AttentionReason.DOCUMENT_INFECTED, now=now)
    return gone


def _call_for_a_person(session: Session, document: Document, reason: AttentionReason, *, now: datetime) -> None:
    number = document.number
    casefile.call_for_a_person(
        session,
        document.consult_id,
        reason,
        denial_id=document.denial_id,
        key=f"document {number}",
        details={"document": number},
        now=now,
    )


def stored(document: Document) -> Stored:
    """Say what it takes to find a document's content. The document must not be a refused one."""
    assert document.stored_as is not None and document.key_id is not None and document.wrapped_key is not None
    return Stored(
        stored_as=document.stored_as,
        key_id=document.key_id,
        wrapped_key=document.wrapped_key,
        size=document.size,
        sha256=document.sha256,
    )


def note(
    session: Session, document: Document, what: str, details: dict[str, object], *, by: str, now: datetime
) -> None:
    """Write a line of history about a document, by its number."""
    history.write(
        session,
        denial_id=document.denial_id,
        consult_id=document.consult_id,
        what=what,
        details={"document": document.number, **details},
        by=by,
        now=now,
    )
