"""What calendars answer: shown, acted on where it can be trusted, and otherwise a coordinator's task (statements I)."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consults import declines, desk, office, replies
from app.consults.replies import SECOND_THOUGHT
from app.errors import Conflict, NotFound
from app.models import (
    Account,
    Attention,
    AttentionReason,
    CalendarReply,
    Consult,
    DeclineEnd,
    Director,
    DirectorOff,
    History,
    InboundKind,
    InboundMail,
    Message,
    OffKind,
    Recipient,
)
from app.ranges import interval
from scheduling.values import Status
from tests.support import factories
from tests.support.answers import answer, answers, arrive, invitation
from tests.support.factories import setup
from tests.support.recipients import booked_consult, later, leave, live_booking, plan

FIXTURES = Path(__file__).parent.parent / "itip" / "replies"
#: NOW is 9:00 in New York; the talk is at 10:00
AT = later(5)

#: the invitations as both sides have them, before anything is answered
DIRECTOR, OFFICE = Recipient.DIRECTOR, Recipient.OFFICE


@pytest.fixture
def booked(session: Session) -> tuple[Consult, Director]:
    return booked_consult(session)


def tasks(session: Session) -> dict[AttentionReason, dict]:
    rows = session.scalars(select(Attention).where(Attention.settled_at.is_(None)))
    return {row.reason: row.details for row in rows}


def happened(session: Session, consult: Consult) -> list[str]:
    session.flush()
    query = select(History.what).where(History.consult_id == consult.id).order_by(History.id)
    return list(session.scalars(query))


def return_due(session: Session, now: datetime) -> int:
    """Sweep, inside of the session's transaction."""
    due = session.scalars(
        select(CalendarReply).where(CalendarReply.decline_due_at <= now, CalendarReply.decline_ended_at.is_(None))
    ).all()
    done = 0
    for reply in due:
        booking = live_booking(session, reply.consult_id)
        director = booking.director_id if booking else session.get_one(Consult, reply.consult_id).director_id
        assert director is not None
        done += declines.return_one(session, reply_id=reply.id, director_id=director, setup=setup(), now=now)
    session.flush()
    return done


@pytest.mark.parametrize("word", ["ACCEPTED", "TENTATIVE"])
@pytest.mark.parametrize("side", [DIRECTOR, OFFICE])
def test_yes_and_perhaps_are_put_down_and_change_nothing(session: Session, booked, side: Recipient, word: str) -> None:
    """I1, I6."""
    consult, _ = booked
    before = live_booking(session, consult.id)
    row = arrive(session, answer(invitation(session, side), word, at=AT), now=AT)
    assert (row.kind, row.outcome, row.consult_id) == (InboundKind.REPLY, word.lower(), consult.id)
    assert answers(session) == [(side.value, word.lower(), True)]
    assert live_booking(session, consult.id) is before
    assert tasks(session) == {}
    assert happened(session, consult)[-1] == "answered_by_mail"


def test_a_directors_no_goes_back_to_the_old_place_after_fifteen_minutes(session: Session, booked) -> None:
    """I1, F18: the time counts as busy, the line is planned anew, and both sides get one message."""
    consult, director = booked
    place = (consult.place_at, consult.arrival)
    declined = live_booking(session, consult.id)
    assert declined is not None
    row = arrive(session, answer(invitation(session, DIRECTOR), "DECLINED", at=AT), now=AT)
    assert row.outcome == "declined"
    assert (consult.status, tasks(session)) == (Status.BOOKED, {})
    assert return_due(session, AT + SECOND_THOUGHT - timedelta(seconds=1)) == 0

    assert return_due(session, AT + SECOND_THOUGHT) == 1
    assert (consult.status, (consult.place_at, consult.arrival)) == (Status.WAITING, place)
    assert declined.released_reason == "director_declined"
    off = session.scalars(select(DirectorOff).where(DirectorOff.director_id == director.id)).one()
    assert (off.kind, interval(off.during)) == (OffKind.DECLINED, interval(declined.during))

    plan(session, director.id, AT + SECOND_THOUGHT)
    again = live_booking(session, consult.id)
    assert again is not None
    assert interval(again.during).start > interval(declined.during).start
    written = session.scalars(select(Message).where(Message.calendar_sequence == 1)).all()
    assert sorted(message.recipient for message in written) == [DIRECTOR, OFFICE]
    assert return_due(session, AT + timedelta(hours=1)) == 0


