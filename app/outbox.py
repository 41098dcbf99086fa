"""What is written to people, as rows in the transaction of the change they tell of. Nothing is sent here.

`announce` compares what both calendars hold with the booking that lives now and writes what is owed (invites.md,
section 3). A lane is one consult and one address: a newer message of a lane supersedes an older one that has not left.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.itip import invite
from app.itip.invite import Invitation, Party
from app.mail import reasons, wording
from app.mail.compose import CalendarPart, Mail, Unmailable, compose
from app.mail.wording import Case, Talk, Wording
from app.models import (
    Attention,
    AttentionReason,
    BookingRow,
    Consult,
    Denial,
    Director,
    Message,
    MessageKind,
    Recipient,
)
from app.ranges import interval

#: what happens next, for the acknowledgement, by the status after asking
NEXT_STEP = {
    "awaiting_information": "Before a time can be found, the plan needs the clinical information that answers the"
    " denial. Please send it on the page of the request.",
    "awaiting_review": "A nurse reviews what you sent first. If the nurse cannot approve it, a time is found for you.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """In whose name mail is written: the service's mailbox, its domain for identifiers, where its pages are."""

    address: str
    name: str
    uid_domain: str
    base_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Everything about one consult that is the same for each message written now."""

    session: Session
    consult: Consult
    desk: Desk
    case: Case
    now: datetime


def acknowledge(
    session: Session, consult: Consult, *, desk: Desk, plan_name: str, place: int | None, awaiting: str, now: datetime
) -> None:
    """Tell the office that its request is in, with its place in line and what happens next."""
    lane = _lane(session, consult, desk, plan_name, now)
    said = wording.acknowledgement(
        lane.case, received=consult.received_at, place=place, awaiting=NEXT_STEP.get(awaiting, "")
    )
    _write(lane, Recipient.OFFICE, MessageKind.ACKNOWLEDGEMENT, consult.office_email, said, said.title)


def notify(
    session: Session,
    consult: Consult,
    *,
    subject: str,
    paragraphs: Sequence[str],
    desk: Desk,
    plan_name: str,
    now: datetime,
) -> None:
    """Tell the office something that changes no calendar."""
    lane = _lane(session, consult, desk, plan_name, now)
    said = wording.notice(lane.case, subject, tuple(paragraph for paragraph in paragraphs if paragraph))
    _write(lane, Recipient.OFFICE, MessageKind.NOTICE, consult.office_email, said, subject)


def announce(session: Session, consult: Consult, *, desk: Desk, plan_name: str, reason: str, now: datetime) -> None:
    """Write what both calendars do not know yet: an invitation, a new version of it, or that it is off.

    One number (SEQUENCE) for all that is written at once; UID for life, from a booking to its CANCEL (F1). `reason` is
    why the earlier time is gone, in a word of the rules. Twice changes nothing.
    """
    live = _live_booking(session, consult.id)
    told = session.get(BookingRow, consult.announced_booking_id) if consult.announced_booking_id else None
    if (live.id if live else None) == consult.announced_booking_id:
        return
    lane = _lane(session, consult, desk, plan_name, now)
    if live is not None:
        _number_the_version(lane)
        _invite(lane, live, told)
        consult.announced_booking_id = live.id
        return
    assert told is not None, "nothing is live and nothing was told, which is the same"
    has_begun = interval(told.during).start <= now
    if not (has_begun and consult.closed_at is not None):
        _number_the_version(lane)
        _call_off(lane, told, reason)
    consult.announced_booking_id = consult.calendar_uid = consult.calendar_sequence = None


def calendar_for_office(
    session: Session, consult: Consult, *, desk: Desk, plan_name: str, now: datetime
) -> bytes | None:
    """Write the consult's time as the office's calendar should have it now; None while it has none (F9)."""
    live = _live_booking(session, consult.id)
    if live is None or consult.calendar_uid is None:
        return None
    lane = _lane(session, consult, desk, plan_name, now)
    talk = _talk(live, _director(session, live.director_id))
    said = wording.invitation(lane.case, talk, Recipient.OFFICE, "Your peer-to-peer consult is booked.")
    attendee = Party(address=consult.office_email, name=consult.office_contact)
    return invite.request(_version(lane, Recipient.OFFICE, attendee, talk, said, live.made_at))


def _number_the_version(lane: Lane) -> None:
    consult = lane.consult
    if consult.calendar_uid is None or consult.calendar_sequence is None:
        consult.calendar_uid, consult.calendar_sequence = f"{uuid.uuid4()}@{lane.desk.uid_domain}", 0
    else:
        consult.calendar_sequence += 1


def _invite(lane: Lane, live: BookingRow, told: BookingRow | None) -> None:
    director = _director(lane.session, live.director_id)
    before = _director(lane.session, told.director_id) if told is not None else None
    if told is not None and before is not None and before.id != director.id:
        _cancel_for(lane, Recipient.DIRECTOR, before.email, before.name, told, reasons.TAKEN_OFF, whole=False)
    news = "Your peer-to-peer consult is booked."
    if told is not None:
        news = "Your peer-to-peer consult has changed. This replaces what you were told before."
    talk = _talk(live, director)
    for recipient, address, name in _both(lane.consult, director):
        _supersede(lane, address)
        said = wording.invitation(lane.case, talk, recipient, news)
        version = _version(lane, recipient, Party(address=address, name=name), talk, said, live.made_at)
        part = CalendarPart(content=invite.request(version), method="REQUEST")
        _write(lane, recipient, MessageKind.INVITATION, address, said, version.summary, part)


def _call_off(lane: Lane, told: BookingRow, reason: str) -> None:
    director = _director(lane.session, told.director_id)
    words = reasons.why(reason, closed=lane.consult.closed_at is not None)
    for recipient, address, name in _both(lane.consult, director):
        _cancel_for(lane, recipient, address, name, told, words, whole=True)


def _cancel_for(
    lane: Lane,
    recipient: Recipient,
    address: str,
    name: str,
    told: BookingRow,
    words: reasons.Reason,
    *,
    whole: bool,
) -> None:
    """Write a CANCEL to one side, unless its invitation has never left: then that is dropped and nothing said (G3)."""
    _supersede(lane, address)
    if not _has_left(lane, address):
        return
    talk = _talk(told, _director(lane.session, told.director_id))
    said = wording.cancellation(lane.case, talk, recipient, words)
    version = _version(lane, recipient, Party(address=address, name=name), talk, said, told.made_at)
    part = CalendarPart(content=invite.cancel(version, whole=whole), method="CANCEL")
    _write(lane, recipient, MessageKind.CANCELLATION, address, said, f"Cancelled: {version.summary}", part)


def _both(consult: Consult, director: Director) -> tuple[tuple[Recipient, str, str], ...]:
    return (
        (Recipient.DIRECTOR, director.email, director.name),
        (Recipient.OFFICE, consult.office_email, consult.office_contact),
    )


def _version(
    lane: Lane, recipient: Recipient, attendee: Party, talk: Talk, said: Wording, created: datetime
) -> Invitation:
    uid, sequence = lane.consult.calendar_uid, lane.consult.calendar_sequence
    assert uid is not None and sequence is not None, "a version has its number before it is written"
    return Invitation(
        uid=uid,
        sequence=sequence,
        stamp=lane.now,
        created=created,
        start=talk.start,
        end=talk.end,
        summary=wording.summary(lane.case, recipient),
        description=said.description(),
        location=wording.location(lane.case, talk, recipient),
        organizer=Party(address=lane.desk.address, name=lane.desk.name),
        attendee=attendee,
    )


def _write(
    lane: Lane,
    recipient: Recipient,
    kind: MessageKind,
    address: str,
    said: Wording,
    subject: str,
    part: CalendarPart | None = None,
) -> None:
    """Render a message and keep it. An address that takes no mail calls for somebody to telephone instead."""
    consult = lane.consult
    mail = Mail(
        sender=Party(address=lane.desk.address, name=lane.desk.name),
        to=address,
        subject=subject,
        message_id=f"{uuid.uuid4()}@{lane.desk.uid_domain}",
        date=lane.now,
        plain=said.plain(),
        html=said.html(),
        calendar=part,
    )
    try:
        body = compose(mail)
    except Unmailable:
        _ask_to_telephone(lane)
        return
    lane.session.add(
        Message(
            consult_id=consult.id,
            recipient=recipient,
            kind=kind,
            address=address,
            message_id=mail.message_id,
            subject=subject,
            calendar_uid=consult.calendar_uid if part else None,
            calendar_sequence=consult.calendar_sequence if part else None,
            body=body,
            created_at=lane.now,
            next_try_at=lane.now,
        )
    )


def _ask_to_telephone(lane: Lane) -> None:
    lane.session.execute(
        insert(Attention)
        .values(consult_id=lane.consult.id, reason=AttentionReason.TELL_BY_TELEPHONE, raised_at=lane.now)
        .on_conflict_do_nothing()
    )


def is_open() -> ColumnElement[bool]:
    """Make the condition "this message is still to be sent"."""
    return and_(Message.sent_at.is_(None), Message.failed_at.is_(None), Message.superseded_at.is_(None))


def is_free(now: datetime) -> ColumnElement[bool]:
    """Make the condition "nobody is sending this message now"."""
    return or_(Message.lease_until.is_(None), Message.lease_until <= now)


def _supersede(lane: Lane, address: str) -> None:
    """Drop the calendar messages of a lane that have not left: the one that is written now says more (F8)."""
    lane.session.flush()
    lane.session.execute(
        update(Message)
        .where(_in_lane(lane, address), Message.calendar_uid.is_not(None), is_open(), is_free(lane.now))
        .values(superseded_at=lane.now, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def _has_left(lane: Lane, address: str) -> bool:
    """Tell whether an invitation of this UID was sent to an address, is being sent, or may have been."""
    left = or_(Message.sent_at.is_not(None), and_(is_open(), Message.lease_until > lane.now), Message.attempts > 0)
    query = select(func.count()).where(_in_lane(lane, address), Message.calendar_uid == lane.consult.calendar_uid, left)
    return lane.session.scalars(query).one() > 0


def _in_lane(lane: Lane, address: str) -> ColumnElement[bool]:
    return and_(Message.consult_id == lane.consult.id, Message.address == address)


def _live_booking(session: Session, consult_id: int) -> BookingRow | None:
    return session.scalar(
        select(BookingRow).where(BookingRow.consult_id == consult_id, BookingRow.released_at.is_(None))
    )


def _director(session: Session, director_id: int) -> Director:
    return session.get_one(Director, director_id)


def _talk(booking: BookingRow, director: Director) -> Talk:
    during = interval(booking.during)
    return Talk(
        start=during.start,
        end=during.end,
        director_name=director.name,
        director_phone=director.phone,
        director_zone=director.time_zone,
    )


def _lane(session: Session, consult: Consult, desk: Desk, plan_name: str, now: datetime) -> Lane:
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
        occur_by=consult.occur_by,
        sla_due=consult.sla_due,
        target_due=consult.target_due,
        last_day_to_appeal=denial.date_of("appeal_deadline"),
    )
    return Lane(session=session, consult=consult, desk=desk, case=case, now=now)
