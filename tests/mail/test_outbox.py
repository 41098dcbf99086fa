"""What is written when a consult changes: to whom, with which number, and what it takes the place of."""

import re
from datetime import datetime, timedelta
from email import message_from_bytes, policy

import pytest
from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import outbox
from app.consults import desk, determination, intake, office, prereview
from app.errors import Conflict
from app.mail import delivery
from app.models import Attention, AttentionReason, Consult, Director, DirectorOff, Message, MessageKind, Recipient
from scheduling.values import Interval, Status, Urgency
from tests.support import factories
from tests.support.factories import NOW
from tests.support.recipients import (
    BUSY,
    CUT_OFF,
    NO_SUCH_MAILBOX,
    TAKEN,
    booked_consult,
    later,
    leave,
    live_booking,
    messages,
    plan,
    told,
)
from tests.support.smtp import calendar_of

OFFICE = "pat@ortho.example"
SETUP = factories.setup()


def test_a_booking_invites_both_with_one_uid_and_number_zero(session: Session) -> None:
    consult, who = booked_consult(session)

    assert told(session, OFFICE) == [("acknowledgement", None, "waiting"), ("invitation", 0, "waiting")]
    assert told(session, who.email) == [("invitation", 0, "waiting")]
    assert {m.calendar_uid for m in messages(session)} == {None, consult.calendar_uid}
    assert str(consult.calendar_uid).endswith("@plan.example")


def test_announcing_twice_writes_nothing_more(session: Session) -> None:
    """House rule 7."""
    consult, _ = booked_consult(session)
    before = len(messages(session))

    announce(session, consult)

    assert len(messages(session)) == before


def test_another_number_to_dial_reaches_both_as_a_new_version(session: Session) -> None:
    """F4."""
    consult, who = booked_consult(session)
    leave(session)
    consult.speaker_phone = "984-555-0199"
    announce(session, consult, changed=True)

    assert told(session, OFFICE)[-1] == told(session, who.email)[-1] == ("invitation", 1, "waiting")
    (event,) = last_calendar(session, who.email).walk("VEVENT")
    assert event["LOCATION"] == "tel:+19845550199"


def test_two_versions_in_one_second_have_different_stamps(session: Session) -> None:
    """F3: a stamp has whole seconds, and some calendars look at nothing else."""
    consult, who = booked_consult(session)
    leave(session)
    for _ in range(3):
        announce(session, consult, changed=True)
        leave(session, later(1))

    events = [calendar_in(message).walk("VEVENT")[0] for message in messages(session, who.email)]
    stamps = [event["DTSTAMP"].dt for event in events]
    assert stamps == [NOW + timedelta(seconds=second) for second in range(4)]
    assert [event["LAST-MODIFIED"].dt for event in events] == stamps
    assert {event["CREATED"].dt for event in events} == {NOW}


@pytest.mark.parametrize("outcome, told_off", [(BUSY, False), (CUT_OFF, True), (TAKEN, True), (NO_SUCH_MAILBOX, False)])
def test_a_calendar_is_told_that_it_is_off_only_if_the_invitation_may_have_arrived(
    session: Session, outcome: delivery.Outcome, told_off: bool
) -> None:
    """G3: a server that was down all the while never had it; one that broke off after the last line may."""
    consult, who = booked_consult(session)
    leave(session, what_comes_of=lambda claimed: outcome if claimed.address == who.email else TAKEN)
    withdraw(session, consult)

    sent = told(session, who.email)
    assert (("cancellation", 1, "waiting") in sent) is told_off
    assert ("invitation", 0, "waiting") not in sent
    assert told(session, OFFICE)[-1] == ("cancellation", 1, "waiting")


def test_a_worker_that_died_leaves_doubt_and_so_a_cancellation(session: Session) -> None:
    """J1 and G3: it may have died after the server's 250."""
    consult, who = booked_consult(session)
    claimed = next(c for c in iter(lambda: delivery.claim(session, now=NOW), None) if c.address == who.email)
    again = delivery.claim(session, now=NOW + delivery.LEASE)
    while again is not None and again.id != claimed.id:
        again = delivery.claim(session, now=NOW + delivery.LEASE)
    assert again is not None
    delivery.mark(session, again, BUSY, now=NOW + delivery.LEASE)
    withdraw(session, consult, minutes=5)

    assert told(session, who.email) == [("invitation", 0, "superseded"), ("cancellation", 1, "waiting")]


