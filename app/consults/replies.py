"""What calendars answer to invitations: shown to both sides, acted on where it can be trusted, waited for by nothing.

Only a director's decline does something by itself: after fifteen minutes, in which the director can take it back, the
consult goes back to its old place in line. Everything else that asks for an act is a coordinator's task (I1 to I3, I6).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import history
from app.consults import casefile, origin
from app.consults.casefile import CaseFile
from app.consults.setup import Setup
from app.itip.reply import Reply
from app.mail.received import Received
from app.models import (
    Answer,
    AttentionReason,
    CalendarReply,
    Consult,
    DeclineEnd,
    InboundMail,
    Message,
    MessageKind,
    Recipient,
)
from app.ranges import interval

#: how long a director has to take a decline back
SECOND_THOUGHT = timedelta(minutes=15)

#: a decline by mail goes on by itself so often for one consult: a calendar that declines everything must not run
#: through all the openings there are
BY_ITSELF = 2

#: what an attendee may say (RFC 5546, 3.2); whatever else a calendar object is, a person reads
METHODS = frozenset({"REPLY", "COUNTER", "CANCEL", "REFRESH", "DECLINECOUNTER"})

_ANSWERS = {"accepted": Answer.ACCEPTED, "tentative": Answer.TENTATIVE, "declined": Answer.DECLINED}

#: outcomes that say that the mail is about nothing of ours, or about nobody's part in it
_NOT_OURS = ("unknown_event", "not_asked")
LOOK = "to_look_at"
"the outcome of what a person has to look at"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """One answer that fits an invitation, with what is known of it."""

    reply: Reply
    row: InboundMail
    file: CaseFile
    recipient: Recipient
    answer: Answer
    doubt: str
    "why it is not acted on by itself, in a word; empty: it is trusted"
    said_at: datetime


def record(session: Session, row: InboundMail, mail: Received, *, setup: Setup, now: datetime) -> str:
    """Put down what a mail answers, and do or have done what follows; return what came of it in a word."""
    outcomes = [
        _record(session, row, mail, reply, setup=setup, now=now) for reply in mail.replies if reply.method in METHODS
    ]
    return next((outcome for outcome in outcomes if outcome not in _NOT_OURS), outcomes[0])


def _record(session: Session, row: InboundMail, mail: Received, reply: Reply, *, setup: Setup, now: datetime) -> str:
    consult_id = session.scalar(select(Consult.id).where(Consult.calendar_uid == reply.uid))
    if consult_id is None:
        return _of_an_earlier_event(session, row, mail, reply, setup)
    file = casefile.load(session, consult_id, setup=setup)
    if file.consult.calendar_uid != reply.uid:
        return "out_of_date"
    recipient = _asked(session, file.consult, reply.attendee)
    if recipient is None:
        return "not_asked"
    row.consult_id = consult_id
    if reply.method not in ("REPLY", "COUNTER"):
        return LOOK if reply.method == "CANCEL" else "ignored"
    if (reply.sequence or 0) < (file.consult.calendar_sequence or 0) and reply.sequence is not None:
        return "out_of_date"
    answer = Answer.PROPOSED if reply.method == "COUNTER" else _ANSWERS.get(reply.answer)
    if answer is None:
        return "ignored" if reply.answer == "needs-action" else LOOK
    doubt = _doubt(session, row, mail, reply, file.consult, setup)
    if doubt in ("other_sender", "inside_a_mail") and answer in (Answer.ACCEPTED, Answer.TENTATIVE):
        return doubt
    said_at = min(reply.stamp or row.received_at, row.received_at)
    heard = _Heard(reply=reply, row=row, file=file, recipient=recipient, answer=answer, doubt=doubt, said_at=said_at)
    return _keep(session, heard, setup=setup, now=now)


def _of_an_earlier_event(session: Session, row: InboundMail, mail: Received, reply: Reply, setup: Setup) -> str:
    """Tell an answer to what has been cancelled since from one to what was never ours."""
    about = origin.of(session, mail, setup.desk).consult_id
    was = select(Message.id).where(Message.consult_id == about, Message.calendar_uid == reply.uid).limit(1)
    if about is None or session.scalar(was) is None:
        return "unknown_event"
    row.consult_id = about
    return "out_of_date"


def _asked(session: Session, consult: Consult, address: str) -> Recipient | None:
    """Say whose part in the consult is answered: that of whoever holds the invitation under this address."""
    told = session.execute(
        select(Message.recipient, Message.kind)
        .where(
            Message.consult_id == consult.id,
            Message.calendar_uid == consult.calendar_uid,
            func.lower(Message.address) == address,
            Message.kind.in_((MessageKind.INVITATION, MessageKind.CANCELLATION)),
            Message.superseded_at.is_(None),
        )
        .order_by(Message.id)
    )
    last = dict(told.all())
    holds = [recipient for recipient, kind in last.items() if kind is MessageKind.INVITATION]
    return Recipient.DIRECTOR if Recipient.DIRECTOR in holds else next(iter(holds), None)


def _doubt(session: Session, row: InboundMail, mail: Received, reply: Reply, consult: Consult, setup: Setup) -> str:
    """Say why an answer is not acted on by itself, the weightiest reason first."""
    if reply.enclosed:
        return "inside_a_mail"
    if mail.sender != reply.attendee:
        return "other_sender"
    seen = origin.has_seen_the_copy_of(session, mail, consult, reply.attendee, setup.desk)
    if seen is False:
        return "another_copy"
    if mail.automatic:
        return "automatic"
    if reply.occurrence or (reply.sequence or 0) != (consult.calendar_sequence or 0):
        return "another_version"
    if not origin.is_signed(mail, row.source, setup.desk):
        return "unsigned"
    return "" if seen or row.source == origin.DEVELOPMENT else "no_token"


def _keep(session: Session, heard: _Heard, *, setup: Setup, now: datetime) -> str:
    """Put an answer down, unless it is known or older than the last one, and act on it."""
    consult, booking = heard.file.consult, heard.file.booking
    last = session.scalars(
        select(CalendarReply)
        .where(
            CalendarReply.consult_id == consult.id,
            CalendarReply.recipient == heard.recipient,
            CalendarReply.uid == heard.reply.uid,
            CalendarReply.sequence == consult.calendar_sequence,
        )
        .order_by(CalendarReply.id.desc())
        .limit(1)
    ).first()
    if last is not None and heard.said_at < last.said_at:
        return "older"
    known = last is not None and (heard.said_at, heard.answer) == (last.said_at, last.answer)
    if last is not None and known and (last.trusted or heard.doubt):
        return "repeated"
    live = booking is not None and booking.id == consult.announced_booking_id
    kept = CalendarReply(
        inbound_id=heard.row.id,
        consult_id=consult.id,
        booking_id=booking.id if booking is not None and live else None,
        recipient=heard.recipient,
        address=heard.reply.attendee,
        uid=heard.reply.uid,
        sequence=consult.calendar_sequence,
        answer=heard.answer,
        said_at=heard.said_at,
        received_at=heard.row.received_at,
        trusted=not heard.doubt,
    )
    session.add(kept)
    session.flush()
    _write(session, heard.file, "answered_by_mail", {"side": heard.recipient, "answer": heard.answer}, now=now)
    return _act(session, heard, kept, now=now)


def _act(session: Session, heard: _Heard, kept: CalendarReply, *, now: datetime) -> str:
    if heard.answer is Answer.PROPOSED:
        times = {"start": heard.reply.start, "end": heard.reply.end}
        _call(session, heard, kept, AttentionReason.TIME_PROPOSED, now=now, **times)
        return "proposed"
    if heard.answer is not Answer.DECLINED:
        if heard.recipient is Recipient.DIRECTOR and not heard.doubt:
            take_back(session, heard.file, by=history.SYSTEM, now=now)
        return heard.answer.value
    if kept.booking_id is None:
        return "out_of_date"
    if heard.recipient is Recipient.OFFICE:
        strange = heard.doubt in ("inside_a_mail", "other_sender", "another_copy")
        reason = AttentionReason.REPLY_UNTRUSTED if strange else AttentionReason.DECLINED_BY_MAIL
        _call(session, heard, kept, reason, now=now)
        return "to_a_person"
    return _director_declined(session, heard, kept, now=now)


def _director_declined(session: Session, heard: _Heard, kept: CalendarReply, *, now: datetime) -> str:
    """Let the consult go back in line after a while, or have a person decide where that cannot be."""
    if heard.doubt:
        _call(session, heard, kept, AttentionReason.REPLY_UNTRUSTED, now=now)
        return heard.doubt
    assert heard.file.booking is not None, "it was answered"
    start, due = interval(heard.file.booking.during).start, now + SECOND_THOUGHT
    if start <= due or _returned_by_mail(session, heard) >= BY_ITSELF:
        _call(session, heard, kept, AttentionReason.DECLINED_BY_MAIL, now=now, start=start)
        return "too_near" if start <= due else "too_often"
    waits = pending(session, heard.file.consult.id)
    if waits is not None and waits.booking_id != kept.booking_id:
        waits.decline_ended_at, waits.decline_end = now, DeclineEnd.OVERTAKEN
        session.flush()
        waits = None
    if waits is None:
        kept.decline_due_at = due
    return "declined"


def _returned_by_mail(session: Session, heard: _Heard) -> int:
    """Count how often this director's decline has put this consult back in line."""
    returned = select(func.count(CalendarReply.id)).where(
        CalendarReply.consult_id == heard.file.consult.id,
        CalendarReply.address == heard.reply.attendee,
        CalendarReply.decline_end == DeclineEnd.RETURNED,
    )
    return session.scalars(returned).one()