def test_a_no_is_taken_back_on_the_page(session: Session, booked) -> None:
    consult, _ = booked
    arrive(session, answer(invitation(session, DIRECTOR), "DECLINED", at=AT), now=AT)
    declines.keep(session, consult.id, setup=setup(), by="account:1", now=later(10))
    assert return_due(session, later(60)) == 0
    assert live_booking(session, consult.id) is not None
    assert happened(session, consult)[-1] == "decline_taken_back"
    with pytest.raises(Conflict):
        declines.keep(session, consult.id, setup=setup(), by="account:1", now=later(11))


def test_a_no_is_taken_back_by_a_yes_that_can_be_trusted_as_much(session: Session, booked) -> None:
    consult, _ = booked
    asked = invitation(session, DIRECTOR)
    arrive(session, answer(asked, "DECLINED", at=AT), now=AT)
    arrive(session, answer(asked, "ACCEPTED", at=later(8), signed=None), now=later(8))
    assert replies.pending(session, consult.id) is not None
    arrive(session, answer(asked, "ACCEPTED", at=later(9)), now=later(9))
    assert replies.pending(session, consult.id) is None
    arrive(session, answer(asked, "DECLINED", at=later(10)), now=later(10))
    waits = replies.pending(session, consult.id)
    assert waits is not None
    assert waits.decline_due_at == later(10) + SECOND_THOUGHT


def test_answers_that_come_in_another_order_than_they_were_given_count_by_when(session: Session, booked) -> None:
    consult, _ = booked
    asked = invitation(session, DIRECTOR)
    arrive(session, answer(asked, "ACCEPTED", at=later(4)), now=AT)
    assert arrive(session, answer(asked, "DECLINED", at=later(3)), now=later(6)).outcome == "older"
    assert answers(session) == [("director", "accepted", True)]
    assert replies.pending(session, consult.id) is None


def test_a_clock_that_is_ahead_does_not_silence_what_comes_later(session: Session, booked) -> None:
    asked = invitation(session, DIRECTOR)
    arrive(session, answer(asked, "ACCEPTED", at=later(600_000)), now=AT)
    assert arrive(session, answer(asked, "DECLINED", at=later(6)), now=later(6)).outcome == "declined"


def test_the_same_answer_again_is_one(session: Session, booked) -> None:
    """F18: nothing acted twice."""
    asked = invitation(session, DIRECTOR)
    for number in range(3):
        arrive(session, answer(asked, "DECLINED", at=AT), now=AT + timedelta(seconds=number))
    assert answers(session) == [("director", "declined", True)]
    outcomes = session.scalars(select(InboundMail.outcome).order_by(InboundMail.id)).all()
    assert outcomes == ["declined", "repeated", "repeated"]


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"signed": None}, "unsigned"),
        ({"signed": "evil.example"}, "unsigned"),
        ({"to_token": False}, "no_token"),
        ({"sender": "eve@evil.example"}, "other_sender"),
        ({"head": "Auto-Submitted: auto-generated"}, "automatic"),
        ({"SEQUENCE": "1"}, "another_version"),
        ({"RECURRENCE-ID": "20260302T150000Z"}, "another_version"),
    ],
)
def test_a_no_that_cannot_be_trusted_is_a_task_and_nothing_else(session: Session, booked, how: dict, why: str) -> None:
    """I2, F18: spoofed, unsigned, without token, from a program, of another version."""
    consult, _ = booked
    row = arrive(session, answer(invitation(session, DIRECTOR), "DECLINED", at=AT, **how), now=AT)
    assert row.outcome == why
    assert answers(session) == [("director", "declined", False)]
    task = tasks(session)[AttentionReason.REPLY_UNTRUSTED]
    assert (task["side"], task["answer"], task["doubt"]) == ("director", "declined", why)
    assert return_due(session, later(600)) == 0
    assert consult.status is Status.BOOKED


def test_a_mail_that_quotes_the_directors_own_copy_needs_no_token(session: Session, booked) -> None:
    """Most calendars answer to the organizer, who has no token; Outlook and others name the mail that they answer."""
    asked = invitation(session, DIRECTOR)
    quotes = f"In-Reply-To: {asked['Message-ID']}"
    row = arrive(session, answer(asked, "DECLINED", at=AT, to_token=False, head=quotes), now=AT)
    assert row.outcome == "declined"


