"""Sending what is to be sent: claim, send, mark. Each lane in order, one message at a time, none lost (J1, F7).

Nobody can send a mail exactly once. A worker that dies between the server's 250 and our mark leaves a lease that runs
out, and the same bytes are sent again: same Message-ID, UID and SEQUENCE, so that no reader sees two.
"""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import DateTime, bindparam, case, exists, func, select, update
from sqlalchemy.orm import Session, aliased, defer, sessionmaker
from sqlalchemy.sql.dml import ReturningUpdate

from app import history
from app.config import Settings
from app.db import transaction
from app.errors import Conflict, NotFound
from app.lane import is_free, is_open
from app.mail import compose
from app.mail.smtp import Mailer, Outcome, Result
from app.models import BookingRow, Consult, Message, MessageKind
from app.ranges import interval

log = logging.getLogger(__name__)

#: longer than the deadline of one message, so that a live sender never loses its claim
LEASE = timedelta(minutes=2)

#: a turn ends after this, so that with its last message it stays below the task's time limit
TURN = timedelta(seconds=45)

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
    kind: MessageKind


def deliver_due(sessions: sessionmaker[Session], settings: Settings, *, clock: Callable[[], datetime]) -> int:
    """Send what is due, until nothing is, the turn is over or the server lets nobody in; return how many it took."""
    sent = 0
    ends = clock() + TURN
    with Mailer(settings.smtp_url, name=settings.uid_domain) as mailer:
        while clock() < ends:
            with transaction(sessions) as session:
                claimed = claim(session, now=clock())
            if claimed is None:
                break
            outcome = _send(mailer, claimed, sessions, settings, clock)
            if outcome is None:
                continue
            with transaction(sessions) as session:
                mark(session, claimed, outcome, now=clock())
            sent += outcome.result is Result.SENT
            if outcome.unreachable:
                break
    return sent


