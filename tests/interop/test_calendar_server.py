"""What our mails leave in a calendar server that follows them as a client would (statements E12, F1, F6, G1, H1)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.consults import desk, office
from app.mail import delivery
from app.models import Consult, Director
from scheduling.values import Interval
from tests.mail.test_a_month_of_changes import STEPS, begin
from tests.support import factories
from tests.support.factories import NOW
from tests.support.radicale import CalendarOnServer, Server, calendar_of, radicale
from tests.support.recipients import booked_consult, later, leave, live_booking, messages, plan

SETUP = factories.setup()


def test_a_request_and_its_update_leave_one_event_and_the_cancel_none(session: Session, server: Server) -> None:
    consult, who = booked_consult(session)
    calendars = both(server, consult, who)
    deliver(session, calendars)
    assert shown(calendars) == [start_of(session, consult)] * 2

    window = Interval(later(60 * 24 * 3), later(60 * 24 * 4))
    office.reschedule(session, consult.id, [window], setup=SETUP, by="office", now=later(1))
    plan(session, who.id, later(1))
    deliver(session, calendars, 1)
    assert shown(calendars) == [start_of(session, consult)] * 2
    assert [versions(calendar) for calendar in calendars.values()] == [[1], [1]]

    office.withdraw(session, consult.id, setup=SETUP, by="office", now=later(2))
    deliver(session, calendars, 2)
    assert [calendar.on_server() for calendar in calendars.values()] == [{}, {}]


def test_a_copy_sent_again_makes_no_second_event(session: Session, server: Server) -> None:
    """F6."""
    consult, who = booked_consult(session)
    calendars = both(server, consult, who)
    deliver(session, calendars)
    for message in messages(session):
        delivery.send_again(session, message.id, by="system", now=later(60))
    for address, body in leave(session, later(60)):
        calendars[address].seen.clear()  # another message that says the same
        calendars[address].numbers.clear()
        calendars[address].read(body)
    assert [len(calendar.on_server()) for calendar in calendars.values()] == [1, 1]


def test_after_a_reassignment_the_old_directors_calendar_is_empty_and_the_new_one_has_it(
    session: Session, server: Server
) -> None:
    """H1."""
    consult, who = booked_consult(session)
    new = factories.director(session)
    calendars = both(server, consult, who) | {new.email: calendar_of(server, "new")}
    deliver(session, calendars)
    desk.reassign(session, consult.id, new.id, "away", setup=SETUP, by="account:1", now=later(1))
    plan(session, new.id, later(1))
    deliver(session, calendars, 1)

    assert calendars[who.email].on_server() == {}
    assert [len(calendars[address].on_server()) for address in (new.email, consult.office_email)] == [1, 1]


@pytest.mark.parametrize("seed", range(3))
def test_after_a_month_of_changes_the_server_shows_what_holds(session: Session, server: Server, seed: int) -> None:
    """Mail servers fail by chance meanwhile, and workers die."""
    month = begin(session, seed)
    addresses = [month.consult.office_email, *(who.email for who in month.directors)]
    month.calendars = {address: calendar_of(server, f"user{i}") for i, address in enumerate(addresses)}  # type: ignore[assignment]  # of one sort, more special
    for _ in range(STEPS):
        month.step()
    month.calm_down()

    booking = live_booking(session, month.consult.id)
    for address, calendar in month.calendars.items():
        assert isinstance(calendar, CalendarOnServer)
        has_it = booking is not None and address in (
            month.consult.office_email,
            next(who.email for who in month.directors if who.id == booking.director_id),
        )
        starts = [event["DTSTART"].dt for each in calendar.on_server().values() for event in each.walk("VEVENT")]
        assert starts == ([booking.during.lower] if has_it and booking is not None else [])


def both(server: Server, consult: Consult, who: Director) -> dict[str, CalendarOnServer]:
    return {who.email: calendar_of(server, "director"), consult.office_email: calendar_of(server, "office")}


def deliver(session: Session, calendars: dict[str, CalendarOnServer], minutes: int = 0) -> None:
    for address, body in leave(session, later(minutes)):
        calendars[address].read(body)


def shown(calendars: dict[str, CalendarOnServer]) -> list[object]:
    return [
        event["DTSTART"].dt
        for calendar in calendars.values()
        for each in calendar.on_server().values()
        for event in each.walk("VEVENT")
    ]


def versions(calendar: CalendarOnServer) -> list[int]:
    return [int(event["SEQUENCE"]) for each in calendar.on_server().values() for event in each.walk("VEVENT")]


def start_of(session: Session, consult: Consult) -> object:
    booking = live_booking(session, consult.id)
    assert booking is not None
    assert booking.during.lower is not None
    assert booking.during.lower > NOW
    return booking.during.lower


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with radicale(tmp_path) as running:
        yield running
