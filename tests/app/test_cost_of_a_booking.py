"""What a booking costs in statements, and what a director's line knows of the time that other lines took."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.orm import Session

from app import directors
from app.consults import assignment, intake
from app.models import Consult, Denial
from app.ranges import interval
from tests.support import factories
from tests.support.factories import NOW
from tests.support.recipients import booked_consult, live_booking, plan, told

SETUP = factories.setup()


def test_a_booking_is_nine_statements(session: Session) -> None:
    """The lock, the line, the time; the booking, its history, what needed a person, two mails, the consult."""
    who = factories.director(session)
    asked(session, factories.denial(session, who))
    session.flush()
    with counted(session) as statements:
        plan(session, who.id)
        session.flush()

    kinds = [statement.split()[0] for statement in statements]
    assert kinds == ["SELECT"] * 3 + ["INSERT"] * 2 + ["SELECT"] + ["INSERT"] * 2 + ["UPDATE"], statements
    assert told(session, who.email) == [("invitation", 0, "waiting")]


def test_ten_bookings_of_one_line_read_no_more_than_one(session: Session) -> None:
    who = factories.director(session)
    for _ in range(10):
        asked(session, factories.denial(session, who))
    session.flush()
    with counted(session) as statements:
        assert assignment.assign_queue(session, who.id, setup=SETUP, now=NOW) == 10
        session.flush()

    reads = [statement for statement in statements if statement.startswith("SELECT")]
    assert len(reads) == 3 + 10, "and for each what needed a person before it was booked"


def test_a_line_knows_the_time_that_any_director_took(session: Session) -> None:
    """A consult in the line of `any` policies takes the time of whoever it is with, in his own line too."""
    consult, who = booked_consult(session)
    consult.director_id = None
    session.flush()

    booking = live_booking(session, consult.id)
    assert booking is not None
    for lines, taken in (([who.id], (interval(booking.blocked),)), ([None], ())):
        assert directors.load(session, [who.id], now=NOW, lines=lines)[who.id].taken == taken


def asked(session: Session, about: Denial) -> Consult:
    """Ask for a consult."""
    done = intake.request_consult(session, factories.request(about), setup=SETUP, by="office", now=NOW)
    assert done.consult is not None
    return done.consult


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    """Collect the statements that are sent meanwhile."""
    statements: list[str] = []

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        statements.append(statement)

    engine = session.connection().engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)
