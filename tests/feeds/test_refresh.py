"""A director's busy calendar in the database: what it blocks, what becomes a task, what a failure leaves."""

import ipaddress
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from app import directors
from app.consults import assignment, calendars, intake
from app.db import make_sessions, transaction
from app.feeds import reading, refresh
from app.models import Attention, AttentionReason, BookingRow, BusyCalendar, Consult, DirectorOff, History, OffKind
from app.queries import calendars as queries
from app.ranges import interval
from scheduling.values import Interval
from tests.support import factories
from tests.support.calendar_server import CalendarServer, serving
from tests.support.factories import NOW

SETUP = factories.setup()
HERE = (ipaddress.ip_network("127.0.0.1/32"),)
#: Thursday, 10:00 to 12:00 in New York
THURSDAY = Interval(datetime(2026, 3, 5, 15, tzinfo=UTC), datetime(2026, 3, 5, 17, tzinfo=UTC))
Read = Callable[..., int]


def test_no_consult_is_booked_while_the_calendar_says_busy(
    sessions: sessionmaker[Session], named: int, read: Read
) -> None:
    """C9: ten to eleven is taken every day, so the talk begins at eleven."""
    assert read(daily("1500", "1600")) == 1
    assert booked(sessions, named).start == THURSDAY.start + timedelta(hours=1)


def test_what_the_calendar_does_not_say_any_more_is_free_again(
    sessions: sessionmaker[Session], named: int, read: Read
) -> None:
    read(daily("1500", "1600"))
    read(daily("2000", "2030"), after=timedelta(minutes=15))
    assert booked(sessions, named, NOW + timedelta(minutes=20)).start == THURSDAY.start


def test_a_failure_leaves_the_last_copy_and_says_its_age(
    sessions: sessionmaker[Session], named: int, read: Read, server: CalendarServer
) -> None:
    """C10: failure never means free."""
    read(daily("1500", "1600"))
    server.status = 500
    assert read(b"", after=timedelta(minutes=15)) == 0
    assert read(b"", after=timedelta(minutes=30)) == 0

    with sessions() as session:
        state = queries.calendars_of(session, named, now=NOW + timedelta(hours=1))
        assert state.read_at == NOW
        assert state.failed_since == NOW + timedelta(minutes=15)
        assert "fault of its own" in state.fault
    assert booked(sessions, named, NOW + timedelta(hours=1)).start == THURSDAY.start + timedelta(hours=1)


def test_what_is_no_calendar_leaves_the_last_copy(sessions: sessionmaker[Session], named: int, read: Read) -> None:
    """C10: the sign-in page of a provider instead of the calendar."""
    read(daily("1500", "1600"))
    assert read(b"<html>Sign in</html>", after=timedelta(minutes=15)) == 0
    assert len(busy(sessions, named)) > 50


def test_a_new_conflict_with_a_booking_becomes_a_task_and_moves_nothing(
    sessions: sessionmaker[Session], named: int, read: Read
) -> None:
    """C9: the desk is told once; when the two no longer meet, the task is settled by that."""
    when = booked(sessions, named)
    read(daily("1500", "1700"))
    read(daily("1500", "1600"), after=timedelta(minutes=15))

    with sessions() as session:
        (task,) = conflicts(session)
        assert task.details["until"].startswith("2026-03-05T16:00")
        assert (task.reason, task.director_id) == (AttentionReason.CALENDAR_CONFLICT, named)
        assert task.details["from"].startswith("2026-03-05T15:00")
        assert interval(session.scalars(select(BookingRow.during)).one()) == when

    read(daily("2000", "2030"), after=timedelta(minutes=30))
    with sessions() as session:
        assert [task.settled_at for task in conflicts(session)] == [NOW + timedelta(minutes=30)]


def test_a_conflict_that_a_person_has_settled_is_not_told_again(
    sessions: sessionmaker[Session], named: int, read: Read
) -> None:
    booked(sessions, named)
    read(daily("1500", "1600"))
    with transaction(sessions) as session:
        conflicts(session)[0].settled_at = NOW
    read(daily("1500", "1600", note="changed"), after=timedelta(minutes=15))
    read(daily("1500", "1630"), after=timedelta(minutes=30))
    with sessions() as session:
        assert len(conflicts(session)) == 1


def test_nothing_new_is_asked_for_and_once_a_day_all_of_it(
    sessions: sessionmaker[Session], named: int, read: Read, server: CalendarServer
) -> None:
    """A series goes on beyond what was worked out, though the file stays as it is."""
    server.headers = {"ETag": '"1"'}
    read(daily("1500", "1600"))
    last = busy(sessions, named)[-1].end
    server.status = 304
    assert read(b"", after=timedelta(minutes=15)) == 1
    assert server.asked[-1]["if-none-match"] == '"1"'
    assert len(busy(sessions, named)) > 50

    server.status = 200
    read(daily("1500", "1600"), after=timedelta(days=1, minutes=15))
    assert "if-none-match" not in server.asked[-1]
    assert busy(sessions, named)[-1].end == last + timedelta(days=1)


def test_a_calendar_is_read_every_quarter_of_an_hour(
    sessions: sessionmaker[Session], named: int, read: Read, server: CalendarServer
) -> None:
    read(daily("1500", "1600"))
    assert read(b"", after=timedelta(minutes=14)) == 0
    assert len(server.asked) == 1


def test_a_change_is_on_record_and_reading_the_same_is_not(
    sessions: sessionmaker[Session], named: int, read: Read
) -> None:
    """Whoever replays the decisions has to know when the director was busy (NC-9)."""
    read(daily("1500", "1600"))
    read(daily("1500", "1600"), after=timedelta(minutes=15))
    with sessions() as session:
        assert len(session.scalars(select(History).where(History.director_id == named)).all()) == 1