@pytest.mark.parametrize("how", ["token", "quotes"])
def test_the_office_cannot_decline_for_the_director(session: Session, booked, how: str) -> None:
    """I2: it knows the UID; but it has seen its own copy alone, whatever stands in From."""
    asked, own = invitation(session, DIRECTOR), invitation(session, OFFICE)
    forged = answer(asked, "DECLINED", at=AT)
    if how == "token":
        forged = forged.replace(str(asked["Reply-To"]).encode(), str(own["Reply-To"]).encode())
    else:
        forged = answer(asked, "DECLINED", at=AT, to_token=False, head=f"References: {own['Message-ID']}")
    assert arrive(session, forged, now=AT).outcome == "another_copy"
    assert tasks(session)[AttentionReason.REPLY_UNTRUSTED]["doubt"] == "another_copy"


def test_the_development_mailbox_is_believed_without_a_signature(session: Session, booked) -> None:
    asked = invitation(session, DIRECTOR)
    mail = answer(asked, "DECLINED", at=AT, signed=None, to_token=False)
    assert arrive(session, mail, now=AT, source="development").outcome == "declined"


@pytest.mark.parametrize("word", ["ACCEPTED", "TENTATIVE"])
def test_a_yes_from_another_sender_is_stored_and_not_shown(session: Session, booked, word: str) -> None:
    """I2."""
    mail = answer(invitation(session, DIRECTOR), word, at=AT, sender="eve@evil.example")
    assert arrive(session, mail, now=AT).outcome == "other_sender"
    assert (answers(session), tasks(session)) == ([], {})


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        ({"UID": "somebody-elses@other.example"}, "unknown_event"),
        ({"ATTENDEE": ";PARTSTAT=DECLINED:mailto:eve@evil.example"}, "not_asked"),
        ({"ATTENDEE": ""}, "not_asked"),
        ({"ATTENDEE": ";PARTSTAT=NEEDS-ACTION:mailto:{to}"}, "ignored"),
    ],
)
def test_what_is_about_nothing_of_ours_is_stored_and_ignored(session: Session, booked, lines, outcome: str) -> None:
    """I2."""
    asked = invitation(session, DIRECTOR)
    told = {name: value.format(to=asked["To"]) for name, value in lines.items()}
    row = arrive(session, answer(asked, "DECLINED", at=AT, **told), now=AT)
    assert (row.kind, row.outcome) == (InboundKind.REPLY, outcome)
    assert (answers(session), tasks(session)) == ([], {})


def test_an_answer_whose_word_cannot_be_read_goes_to_a_person(session: Session, booked) -> None:
    """A name in it that is quoted wrongly makes the line unreadable; the director may have declined."""
    asked = invitation(session, DIRECTOR)
    wrong = f';PARTSTAT=DECLINED;CN="Lee "Dana" MD":mailto:{asked["To"]}'
    row = arrive(session, answer(asked, "DECLINED", at=AT, ATTENDEE=wrong), now=AT)
    assert (row.outcome, list(tasks(session))) == ("to_look_at", [AttentionReason.MAIL_TO_READ])


def test_an_answer_to_an_older_version_is_recorded_and_not_acted_on(session: Session, booked) -> None:
    """I2: the time has changed since."""
    consult, director = booked
    asked = invitation(session, DIRECTOR)
    desk.director_declines(session, consult.id, setup=setup(), by="system", now=AT)
    plan(session, director.id, AT)
    assert consult.calendar_sequence == 1
    row = arrive(session, answer(asked, "DECLINED", at=later(6)), now=later(6))
    assert (row.outcome, row.consult_id) == ("out_of_date", consult.id)
    no_number = answer(invitation(session, DIRECTOR), "DECLINED", at=later(7), SEQUENCE="")
    assert arrive(session, no_number, now=later(7)).outcome == "another_version"
    assert replies.pending(session, consult.id) is None


def test_an_answer_to_what_was_cancelled_is_out_of_date(session: Session, booked) -> None:
    consult, _ = booked
    asked = invitation(session, DIRECTOR)
    office.withdraw(session, consult.id, setup=setup(), by="office", now=AT)
    assert consult.calendar_uid is None
    row = arrive(session, answer(asked, "DECLINED", at=later(6)), now=later(6))
    assert (row.outcome, row.consult_id) == ("out_of_date", consult.id)