def test_a_cancellation_is_not_dropped_when_the_request_is_booked_again(session: Session) -> None:
    """The next booking has a UID of its own; the old entry must still go."""
    consult, who = booked_consult(session)
    leave(session)
    first = consult.calendar_uid
    lose_the_time(session, consult)
    plan(session, who.id, later(2))

    assert told(session, who.email)[-2:] == [("cancellation", 1, "waiting"), ("invitation", 0, "waiting")]
    assert consult.calendar_uid != first
    assert [calendar_in(message)["METHOD"] for message in calendar_messages(session, OFFICE)] == [
        "REQUEST",
        "CANCEL",
        "REQUEST",
    ]


def test_each_reads_what_is_new_to_him(session: Session) -> None:
    """H1: the new director was told nothing before, the office reads what is another; subjects say it too."""
    consult, first = booked_consult(session)
    leave(session)
    second = factories.director(session)
    reassign(session, consult, second, minutes=1)
    leave(session, later(1))
    consult.speaker_phone = "984-555-0199"
    announce(session, consult, changed=True)

    subjects = {who: [each.subject for each in messages(session, who)][1:] for who in (first.email, OFFICE)}
    mine = f"P2P: Dr Anil Rao (orthopedics), {consult.reference}"
    assert subjects[first.email] == [f"Taken out of your calendar: {mine}"]
    booked, renewed = messages(session, second.email)
    assert (booked.subject, renewed.subject) == (mine, f"Changed: {mine}")
    assert b"is booked." in booked.body
    assert b"keeps its time; a detail of it has changed." in renewed.body.replace(b"=\r\n", b"")
    office = [each.body.replace(b"=\r\n", b"") for each in messages(session, OFFICE)]
    assert b"is with another medical director now" in office[2]

    leave(session, later(2))
    reassign(session, consult, first, minutes=3)
    assert messages(session, first.email)[-1].subject == mine, "who gets it back reads of no change"


def test_a_director_who_gets_it_back_before_the_cancellation_left_reads_of_no_cancellation(session: Session) -> None:
    """H1, F8."""
    consult, first = booked_consult(session)
    leave(session)
    second = factories.director(session)
    reassign(session, consult, second, minutes=1)
    reassign(session, consult, first, minutes=2)

    assert told(session, first.email) == [
        ("invitation", 0, "sent"),
        ("cancellation", 1, "superseded"),
        ("invitation", 2, "waiting"),
    ]
    assert told(session, second.email) == [("invitation", 1, "superseded")]


def test_the_director_before_last_is_taken_off_also_when_it_moves_on_at_once(session: Session) -> None:
    """H1: the unsent CANCEL stays, whoever has it now."""
    consult, first = booked_consult(session)
    leave(session)
    second, third = factories.director(session), factories.director(session)
    reassign(session, consult, second, minutes=1)
    reassign(session, consult, third, minutes=2)

    assert told(session, first.email) == [("invitation", 0, "sent"), ("cancellation", 1, "waiting")]
    assert told(session, second.email) == [("invitation", 1, "superseded")]
    assert told(session, third.email) == [("invitation", 2, "waiting")]


def test_a_mailbox_that_is_no_longer_a_director_s_loses_the_entry(session: Session) -> None:
    consult, who = booked_consult(session)
    old = who.email
    leave(session)
    who.email = "dana.new@plan.example"
    announce(session, consult, changed=True)

    assert told(session, old)[-1] == ("cancellation", 1, "waiting")
    assert "STATUS" not in last_calendar(session, old).walk("VEVENT")[0]
    assert told(session, who.email) == [("invitation", 1, "waiting")]


def test_one_mailbox_for_both_sides_gets_both_invitations(session: Session) -> None:
    booked_consult(session, who=factories.director(session, email=OFFICE))

    assert told(session, OFFICE)[1:] == [("invitation", 0, "waiting")] * 2


