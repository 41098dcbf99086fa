"""Sending what is to be sent: claim, send, mark. Each lane in order, one message at a time, none lost (J1, F7).

Nobody can send a mail exactly once. A worker that dies between the server's 250 and our mark leaves a lease that runs
out, and the same bytes are sent again: same Message-ID, UID and SEQUENCE, so that no reader sees two.
"""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, select, update
from sqlalchemy.orm import Session, aliased, sessionmaker

from app.config import Settings
from app.db import transaction
from app.errors import Conflict, NotFound
from app.mail import compose
from app.mail.smtp import Mailer, Outcome, Result
from app.models import Message
from app.outbox import is_free, is_open

log = logging.getLogger(__name__)

#: longer than the deadline of one message, so that a live sender never loses its claim
LEASE = timedelta(minutes=3)

#: minutes to wait after each failed try; the last holds for all that follow
WAITS = (1, 2, 5, 15, 60)

#: tries after which a person must look at it: most of a day
MOST_TRIES = 20


@dataclass(frozen=True, slots=True)
class Claim:
    """One message that nobody else will send until the lease runs out."""

    id: int
    fence: int
    address: str
    body: bytes
    attempts: int


def deliver_due(
    sessions: sessionmaker[Session], settings: Settings, *, clock: Callable[[], datetime], limit: int | None = None
) -> int:
    """Send what is due until nothing is, or `limit` were tried; return how many the server took."""
    sent = tried = 0
    with Mailer(settings.smtp_url) as mailer:
        while limit is None or tried < limit:
            with transaction(sessions) as session:
                claimed = claim(session, now=clock())
            if claimed is None:
                break
            outcome = mailer.send(claimed.body, sender=settings.mail_from, to=claimed.address)
            with transaction(sessions) as session:
                mark(session, claimed, outcome, now=clock())
            tried += 1
            sent += outcome.result is Result.SENT
    return sent


def claim(session: Session, *, now: datetime) -> Claim | None:
    """Take the oldest message that is due and first in its lane, for as long as the lease lasts."""
    earlier = aliased(Message)
    waits_for_another = exists().where(
        earlier.consult_id == Message.consult_id,
        earlier.address == Message.address,
        earlier.id < Message.id,
        and_(earlier.sent_at.is_(None), earlier.failed_at.is_(None), earlier.superseded_at.is_(None)),
    )
    chosen = (
        select(Message.id)
        .where(is_open(), Message.next_try_at <= now, is_free(now), ~waits_for_another)
        .order_by(Message.next_try_at, Message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    row = session.execute(
        update(Message)
        .where(Message.id == chosen)
        .values(attempts=Message.attempts + 1, fence=Message.fence + 1, lease_until=now + LEASE)
        .returning(Message.id, Message.fence, Message.address, Message.body, Message.attempts)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return None if row is None else Claim(*row)


def mark(session: Session, claimed: Claim, outcome: Outcome, *, now: datetime) -> None:
    """Write down what came of a try; one whose lease ran out meanwhile writes nothing."""
    values: dict[str, object] = {"lease_until": None, "last_error": outcome.said}
    if outcome.result is Result.SENT:
        values["sent_at"] = now
    elif outcome.result is Result.PERMANENT or claimed.attempts >= MOST_TRIES:
        values["failed_at"] = now
    else:
        values["next_try_at"] = now + timedelta(minutes=WAITS[min(claimed.attempts, len(WAITS)) - 1])
    session.execute(
        update(Message)
        .where(Message.id == claimed.id, Message.fence == claimed.fence, is_open())
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    log.info("message %s try %s: %s", claimed.id, claimed.attempts, outcome.result.value)


def send_again(session: Session, message_id: int, *, now: datetime) -> Message:
    """Send a message once more: one that failed as it is, one that was sent as a new copy of the same version (F6).

    Raises NotFound, and Conflict where a newer message has taken its place or it is still being tried.
    """
    message = session.scalar(select(Message).where(Message.id == message_id).with_for_update())
    if message is None:
        raise NotFound("There is no such message.")
    if message.superseded_at is not None or _has_a_newer_version(session, message):
        raise Conflict("A newer message has taken the place of this one. Send that one again.")
    if message.failed_at is not None:
        message.failed_at, message.attempts, message.next_try_at, message.last_error = None, 0, now, ""
        return message
    if message.sent_at is None:
        raise Conflict("This message has not been sent yet; it is tried again by itself.")
    copy = _copy_of(message, now)
    session.add(copy)
    session.flush()
    return copy


def _has_a_newer_version(session: Session, message: Message) -> bool:
    if message.calendar_uid is None:
        return False
    newer = select(Message.id).where(
        Message.consult_id == message.consult_id,
        Message.address == message.address,
        Message.calendar_uid.is_not(None),
        Message.id > message.id,
        ~and_(Message.calendar_uid == message.calendar_uid, Message.calendar_sequence == message.calendar_sequence),
    )
    return session.scalars(newer.limit(1)).first() is not None


def _copy_of(message: Message, now: datetime) -> Message:
    domain = message.message_id.rpartition("@")[2]
    message_id = f"{uuid.uuid4()}@{domain}"
    return Message(
        consult_id=message.consult_id,
        recipient=message.recipient,
        kind=message.kind,
        address=message.address,
        message_id=message_id,
        subject=message.subject,
        calendar_uid=message.calendar_uid,
        calendar_sequence=message.calendar_sequence,
        body=compose.renew(message.body, message_id=message_id, now=now),
        created_at=now,
        next_try_at=now,
    )