def pending(session: Session, consult_id: int) -> CalendarReply | None:
    """Find the decline that waits for the director's second thought; there is one at the most."""
    return session.scalar(
        select(CalendarReply)
        .where(
            CalendarReply.consult_id == consult_id,
            CalendarReply.decline_due_at.is_not(None),
            CalendarReply.decline_ended_at.is_(None),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def take_back(session: Session, file: CaseFile, *, by: str, now: datetime) -> bool:
    """End a decline that waits: the director keeps the talk. Tell whether there was one."""
    waits = pending(session, file.consult.id)
    if waits is None:
        return False
    waits.decline_ended_at, waits.decline_end = now, DeclineEnd.KEPT
    _write(session, file, "decline_taken_back", {}, by=by, now=now)
    return True


def _call(
    session: Session,
    heard: _Heard,
    kept: CalendarReply,
    reason: AttentionReason,
    *,
    now: datetime,
    **times: datetime | None,
) -> None:
    """Call a coordinator, once for each side and reason; a later answer takes the place of the earlier."""
    casefile.call_for_a_person(
        session,
        kept.consult_id,
        reason,
        key=heard.recipient.value,
        details={
            "side": heard.recipient,
            "answer": heard.answer,
            "doubt": heard.doubt or None,
            "mail": heard.row.id,
            "reply": kept.id,
            **times,
        },
        now=now,
    )


def _write(
    session: Session, file: CaseFile, what: str, details: dict[str, object], *, by: str = history.SYSTEM, now: datetime
) -> None:
    history.write(
        session, denial_id=file.denial.id, consult_id=file.consult.id, what=what, details=details, by=by, now=now
    )
