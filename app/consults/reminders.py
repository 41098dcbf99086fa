"""Reminders of booked talks, written when they are due and never before (statements K1 to K5, H5)."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from app import directors, outbox
from app.consults.setup import Setup
from app.db import in_transaction
from app.models import BookingRow, Consult, Message, MessageKind, Recipient
from app.ranges import interval
from scheduling import reminders, values
from scheduling.values import Rulebook

#: what is due: a booking, for whom, which reminder
Due = tuple[int, Recipient, int]


def remind_all(sessions: sessionmaker[Session], *, setup: Setup, now: datetime) -> int:
    """Write the reminders that are due, each in a transaction of its own; return how many."""
    with sessions() as session:
        due = list(due_now(session, setup=setup, now=now))
    return sum(in_transaction(sessions, partial(remind, due=each, setup=setup, now=now)) for each in due)


def due_now(session: Session, *, setup: Setup, now: datetime) -> Iterator[Due]:
    """Find what is due and not written, in a fixed number of statements."""
    longest = max(
        (rules.policy.reminders.minutes_before for rules in setup.policies.current_by_id.values()),
        key=lambda minutes: max(minutes, default=0),
        default=(),
    )
    start = func.lower(BookingRow.during)
    rows = session.execute(
        select(BookingRow, Consult)
        .join(Consult, Consult.announced_booking_id == BookingRow.id)
        .where(BookingRow.released_at.is_(None), start > now, start <= now + reminders.longest_notice(longest))
        .order_by(start, BookingRow.id)
    ).all()
    written = _written(session, [booking.id for booking, _ in rows])
    invited = _invited(session, [consult.id for _, consult in rows])
    of = directors.load(session, sorted({booking.director_id for booking, _ in rows}), now=now)
    for booking, consult in rows:
        rules = _rules(consult, setup)
        for recipient, minutes in _due_of(booking, consult, of[booking.director_id], rules, now):
            is_invited = (consult.calendar_uid, recipient) in invited
            if is_invited and (booking.id, recipient, minutes) not in written:
                yield booking.id, recipient, minutes


def remind(session: Session, *, due: Due, setup: Setup, now: datetime) -> bool:
    """Write one reminder, if the booking still lives and nobody has written it; tell whether it was written."""
    booking_id, recipient, minutes = due
    booking = session.get_one(BookingRow, booking_id)
    consult = session.get_one(Consult, booking.consult_id, with_for_update=True, populate_existing=True)
    session.refresh(booking)
    has_begun = interval(booking.during).start <= now
    if (
        booking.released_at is not None
        or has_begun
        or (booking_id, recipient, minutes) in _written(session, [booking_id])
    ):
        return False
    rules = _rules(consult, setup)
    outbox.remind(session, consult, booking, recipient, minutes, desk=setup.desk, plan_name=rules.policy.name, now=now)
    return True


def _due_of(
    booking: BookingRow, consult: Consult, director: values.Director, rules: Rulebook, now: datetime
) -> Iterator[tuple[Recipient, int]]:
    office = ZoneInfo(consult.office_time_zone)
    hours = {
        Recipient.DIRECTOR: (reminders.director_hours(director), director.zone),
        Recipient.OFFICE: (reminders.office_hours(rules, office), office),
    }
    for recipient, (hours_on, zone) in hours.items():
        minutes = reminders.due(
            interval(booking.during).start,
            rules.policy.reminders.minutes_before,
            hours_on,
            zone,
            told_at=booking.made_at,
            now=now,
        )
        if minutes is not None:
            yield recipient, minutes


def _rules(consult: Consult, setup: Setup) -> Rulebook:
    """Take the policy as it stands today: when one is reminded was promised to nobody, so a change holds (K5)."""
    today = setup.policies.current_by_id.get(consult.policy_id)
    return today or setup.rulebook(consult.policy_id, consult.policy_hash)


def _invited(session: Session, consult_ids: list[int]) -> set[tuple[str | None, Recipient]]:
    """Read who was invited to what: an address that took no invitation takes no reminder; a person calls there."""
    query = select(Message.calendar_uid, Message.recipient).where(
        Message.kind == MessageKind.INVITATION, Message.consult_id.in_(consult_ids)
    )
    return {(uid, recipient) for uid, recipient in session.execute(query)}


def _written(session: Session, booking_ids: list[int]) -> set[tuple[int | None, Recipient, int | None]]:
    query = select(Message.booking_id, Message.recipient, Message.minutes_before).where(
        Message.kind == MessageKind.REMINDER, Message.booking_id.in_(booking_ids)
    )
    return {(booking_id, recipient, minutes) for booking_id, recipient, minutes in session.execute(query)}
