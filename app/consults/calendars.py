"""A director's calendars: naming the busy one, keeping what was read of it, and the address of our own."""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import directors
from app.consults.casefile import call_for_a_person
from app.models import Attention, AttentionReason, BookingRow, BusyCalendar, DirectorOff, OffKind, OwnFeed
from app.ranges import interval, stored
from scheduling.values import Interval


def name_busy_calendar(session: Session, director_id: int, address: str, *, by: str, now: datetime) -> None:
    """Read a director's busy times from this address from now on. What another calendar said is forgotten."""
    directors.lock(session, [director_id])
    forget_busy_calendar(session, director_id, by=by, now=now)
    session.add(BusyCalendar(director_id=director_id, address=address, named_at=now, next_try_at=now))
    session.flush()


def forget_busy_calendar(session: Session, director_id: int, *, by: str, now: datetime) -> None:
    """Read no busy calendar of this director any more; what it said is no longer busy."""
    directors.lock(session, [director_id])
    session.execute(delete(BusyCalendar).where(BusyCalendar.director_id == director_id))
    keep_busy(session, director_id, [], by=by, now=now)


def keep_busy(session: Session, director_id: int, busy: Iterable[Interval], *, by: str, now: datetime) -> None:
    """Let these be the busy times that are not over, under the director's lock.

    New busy time never returns a booking (policy-format.md, "The queue"): one that it meets becomes a task, which
    settles itself when the two no longer meet.
    """
    directors.lock(session, [director_id])
    wanted = {span for span in busy if span.end > now}
    rows = session.scalars(
        select(DirectorOff).where(
            DirectorOff.director_id == director_id,
            DirectorOff.kind == OffKind.BUSY,
            func.upper(DirectorOff.during) > now,
        )
    ).all()
    known = {interval(row.during): row for row in rows}
    gone = [row.id for span, row in known.items() if span not in wanted]
    session.execute(delete(DirectorOff).where(DirectorOff.id.in_(gone)))
    new = sorted(wanted - known.keys(), key=lambda span: span.start)
    session.add_all(
        DirectorOff(director_id=director_id, during=stored(span), kind=OffKind.BUSY, created_at=now) for span in new
    )
    session.flush()
    _settle_conflicts(session, director_id, wanted, now)
    _call_for_conflicts(session, director_id, new, known=known.keys(), now=now)
    if gone or new:
        directors.note_change(session, director_id, by=by, now=now)


def new_feed_token(session: Session, director_id: int, *, now: datetime) -> str:
    """Make the secret part of the address of a director's feed; an earlier one stops to work at once."""
    token = secrets.token_urlsafe(32)
    made = {"token_hash": token_hash(token), "made_at": now}
    session.execute(
        insert(OwnFeed)
        .values(director_id=director_id, **made)
        .on_conflict_do_update(index_elements=["director_id"], set_=made)
    )
    return token


def revoke_feed(session: Session, director_id: int) -> None:
    """Let the address of a director's feed work no more."""
    session.execute(delete(OwnFeed).where(OwnFeed.director_id == director_id))


def token_hash(token: str) -> bytes:
    """Return what is kept of a token, which has 256 bits of chance and needs no salt."""
    return hashlib.sha256(token.encode()).digest()


def _live_bookings(session: Session, director_id: int, now: datetime) -> Sequence[BookingRow]:
    return session.scalars(
        select(BookingRow)
        .where(
            BookingRow.director_id == director_id,
            BookingRow.released_at.is_(None),
            func.lower(BookingRow.during) > now,
        )
        .order_by(BookingRow.id)
    ).all()


def _call_for_conflicts(
    session: Session, director_id: int, new: Sequence[Interval], *, known: Collection[Interval], now: datetime
) -> None:
    """Call for a person where a booking meets busy time that met none before, and where one is called already.

    A conflict that somebody has settled is not told again because it grew or shrank.
    """
    if not new:
        return
    called = set(
        session.scalars(
            select(Attention.key).where(
                Attention.director_id == director_id,
                Attention.reason == AttentionReason.CALENDAR_CONFLICT,
                Attention.settled_at.is_(None),
            )
        )
    )
    for booking in _live_bookings(session, director_id, now):
        during = interval(booking.during)
        met = next((span for span in new if span.overlaps(during)), None)
        is_new = not any(span.overlaps(during) for span in known)
        if met is not None and (is_new or str(booking.id) in called):
            call_for_a_person(
                session,
                booking.consult_id,
                AttentionReason.CALENDAR_CONFLICT,
                director_id=director_id,
                key=str(booking.id),
                details={"from": met.start, "until": met.end},
                now=now,
            )


def _settle_conflicts(session: Session, director_id: int, busy: set[Interval], now: datetime) -> None:
    still = {
        str(booking.id)
        for booking in _live_bookings(session, director_id, now)
        if any(span.overlaps(interval(booking.during)) for span in busy)
    }
    session.execute(
        update(Attention)
        .where(
            Attention.director_id == director_id,
            Attention.reason == AttentionReason.CALENDAR_CONFLICT,
            Attention.settled_at.is_(None),
            Attention.key.not_in(still),
        )
        .values(settled_at=now)
    )
