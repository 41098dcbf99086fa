"""A director's calendars: the talks of his feed, and how his busy calendar stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.consults.calendars import token_hash
from app.feeds.publish import Talk
from app.mail.wording import tel, who_wants_to_talk
from app.models import BookingRow, BusyCalendar, Consult, DirectorOff, OffKind, OwnFeed
from app.ranges import interval
from scheduling.values import Interval

#: talks stay in the feed so long after they took place
BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendars:
    """What a director sees of his two calendars."""

    feed_made_at: datetime | None
    host: str
    "of the busy calendar; its whole address is a secret. Empty: none is named"
    read_at: datetime | None
    failed_since: datetime | None
    fault: str
    busy: Sequence[Interval]


def calendars_of(session: Session, director_id: int, *, now: datetime) -> Calendars:
    """Read how a director's calendars stand, with the busy times that are not over. Three statements."""
    own, named = session.get(OwnFeed, director_id), session.get(BusyCalendar, director_id)
    busy = session.scalars(
        select(DirectorOff.during)
        .where(
            DirectorOff.director_id == director_id,
            DirectorOff.kind == OffKind.BUSY,
            func.upper(DirectorOff.during) > now,
        )
        .order_by(func.lower(DirectorOff.during))
    )
    return Calendars(
        feed_made_at=own.made_at if own else None,
        host=str(urlsplit(named.address).hostname) if named else "",
        read_at=named.read_at if named else None,
        failed_since=named.failed_since if named else None,
        fault=named.fault if named else "",
        busy=[interval(during) for during in busy],
    )


def talks_of(session: Session, token: str, *, base_url: str, uid_domain: str, now: datetime) -> list[Talk] | None:
    """Read the talks of the director whose feed has this token; None: it is nobody's."""
    owner = session.scalar(select(OwnFeed.director_id).where(OwnFeed.token_hash == token_hash(token)))
    if owner is None:
        return None
    rows = session.execute(
        select(BookingRow, Consult)
        .join(Consult, Consult.id == BookingRow.consult_id)
        .where(
            BookingRow.director_id == owner,
            BookingRow.released_at.is_(None),
            func.upper(BookingRow.during) > now - BEFORE,
        )
        .order_by(func.lower(BookingRow.during), BookingRow.id)
    )
    return [_talk(booking, consult, base_url, uid_domain) for booking, consult in rows]


def _talk(booking: BookingRow, consult: Consult, base_url: str, uid_domain: str) -> Talk:
    during = interval(booking.during)
    return Talk(
        uid=consult.calendar_uid or f"booking-{booking.id}@{uid_domain}",
        made_at=booking.made_at,
        start=during.start,
        end=during.end,
        summary=who_wants_to_talk(consult.speaker_name, consult.speaker_specialty, consult.reference),
        location=tel(consult.speaker_phone),
        link=f"{base_url}/c/{consult.reference}",
    )