def test_a_former_director_answers_nothing(session: Session, booked) -> None:
    """H1: the old director holds a CANCEL of the same UID."""
    consult, _ = booked
    asked = invitation(session, DIRECTOR)
    leave(session)
    other = factories.director(session, name="Omar Haddad, MD")
    desk.reassign(session, consult.id, other.id, "on call", setup=setup(), by="account:1", now=AT)
    plan(session, other.id, AT)
    row = arrive(session, answer(asked, "DECLINED", at=later(6), SEQUENCE="1"), now=later(6))
    assert row.outcome == "not_asked"


def test_a_no_shortly_before_the_talk_is_a_persons(session: Session, booked) -> None:
    consult, _ = booked
    row = arrive(session, answer(invitation(session, DIRECTOR), "DECLINED", at=later(45)), now=later(45))
    assert row.outcome == "too_near"
    assert tasks(session)[AttentionReason.DECLINED_BY_MAIL]["side"] == "director"
    assert return_due(session, later(61)) == 0
    assert consult.status is Status.BOOKED


def test_a_no_that_nobody_swept_before_the_talk_began_is_a_persons(session: Session, booked) -> None:
    consult, _ = booked
    arrive(session, answer(invitation(session, DIRECTOR), "DECLINED", at=AT), now=AT)
    assert return_due(session, later(60)) == 0
    assert AttentionReason.DECLINED_BY_MAIL in tasks(session)
    assert session.scalars(select(CalendarReply.decline_end)).all() == [DeclineEnd.OVERTAKEN]
    assert consult.status is Status.BOOKED


def test_a_calendar_that_declines_everything_does_not_run_through_all_openings(session: Session, booked) -> None:
    """I5: two programs must not keep each other busy."""
    _, director = booked
    now, outcomes = AT, []
    for _ in range(3):
        outcomes.append(arrive(session, answer(invitation(session, DIRECTOR), "DECLINED", at=now), now=now).outcome)
        now += SECOND_THOUGHT
        return_due(session, now)
        plan(session, director.id, now)
    assert outcomes == ["declined", "declined", "too_often"]


def test_a_no_that_was_overtaken_does_not_keep_the_next_from_counting(session: Session, booked) -> None:
    consult, director = booked
    arrive(session, answer(invitation(session, DIRECTOR), "DECLINED", at=AT), now=AT)
    desk.director_declines(session, consult.id, setup=setup(), by="account:1", now=later(6))
    plan(session, director.id, later(6))
    assert (
        arrive(session, answer(invitation(session, DIRECTOR), "DECLINED", at=later(7)), now=later(7)).outcome
        == "declined"
    )
    ends = session.scalars(select(CalendarReply.decline_end).order_by(CalendarReply.id)).all()
    assert ends == [DeclineEnd.OVERTAKEN, None]
    assert return_due(session, AT + SECOND_THOUGHT) == 0


def test_a_no_to_a_time_that_has_changed_since_returns_nothing(session: Session, booked) -> None:
    consult, director = booked
    arrive(session, answer(invitation(session, DIRECTOR), "DECLINED", at=AT), now=AT)
    desk.director_declines(session, consult.id, setup=setup(), by="account:1", now=later(6))
    plan(session, director.id, later(6))
    assert return_due(session, AT + SECOND_THOUGHT) == 0
    assert (consult.status, session.scalars(select(CalendarReply.decline_end)).one()) == (
        Status.BOOKED,
        DeclineEnd.OVERTAKEN,
    )


def test_an_offices_no_is_a_task(session: Session, booked) -> None:
    consult, _ = booked
    row = arrive(session, answer(invitation(session, OFFICE), "DECLINED", at=AT, signed=None), now=AT)
    assert row.outcome == "to_a_person"
    assert tasks(session)[AttentionReason.DECLINED_BY_MAIL]["side"] == "office"
    assert consult.status is Status.BOOKED


@pytest.mark.parametrize("side", [DIRECTOR, OFFICE])
def test_a_proposed_time_is_a_task_with_the_time_in_it(session: Session, booked, side: Recipient) -> None:
    """I3."""
    consult, _ = booked
    mail = answer(
        invitation(session, side),
        "TENTATIVE",
        at=AT,
        method="COUNTER",
        DTSTART=";TZID=Eastern Standard Time:20260302T120000",
        DTEND=";TZID=Eastern Standard Time:20260302T122000",
    )
    assert arrive(session, mail, now=AT).outcome == "proposed"
    task = tasks(session)[AttentionReason.TIME_PROPOSED]
    assert (task["side"], task["start"]) == (side.value, "2026-03-02T17:00:00+00:00")
    assert consult.status is Status.BOOKED


