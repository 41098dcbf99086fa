"""A director's decline by mail, after it is put down: it goes on when its time is over, or is taken back before."""

from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from app import directors, history
from app.consults import casefile, desk, replies
from app.consults.casefile import CaseFile
from app.consults.setup import Setup
from app.db import in_transaction
from app.errors import Conflict, NotFound
from app.models import Attention, AttentionReason, BookingRow, CalendarReply, DeclineEnd, Recipient
from scheduling.fifo import has_begun

#: what stands with a task that was settled in this way
ACCEPTED = "Taken as the director's decline."


def return_due(sessions: sessionmaker[Session], *, setup: Setup, now: datetime) -> int:
    """Put the consults back in line whose director declined by mail and did not take it back; return how many."""
    with sessions() as session:
        due = session.execute(
            select(CalendarReply.id, BookingRow.director_id)
            .join(BookingRow, BookingRow.id == CalendarReply.booking_id)
            .where(CalendarReply.decline_due_at <= now, CalendarReply.decline_ended_at.is_(None))
            .order_by(CalendarReply.decline_due_at, CalendarReply.id)
        ).all()
    return sum(
        in_transaction(sessions, partial(return_one, reply_id=reply_id, director_id=director_id, setup=setup, now=now))
        for reply_id, director_id in due
    )


def return_one(session: Session, *, reply_id: int, director_id: int, setup: Setup, now: datetime) -> bool:
    """Put one consult back in line, unless the decline has been taken back or overtaken; tell whether it was."""
    directors.lock(session, [director_id])  # first, as planning does
    file = casefile.load(session, session.get_one(CalendarReply, reply_id).consult_id, setup=setup)
    waits = replies.pending(session, file.consult.id)
    if waits is None or waits.id != reply_id or waits.decline_due_at is None or waits.decline_due_at > now:
        return False
    waits.decline_ended_at = now
    if file.booking is None or file.booking.id != waits.booking_id:
        waits.decline_end = DeclineEnd.OVERTAKEN
        return False
    if has_begun(file.state, now=now):
        # nobody has swept for a while; the office waits at the telephone
        waits.decline_end = DeclineEnd.OVERTAKEN
        casefile.call_for_a_person(
            session,
            file.consult.id,
            AttentionReason.DECLINED_BY_MAIL,
            key=waits.recipient.value,
            details={"side": waits.recipient, "answer": waits.answer, "mail": waits.inbound_id, "reply": waits.id},
            now=now,
        )
        return False
    waits.decline_end = DeclineEnd.RETURNED
    desk.director_declines(session, file.consult.id, setup=setup, by=history.SYSTEM, now=now)
    return True


def keep(session: Session, consult_id: int, *, setup: Setup, by: str, now: datetime) -> CaseFile:
    """Take a decline by mail back: the director keeps the talk. Raises Conflict where none waits any more."""
    file = casefile.load(session, consult_id, setup=setup)
    if not replies.take_back(session, file, by=by, now=now):
        raise Conflict("This decline does not wait any more, so nothing was changed. See below how the consult stands.")
    return file


def accept(session: Session, attention_id: int, *, setup: Setup, by: str, now: datetime) -> CaseFile:
    """Take an answer that was not trusted as the director's decline: the consult goes back in line at once.

    Raises Conflict where the task is settled, or the talk has another time since or has begun.
    """
    told = session.scalar(select(Attention.details).where(Attention.id == attention_id))
    reply = session.get(CalendarReply, told.get("reply", 0)) if told else None
    if reply is None or reply.booking_id is None or reply.recipient is not Recipient.DIRECTOR:
        raise NotFound("There is no such task.")
    booking = session.get_one(BookingRow, reply.booking_id)
    directors.lock(session, [booking.director_id])
    file = casefile.load(session, reply.consult_id, setup=setup)
    task = session.get_one(Attention, attention_id, with_for_update=True, populate_existing=True)
    if task.settled_at is not None:
        raise Conflict("This is already settled. Nothing was changed.")
    if file.booking is None or file.booking.id != reply.booking_id:
        raise Conflict("The talk has another time since, so nothing was changed. Settle the task, or call.")
    task.settled_at, task.settled_by, task.note = now, history.account_of(by), ACCEPTED
    session.flush()
    return desk.director_declines(session, reply.consult_id, setup=setup, by=by, now=now)
