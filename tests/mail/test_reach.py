"""Another number or address reaches both sides at the same time of the talk (statements F4, F5)."""

from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consults import office, reach
from app.errors import Conflict
from app.models import Consult, History
from tests.support import factories
from tests.support.recipients import booked_consult, later, leave, live_booking, messages, told
from tests.support.smtp import calendar_of

SETUP = factories.setup()
OFFICE = "pat@ortho.example"


def test_another_number_to_dial_is_a_new_version_for_both_at_the_same_time(session: Session) -> None:
    """F4: no place is lost and no time given up."""
    consult, who = booked_consult(session)
    leave(session)
    before = live_booking(session, consult.id)

    assert change(session, consult, speaker_phone="919-555-0177")

    assert live_booking(session, consult.id) is before
    assert told(session, who.email)[-1] == ("invitation", 1, "waiting")
    assert told(session, OFFICE)[-1] == ("invitation", 1, "waiting")
    mail = message_from_bytes(messages(session, who.email)[-1].body, policy=policy.default)
    calendar = calendar_of(mail)
    assert calendar is not None
    (event,) = calendar.walk("VEVENT")
    assert (calendar["METHOD"], str(event["LOCATION"])) == ("REQUEST", "tel:+19195550177")


def test_another_address_gets_the_invitation_and_the_earlier_one_loses_it(session: Session) -> None:
    consult, _ = booked_consult(session)
    leave(session)
    change(session, consult, office_email="front@ortho.example")
    assert told(session, OFFICE)[-1] == ("cancellation", 1, "waiting")
    assert told(session, "front@ortho.example") == [("invitation", 1, "waiting")]


def test_words_on_how_to_get_through_send_nothing(session: Session) -> None:
    """F5: they stand on the page alone."""
    consult, _ = booked_consult(session)
    leave(session)
    assert not change(session, consult, how_to_reach="ask for the charge nurse", office_phone="919-555-0100")
    assert [message for message in messages(session) if message.sent_at is None] == []
    assert consult.how_to_reach == "ask for the charge nurse"


def test_it_is_on_record_without_the_numbers(session: Session) -> None:
    consult, _ = booked_consult(session)
    change(session, consult, speaker_phone="919-555-0177")
    row = session.scalars(select(History).where(History.what == "reach_changed")).one()
    assert row.details == {"fields": ["speaker_phone"]}


def test_the_same_again_changes_nothing(session: Session) -> None:
    """House rule 7."""
    consult, _ = booked_consult(session)
    before = len(messages(session))
    assert not change(session, consult)
    assert len(messages(session)) == before


def test_once_the_talk_has_begun_nobody_is_invited_anew(session: Session) -> None:
    """The director's page shows the number at once."""
    consult, _ = booked_consult(session)
    assert not change(session, consult, minutes=60 * 24 * 30, speaker_phone="919-555-0177")
    assert consult.speaker_phone == "919-555-0177"


def test_a_closed_request_is_changed_no_more(session: Session) -> None:
    consult, _ = booked_consult(session)
    office.withdraw(session, consult.id, setup=SETUP, by="office", now=later(1))
    with pytest.raises(Conflict, match="closed"):
        change(session, consult, speaker_phone="919-555-0177")


def change(session: Session, consult: Consult, *, minutes: int = 2, **fields: str) -> bool:
    wanted = replace(reach.reach_of(consult), **fields)
    return reach.change_reach(session, consult.id, wanted, setup=SETUP, by="office", now=later(minutes))
