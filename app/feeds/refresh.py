"""Reading busy calendars again: claim, fetch, keep. No network inside a transaction (house rule 2)."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from app import directors, history
from app.consults.calendars import keep_busy
from app.db import in_transaction, transaction
from app.feeds.fetch import Network
from app.feeds.reading import Reading, read
from app.models import BusyCalendar, Director
from scheduling.openings import HORIZON
from scheduling.values import Interval

log = logging.getLogger(__name__)

#: a turn ends after this, so that with its last calendar it stays below the task's time limit
TURN = timedelta(seconds=40)

#: how often a calendar is read; also the next try where it failed
EVERY = timedelta(minutes=15)

#: a calendar that says "nothing new" is fetched whole once a day all the same, as its series go on in the meantime
WHOLE_EVERY = timedelta(days=1)

#: looked at beyond what is booked, so that a copy lasts until the next one; and back, so that what is under way keeps
#: its beginning
AHEAD, BACK = HORIZON + timedelta(days=7), timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One calendar that nobody else reads before its next time."""

    director_id: int
    address: str
    etag: str
    last_modified: str
    zone: ZoneInfo


def refresh_due(
    sessions: sessionmaker[Session], *, own_domain: str, networks: Sequence[Network], clock: Callable[[], datetime]
) -> int:
    """Read the busy calendars whose time has come, once each, until the turn is over.

    Returns how many were read without a fault.
    """
    good = 0
    ends = clock() + TURN
    while clock() < ends:
        with transaction(sessions) as session:
            claimed = claim(session, now=clock())
        if claimed is None:
            break
        good += _refresh(sessions, claimed, own_domain, networks, clock)
    return good


def claim(session: Session, *, now: datetime) -> Claim | None:
    """Take the calendar that is due longest; its next time is set first, so that one that kills its reader waits."""
    due = (
        select(BusyCalendar.director_id)
        .where(BusyCalendar.next_try_at <= now)
        .order_by(BusyCalendar.next_try_at, BusyCalendar.director_id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    row = session.execute(
        update(BusyCalendar)
        .where(BusyCalendar.director_id == due, Director.id == BusyCalendar.director_id)
        .values(next_try_at=now + EVERY)
        .returning(
            BusyCalendar.director_id,
            BusyCalendar.address,
            BusyCalendar.etag,
            BusyCalendar.last_modified,
            BusyCalendar.whole_at,
            Director.time_zone,
        ),
        execution_options={"synchronize_session": False},
    ).one_or_none()
    if row is None:
        return None
    director_id, address, etag, last_modified, whole_at, zone = row
    if whole_at is None or whole_at <= now - WHOLE_EVERY:
        etag = last_modified = ""
    return Claim(director_id=director_id, address=address, etag=etag, last_modified=last_modified, zone=ZoneInfo(zone))


def _refresh(
    sessions: sessionmaker[Session],
    claimed: Claim,
    own_domain: str,
    networks: Sequence[Network],
    clock: Callable[[], datetime],
) -> bool:
    started = clock()
    reading = read(
        claimed.address,
        Interval(started - BACK, started + AHEAD),
        etag=claimed.etag,
        last_modified=claimed.last_modified,
        networks=networks,
        zone=claimed.zone,
        own_domain=own_domain,
    )
    log.info("busy calendar of director %s: %s", claimed.director_id, "not read" if reading.fault else "read")

    def keep(session: Session) -> None:
        _keep(session, claimed, reading, clock())

    in_transaction(sessions, keep)
    return not reading.fault


def _keep(session: Session, claimed: Claim, reading: Reading, now: datetime) -> None:
    """Write down how it went, unless another address has been named meanwhile."""
    directors.lock(session, [claimed.director_id])
    calendar = session.get(BusyCalendar, claimed.director_id, with_for_update=True, populate_existing=True)
    if calendar is None or calendar.address != claimed.address:
        return
    calendar.fault = reading.fault
    if reading.fault:
        calendar.failed_since = calendar.failed_since or now
        return
    calendar.failed_since, calendar.read_at = None, now
    if reading.busy is not None:
        calendar.etag, calendar.last_modified, calendar.whole_at = reading.etag, reading.last_modified, now
        keep_busy(session, claimed.director_id, reading.busy, by=history.SYSTEM, now=now)
