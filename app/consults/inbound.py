"""What becomes of a mail that came in: an answer to an invitation, news of one that did not arrive, somebody's words.

One transaction a mail, found by state: a process that dies leaves it undone, and the next one does it, once. Nothing
here answers a mail (I5).
"""

import logging
from datetime import datetime
from functools import partial

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from app import history
from app.consults import bounces, casefile, origin, replies
from app.consults.origin import Origin
from app.consults.setup import Setup
from app.db import in_transaction, transaction
from app.errors import Conflict
from app.mail import received
from app.mail.received import Received
from app.models import AttentionReason, BouncedAddress, InboundKind, InboundMail

log = logging.getLogger(__name__)

#: so many are done at one ring, so that a task stays below its time limit; the rest, the next ring does
MOST_AT_ONCE = 500

#: a mail over which so many tries have died is left to a person
MOST_TRIES = 3


def act_on_all(sessions: sessionmaker[Session], *, setup: Setup, now: datetime) -> int:
    """Do what is to be done about the mails that came in, in order; return how many were done."""
    with sessions() as session:
        undone = session.scalars(
            select(InboundMail.id)
            .where(InboundMail.processed_at.is_(None))
            .order_by(InboundMail.id)
            .limit(MOST_AT_ONCE)
        ).all()
    done = 0
    for inbound_id in undone:
        with transaction(sessions) as session:
            session.get_one(InboundMail, inbound_id, with_for_update=True).attempts += 1
        try:
            done += in_transaction(sessions, partial(act, inbound_id=inbound_id, setup=setup, now=now))
        except Exception as error:  # whatever one mail makes go wrong, those behind it are not to wait for it
            # Nothing of it was committed; it is tried again at the next ring, and after the third try a person gets it
            # (`attempts`). The text of the error is not logged, since it may quote the mail.
            log.error("inbound %s failed: %s", inbound_id, type(error).__name__)
    return done


def act(session: Session, *, inbound_id: int, setup: Setup, now: datetime) -> bool:
    """Do what is to be done about one mail, unless it is done; tell whether it was."""
    row = session.scalar(
        select(InboundMail)
        .where(InboundMail.id == inbound_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None or row.processed_at is not None:
        return False
    mail = received.read(row.content)
    row.sender = mail.sender
    if row.attempts > MOST_TRIES:
        kind, outcome = _to_a_person(session, row, mail, InboundKind.UNREADABLE, "failed", setup=setup, now=now)
    else:
        kind, outcome = _sort(session, row, mail, setup=setup, now=now)
    row.kind, row.outcome, row.processed_at = kind, outcome, now
    log.info("inbound %s: %s, %s", row.id, kind.value, outcome)
    return True


def reprocess(session: Session, inbound_id: int, *, setup: Setup, now: datetime) -> InboundMail:
    """Do once more what is to be done about a mail. What it has led to already is not done twice. Raises Conflict."""
    row = session.get_one(InboundMail, inbound_id, with_for_update=True)
    if row.withdrawn:
        raise Conflict("This mail is withdrawn from view, so nothing was changed. An administrator can put it back.")
    row.processed_at = row.kind = None
    row.attempts = 0
    session.flush()
    act(session, inbound_id=inbound_id, setup=setup, now=now)
    return row


def _sort(
    session: Session, row: InboundMail, mail: Received, *, setup: Setup, now: datetime
) -> tuple[InboundKind, str]:
    """Find out what a mail is, and have done what follows."""
    if origin.is_our_own(mail, setup.desk):
        return InboundKind.AUTOMATIC, "our_own"
    if row.truncated or not mail.readable:
        why = "too_large" if row.truncated else "unreadable"
        return _to_a_person(session, row, mail, InboundKind.UNREADABLE, why, setup=setup, now=now)
    if mail.bounce is not None:
        return InboundKind.BOUNCE, bounces.record(session, row, mail, mail.bounce, setup=setup, now=now)
    _works_again(session, mail.sender)
    if any(reply.method in replies.METHODS for reply in mail.replies):
        outcome = replies.record(session, row, mail, setup=setup, now=now)
        if outcome != replies.LOOK:
            return InboundKind.REPLY, outcome
        return _to_a_person(session, row, mail, InboundKind.REPLY, outcome, setup=setup, now=now)
    if mail.automatic:
        return InboundKind.AUTOMATIC, mail.automatic
    return _to_a_person(session, row, mail, InboundKind.LETTER, "to_read", setup=setup, now=now)


def _to_a_person(
    session: Session, row: InboundMail, mail: Received, kind: InboundKind, outcome: str, *, setup: Setup, now: datetime
) -> tuple[InboundKind, str]:
    """Have a coordinator read it; each mail is a task of its own."""
    about = Origin(consult_id=row.consult_id) if row.consult_id else origin.of(session, mail, setup.desk)
    row.consult_id = about.consult_id
    side = about.recipient.value if about.recipient else None
    casefile.call_for_a_person(
        session,
        about.consult_id,
        AttentionReason.MAIL_TO_READ,
        director_id=about.director_id,
        key=str(row.id),
        details={"mail": row.id, "side": side, "why": outcome},
        now=now,
    )
    if about.consult_id is not None:
        history.write(
            session,
            denial_id=casefile.denial_id_of(session, about.consult_id),
            consult_id=about.consult_id,
            what="mail_received",
            details={"mail": row.id, "side": side},
            by=history.SYSTEM,
            now=now,
        )
    return kind, outcome


def _works_again(session: Session, sender: str) -> None:
    """Take the mark from an address that a mail comes from."""
    if sender:
        session.execute(delete(BouncedAddress).where(BouncedAddress.address == sender))