def test_another_address_forgets_what_the_first_one_said(
    sessions: sessionmaker[Session], named: int, read: Read, server: CalendarServer
) -> None:
    read(daily("1500", "1600"))
    with transaction(sessions) as session:
        calendars.name_busy_calendar(session, named, server.url("/other.ics"), by="account:1", now=NOW)
    assert busy(sessions, named) == []
    with sessions() as session:
        calendar = session.get_one(BusyCalendar, named)
        assert (calendar.read_at, calendar.etag, calendar.next_try_at) == (None, "", NOW)


def test_what_is_read_of_an_address_that_was_changed_meanwhile_is_thrown_away(
    sessions: sessionmaker[Session], named: int, server: CalendarServer
) -> None:
    server.body = daily("1500", "1600")

    def clock() -> datetime:
        """Name another address while the first one is being read."""
        if server.asked:
            with transaction(sessions) as session:
                session.get_one(BusyCalendar, named).address = server.url("/other.ics")
        return NOW

    refresh.refresh_due(sessions, own_domain="plan.example", networks=HERE, clock=clock)
    assert busy(sessions, named) == []


def test_one_calendar_that_fails_does_not_hold_up_the_next(
    sessions: sessionmaker[Session], named: int, server: CalendarServer
) -> None:
    with transaction(sessions) as session:
        other = factories.director(session).id
        calendars.name_busy_calendar(session, other, server.url("/ok.ics"), by="account:1", now=NOW)
        session.get_one(BusyCalendar, named).address = "http://127.0.0.1:9/nobody.ics"
    server.body = daily("1500", "1600")
    assert refresh.refresh_due(sessions, own_domain="plan.example", networks=HERE, clock=lambda: NOW) == 1
    assert busy(sessions, other)
    assert not busy(sessions, named)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYHOUR={0};BYMINUTE={1};BYSECOND={1}".format(*(",".join(map(str, range(n))) for n in (24, 60))),
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
    ],
)
def test_a_calendar_that_repeats_without_end_is_given_up(rule: str, server: CalendarServer) -> None:
    """M6, C10: a few lines would keep a worker busy for minutes, and fill its memory."""
    server.body = daily("1500", "1600").replace(b"FREQ=DAILY", rule.encode())
    span, zone = Interval(NOW, NOW + timedelta(days=67)), ZoneInfo("America/New_York")
    found = reading.read(
        server.url(), span, etag="", last_modified="", networks=HERE, zone=zone, own_domain="plan.example", patience=2
    )
    assert (found.busy, "too long" in found.fault) == (None, True)


def test_a_turn_ends_so_that_its_task_need_not_be_ended(
    sessions: sessionmaker[Session], named: int, server: CalendarServer
) -> None:
    """The next ring takes what is left; a calendar in hand when a task is ended would have no fault to show."""
    server.body = daily("1500", "1600")
    ticks = (NOW + refresh.TURN * number for number in range(9))
    assert refresh.refresh_due(sessions, own_domain="plan.example", networks=HERE, clock=lambda: next(ticks)) == 0
    assert server.asked == []


def daily(start: str, end: str, note: str = "x") -> bytes:
    """Write a calendar that is busy at these UTC times every day."""
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:1@clinic.example", f"SUMMARY:{note}"),
        *("DTSTAMP:20260101T000000Z", f"DTSTART:20260101T{start}00Z", f"DTEND:20260101T{end}00Z", "RRULE:FREQ=DAILY"),
        *("END:VEVENT", "END:VCALENDAR", ""),
    ]
    return "\r\n".join(lines).encode()


def conflicts(session: Session) -> list[Attention]:
    query = select(Attention).where(Attention.reason == AttentionReason.CALENDAR_CONFLICT)
    return list(session.scalars(query))


def booked(sessions: sessionmaker[Session], director_id: int, now: datetime = NOW) -> Interval:
    """Ask for a talk on Thursday morning, have it booked, give its time."""
    with transaction(sessions) as session:
        who = directors.get(session, director_id)
        asked = intake.request_consult(
            session,
            factories.request(factories.denial(session, who), windows=(THURSDAY,), received=now),
            setup=SETUP,
            by="office",
            now=now,
        )
        assert isinstance(asked.consult, Consult)
        consult_id = asked.consult.id
    assignment.assign_all(sessions, setup=SETUP, now=now)
    with sessions() as session:
        return interval(session.scalars(select(BookingRow.during).where(BookingRow.consult_id == consult_id)).one())


def busy(sessions: sessionmaker[Session], director_id: int) -> list[Interval]:
    with sessions() as session:
        query = select(DirectorOff.during).where(
            DirectorOff.director_id == director_id, DirectorOff.kind == OffKind.BUSY
        )
        return sorted((interval(during) for during in session.scalars(query)), key=lambda span: span.start)


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return make_sessions(engine)


@pytest.fixture
def server() -> Iterator[CalendarServer]:
    with serving() as running:
        yield running


@pytest.fixture
def named(sessions: sessionmaker[Session], server: CalendarServer) -> int:
    """A director whose calendar lies on the server."""
    with transaction(sessions) as session:
        who = factories.director(session)
        calendars.name_busy_calendar(session, who.id, server.url(), by="account:1", now=NOW)
        return who.id


@pytest.fixture
def read(sessions: sessionmaker[Session], server: CalendarServer) -> Read:
    """Read what is due, of a server that has this content."""

    def read(content: bytes, after: timedelta = timedelta(0)) -> int:
        server.body = content
        return refresh.refresh_due(sessions, own_domain="plan.example", networks=HERE, clock=lambda: NOW + after)

    return read
