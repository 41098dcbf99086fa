"""What needs a person: once while it is not settled, about a request, a director, a mail, or nothing that is known."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consults import assignment, casefile, desk, intake
from app.errors import Conflict
from app.models import Attention, AttentionReason, Consult, History
from app.queries import attention
from tests.support import factories
from tests.support.factories import NOW, setup


def asked(session: Session) -> Consult:
    made = factories.denial(session, factories.director(session))
    consult = intake.request_consult(session, factories.request(made), setup=setup(), by="office", now=NOW).consult
    assert consult is not None
    return consult


def test_the_same_task_is_one_and_shows_what_was_told_last(session: Session) -> None:
    """I1: an answer that comes again is one task."""
    consult = asked(session)
    for hour in (1, 2):
        details = {"side": "office", "answer": "proposed", "start": NOW + timedelta(hours=hour)}
        casefile.call_for_a_person(session, consult.id, AttentionReason.TIME_PROPOSED, details=details, now=NOW)
    (row,) = attention.tasks(session, AttentionReason.TIME_PROPOSED)
    assert (row.reference, row.details["start"]) == (consult.reference, (NOW + timedelta(hours=2)).isoformat())


def test_two_keys_are_two_tasks(session: Session) -> None:
    person = factories.director(session)
    for key in ("event-1", "event-2", "event-2"):
        casefile.call_for_a_person(
            session, None, AttentionReason.CALENDAR_CONFLICT, director_id=person.id, key=key, now=NOW
        )
    rows = attention.tasks(session, AttentionReason.CALENDAR_CONFLICT)
    assert [(row.director_name, row.denial_id) for row in rows] == [(person.name, None)] * 2


def test_what_is_about_nothing_known_is_settled_with_a_note_of_its_own(session: Session) -> None:
    who = factories.nurse(session)
    details = {"answer": "declined", "inbound": 7}
    casefile.call_for_a_person(session, None, AttentionReason.REPLY_UNTRUSTED, key="7", details=details, now=NOW)
    (row,) = attention.tasks(session, AttentionReason.REPLY_UNTRUSTED)
    settled = desk.settle(session, row.id, account_id=who.id, note=" Spam. ", now=NOW)
    session.flush()
    assert settled.note == "Spam."
    assert session.scalars(select(History).where(History.what == "settled")).all() == []
    with pytest.raises(Conflict):
        desk.settle(session, row.id, account_id=who.id, note="again", now=NOW)


def test_a_conflict_is_over_when_the_call_has_another_time(session: Session) -> None:
    """Busy time from a calendar never returns a booking; it makes a task, and the task ends with the booking."""
    consult = asked(session)
    assignment.assign_queue(session, consult.director_id, setup=setup(), now=NOW)
    casefile.call_for_a_person(
        session, consult.id, AttentionReason.CALENDAR_CONFLICT, director_id=consult.director_id, now=NOW
    )
    desk.director_declines(session, consult.id, setup=setup(), by="system", now=NOW)
    session.flush()
    (row,) = session.scalars(select(Attention).where(Attention.reason == AttentionReason.CALENDAR_CONFLICT))
    assert (row.settled_at, row.settled_by) == (NOW, None)


def test_advice_is_no_deadline_of_a_task(session: Session) -> None:
    """`binding = false`: shown, never escalates."""
    consult = asked(session)
    consult.target_due, consult.sla_due = NOW + timedelta(hours=1), NOW + timedelta(hours=5)
    consult.advisory_deadlines = ["target"]
    casefile.call_for_a_person(session, consult.id, AttentionReason.DATE_UNKNOWN, now=NOW)
    session.flush()
    (row,) = attention.tasks(session, AttentionReason.DATE_UNKNOWN)
    assert row.due == NOW + timedelta(hours=5)
