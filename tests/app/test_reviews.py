"""The nurse: who holds a task is on record, more is wanted, information is taken down, a due time is near."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.consults import assignment, deadlines, desk, intake, office, prereview, review_near, taken_down, wanted
from app.consults.taken_down import How, TakenDown
from app.db import make_sessions, transaction
from app.errors import Conflict, Invalid
from app.models import Attention, AttentionReason, Consult, History, Message, Recipient, ReviewTask, Wanted
from scheduling.values import Status, Urgency
from tests.support import factories
from tests.support.factories import NOW

LATER = NOW + timedelta(minutes=10)
SETUP = factories.setup()


def asked(session: Session, **more: Any) -> Consult:
    """Let an office ask for reconsideration in an emergent case."""
    about = factories.denial(session, factories.director(session), urgency=more.pop("urgency", Urgency.EMERGENT))
    new = factories.request(about, **{"reconsideration": True, **more})
    consult = intake.request_consult(session, new, setup=SETUP, by="office", now=NOW).consult
    assert consult is not None
    return consult


def happened(session: Session, consult: Consult) -> list[str]:
    """Read what happened to a consult, by its words."""
    session.flush()
    return list(session.scalars(select(History.what).where(History.consult_id == consult.id).order_by(History.id)))


def mails(session: Session) -> list[Message]:
    """Read what was written."""
    session.flush()
    return list(session.scalars(select(Message).order_by(Message.id)))


class TestWhoHoldsATask:
    def test_taking_handing_back_and_handing_over_are_on_record_keeping_is_not(self, session: Session) -> None:
        consult, nora, luis = asked(session), factories.nurse(session), factories.nurse(session)
        prereview.claim(session, consult.id, account_id=nora.id, now=NOW)
        prereview.claim(session, consult.id, account_id=nora.id, now=LATER)
        prereview.release(session, consult.id, account_id=nora.id, now=LATER)
        prereview.release(session, consult.id, account_id=nora.id, now=LATER)
        prereview.hand_over(session, consult.id, account_id=nora.id, to_account_id=luis.id, now=LATER)
        assert happened(session, consult)[-3:] == ["claimed", "released", "handed_over"]
        row = session.scalars(select(History).where(History.what == "handed_over")).one()
        assert (row.actor, row.details) == (f"account:{nora.id}", {"to": luis.id})

    def test_a_claim_runs_out_and_who_takes_it_then_is_on_record(self, session: Session) -> None:
        consult, nora, luis = asked(session), factories.nurse(session), factories.nurse(session)
        prereview.claim(session, consult.id, account_id=nora.id, now=NOW)
        with pytest.raises(Conflict, match="is working on this case"):
            prereview.claim(session, consult.id, account_id=luis.id, now=LATER)
        review = prereview.claim(session, consult.id, account_id=luis.id, now=NOW + prereview.CLAIM)
        assert review.claimed_by == luis.id
        assert happened(session, consult).count("claimed") == 2

    def test_what_is_closed_is_not_taken(self, session: Session) -> None:
        consult, nora = asked(session), factories.nurse(session)
        office.withdraw(session, consult.id, setup=SETUP, by="office", now=NOW)
        with pytest.raises(Conflict, match="its request is closed"):
            prereview.claim(session, consult.id, account_id=nora.id, now=NOW)


class TestMoreIsWanted:
    def test_the_office_is_told_without_a_clinical_word_and_the_clock_runs_on(self, session: Session) -> None:
        """M5: a link to sign in for; what is wanted stands on the page."""
        consult, nora = asked(session), factories.nurse(session)
        prereview.claim(session, consult.id, account_id=nora.id, now=NOW)
        before = len(mails(session))
        prereview.ask_for_more(session, consult.id, "canarygram of May", account_id=nora.id, setup=SETUP, now=LATER)
        (mail,) = mails(session)[before:]
        body = mail.body.decode().replace("=\r\n", "")
        assert mail.recipient is Recipient.OFFICE
        assert mail.subject.startswith(f"{prereview.MORE_IS_NEEDED}: ")
        assert "canary" not in body.lower()
        assert f"/c/{consult.reference}" in body
        assert "It is due by Wednesday 4 March 2026, 5:00 pm Eastern" in body
        review = session.scalars(select(ReviewTask)).one()
        assert (review.claimed_by, review.due_at) == (None, datetime(2026, 3, 4, 22, tzinfo=UTC))
        assert happened(session, consult)[-1] == "more_wanted"

    def test_whatever_comes_next_answers_it(self, session: Session) -> None:
        consult, nora = asked(session), factories.nurse(session)
        prereview.ask_for_more(session, consult.id, "one", account_id=nora.id, setup=SETUP, now=NOW)
        again = prereview.ask_for_more(session, consult.id, "two", account_id=nora.id, setup=SETUP, now=LATER)
        assert (again.items, again.asked_at) == ("one\n\ntwo", LATER)
        office.send_information(session, consult.id, "here", setup=SETUP, by="office", now=LATER)
        assert wanted.open_question(session, consult.id) is None
        assert session.scalars(select(Wanted.answered_at)).one() == LATER

    def test_it_is_not_asked_of_what_is_decided_or_held_by_another(self, session: Session) -> None:
        consult, nora, luis = asked(session), factories.nurse(session), factories.nurse(session)
        prereview.claim(session, consult.id, account_id=luis.id, now=NOW)
        with pytest.raises(Conflict, match="is working on this case"):
            prereview.ask_for_more(session, consult.id, "one", account_id=nora.id, setup=SETUP, now=NOW)
        with pytest.raises(Invalid):
            prereview.ask_for_more(session, consult.id, " ", account_id=luis.id, setup=SETUP, now=NOW)
        prereview.approve(session, consult.id, account_id=luis.id, note="met", setup=SETUP, now=NOW)
        with pytest.raises(Conflict, match="is already decided"):
            prereview.ask_for_more(session, consult.id, "one", account_id=luis.id, setup=SETUP, now=NOW)

    def test_an_office_without_a_mail_address_is_called(self, session: Session) -> None:
        consult, nora = asked(session, office_email=""), factories.nurse(session)
        session.flush()
        desk_before = session.scalars(select(Attention.id)).all()
        for attention_id in desk_before:
            desk.settle(session, attention_id, account_id=nora.id, note="called", now=NOW)
        prereview.ask_for_more(session, consult.id, "one", account_id=nora.id, setup=SETUP, now=NOW)
        session.flush()
        open_tasks = select(Attention.reason).where(Attention.settled_at.is_(None))
        assert list(session.scalars(open_tasks)) == [AttentionReason.TELL_BY_TELEPHONE]


class TestInformationIsTakenDown:
    def test_what_was_told_says_who_when_and_by_whom_and_completes_the_request(self, session: Session) -> None:
        """NC-8: clinical taken by telephone is information."""
        consult, nora = asked(session, statement=""), factories.nurse(session)
        assert consult.status is Status.AWAITING_INFORMATION
        told = TakenDown(how=How.TELEPHONE, whom="Pat Doe", at=NOW, what="MRI of May shows progression.")
        file = taken_down.take_down(session, consult.id, told, account_id=nora.id, setup=SETUP, now=LATER)
        assert file.state.status is Status.WAITING
        assert file.consult.statement.startswith(
            "Told on the telephone by Pat Doe, Monday 2 March 2026, 9:00 am Eastern"
        )
        assert "taken down by Noor Nurse, RN:\nMRI of May shows progression." in file.consult.statement
        row = session.scalars(select(History).where(History.what == "information")).one()
        assert row.details == {"how": "telephone", "whom": "Pat Doe", "at": NOW.isoformat()}
        assert row.actor == f"account:{nora.id}"

    def test_a_fax_is_confirmed(self, session: Session) -> None:
        consult, nora = asked(session, statement=""), factories.nurse(session)
        fax = TakenDown(how=How.FAX, whom="Ortho Clinic", at=NOW, what="Six pages: imaging, therapy notes.")
        file = taken_down.take_down(session, consult.id, fax, account_id=nora.id, setup=SETUP, now=LATER)
        assert file.consult.statement.startswith("Fax from Ortho Clinic")
        assert file.state.information

    def test_who_what_and_a_moment_that_has_come_are_needed(self, session: Session) -> None:
        consult, nora = asked(session), factories.nurse(session)
        nothing = TakenDown(how=How.FAX, whom=" ", at=LATER, what="")
        with pytest.raises(Invalid) as caught:
            taken_down.take_down(session, consult.id, nothing, account_id=nora.id, setup=SETUP, now=NOW)
        assert set(caught.value.fields) == {"whom", "what", "at"}


def test_a_person_is_told_in_the_last_hour_of_the_desk_before_a_review_is_due(engine: Engine) -> None:
    """NC-6: two calendar days from Friday end on Sunday, so the desk hears of it on Friday afternoon; once."""
    sessions = make_sessions(engine)
    friday = datetime(2026, 3, 6, 15, tzinfo=UTC)
    with transaction(sessions) as session:
        about = factories.denial(session, factories.director(session), urgency=Urgency.EMERGENT)
        new = factories.request(about, received=friday, reconsideration=True)
        intake.request_consult(session, new, setup=SETUP, by="office", now=friday)
        nora = factories.nurse(session).id

    def reasons(now: datetime) -> list[str]:
        deadlines.pass_due_times(sessions, setup=SETUP, now=now)
        with sessions() as session:
            open_tasks = select(Attention.reason).where(Attention.settled_at.is_(None)).order_by(Attention.id)
            return [reason.value for reason in session.scalars(open_tasks)]

    last_hour = datetime(2026, 3, 6, 21, tzinfo=UTC)
    assert reasons(last_hour - timedelta(seconds=1)) == []
    assert reasons(last_hour) == ["review_near"]
    assert reasons(last_hour + timedelta(hours=1)) == ["review_near"]
    with transaction(sessions) as session:
        (task,) = session.scalars(select(Attention.id))
        desk.settle(session, task, account_id=nora, note="asked Luis", now=last_hour)
    assert reasons(last_hour + timedelta(hours=1)) == [], "what a person has settled is not raised again"
    assert reasons(datetime(2026, 3, 8, 21, tzinfo=UTC)) == ["review_overdue"]


def test_deciding_settles_what_was_near(session: Session) -> None:
    consult, nora = asked(session), factories.nurse(session)
    assignment.assign_queue(session, consult.director_id, setup=SETUP, now=NOW)
    due = datetime(2026, 3, 4, 22, tzinfo=UTC)
    assert review_near.warn(session, consult.id, setup=SETUP, now=due - timedelta(hours=1)) == 1
    assert review_near.warn(session, consult.id, setup=SETUP, now=due - timedelta(hours=1)) == 0
    prereview.do_not_approve(session, consult.id, account_id=nora.id, note="open", setup=SETUP, now=due)
    session.flush()
    near = select(Attention.settled_at).where(Attention.reason == AttentionReason.REVIEW_NEAR)
    assert session.scalars(near).one() is not None