def test_the_office_learns_of_an_approval_also_when_no_time_was_found(session: Session) -> None:
    """G2, NC-6: nothing was in a calendar, so none is written to; the director never heard of it."""
    nobody_there = factories.director(session, hours={})
    consult, who = booked_consult(session, who=nobody_there, reconsideration=True, urgency=Urgency.EMERGENT)
    approve(session, consult)

    assert told(session, OFFICE)[-1] == ("cancellation", None, "waiting")
    assert "the request was approved on review" in words_in(messages(session, OFFICE)[-1])
    assert told(session, who.email) == []


def test_an_approval_before_the_invitation_left_is_told_without_a_calendar(session: Session) -> None:
    """G3."""
    consult, who = booked_consult(session, reconsideration=True, urgency=Urgency.EMERGENT)
    approve(session, consult)

    assert told(session, who.email) == [("invitation", 0, "superseded")]
    assert told(session, OFFICE)[1:] == [("invitation", 0, "superseded"), ("cancellation", None, "waiting")]


@pytest.mark.parametrize("sent", [True, False])
def test_cancelling_twice_changes_nothing_and_mails_nothing(session: Session, sent: bool) -> None:
    """G5."""
    consult, _ = booked_consult(session, reconsideration=True, urgency=Urgency.EMERGENT)
    if sent:
        leave(session)
    approve(session, consult)
    before = len(messages(session))

    with pytest.raises(Conflict):
        withdraw(session, consult)
    announce(session, consult)

    assert len(messages(session)) == before


def test_an_outcome_after_the_call_changes_no_calendar(session: Session) -> None:
    """Invites, section 3: consult completed, nothing."""
    consult, who = booked_consult(session)
    leave(session)
    call = {"setup": SETUP, "by": "account:1", "now": start_of(session, consult) + timedelta(minutes=9)}
    determination.record_outcome(session, consult.id, "discussed", "explained", **call)

    assert consult.status is Status.COMPLETED
    assert told(session, who.email) == [("invitation", 0, "sent")]
    assert told(session, OFFICE)[-1] == ("notice", None, "waiting")


def test_an_address_that_takes_no_mail_holds_nobody_up_and_calls_for_the_telephone(session: Session) -> None:
    """One typing error must not stop a director's queue."""
    consult, who = booked_consult(session, office_email="pat@ortho")

    assert live_booking(session, consult.id) is not None
    assert told(session, who.email) == [("invitation", 0, "waiting")]
    assert told(session, "pat@ortho") == []
    reasons = session.scalars(select(Attention.reason).where(Attention.consult_id == consult.id)).all()
    assert AttentionReason.TELL_BY_TELEPHONE in reasons


def test_what_is_rolled_back_is_never_sent(session: Session) -> None:
    """J3: the message is a row of the same transaction."""
    change = session.begin_nested()
    booked_consult(session)
    assert messages(session)
    change.rollback()

    assert leave(session) == []


def test_an_internal_note_sends_nothing(session: Session) -> None:
    """F5."""
    consult, _ = booked_consult(session)
    before = len(messages(session))
    consult.how_to_reach = "ask for Pat"
    session.flush()
    plan(session, consult.director_id or 0, later(1))

    assert len(messages(session)) == before


def test_both_parties_addresses_stay_with_them(session: Session) -> None:
    """E6: one recipient a mail, and no word of the other's mailbox in it."""
    _, who = booked_consult(session)

    for message in messages(session):
        other = who.email if message.address == OFFICE else OFFICE
        raw = message_from_bytes(message.body, policy=policy.default)
        parts = b"".join(part.get_payload(decode=True) or b"" for part in raw.walk() if not part.is_multipart())
        assert other.encode() not in parts + message.body
        assert raw["To"] == message.address


def test_no_kind_of_mail_says_anything_about_the_patient_or_what_was_written_about_the_case(session: Session) -> None:
    """M5: a canary in every field that could tell something, and every kind of mail."""
    who, other = factories.director(session), factories.director(session)
    for end in ("approved", "withdrawn", "upheld"):
        live_through(session, who, other, end)

    written = messages(session)
    assert {message.kind for message in written} == set(MessageKind)
    for message in written:
        raw = message_from_bytes(message.body, policy=policy.default)
        parts = [part.get_payload(decode=True) for part in raw.walk() if not part.is_multipart()]
        said = b"\n".join([*(part for part in parts if isinstance(part, bytes)), message.body]).decode()
        said += f"{message.subject} {message.address} {raw['Subject']}"
        # whole words: the number that parts a mail's parts is drawn, and may hold any four digits
        assert not re.search(r"CANARY|\b1962\b|14 March|March 14", said.replace("\r\n ", ""))


