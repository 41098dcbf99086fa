"""Which consult a mail that came in is about, and how well it is known whose it is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.lane import Desk
from app.mail import authentication
from app.mail.compose import without_detail
from app.mail.inbox import DEVELOPMENT as DEVELOPMENT
from app.mail.received import Received
from app.models import Consult, Director, Message, Recipient

_REFERENCE = re.compile(r"\bP2P-[0-9A-Z]{4}-[0-9A-Z]{4}\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a mail is about. None: not known."""

    consult_id: int | None = None
    director_id: int | None = None
    recipient: Recipient | None = None


def is_our_own(mail: Received, desk: Desk) -> bool:
    """Tell whether a mail is one of ours that came back as it left: nothing follows from it (I5)."""
    return bool(mail.sender) and without_detail(mail.sender) == without_detail(desk.address)


def is_signed(mail: Received, source: str, desk: Desk) -> bool:
    """Tell whether the mail is its sender's: signed by the sender's domain, as our own mail server says.

    Mail of the development mailbox never left the machine.
    """
    if source == DEVELOPMENT:
        return True
    signers = authentication.signed_by(mail.results, authserv_id=desk.authserv_id) if desk.authserv_id else frozenset()
    return authentication.is_aligned(mail.sender, signers)


def has_seen_the_copy_of(session: Session, mail: Received, consult: Consult, address: str, desk: Desk) -> bool | None:
    """Tell whether who wrote this has seen what was sent to that address: only there stand its token and its ids.

    None: nothing in the mail says so, and nothing says otherwise.
    """
    token = desk.answers.token_in(mail.recipients)
    if token is not None:
        return token.reference == consult.reference and desk.answers.fits(token, address)
    quoted = session.scalars(
        select(Message.address).where(Message.consult_id == consult.id, Message.message_id.in_(mail.quoted))
    ).all()
    return address in {each.lower() for each in quoted} if quoted else None


def of(session: Session, mail: Received, desk: Desk) -> Origin:
    """Find what a mail is about: by its token, by what it answers, by a reference in its subject, by who wrote it."""
    return (
        _by_token(session, mail.recipients, desk)
        or _by_what_it_answers(session, mail.quoted)
        or _by_reference(session, mail)
        or _by_sender(session, mail.sender)
        or Origin()
    )


def of_what_came_back(session: Session, mail: Received, desk: Desk) -> Message | None:
    """Find the mail of ours that a mail server speaks of: by its Message-ID, or by the token to which it was to be
    answered.
    """
    message = session.scalars(
        select(Message).where(Message.message_id.in_(mail.mentioned)).order_by(Message.id.desc()).limit(1)
    ).first()
    if message is not None:
        return message
    origin = _by_token(session, mail.mentioned, desk)
    if origin is None or origin.recipient is None:
        return None
    return session.scalars(
        select(Message)
        .where(
            Message.consult_id == origin.consult_id,
            Message.recipient == origin.recipient,
            Message.sent_at.is_not(None),
        )
        .order_by(Message.id.desc())
        .limit(1)
    ).first()


def _by_token(session: Session, addresses: Iterable[str], desk: Desk) -> Origin | None:
    token = desk.answers.token_in(addresses)
    if token is None:
        return None
    consult_id = session.scalar(select(Consult.id).where(Consult.reference == token.reference))
    told = session.execute(
        select(Message.recipient, Message.address).where(Message.consult_id == consult_id).order_by(Message.id.desc())
    )
    for recipient, address in told:
        if desk.answers.fits(token, address):
            return Origin(consult_id=consult_id, recipient=recipient)
    return None


def _by_what_it_answers(session: Session, quoted: Iterable[str]) -> Origin | None:
    message = session.scalars(
        select(Message).where(Message.message_id.in_(list(quoted))).order_by(Message.id.desc()).limit(1)
    ).first()
    return Origin(consult_id=message.consult_id, recipient=message.recipient) if message else None


def _by_reference(session: Session, mail: Received) -> Origin | None:
    found = _REFERENCE.search(mail.subject)
    if found is None:
        return None
    consult = session.scalar(select(Consult).where(Consult.reference == found[0].upper()))
    if consult is None:
        return None
    is_office = consult.office_email.lower() == mail.sender
    return Origin(consult_id=consult.id, recipient=Recipient.OFFICE if is_office else None)


def _by_sender(session: Session, sender: str) -> Origin | None:
    if not sender:
        return None
    consult_id = session.scalar(
        select(Consult.id)
        .where(func.lower(Consult.office_email) == sender)
        .order_by(Consult.closed_at.is_(None).desc(), Consult.id.desc())
        .limit(1)
    )
    if consult_id is not None:
        return Origin(consult_id=consult_id, recipient=Recipient.OFFICE)
    director_id = session.scalar(select(Director.id).where(func.lower(Director.email) == sender).limit(1))
    return Origin(director_id=director_id, recipient=Recipient.DIRECTOR) if director_id is not None else None
