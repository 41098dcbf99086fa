"""A lane: one consult and one address. What was written in it, what has left it, what comes next.

Messages of a lane leave in order; a newer version supersedes an older one that has not left.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, defer

from app.mail.reply_address import ReplyAddress
from app.mail.wording import Case
from app.models import Consult, Denial, Director, Message, MessageKind, Recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """In whose name mail is written: the service's mailbox, its domain for identifiers, where its pages are."""

    address: str
    name: str
    uid_domain: str
    base_url: str
    answers: ReplyAddress
    "where answers come to"
    authserv_id: str = ""
    "the name of the server that takes our mail in and says who signed it; empty: nobody says so"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Everything about one consult that is the same for each message written now."""

    session: Session
    consult: Consult
    desk: Desk
    case: Case
    now: datetime
    written: tuple[Message, ...] = ()
    "what was written before of the present UID, oldest first"
    first: datetime | None = None
    "when the first of these was written; None: nothing was"


def lane_of(session: Session, consult: Consult, desk: Desk, plan_name: str, now: datetime) -> Lane:
    """Read what every message about a consult says."""
    denial = session.get_one(Denial, consult.denial_id)
    decided_by = session.get(Director, denial.director_id) if denial.director_id else None
    case = Case(
        plan_name=plan_name,
        sender=desk.name,
        reference=consult.reference,
        link=f"{desk.base_url}/c/{consult.reference}",
        speaker_name=consult.speaker_name,
        speaker_specialty=consult.speaker_specialty,
        speaker_phone=consult.speaker_phone,
        backup_name=consult.backup_name,
        backup_phone=consult.backup_phone,
        how_to_reach=bool(consult.how_to_reach),
        office_reference=consult.office_reference,
        office_zone=consult.office_time_zone,
        decided_by=decided_by.name if decided_by else "",
        decided_by_phone=decided_by.phone if decided_by else "",
        reconsideration=consult.reconsideration,
        talk=consult.talk,
        advice=frozenset(consult.advisory_deadlines),
        occur_by=consult.occur_by,
        sla_due=consult.sla_due,
        target_due=consult.target_due,
        last_day_to_appeal=denial.date_of("appeal_deadline"),
        closed=consult.closed_at is not None,
    )
    return Lane(session=session, consult=consult, desk=desk, case=case, now=now)


def next_version(lane: Lane) -> Lane:
    """Number what is written now, with a stamp later than that of the version before (F3), and read what was written.

    The rows stay locked, so that no sender marks one while it is decided what becomes of it.
    """
    consult = lane.consult
    if consult.calendar_uid is None or consult.calendar_sequence is None:
        consult.calendar_uid, consult.calendar_sequence = f"{uuid.uuid4()}@{lane.desk.uid_domain}", 0
        return lane
    consult.calendar_sequence += 1
    written = lane.session.scalars(
        select(Message)
        .where(Message.consult_id == consult.id, Message.calendar_uid == consult.calendar_uid)
        .order_by(Message.id)
        .options(defer(Message.body))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    stamps = [message.created_at for message in written] or [lane.now]
    later = max(stamps) + timedelta(seconds=1)  # a stamp has whole seconds
    return replace(lane, written=tuple(written), first=min(stamps), now=max(lane.now, later))


def is_open() -> ColumnElement[bool]:
    """Make the condition "this message is still to be sent"."""
    return and_(Message.sent_at.is_(None), Message.failed_at.is_(None), Message.superseded_at.is_(None))


def is_free(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Make the condition "nobody is sending this message now"."""
    return or_(Message.lease_until.is_(None), Message.lease_until <= now)


def holders(lane: Lane) -> set[tuple[Recipient, str]]:
    """Say who holds an invitation of this UID, or will when what waits has left.

    Whose last word is a CANCEL holds none. Addresses are those of the messages: a person's may be another by now.
    """
    last: dict[tuple[Recipient, str], MessageKind] = {}
    for message in lane.written:
        if _is_waiting(message) or _may_have_left(message):
            last[message.recipient, message.address] = message.kind
    return {holder for holder, kind in last.items() if kind is MessageKind.INVITATION}


def drop_unsent(lane: Lane, recipient: Recipient, address: str) -> bool:
    """Drop what has not left of a lane: what is written now says more (F8). Tell whether anything may have left.

    What is being sent at this moment is left alone; the sender looks again before and after.
    """
    left = False
    for message in lane.written:
        if (message.recipient, message.address) != (recipient, address):
            continue
        if _is_waiting(message) and not _is_on_its_way(message, lane.now):
            message.doubtful_at = message.doubtful_at or message.lease_until
            message.lease_until, message.superseded_at = None, lane.now
        left = left or _may_have_left(message)
    return left


def _is_waiting(message: Message) -> bool:
    return message.sent_at is None and message.failed_at is None and message.superseded_at is None


def _is_on_its_way(message: Message, now: datetime) -> bool:
    return message.lease_until is not None and message.lease_until > now


def _may_have_left(message: Message) -> bool:
    return any(instant is not None for instant in (message.sent_at, message.doubtful_at, message.lease_until))