def test_an_attendee_cancels_nothing(session: Session, booked) -> None:
    """I3: somebody has a look."""
    consult, _ = booked
    row = arrive(session, answer(invitation(session, DIRECTOR), "", at=AT, method="CANCEL", SEQUENCE="9"), now=AT)
    assert (row.kind, row.outcome) == (InboundKind.REPLY, "to_look_at")
    assert tasks(session)[AttentionReason.MAIL_TO_READ]["mail"] == row.id
    assert consult.status is Status.BOOKED


@pytest.fixture
def coordinator(session: Session) -> Account:
    return factories.nurse(session)


def test_a_coordinator_takes_a_doubtful_answer_as_the_directors_no(session: Session, booked, coordinator) -> None:
    consult, _ = booked
    arrive(session, answer(invitation(session, DIRECTOR), "DECLINED", at=AT, signed=None), now=AT)
    task = session.scalars(select(Attention)).one()
    by = f"account:{coordinator.id}"
    declines.accept(session, task.id, setup=setup(), by=by, now=later(10))
    assert (consult.status, task.settled_by, task.note) == (Status.WAITING, coordinator.id, declines.ACCEPTED)
    with pytest.raises(Conflict):
        declines.accept(session, task.id, setup=setup(), by=by, now=later(11))


def test_a_doubtful_answer_to_a_time_that_is_gone_cannot_be_taken(session: Session, booked, coordinator) -> None:
    consult, director = booked
    arrive(session, answer(invitation(session, DIRECTOR), "DECLINED", at=AT, signed=None), now=AT)
    task = session.scalars(select(Attention)).one()
    desk.director_declines(session, consult.id, setup=setup(), by="account:1", now=later(6))
    plan(session, director.id, later(6))
    session.refresh(task)
    assert task.settled_at == later(6)
    task.settled_at = None  # as if it had been settled a moment later
    with pytest.raises(Conflict, match="another time since"):
        declines.accept(session, task.id, setup=setup(), by=f"account:{coordinator.id}", now=later(7))


def test_only_a_directors_answer_can_be_taken_as_a_no(session: Session, booked, coordinator) -> None:
    arrive(session, answer(invitation(session, OFFICE), "DECLINED", at=AT), now=AT)
    task = session.scalars(select(Attention)).one()
    with pytest.raises(NotFound):
        declines.accept(session, task.id, setup=setup(), by=f"account:{coordinator.id}", now=later(7))


EXPECTED = {
    "about_one_occurrence": "another_version",
    "apple_declines_from_another_account_of_the_same_person": "other_sender",
    "apple_may_come_quoted_printable_and_folded_with_tabs": "tentative",
    "attendee_cancels_as_if_it_were_the_organizer": "to_look_at",
    "emacs_answers_for_each_address_of_its_user": "accepted",
    "forwarded_as_a_mail_inside_a_mail": "inside_a_mail",
    "google_accepts_in_mixed_with_the_same_attached": "accepted",
    "nextcloud_accepts_without_method_in_the_headers": "accepted",
    "outlook_accepts_without_organizer_in_a_windows_zone": "accepted",
    "outlook_proposes_another_time": "proposed",
    "resource_mailbox_names_no_attendee": "not_asked",
    "sequence_left_out": "declined",
    "stamped_in_the_future": "accepted",
    "thunderbird_accepts_with_a_quoted_name_and_an_attachment": "accepted",
    "tutanota_counts_the_sequence_up": "another_version",
    "two_events_of_which_one_is_ours": "accepted",
}


@pytest.mark.parametrize("quirk", sorted(file.stem for file in FIXTURES.glob("*.eml")))
def test_each_quirk_leads_to_what_its_sender_meant_or_to_a_person(session: Session, quirk: str) -> None:
    """I4: from the bytes to what comes of them."""
    consult, _ = booked_consult(session, who=factories.director(session, email="dana.lee@plan.example"))
    uid = "3f0c9d5e-7a51-4f0e-9a53-2b1f6c1d0a77@plan.example"
    consult.calendar_uid = uid
    for message in session.scalars(select(Message).where(Message.calendar_uid.is_not(None))):
        message.calendar_uid = uid
    session.flush()
    content = (FIXTURES / f"{quirk}.eml").read_bytes()
    row = arrive(session, content, now=later(15), source="development")
    assert row.outcome == EXPECTED.get(quirk, "declined")
    assert (replies.pending(session, consult.id) is not None) is (row.outcome == "declined")
