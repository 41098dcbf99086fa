"""Sending: in order, once where that can be, the same bytes where it cannot (statements E, F, G, J)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from app.config import Settings
from app.consults import assignment, desk, intake, office, prereview
from app.db import make_sessions, transaction
from app.errors import Conflict
from app.mail import delivery
from app.models import Consult, Director, History, Message
from scheduling.values import Interval, Urgency
from tests.support import factories
from tests.support.factories import NOW
from tests.support.smtp import Oracle, calendar_of, oracle

OFFICE = "pat@ortho.example"
Ask = Callable[..., tuple[int, Director]]


def test_both_sides_get_an_invitation_that_clients_recognise(ask: Ask, send: Callable[..., int], mail: Oracle) -> None:
    """E1 to E7, E11, N4."""
    _, who = ask()

    assert send() == 3

    to_director = mail.messages(who.email)[0]
    kinds = [part.get_content_type() for part in to_director.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    parts = {part.get_content_type(): part for part in to_director.walk()}
    assert parts["text/calendar"].get_payload(decode=True) == parts["application/ics"].get_payload(decode=True)
    assert parts["text/calendar"].get_param("method") == "REQUEST"
    calendar = calendar_of(to_director)
    assert calendar is not None
    assert calendar["METHOD"] == "REQUEST"
    (event,) = calendar.walk("VEVENT")
    assert (
        event["ORGANIZER"] == "mailto:consults@plan.example" == f"mailto:{to_director['From'].addresses[0].addr_spec}"
    )
    assert event["ATTENDEE"] == f"mailto:{who.email}"
    assert event["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"
    assert event["SEQUENCE"] == 0
    assert event["STATUS"] == "CONFIRMED"
    assert event["LOCATION"] == "tel:+19845550142"
    assert calendar.walk("VTIMEZONE") == []
    assert event["DTSTART"].to_ical().endswith(b"Z")
    assert "press “Yes”" in str(parts["text/plain"].get_content())


def test_every_line_of_a_calendar_is_short_and_ends_in_crlf(ask: Ask, send: Callable[..., int], mail: Oracle) -> None:
    """E8: names with umlauts are folded between characters."""
    ask(speaker_name="Dr Zoë Müller-Łukasiewicz 😀" * 4, office_reference="é" * 60)
    send()

    for message in mail.messages():
        for part in message.walk():
            if part.get_content_type() == "text/calendar":
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                lines = content.split(b"\r\n")
                assert lines[-1] == b""
                assert not any(b"\n" in line or b"\r" in line for line in lines)
                assert max(map(len, lines)) <= 75
                content.decode()


def test_nothing_about_the_patient_leaves(ask: Ask, send: Callable[..., int], mail: Oracle) -> None:
    """M5: no name, member id, birth date or service in any mail, in any part of it."""
    ask()
    send()

    assert len(mail.taken) == 3
    for message in mail.messages():
        texts = [str(message["Subject"])]
        for part in message.walk():
            content = part.get_payload(decode=True)
            texts.append(content.decode() if isinstance(content, bytes) else "")
        assert not [canary for canary in ("Wren", "CANARYMEMBER77", "1962", "canaryectomy") if canary in str(texts)]


@pytest.mark.parametrize("evil", ["X\r\nATTENDEE:mailto:evil@x.example", "=?UTF-8?Q?=0A?=Bcc: evil@x.example"])
def test_no_name_adds_a_line_or_a_header(evil: str, ask: Ask, send: Callable[..., int], mail: Oracle) -> None:
    """E10, reliability 3.6."""
    ask(speaker_name=evil, office_contact=evil, office_reference=evil)
    send()

    for message in mail.messages():
        assert message["Bcc"] is None
        calendar = calendar_of(message)
        if calendar is not None:
            (event,) = calendar.walk("VEVENT")
            assert not isinstance(event["ATTENDEE"], list)
    assert {address for address, _ in mail.taken} <= {OFFICE, *[m["To"] for m in mail.messages()]}


def test_a_withdrawal_cancels_both_calendars_with_the_same_uid_and_a_higher_sequence(
    ask: Ask, send: Callable[..., int], mail: Oracle, sessions: sessionmaker[Session]
) -> None:
    """G1, F2."""
    consult_id, who = ask()
    send()
    with transaction(sessions) as session:
        office.withdraw(session, consult_id, setup=factories.setup(), by="office", now=later(1))
    send(later(1))

    for address in (OFFICE, who.email):
        first, last = [calendar_of(message) for message in mail.messages(address) if calendar_of(message)]
        assert first is not None
        assert last is not None
        assert last["METHOD"] == "CANCEL"
        (before,), (after,) = first.walk("VEVENT"), last.walk("VEVENT")
        assert (after["UID"], after["SEQUENCE"], after["STATUS"]) == (before["UID"], 1, "CANCELLED")
        assert after["ATTENDEE"] == f"mailto:{address}"


def test_a_request_cancelled_before_its_invitation_left_sends_no_calendar(
    ask: Ask, send: Callable[..., int], mail: Oracle, sessions: sessionmaker[Session]
) -> None:
    """G3."""
    consult_id, _ = ask()
    with transaction(sessions) as session:
        office.withdraw(session, consult_id, setup=factories.setup(), by="office", now=later(1))
    send(later(1))

    (message,) = mail.messages()
    assert message["Subject"].startswith("Your request is received: chart 88, P2P-")


def test_two_changes_before_anything_left_send_the_last_alone(
    ask: Ask, send: Callable[..., int], mail: Oracle, sessions: sessionmaker[Session]
) -> None:
    """F8: the earlier one is marked as superseded."""
    consult_id, _ = ask()
    for minute, day in ((1, 3), (2, 4)):
        window = Interval(NOW + timedelta(days=day), NOW + timedelta(days=day, hours=2))
        with transaction(sessions) as session:
            office.reschedule(session, consult_id, [window], setup=factories.setup(), by="office", now=later(minute))
        assignment.assign_all(sessions, setup=factories.setup(), now=later(minute))
    send(later(3))

    invitations = [calendar for message in mail.messages(OFFICE) if (calendar := calendar_of(message))]
    assert len(invitations) == 1
    (event,) = invitations[0].walk("VEVENT")
    assert (event["SEQUENCE"], event["DTSTART"].dt) == (2, NOW + timedelta(days=4))


def test_a_time_lost_and_found_again_is_one_update_with_the_same_uid(
    ask: Ask, send: Callable[..., int], mail: Oracle, sessions: sessionmaker[Session]
) -> None:
    """Invites, section 3: no cancellation in between."""
    consult_id, who = ask()
    send()
    with transaction(sessions) as session:
        desk.director_declines(session, consult_id, setup=factories.setup(), by="system", now=later(1))
    assignment.assign_all(sessions, setup=factories.setup(), now=later(1))
    send(later(1))

    for address in (OFFICE, who.email):
        calendars = [calendar for message in mail.messages(address) if (calendar := calendar_of(message))]
        assert [str(calendar["METHOD"]) for calendar in calendars] == ["REQUEST", "REQUEST"]
        assert [calendar.walk("VEVENT")[0]["SEQUENCE"] for calendar in calendars] == [0, 1]
        assert len({str(calendar.walk("VEVENT")[0]["UID"]) for calendar in calendars}) == 1


def test_a_reassigned_director_is_taken_off_and_the_new_one_invited(
    ask: Ask, send: Callable[..., int], mail: Oracle, sessions: sessionmaker[Session]
) -> None:
    """H1, H2, F1: one UID, one organizer, CANCEL without STATUS to the old director."""
    consult_id, old = ask()
    send()
    with transaction(sessions) as session:
        new = factories.director(session, name="Marcus Okafor, MD")
        desk.reassign(session, consult_id, new.id, "on leave", setup=factories.setup(), by="account:1", now=later(1))
    assignment.assign_all(sessions, setup=factories.setup(), now=later(1))
    send(later(1))

    last = {address: calendar_of(mail.messages(address)[-1]) for address in (old.email, new.email, OFFICE)}
    events = {address: calendar.walk("VEVENT")[0] for address, calendar in last.items() if calendar is not None}
    assert [str(last[address]["METHOD"]) for address in events] == ["CANCEL", "REQUEST", "REQUEST"]  # type: ignore[index]  # each has a calendar, or the line before had failed
    assert "STATUS" not in events[old.email]
    assert len({str(event["UID"]) for event in events.values()}) == 1
    assert {event["SEQUENCE"] for event in events.values()} == {1}
    assert {str(event["ORGANIZER"]) for event in events.values()} == {"mailto:consults@plan.example"}


def test_the_nurse_s_approval_reads_differently_on_each_side(
    ask: Ask, send: Callable[..., int], mail: Oracle, sessions: sessionmaker[Session]
) -> None:
    """G2, NC-6: the office learns that it was approved, the director that the time is free."""
    consult_id, who = ask(reconsideration=True, urgency=Urgency.EMERGENT)
    send()
    with transaction(sessions) as session:
        nurse = factories.nurse(session)
        prereview.approve(
            session, consult_id, account_id=nurse.id, note="meets it", setup=factories.setup(), now=later(5)
        )
    send(later(5))

    to_office, to_director = (plain(mail, address) for address in (OFFICE, who.email))
    assert "the request was approved on review" in to_office
    assert "Your time is free again" in to_director
    assert "approved" not in to_director


def plain(mail: Oracle, address: str) -> str:
    """Read the text of the last mail to an address."""
    part = mail.messages(address)[-1].get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_what_the_server_puts_off_is_tried_again_later_and_later(
    ask: Ask, send: Callable[..., int], mail: Oracle, sessions: sessionmaker[Session]
) -> None:
    """J6: 4xx waits one minute, then two; the rest of the lane waits behind it, in order."""
    ask()
    mail.script = ["451 later"] * 4

    assert send() == 0
    assert send(later(0.5)) == 0
    send(later(1.1))
    assert not mail.taken
    assert send(later(30)) == 3
    assert "Your request is received" in next(message["Subject"] for message in mail.messages(OFFICE))


def test_what_the_server_refuses_for_good_is_not_tried_again_and_can_be_sent_again(
    ask: Ask, send: Callable[..., int], mail: Oracle, sessions: sessionmaker[Session]
) -> None:
    """J6: 5xx is shown to the administrator, who sends it again."""
    _, who = ask()
    mail.refused_addresses = {who.email}
    assert send() == 2
    assert send(later(600)) == 0
    with sessions() as session:
        failed = session.scalars(select(Message).where(Message.failed_at.is_not(None))).one()
        assert failed.last_error.startswith("550")

    mail.refused_addresses = set()
    with transaction(sessions) as session:
        delivery.send_again(session, failed.id, by="system", now=later(601))
        (row,) = session.scalars(select(History).where(History.what == "sent_again"))
        assert (row.details["message"], row.actor) == (failed.id, "system")
    assert send(later(601)) == 1
    assert mail.messages(who.email)


def test_a_failed_message_that_somebody_else_has_sent_meanwhile_is_not_sent_twice(
    ask: Ask, send: Callable[..., int], mail: Oracle, sessions: sessionmaker[Session]
) -> None:
    """J6: two send again all that failed, or one does beside an administrator; one of them comes too late."""
    _, who = ask()
    mail.refused_addresses = {who.email}
    send()
    mail.refused_addresses = set()
    with sessions() as session:
        failed = session.scalars(select(Message.id).where(Message.failed_at.is_not(None))).one()
    with transaction(sessions) as session:
        assert delivery.send_failed_again(session, failed, by="system", now=later(1))
    with transaction(sessions) as session:
        assert not delivery.send_failed_again(session, failed, by="system", now=later(1))
    assert send(later(2)) == 1
    with transaction(sessions) as session:
        assert not delivery.send_failed_again(session, failed, by="system", now=later(3))
    assert send(later(4)) == 0
    assert len(mail.messages(who.email)) == 1


def test_a_worker_that_died_after_the_server_took_it_sends_the_same_bytes_again(
    ask: Ask, send: Callable[..., int], mail: Oracle, sessions: sessionmaker[Session]
) -> None:
    """J1: killed between 250 and the mark; the lease runs out, and the copy is the same message."""
    ask()
    with transaction(sessions) as session:
        claimed = delivery.claim(session, now=NOW)
    assert claimed is not None
    mail.taken.append((claimed.address, claimed.body))

    send(later(1))
    send(later(10))

    copies = [content for address, content in mail.taken if address == claimed.address and b"is received" in content]
    assert len(copies) == 2
    assert len({content.rstrip() for content in copies}) == 1


def test_a_late_finisher_marks_nothing(ask: Ask, mail: Oracle, sessions: sessionmaker[Session]) -> None:
    """The fence: who lost the lease meanwhile has no say."""
    ask()
    with transaction(sessions) as session:
        first = delivery.claim(session, now=NOW)
    with transaction(sessions) as session:
        second = delivery.claim(session, now=NOW + delivery.LEASE)
    assert first is not None
    assert second is not None
    assert first.id == second.id
    with transaction(sessions) as session:
        delivery.mark(session, first, delivery.Outcome(delivery.Result.PERMANENT, "550"), now=NOW)
    with sessions() as session:
        assert session.get_one(Message, first.id).failed_at is None


def test_a_sent_invitation_is_repeated_with_the_same_uid_and_sequence(
    ask: Ask, send: Callable[..., int], mail: Oracle, sessions: sessionmaker[Session]
) -> None:
    """F6: DTSTAMP is newer, nothing else of the event; F3."""
    _, who = ask()
    send()
    with sessions() as session:
        sent = session.scalars(select(Message).where(Message.address == who.email)).one()
    with transaction(sessions) as session:
        delivery.send_again(session, sent.id, by="system", now=later(60))
    send(later(60))

    first, again = [calendar_of(message) for message in mail.messages(who.email)]
    assert first is not None
    assert again is not None
    (one,), (two,) = first.walk("VEVENT"), again.walk("VEVENT")
    assert (one["UID"], one["SEQUENCE"], one["DTSTART"]) == (two["UID"], two["SEQUENCE"], two["DTSTART"])
    assert two["DTSTAMP"].dt > one["DTSTAMP"].dt


def test_a_message_on_its_way_is_not_sent_again(ask: Ask, sessions: sessionmaker[Session]) -> None:
    ask()
    with sessions() as session:
        waiting = session.scalars(select(Message.id)).first()
    assert waiting is not None
    with pytest.raises(Conflict, match="tried again by itself"), transaction(sessions) as session:
        delivery.send_again(session, waiting, by="system", now=NOW)


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return make_sessions(engine)


@pytest.fixture
def mail() -> Iterator[Oracle]:
    with oracle() as taken:
        yield taken


@pytest.fixture
def send(sessions: sessionmaker[Session], settings: Settings, mail: Oracle) -> Callable[..., int]:
    """Send what is due at an instant."""
    mine = replace(settings, smtp_url=mail.url, mail_from=factories.DESK.address)

    def send(now: datetime = NOW) -> int:
        return delivery.deliver_due(sessions, mine, clock=lambda: now)

    return send


@pytest.fixture
def ask(sessions: sessionmaker[Session]) -> Ask:
    """Ask for a consult and have it booked; give its id and its director."""

    def ask(urgency: Urgency = Urgency.ELECTIVE, **more: object) -> tuple[int, Director]:
        with transaction(sessions) as session:
            who = factories.director(session)
            about = factories.denial(session, who, urgency=urgency)
            new = factories.request(about, **more)
            asked = intake.request_consult(session, new, setup=factories.setup(), by="office", now=NOW)
            assert isinstance(asked.consult, Consult)
            consult_id = asked.consult.id
        assignment.assign_all(sessions, setup=factories.setup(), now=NOW)
        return consult_id, who

    return ask
