"""What is written to people, as rows in the transaction of the change they tell of. Nothing is sent here.

`announce` compares what both calendars hold with the booking that lives now and writes what is owed (invites.md,
section 3). A lane is one consult and one address: a newer message of a lane supersedes an older one that has not left.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.itip import invite
from app.itip.invite import Invitation, Party
from app.lane import Desk, Lane, drop_unsent, holders, lane_of, next_version
from app.mail import reasons, wording
from app.mail.compose import CalendarPart, Mail, Unmailable, calendar_in, compose
from app.mail.next_steps import next_step
from app.mail.wording import Talk, Wording
from app.models import (
    Attention,
    AttentionReason,
    BookingRow,
    Consult,
    Director,
    Message,
    MessageKind,
    Recipient,
)
from app.models.base import table
from app.ranges import interval

#: nobody who writes a message looks at it again: the table serves, an object would not
_MESSAGE = insert(table(Message)).inline()


def acknowledge(
    session: Session, consult: Consult, *, desk: Desk, plan_name: str, place: int | None, awaiting: str, now: datetime
) -> None:
    """Tell the office that its request is in, with its place in line and what happens next."""
    lane = lane_of(session, consult, desk, plan_name, now)
    said = wording.acknowledgement(
        lane.case, received=consult.received_at, place=place, next_step=next_step(awaiting, talk=consult.talk)
    )
    subject = wording.subject(lane.case, said.title)
    _write(lane, Recipient.OFFICE, MessageKind.ACKNOWLEDGEMENT, consult.office_email, said, subject)


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
    lane = lane_of(session, consult, desk, plan_name, now)
    said = wording.notice(lane.case, subject, tuple(paragraph for paragraph in paragraphs if paragraph))
    about = wording.subject(lane.case, said.title)
    _write(lane, Recipient.OFFICE, MessageKind.NOTICE, consult.office_email, said, about)


def ask_to_decide(
    session: Session, consult: Consult, *, due: datetime | None, desk: Desk, plan_name: str, now: datetime
) -> None:
    """Tell the director that a reconsideration waits for his decision, without a call. No calendar holds it."""
    assert consult.director_id is not None, "somebody decides it"
    director = _director(session, consult.director_id)
    lane = lane_of(session, consult, desk, plan_name, now)
    said = wording.to_decide(lane.case, due=due, zone=director.time_zone)
    _write(lane, Recipient.DIRECTOR, MessageKind.NOTICE, director.email, said, f"{said.title}, {consult.reference}")


def remind(
    session: Session,
    consult: Consult,
    booking: BookingRow,
    recipient: Recipient,
    minutes_before: int,
    *,
    desk: Desk,
    plan_name: str,
    now: datetime,
) -> None:
    """Remind one side of its talk; without a calendar part, which some clients would take for a change."""
    lane = lane_of(session, consult, desk, plan_name, now)
    director = _director(session, booking.director_id)
    said = wording.reminder(lane.case, _talk(booking, director), recipient)
    address = next(address for each, address, _ in _both(consult, director) if each is recipient)
    subject = f"Reminder: {wording.summary(lane.case, recipient)}"
    about = {"booking_id": booking.id, "minutes_before": minutes_before}
    _write(lane, recipient, MessageKind.REMINDER, address, said, subject, about=about)


def announce(
    session: Session,
    consult: Consult,
    live: BookingRow | None,
    *,
    desk: Desk,
    plan_name: str,
    reason: str,
    now: datetime,
    changed: bool = False,
) -> None:
    """Write what both calendars do not know yet: an invitation, a new version of it, or that it is off.

    One number (SEQUENCE) for all that is written at once; UID for life, from a booking to its CANCEL (F1). `live` is
    the booking as it stands, `reason` why the earlier time is gone, in a word of the rules; `changed` that a number or
    name in the invitation is another (F4). Without it twice changes nothing.
    """
    told = session.get(BookingRow, consult.announced_booking_id) if consult.announced_booking_id else None
    if live is not None:
        if live.id != consult.announced_booking_id or changed:
            lane = next_version(lane_of(session, consult, desk, plan_name, now))
            _invite(lane, live, told)
            consult.announced_booking_id = live.id
        return
    lane = lane_of(session, consult, desk, plan_name, now)
    if told is not None:
        has_begun = interval(told.during).start <= now
        if not (has_begun and consult.closed_at is not None):
            words = reasons.why(
                consult.closed_reason or reason, closed=consult.closed_at is not None, talk=consult.talk
            )
            _call_off(next_version(lane), told, words)
        consult.announced_booking_id = consult.calendar_uid = consult.calendar_sequence = None
    if consult.closed_reason in reasons.NEWS_TO_THE_OFFICE:
        _tell_it_is_closed(lane, reasons.why(consult.closed_reason, closed=True, talk=consult.talk))


def calendar_for_office(
    session: Session, consult: Consult, *, desk: Desk, plan_name: str, now: datetime
) -> bytes | None:
    """Write the consult's time as the office's calendar should have it now, also that it is off (F9).

    None where the calendar never had a time of it.
    """
    live = _live_booking(session, consult.id)
    if live is None or consult.calendar_uid is None:
        return _last_cancel(session, consult)
    lane = replace(lane_of(session, consult, desk, plan_name, now), first=live.made_at)
    talk = _talk(live, _director(session, live.director_id))
    said = wording.invitation(lane.case, talk, Recipient.OFFICE, wording.BOOKED)
    attendee = Party(address=consult.office_email, name=consult.office_contact)
    return invite.request(_version(lane, Recipient.OFFICE, attendee, talk, said))


def _last_cancel(session: Session, consult: Consult) -> bytes | None:
    body = session.scalar(
        select(Message.body)
        .where(
            Message.consult_id == consult.id,
            Message.recipient == Recipient.OFFICE,
            Message.kind == MessageKind.CANCELLATION,
            Message.calendar_uid.is_not(None),
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
    return calendar_in(body) if body else None


def _invite(lane: Lane, live: BookingRow, told: BookingRow | None) -> None:
    director = _director(lane.session, live.director_id)
    both = _both(lane.consult, director)
    for recipient, address in holders(lane) - {(recipient, address) for recipient, address, _ in both}:
        assert told is not None, "who holds an invitation was told of a booking"
        _take_off(lane, recipient, address, told, reasons.TAKEN_OFF, whole=False)
    talk = _talk(live, director)
    for recipient, address, name in both:
        knows = drop_unsent(lane, recipient, address)
        news = _what_changed(recipient, told, live) if told is not None and knows else wording.BOOKED
        said = wording.invitation(lane.case, talk, recipient, news)
        version = _version(lane, recipient, Party(address=address, name=name), talk, said)
        part = CalendarPart(content=invite.request(version), method="REQUEST")
        subject = version.summary if news == wording.BOOKED else f"Changed: {version.summary}"
        _write(lane, recipient, MessageKind.INVITATION, address, said, subject, part)


def _what_changed(recipient: Recipient, told: BookingRow, live: BookingRow) -> str:
    """Say what is new to somebody who was told before; a director who gets it (back) from another begins anew."""
    is_with_another = told.director_id != live.director_id
    if is_with_another and recipient is Recipient.DIRECTOR:
        return wording.BOOKED
    return wording.changed(director=is_with_another, time=interval(told.during) != interval(live.during))


def _call_off(lane: Lane, told: BookingRow, words: reasons.Reason) -> None:
    for recipient, address in holders(lane):
        _take_off(lane, recipient, address, told, words, whole=True)


def _take_off(
    lane: Lane, recipient: Recipient, address: str, told: BookingRow, words: reasons.Reason, *, whole: bool
) -> None:
    """Write a CANCEL to one side, unless its invitation has never left: then that is dropped and nothing said (G3)."""
    if not drop_unsent(lane, recipient, address):
        return
    director = _director(lane.session, told.director_id)
    talk = _talk(told, director)
    name = director.name if recipient is Recipient.DIRECTOR else lane.consult.office_contact
    said = wording.cancellation(lane.case, talk, recipient, words, whole=whole)
    version = _version(lane, recipient, Party(address=address, name=name), talk, said)
    part = CalendarPart(content=invite.cancel(version, whole=whole), method="CANCEL")
    _write(lane, recipient, MessageKind.CANCELLATION, address, said, f"{said.title}: {version.summary}", part)


def _tell_it_is_closed(lane: Lane, words: reasons.Reason) -> None:
    """Tell the office that its request is closed, where no CANCEL has said so because it held no invitation."""
    consult = lane.consult
    said_already = select(Message.id).where(
        Message.consult_id == consult.id,
        Message.recipient == Recipient.OFFICE,
        Message.kind == MessageKind.CANCELLATION,
        Message.created_at >= consult.closed_at,
    )
    if lane.session.scalars(said_already.limit(1)).first() is None:
        what = "Your peer-to-peer request" if consult.talk else "Your request for reconsideration"
        said = wording.notice(lane.case, f"{what} is closed", words.office)
        about = wording.subject(lane.case, said.title)
        _write(lane, Recipient.OFFICE, MessageKind.CANCELLATION, consult.office_email, said, about)


def _both(consult: Consult, director: Director) -> tuple[tuple[Recipient, str, str], ...]:
    return (
        (Recipient.DIRECTOR, director.email, director.name),
        (Recipient.OFFICE, consult.office_email, consult.office_contact),
    )


def _version(lane: Lane, recipient: Recipient, attendee: Party, talk: Talk, said: Wording) -> Invitation:
    uid, sequence = lane.consult.calendar_uid, lane.consult.calendar_sequence
    assert uid is not None and sequence is not None, "a version has its number before it is written"
    return Invitation(
        uid=uid,
        sequence=sequence,
        stamp=lane.now,
        created=lane.first or lane.now,
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
    about: Mapping[str, int] | None = None,
) -> None:
    """Render a message and keep it. An address that takes no mail calls for somebody to telephone instead."""
    consult = lane.consult
    mail = Mail(
        sender=Party(address=lane.desk.address, name=lane.desk.name),
        to=address,
        reply_to=lane.desk.answers.of(consult.reference, address),
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
    row = {
        "consult_id": consult.id,
        "recipient": recipient,
        "kind": kind,
        "address": address,
        "message_id": mail.message_id,
        "subject": subject,
        "calendar_uid": consult.calendar_uid if part else None,
        "calendar_sequence": consult.calendar_sequence if part else None,
        "body": body,
        "created_at": lane.now,
        "next_try_at": lane.now,
        **(about or {}),
    }
    lane.session.connection().execute(_MESSAGE, row)


def _ask_to_telephone(lane: Lane) -> None:
    lane.session.execute(
        insert(Attention)
        .values(consult_id=lane.consult.id, reason=AttentionReason.TELL_BY_TELEPHONE, raised_at=lane.now)
        .on_conflict_do_nothing()
    )


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
