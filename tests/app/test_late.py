"""A call entered late stands only when a second person has said something about when it came in (BSP-4)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.consults import calls, intake, late
from app.consults.intake import Asked, NewRequest
from app.errors import Conflict, Forbidden, Invalid
from app.models import Channel, Consult, Denial, History, LateEntry
from scheduling.values import Interval
from tests.support import factories
from tests.support.factories import NOW, setup

#: a Thursday; the factories' Monday has closed since
LATER = NOW + timedelta(days=3)


@pytest.fixture
def made(session: Session) -> Denial:
    return factories.denial(session, factories.director(session))


def people(session: Session) -> tuple[int, int]:
    return factories.nurse(session).id, factories.nurse(session).id


def told(made: Denial, who: int, **more: object) -> NewRequest:
    window = Interval(LATER + timedelta(days=1), LATER + timedelta(days=2))
    return factories.request(made, channel=Channel.FAX, taken_by=who, windows=(window,), **more)


def enter(session: Session, made: Denial, who: int, **more: object) -> LateEntry:
    entry = calls.take_down(
        session, told(made, who, **more), account_id=who, late_reason="It lay there.", setup=setup(), now=LATER
    )
    assert isinstance(entry, LateEntry)
    return entry


def settle(session: Session, entry: LateEntry, who: int, **more: object) -> Asked:
    said = {"confirmed": True, "setup": setup(), "now": LATER + timedelta(hours=1), **more}
    return late.settle(session, entry.id, account_id=who, **said)


def test_confirmed_it_stands_where_it_came_in(session: Session, made: Denial) -> None:
    first, second = people(session)
    another = factories.denial(session, None, director_id=made.director_id)
    before = intake.request_consult(
        session, factories.request(another, received=NOW + timedelta(hours=1)), setup=setup(), by="office", now=NOW
    ).consult
    entry = enter(session, made, first)
    assert session.scalars(select(Consult).where(Consult.denial_id == made.id)).all() == []
    consult = settle(session, entry, second, note="The fax has its time on it.").consult
    assert consult is not None
    assert before is not None
    assert (consult.received_at, consult.channel, consult.taken_by) == (NOW, Channel.FAX, first)
    assert consult.place_at < before.place_at
    assert [window.lower for window in consult.windows] == [LATER + timedelta(days=1)]
    rows = session.scalars(select(History).where(History.denial_id == made.id).order_by(History.id))
    said = {row.what: row.actor for row in rows}
    assert (said["entered_late"], said["late_entry_settled"]) == (f"account:{first}", f"account:{second}")


def test_not_confirmed_it_counts_from_when_it_was_entered_and_is_not_lost(session: Session, made: Denial) -> None:
    first, second = people(session)
    entry = enter(session, made, first)
    with pytest.raises(Invalid):
        settle(session, entry, second, confirmed=False)
    consult = settle(session, entry, second, confirmed=False, note="No fax of that day is here.").consult
    assert consult is not None
    assert consult.received_at == LATER
    assert entry.confirmed is False


def test_nobody_is_the_second_person_for_the_own_entry(session: Session, made: Denial) -> None:
    first, _ = people(session)
    entry = enter(session, made, first)
    with pytest.raises(Forbidden):
        settle(session, entry, first)
    refused = update(LateEntry).values(settled_at=LATER, settled_by=first, confirmed=True)
    with pytest.raises(IntegrityError, match="ck_late_entry_second_person"):
        session.execute(refused)


def test_the_same_form_twice_is_one_entry_and_a_second_press_changes_nothing(session: Session, made: Denial) -> None:
    """A6, A7."""
    first, second = people(session)
    entry = enter(session, made, first, form_key="one form")
    assert enter(session, made, first, form_key="one form") is entry
    with pytest.raises(Conflict):
        enter(session, made, first)
    settle(session, entry, second)
    with pytest.raises(Conflict):
        settle(session, entry, second)


def test_what_the_policy_refuses_goes_on_waiting_until_it_is_accepted_with_a_reason(session: Session) -> None:
    """BSP-3: accepted late by a coordinator, with a reason."""
    first, second = people(session)
    about = {"plan": "blue-shield-promise-medi-cal", "line_of_business": "medi_cal"}
    made = factories.denial(
        session, factories.director(session), **about, dates={"initial_decision": "2026-02-02T09:00:00-08:00"}
    )
    entry = enter(session, made, first)
    asked = settle(session, entry, second)
    assert (asked.refused, entry.settled_at) == ("window_closed", None)
    assert settle(session, entry, second, accept_late_reason="The letter came late.").consult is not None


def test_a_request_made_meanwhile_closes_it(session: Session, made: Denial) -> None:
    first, second = people(session)
    entry = enter(session, made, first)
    intake.request_consult(session, factories.request(made), setup=setup(), by="office", now=LATER)
    assert settle(session, entry, second).refused == "already_requested"
    assert (entry.settled_by, entry.consult_id) == (second, None)
