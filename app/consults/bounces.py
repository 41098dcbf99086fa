"""A mail of ours did not arrive, as a mail server says (RFC 3464): it and its address are marked, a person calls."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import history
from app.consults import casefile, origin
from app.consults.setup import Setup
from app.mail.bounce import Bounce
from app.mail.received import Received
from app.models import AttentionReason, BouncedAddress, InboundMail, Message


def record(session: Session, row: InboundMail, mail: Received, bounce: Bounce, *, setup: Setup, now: datetime) -> str:
    """Mark what came back; return what came of it in a word. A mail that is only late is left to its server."""
    message = origin.of_what_came_back(session, mail, setup.desk)
    if message is not None:
        row.consult_id = message.consult_id
    if not bounce.failed:
        return "delayed"
    details = {"mail": row.id, "status": bounce.status or None}
    if message is None:
        # nothing tells whose it is: one task for all of these, which may be the echo of somebody else's spam
        casefile.call_for_a_person(session, None, AttentionReason.MAIL_BOUNCED, key="unknown", details=details, now=now)
        return "unknown_mail"
    if message.bounced_at is not None:
        return "known"
    message.bounced_at = now
    message.last_error = f"came back: {bounce.status} {bounce.said}".strip()
    _mark(session, message, row, bounce, now)
    casefile.call_for_a_person(
        session,
        message.consult_id,
        AttentionReason.MAIL_BOUNCED,
        key=message.recipient.value,
        details={**details, "side": message.recipient},
        now=now,
    )
    history.write(
        session,
        denial_id=casefile.denial_id_of(session, message.consult_id),
        consult_id=message.consult_id,
        what="mail_bounced",
        details={"message": message.id, "side": message.recipient, "status": bounce.status},
        by=history.SYSTEM,
        now=now,
    )
    return "failed"


def _mark(session: Session, message: Message, row: InboundMail, bounce: Bounce, now: datetime) -> None:
    """Remember that an address takes no mail, since when and why."""
    values = {"status": bounce.status, "said": bounce.said, "message_id": message.id, "inbound_id": row.id}
    session.execute(
        insert(BouncedAddress)
        .values(address=message.address.lower(), since=now, **values)
        .on_conflict_do_update(index_elements=["address"], set_=values)
    )