def live_through(session: Session, who: Director, other: Director, end: str) -> None:
    """Take a case full of canaries through everything that is told by mail."""
    fields = ("member_name", "member_id", "service", "reason_text", "criteria", "clinical_reasons")
    canaries = {name: f"CANARY-{name}" for name in fields}
    about = factories.denial(session, who, urgency=Urgency.EMERGENT, case_number=f"CANARY-{end}", **canaries)
    new = factories.request(about, statement="CANARY-statement", how_to_reach="CANARY-reach", reconsideration=True)
    consult = intake.request_consult(session, new, setup=SETUP, by="office", now=NOW).consult
    assert consult is not None
    plan(session, who.id)
    leave(session)
    reassign(session, consult, other, minutes=1)
    leave(session, later(1))
    lose_the_time(session, consult)
    leave(session, later(2))
    plan(session, other.id, later(2))
    remind(session, consult)
    leave(session, later(3))
    if end == "approved":
        approve(session, consult)
    elif end == "withdrawn":
        withdraw(session, consult, minutes=5)
    else:
        begun = {"setup": SETUP, "by": "account:1", "now": start_of(session, consult) + timedelta(minutes=9)}
        determination.record_outcome(session, consult.id, end, "CANARY-note", **begun)


def remind(session: Session, consult: Consult) -> None:
    booking = live_booking(session, consult.id)
    assert booking is not None
    for recipient in Recipient:
        outbox.remind(session, consult, booking, recipient, 60, desk=SETUP.desk, plan_name="A plan", now=later(2))


def start_of(session: Session, consult: Consult) -> datetime:
    booking = live_booking(session, consult.id)
    assert booking is not None
    assert booking.during.lower is not None
    return booking.during.lower


def announce(session: Session, consult: Consult, *, changed: bool = False) -> None:
    """Announce as the use cases do."""
    live = live_booking(session, consult.id)
    outbox.announce(session, consult, live, desk=factories.DESK, plan_name="Plan", reason="", now=NOW, changed=changed)
    session.flush()


def withdraw(session: Session, consult: Consult, *, minutes: float = 1) -> None:
    office.withdraw(session, consult.id, setup=SETUP, by="office", now=later(minutes))


def reassign(session: Session, consult: Consult, who: Director, *, minutes: float) -> None:
    desk.reassign(session, consult.id, who.id, "on leave", setup=SETUP, by="account:1", now=later(minutes))
    plan(session, who.id, later(minutes))


def lose_the_time(session: Session, consult: Consult) -> None:
    """Return a consult to its line where no other time is to be had, and say so."""
    director_id = consult.director_id or 0
    whole = Interval(NOW, NOW + timedelta(days=400))
    desk.take_director_out(session, director_id, whole, "away", setup=SETUP, by="account:1", now=later(1))
    plan(session, director_id, later(1))
    for off in session.scalars(select(DirectorOff).where(DirectorOff.director_id == director_id)):
        desk.put_back(session, off.id, by="account:1", now=later(1))


def approve(session: Session, consult: Consult) -> None:
    nurse = factories.nurse(session)
    prereview.approve(session, consult.id, account_id=nurse.id, note="meets it", setup=SETUP, now=later(5))


def calendar_messages(session: Session, address: str) -> list[Message]:
    return [message for message in messages(session, address) if message.calendar_uid]


def calendar_in(message: Message) -> Calendar:
    calendar = calendar_of(message_from_bytes(message.body, policy=policy.default))
    assert calendar is not None
    return calendar


def last_calendar(session: Session, address: str) -> Calendar:
    return calendar_in(calendar_messages(session, address)[-1])


def words_in(message: Message) -> str:
    body = message_from_bytes(message.body, policy=policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())
