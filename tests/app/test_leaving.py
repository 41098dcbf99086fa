"""A director who has left: one successor for all, each request at its place, both calendars right, the rest a task."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from email import message_from_bytes

import pytest
from icalendar import Calendar
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from app import accounts
from app.consults import assignment, calendars, hours, intake, leaving
from app.errors import Conflict, Invalid
from app.history import account_actor
from app.models import (
    Attention,
    AttentionReason,
    BookingRow,
    BusyCalendar,
    Consult,
    Director,
    History,
    Message,
    StaffRole,
)
from app.queries.calendars import talks_of
from scheduling.values import Status
from tests.support import factories
from tests.support.factories import NOW, setup


def ask(session: Session, who: Director, **about: object) -> Consult:
    windows = about.pop("windows", ())
    made = factories.denial(session, who, **about)
    new = factories.request(made, windows=windows)
    consult = intake.request_consult(session, new, setup=setup(), by="office", now=NOW).consult
    assert consult is not None
    return consult


def plan(session: Session, *people: Director, now: datetime = NOW) -> None:
    for who in people:
        assignment.assign_queue(session, who.id, setup=setup(), now=now)
    session.flush()


def leave(
    session: Session, who: Director, successor: Director | None, now: datetime = NOW, by: str = "system"
) -> leaving.Left:
    follows = successor.id if successor else None
    seen = leaving.mark(leaving.preview(session, who.id, follows, setup=setup(), now=now))
    return leaving.leave(session, who.id, follows, "Retired.", seen=seen, setup=setup(), by=by, now=now)


def told(session: Session, consult: Consult, after: int) -> list[tuple[str, str, int | None, str | None]]:
    """Read what was written since: (address, method, sequence, STATUS), and that it is of one UID."""
    session.flush()
    found = []
    query = select(Message).where(Message.consult_id == consult.id, Message.id > after).order_by(Message.id)
    for message in session.scalars(query):
        if message.calendar_uid is None:
            found.append((message.address, message.kind.value, None, None))
            continue
        event = _event(message)
        status = event.walk("VEVENT")[0].get("STATUS")
        found.append((message.address, str(event["METHOD"]), message.calendar_sequence, status and str(status)))
    return found


def _event(message: Message) -> Calendar:
    parts = [part for part in message_from_bytes(message.body).walk() if part.get_content_type() == "text/calendar"]
    return Calendar.from_ical(parts[0].get_payload(decode=True))


def test_the_line_moves_to_the_successor_in_its_order_and_both_calendars_are_right(session: Session) -> None:
    """H1, NC-9: old director CANCEL without STATUS, new director and office REQUEST, one number, the same UID."""
    lee, omar = factories.director(session), factories.director(session, name="Omar Haddad, MD")
    booked, second = ask(session, lee), ask(session, lee)
    plan(session, lee)
    session.execute(update(Message).values(sent_at=NOW))
    waiting = ask(session, lee)
    uid, last = booked.calendar_uid, max(session.scalars(select(Message.id)))
    left = leave(session, lee, omar)
    assert (left.moved, left.returned, left.stay) == (3, 0, 0)
    plan(session, lee, omar)
    assert [consult.director_id for consult in (booked, second, waiting)] == [omar.id] * 3
    starts = [row.during.lower for row in _bookings(session, omar)]
    assert _order(session, omar) == [booked.id, second.id, waiting.id]
    assert starts == sorted(starts)
    assert booked.calendar_uid == uid
    assert sorted(told(session, booked, last)) == sorted(
        [
            (lee.email, "CANCEL", 1, None),
            (omar.email, "REQUEST", 1, "CONFIRMED"),
            ("pat@ortho.example", "REQUEST", 1, "CONFIRMED"),
        ]
    )
    assert told(session, waiting, last)[0] == ("pat@ortho.example", "notice", None, None)
    reasons = session.scalars(select(History.details["reason"].astext).where(History.what == "reassigned")).all()
    assert reasons == ["Retired."] * 3


def _bookings(session: Session, who: Director) -> Sequence[BookingRow]:
    query = select(BookingRow).where(BookingRow.director_id == who.id, BookingRow.released_at.is_(None))
    return session.scalars(query.order_by(BookingRow.during)).all()


def _order(session: Session, who: Director) -> list[int]:
    return [row.consult_id for row in _bookings(session, who)]


def test_what_the_successor_may_not_take_gives_its_time_back_and_is_a_task(session: Session) -> None:
    lee, omar = factories.director(session), factories.director(session, lines_of_business=["state_health_plan"])
    consult = ask(session, lee)
    plan(session, lee)
    (each,) = leaving.preview(session, lee.id, omar.id, setup=setup(), now=NOW)
    assert (each.cannot, each.booked is not None) == ("line_of_business", True)
    assert leaving.candidates(session, lee.id, setup=setup(), now=NOW) == [(omar.id, omar.name, 0, 1)]
    assert leave(session, lee, omar).stay == 1
    plan(session, lee, omar)
    assert (consult.status, consult.director_id, consult.calendar_uid) == (Status.WAITING, lee.id, None)
    (task,) = session.scalars(select(Attention).where(Attention.reason == AttentionReason.DIRECTOR_LEFT))
    assert (task.consult_id, task.director_id, task.settled_at) == (consult.id, lee.id, None)


def test_a_call_that_has_begun_keeps_its_time(session: Session) -> None:
    lee, omar = factories.director(session), factories.director(session)
    consult = ask(session, lee)
    plan(session, lee)
    begun = _bookings(session, lee)[0].during.lower + timedelta(minutes=5)
    leave(session, lee, omar, now=begun)
    assert (consult.status, consult.director_id) == (Status.BOOKED, lee.id)


def test_requests_to_come_stand_in_the_line_of_whoever_follows_and_who_decided_stays(session: Session) -> None:
    """BSP-1."""
    lee, omar, kim = (factories.director(session) for _ in range(3))
    made = factories.denial(session, lee)
    leave(session, lee, omar)
    leave(session, omar, kim)
    session.refresh(made)
    assert (made.director_id, made.successor_id) == (lee.id, kim.id)
    consult = intake.request_consult(session, factories.request(made), setup=setup(), by="office", now=NOW).consult
    assert consult is not None
    assert consult.director_id == kim.id


def test_nothing_is_done_twice_or_about_other_requests_than_were_shown(session: Session) -> None:
    """A6, C8."""
    lee, omar = factories.director(session), factories.director(session)
    seen = leaving.mark(leaving.preview(session, lee.id, omar.id, setup=setup(), now=NOW))
    ask(session, lee)
    say = {"setup": setup(), "by": "system", "now": NOW}
    with pytest.raises(hours.TouchesOthersError):
        leaving.leave(session, lee.id, omar.id, "Retired.", seen=seen, **say)
    with pytest.raises(Invalid):
        leaving.leave(session, lee.id, omar.id, " ", seen=seen, **say)
    with pytest.raises(Invalid):
        leaving.leave(session, lee.id, lee.id, "Retired.", seen=seen, **say)
    leave(session, lee, omar)
    with pytest.raises(Conflict):
        leave(session, lee, omar)


def test_whoever_has_left_signs_in_no_more(session: Session) -> None:
    lee, omar = factories.director(session), factories.director(session)
    account = accounts.create_account(
        session,
        email="lee@plan.example",
        name="Dana Lee",
        role=StaffRole.DIRECTOR,
        time_zone="America/New_York",
        password="a sentence is easy",
        director_id=lee.id,
        now=NOW,
    )
    leave(session, lee, omar, by=account_actor(factories.nurse(session).id))
    assert not account.active
    assert not lee.active


def test_a_time_with_whoever_leaves_goes_back_to_the_line_it_is_of(session: Session) -> None:
    """BSP-5: a designated peer who leaves."""
    peer = factories.director(session, name="Peer, MD")
    lee = factories.director(session, hours={}, peers=(peer,))
    about = {"plan": "blue-shield-promise-medi-cal", "line_of_business": "medi_cal"}
    consult = ask(session, lee, **about, dates={"initial_decision": "2026-03-02T06:00:00-08:00"})
    plan(session, lee)
    assert _order(session, peer) == [consult.id]
    left = leave(session, peer, None)
    assert (left.moved, left.returned) == (0, 1)
    assert (consult.status, consult.director_id) == (Status.WAITING, lee.id)


def test_the_calendars_of_whoever_has_left_are_read_no_more(session: Session) -> None:
    """The private address works no more, and nobody fetches the busy calendar."""
    lee, omar = factories.director(session), factories.director(session)
    token = calendars.new_feed_token(session, lee.id, now=NOW)
    calendars.name_busy_calendar(session, lee.id, "https://calendar.clinic.example/x.ics", by="account:1", now=NOW)
    others = calendars.new_feed_token(session, omar.id, now=NOW)

    leave(session, lee, omar)

    found = [
        talks_of(session, each, base_url="https://p2p.plan.example", uid_domain="plan.example", now=NOW)
        for each in (token, others)
    ]
    assert found == [None, []]
    assert session.scalars(select(BusyCalendar)).all() == []


def test_of_two_who_press_at_once_the_second_changes_nothing(engine: Engine) -> None:
    """A6: what was read before the lock was waited for is read again."""
    with Session(engine) as first, Session(engine) as second:
        lee, omar, kim = (factories.director(first) for _ in range(3))
        first.commit()
        read_before = second.get_one(Director, lee.id)
        assert read_before.active
        say = {"seen": "", "setup": setup(), "by": "system", "now": NOW}
        leaving.leave(first, lee.id, omar.id, "Retired.", **say)
        first.commit()
        with pytest.raises(Conflict):
            leaving.leave(second, lee.id, kim.id, "Retired.", **say)