def _claiming() -> ReturningUpdate[int, int, str, bytes, int, MessageKind]:
    earlier = aliased(Message)
    now = bindparam("now", type_=DateTime(timezone=True))
    waits_for_another = exists().where(
        earlier.consult_id == Message.consult_id,
        earlier.address == Message.address,
        earlier.id < Message.id,
        # Not written as `is_open` is: the planner would read the index of all that is to be sent, which holds few rows
        # most of the time, once for each message that waits here. So it reads the index of this one lane.
        func.coalesce(earlier.sent_at, earlier.failed_at, earlier.superseded_at).is_(None),
    )
    chosen = (
        select(Message.id)
        .where(is_open(), Message.next_try_at <= now, is_free(now), ~waits_for_another)
        .order_by(Message.next_try_at, Message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return (
        update(Message)
        .where(Message.id == chosen)
        .values(
            attempts=Message.attempts + 1,
            fence=Message.fence + 1,
            doubtful_at=func.coalesce(Message.doubtful_at, case((Message.lease_until.is_not(None), now))),
            lease_until=bindparam("lease_until", type_=DateTime(timezone=True)),
        )
        .returning(Message.id, Message.fence, Message.address, Message.body, Message.attempts, Message.kind)
    )


#: put together once: it is run for every message
CLAIMING = _claiming()


def claim(session: Session, *, now: datetime) -> Claim | None:
    """Take the oldest message that is due and first in its lane, for as long as the lease lasts.

    A lease that ran out means that somebody died with the message in hand: it may have arrived.
    """
    instants = {"now": now, "lease_until": now + LEASE}
    row = session.execute(CLAIMING, instants, execution_options={"synchronize_session": False}).one_or_none()
    return None if row is None else Claim(*row)


def mark(session: Session, claimed: Claim, outcome: Outcome, *, now: datetime) -> None:
    """Write down what came of a try; one whose lease ran out meanwhile writes nothing.

    A message that did not get through, while a newer version was written, gives way to it (F8).
    """
    message = _held(session, claimed)
    if message is None:
        log.warning("message %s try %s ended too late: %s", claimed.id, claimed.attempts, outcome.result.value)
        return
    message.lease_until, message.last_error = None, outcome.said
    if outcome.in_doubt and message.doubtful_at is None:
        message.doubtful_at = now
    if outcome.result is Result.SENT:
        message.sent_at = now
    elif _has_a_newer_version(session, message):
        message.superseded_at = now
    elif outcome.result is Result.PERMANENT or claimed.attempts >= MOST_TRIES:
        message.failed_at = now
    else:
        message.next_try_at = now + timedelta(minutes=WAITS[min(claimed.attempts, len(WAITS)) - 1])
    log.info("message %s try %s: %s", claimed.id, claimed.attempts, outcome.result.value)


def send_again(session: Session, message_id: int, *, by: str, now: datetime) -> Message:
    """Send a message once more: one that failed as it is, one that was sent as a new copy of the same version (F6).

    Who pressed is on record. Raises NotFound, and Conflict where a newer message has taken its place or it is still
    being tried.
    """
    message = session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is None:
        raise NotFound("There is no such message.")
    overtaken = message.superseded_at is not None or _is_out_of_date(session, message)
    if overtaken or _reminds_of_nothing(session, message, now):
        raise Conflict("This message is out of date: the time has changed or is off. Send the latest one again.")
    if message.failed_at is not None:
        message.failed_at, message.attempts, message.next_try_at, message.last_error = None, 0, now, ""
        _note_again(session, message, by=by, now=now)
        return message
    if message.sent_at is None:
        raise Conflict("This message has not been sent yet; it is tried again by itself.")
    if message.kind is MessageKind.REMINDER:
        raise Conflict("This reminder was sent, and is sent once. To tell the time again, send the invitation again.")
    copy = _copy_of(message, now)
    session.add(copy)
    session.flush()
    _note_again(session, message, by=by, now=now)
    return copy


def send_failed_again(session: Session, message_id: int, *, by: str, now: datetime) -> bool:
    """Send a message once more if it is still given up; tell whether it was. Raises Conflict where it is out of date.

    Who lists the failed ones and then takes one after the other may meet one that somebody else has sent meanwhile: a
    second copy of it is not what was asked for.
    """
    still = select(Message.id).where(Message.id == message_id, Message.failed_at.is_not(None)).with_for_update()
    if session.scalar(still) is None:
        return False
    send_again(session, message_id, by=by, now=now)
    return True


def _note_again(session: Session, message: Message, *, by: str, now: datetime) -> None:
    consult = session.get_one(Consult, message.consult_id)
    history.write(
        session,
        denial_id=consult.denial_id,
        consult_id=consult.id,
        what="sent_again",
        details={"message": message.id, "kind": message.kind, "recipient": message.recipient},
        by=by,
        now=now,
    )


def _send(
    mailer: Mailer,
    claimed: Claim,
    sessions: sessionmaker[Session],
    settings: Settings,
    clock: Callable[[], datetime],
) -> Outcome | None:
    """Send a claimed message; None if it is not to be sent after all.

    That is looked at again where time has passed: after an earlier try, and once a server listens that had to be
    called. A first try over a connection that is open follows its claim at once. A reminder may have lain in the queue
    while its talk was moved, so it is looked at every time.
    """

    def still_wanted() -> bool:
        with transaction(sessions) as session:
            return is_still_wanted(session, claimed, now=clock())

    may_be_old = claimed.attempts > 1 or claimed.kind is MessageKind.REMINDER
    if may_be_old and not still_wanted():
        return None
    return mailer.send(claimed.body, sender=settings.mail_from, to=claimed.address, still_wanted=still_wanted)


def is_still_wanted(session: Session, claimed: Claim, *, now: datetime) -> bool:
    """Look once more, just before sending: connecting may have taken a while, or the process slept past its lease."""
    message = _held(session, claimed)
    if message is None or message.lease_until is None or message.lease_until <= now:
        return False
    if _has_a_newer_version(session, message) or _reminds_of_nothing(session, message, now):
        message.lease_until, message.superseded_at = None, now
        return False
    return True


def _held(session: Session, claimed: Claim) -> Message | None:
    """Lock a claimed message, unless somebody else has claimed it since.

    Locked first and looked at in a statement of its own: who waits for the lock must see what was written meanwhile.
    """
    return session.scalar(
        select(Message)
        .where(Message.id == claimed.id, Message.fence == claimed.fence, is_open())
        .options(defer(Message.body))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _has_a_newer_version(session: Session, message: Message) -> bool:
    """Tell whether its lane has a message about the same calendar entry with a higher number."""
    if message.calendar_uid is None or message.calendar_sequence is None:
        return False
    newer = select(Message.id).where(
        Message.consult_id == message.consult_id,
        Message.address == message.address,
        Message.recipient == message.recipient,
        Message.calendar_uid == message.calendar_uid,
        Message.calendar_sequence > message.calendar_sequence,
    )
    return session.scalars(newer.limit(1)).first() is not None


def _reminds_of_nothing(session: Session, message: Message, now: datetime) -> bool:
    """Tell whether the talk of a reminder is off, at another time, or has begun (K1, K2, K4).

    One that lay in the queue while its side was invited anew, to another address or with another number, is dropped
    too: it says what held before.
    """
    if message.booking_id is None:
        return False
    booking = session.get_one(BookingRow, message.booking_id, populate_existing=True)
    invited_anew = select(Message.id).where(
        Message.consult_id == message.consult_id,
        Message.recipient == message.recipient,
        Message.kind == MessageKind.INVITATION,
        Message.id > message.id,
    )
    is_over = booking.released_at is not None or interval(booking.during).start <= now
    return is_over or session.scalars(invited_anew.limit(1)).first() is not None


def _is_out_of_date(session: Session, message: Message) -> bool:
    """Tell whether what a message says of a calendar entry no longer holds."""
    if message.kind is MessageKind.INVITATION:
        consult = session.get_one(Consult, message.consult_id)
        told = (message.calendar_uid, message.calendar_sequence)
        return told != (consult.calendar_uid, consult.calendar_sequence)
    return _has_a_newer_version(session, message)


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
