"""Letters of a case: made with the outcome, never with a hole, kept for good (BSP-1, BSP-2, BSP-7, BSP-8, NC-5)."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, undefer

from app.consults import assignment, correspondence, determination, followup, intake, prereview
from app.consults.setup import Setup
from app.db import make_sessions
from app.errors import Conflict, Invalid
from app.models import (
    Attention,
    AttentionReason,
    BookingRow,
    Consult,
    FollowUp,
    FollowUpItem,
    History,
    Letter,
    LetterKind,
    Message,
)
from app.policies import Policies
from tests.letters.reading import words
from tests.support import factories
from tests.support.factories import NOW, setup

#: what the denial's letter says, so that ours can say it too
REASONS = {
    "reason_text": "Not medically necessary",
    "criteria": "InterQual 2026",
    "clinical_reasons": "Six weeks of treatment are not documented.",
    "dates": {"initial_decision": "2026-02-27T09:00:00-05:00", "appeal_deadline": "2026-08-26"},
}


def asked(session: Session, *, reconsideration: bool = True, **about: object) -> Consult:
    """Let an office ask about a denial whose reasons are known, and book it."""
    made = factories.denial(session, factories.director(session), **{**REASONS, **about})
    new = factories.request(made, reconsideration=reconsideration)
    consult = intake.request_consult(session, new, setup=setup(), by="office", now=NOW).consult
    assert consult is not None
    assignment.assign_queue(session, consult.director_id, setup=setup(), now=NOW)
    session.flush()
    return consult


def start(session: Session, consult: Consult) -> datetime:
    live = BookingRow.released_at.is_(None)
    return session.scalars(select(BookingRow.during).where(BookingRow.consult_id == consult.id, live)).one().lower


def end(session: Session, consult: Consult, outcome: str, *, used: Setup | None = None) -> datetime:
    """Record what the talk came to, twenty minutes after it began."""
    now = start(session, consult) + timedelta(minutes=20)
    note = "The MRI was discussed against 2b."
    determination.record_outcome(session, consult.id, outcome, note, setup=used or setup(), by="system", now=now)
    session.flush()
    return now


def letters(session: Session, consult: Consult) -> dict[LetterKind, Letter]:
    query = select(Letter).where(Letter.consult_id == consult.id).options(undefer(Letter.content))
    return {letter.kind: letter for letter in session.scalars(query)}


def last_mail(session: Session, consult: Consult) -> str:
    query = select(Message.body).where(Message.consult_id == consult.id, Message.recipient == "office")
    return session.scalars(query.order_by(Message.id.desc()).limit(1)).one().decode()


def incomplete(session: Session, consult: Consult) -> list[Attention]:
    query = select(Attention).where(
        Attention.consult_id == consult.id,
        Attention.reason == AttentionReason.LETTER_INCOMPLETE,
        Attention.settled_at.is_(None),
    )
    return list(session.scalars(query))


def with_members_notice() -> Setup:
    """Give Blue Cross NC's policy with the member's notice switched on."""
    before = setup()
    rulebook = before.policies.current("blue-cross-nc-commercial")
    switched = dataclasses.replace(rulebook.policy.letters, member=True, member_phone="800-555-0100")
    mine = dataclasses.replace(rulebook, policy=dataclasses.replace(rulebook.policy, letters=switched))
    policies = Policies(
        current_by_id={**before.policies.current_by_id, mine.policy.id: mine},
        in_force=before.policies.in_force,
        by_hash={**before.policies.by_hash, (mine.policy.id, mine.policy.hash[:12]): mine},
    )
    return dataclasses.replace(before, policies=policies)


@pytest.mark.parametrize("outcome", ["upheld", "overturned", "modified", "plan_error"])
def test_every_outcome_after_reconsideration_produces_its_letter(session: Session, outcome: str) -> None:
    """NC-5: upheld after a reconsideration always produces one. The mail says that it is there, and nothing of it."""
    consult = asked(session)
    end(session, consult, outcome)
    (letter,) = letters(session, consult).values()
    assert letter.kind == outcome
    said = words(letter.content)
    assert "The MRI was discussed against 2b." in said
    assert "Dana Lee, MD, telephone 919-555-0100, on Thursday 5 March 2026" in said
    assert ("Last day: Wednesday 26 August 2026." in said) is (outcome in ("upheld", "modified"))
    mail = last_mail(session, consult)
    assert "sign in there to read it" in " ".join(mail.split())
    assert "MRI" not in mail
    assert "canar" not in mail.lower()
    (said_so,) = session.scalars(select(History).where(History.what == "letter_made")).all()
    assert said_so.details["sha256"] == letter.sha256
    assert "canar" not in str(said_so.details).lower()


def test_a_discussion_without_reconsideration_has_a_letter_too(session: Session) -> None:
    """NC-3: it was no reconsideration; the rights remain, with address and last day."""
    consult = asked(session, reconsideration=False)
    end(session, consult, "discussed")
    said = words(letters(session, consult)[LetterKind.DISCUSSED].content)
    assert "It was no reconsideration, so it did not change the decision" in said
    assert "PO Box 30055 Durham, NC 27702-3055 Last day: Wednesday 26 August 2026." in said


def test_the_nurses_approval_produces_a_letter(session: Session) -> None:
    """NC-6."""
    consult = asked(session, urgency="emergent")
    who = factories.nurse(session)
    later = NOW + timedelta(minutes=5)
    prereview.approve(session, consult.id, account_id=who.id, note="Meets 2b.", setup=setup(), now=later)
    (letter,) = letters(session, consult).values()
    said = words(letter.content)
    assert letter.kind is LetterKind.APPROVED
    assert "The service was approved on review of what you sent." in said
    assert "Meets 2b." not in said, "the note is for the director"
    assert "The letter about it is put on the page of the request." in " ".join(last_mail(session, consult).split())


def test_nobody_reached_produces_a_letter_with_every_call(session: Session) -> None:
    consult = asked(session)
    for _ in range(2):
        begins = start(session, consult)
        for minutes in (2, 17):
            now = begins + timedelta(minutes=minutes)
            determination.record_absence(session, consult.id, "office", setup=setup(), by="system", now=now)
        if consult.closed_at is None:
            assignment.assign_queue(session, consult.director_id, setup=setup(), now=now)
        session.flush()
    said = words(letters(session, consult)[LetterKind.NOT_REACHED].content)
    assert said.count("no answer at 984-555-0142") == 4


def test_a_letter_that_would_have_a_hole_is_a_task_instead_and_the_outcome_stands(session: Session) -> None:
    """BSP-2: no letter without the reasons. The office is told that it follows; the mail does not prove the rest."""
    consult = asked(session, clinical_reasons="", criteria="")
    now = end(session, consult, "modified")
    assert letters(session, consult) == {}
    assert consult.closed_reason == "modified"
    (task,) = incomplete(session, consult)
    assert task.details == {"letter": "modified"}
    assert "The letter about it follows." in " ".join(last_mail(session, consult).split())
    told = select(FollowUp.message_id).where(FollowUp.item == FollowUpItem.PROVIDER_TOLD)
    assert session.scalars(told).one() is None

    who = factories.nurse(session)
    by, later = f"account:{who.id}", now + timedelta(hours=1)
    with pytest.raises(Invalid) as refused:
        correspondence.complete(session, task.id, {"criteria": "InterQual"}, setup=setup(), by=by, now=later)
    assert "Clinical reasons is not known." in refused.value.fields["letter"]
    written = {"criteria": "never written over", "clinical_reasons": "No treatment on record.", "reasons": "other"}
    letter = correspondence.complete(session, task.id, written, setup=setup(), by=by, now=later)
    session.flush()
    said = words(letters(session, consult)[LetterKind.MODIFIED].content)
    assert "No treatment on record." in said
    assert "Not medically necessary" in said, "what the denial has is not written over"
    assert (task.settled_at, task.settled_by, letter.made_by) == (later, who.id, by)
    proof = session.get_one(Message, session.scalars(told).one())
    assert proof.subject.startswith("The letter about your peer-to-peer consult is there: ")
    with pytest.raises(Conflict):
        correspondence.complete(session, task.id, {}, setup=setup(), by=by, now=later)


def test_no_director_no_letter(session: Session) -> None:
    """BSP-1: a letter names who is responsible, with a number; nothing is guessed."""
    made = factories.denial(session, None, **REASONS)
    about = correspondence.Subject(
        denial=made,
        facts=correspondence.casefile.denial_of(made),
        consult=None,
        rulebook=setup().policies.current(made.plan),
    )
    with pytest.raises(correspondence.LetterError, match="Medical director who decided is not known"):
        correspondence.make(
            session, about, LetterKind.WINDOW_CLOSED, outcome="window_closed", note="", setup=setup(), now=NOW
        )


def test_the_members_notice_is_ours_only_where_the_plan_switches_it_on(session: Session) -> None:
    """BSP-7: otherwise it is an item with the plan's own template."""
    consult = asked(session)
    end(session, consult, "overturned")
    assert list(letters(session, consult)) == [LetterKind.OVERTURNED]
    other = asked(session)
    end(session, other, "overturned", used=with_members_notice())
    assert set(letters(session, other)) == {LetterKind.OVERTURNED, LetterKind.MEMBER_APPROVED}
    said = words(letters(session, other)[LetterKind.MEMBER_APPROVED].content)
    assert "Now it is approved." in said
    assert "2b" not in said, "nothing of the physicians' talk"


@pytest.mark.parametrize("statement", ["update letter set kind = 'upheld'", "delete from letter"])
def test_a_letter_that_was_made_is_never_changed(session: Session, statement: str) -> None:
    consult = asked(session)
    end(session, consult, "overturned")
    with pytest.raises(DBAPIError, match="a letter that was made is never changed"), session.begin_nested():
        session.connection().exec_driver_sql(statement)


def test_a_letter_once_made_is_not_made_again(session: Session) -> None:
    """A7, house rule 7."""
    consult = asked(session)
    now = end(session, consult, "upheld")
    before = letters(session, consult)[LetterKind.UPHELD].sha256
    session.execute(update(Consult).values(determination_note="another"))
    session.expire_all()
    file = correspondence.casefile.load(session, consult.id, setup=setup())
    assert correspondence.write_letters(session, file, "upheld", setup=setup(), by="system", now=now)
    assert letters(session, consult)[LetterKind.UPHELD].sha256 == before


def test_it_is_too_late_and_a_letter_says_what_remains(session: Session) -> None:
    """BSP-3: the last day is named; asked for twice it is one letter."""
    made = factories.denial(
        session,
        factories.director(session),
        **{**REASONS, "plan": "blue-shield-promise-medi-cal", "line_of_business": "medi_cal"},
        requester_name="Rosa Diaz, MD",
    )
    later = NOW + timedelta(days=30)
    first = correspondence.close_window(session, made.id, setup=setup(), by="system", now=later)
    assert correspondence.close_window(session, made.id, setup=setup(), by="system", now=later).id == first.id
    assert "It could take place up to and including Wednesday 4 March 2026." in words(first.content)


def test_reconsideration_without_a_call_has_its_letter_too(session: Session) -> None:
    """NC-4, NC-5: upheld after reconsideration, with nobody on the telephone."""
    made = factories.denial(session, factories.director(session), **REASONS, requester_name="Rosa Diaz, MD")
    new = factories.request(made, reconsideration=True, talk=False, speaker_name="", speaker_phone="")
    consult = intake.request_consult(session, new, setup=setup(), by="office", now=NOW).consult
    assert consult is not None
    who = factories.nurse(session)
    later = NOW + timedelta(minutes=5)
    prereview.do_not_approve(session, consult.id, account_id=who.id, note="Not 2b.", setup=setup(), now=later)
    determination.record_outcome(session, consult.id, "upheld", "Not 2b.", setup=setup(), by="system", now=later)
    said = words(letters(session, consult)[LetterKind.UPHELD].content)
    assert "After reconsideration without a call the decision about this service stands" in said
    assert "The talk was with" not in said
    assert "Dear Rosa Diaz, MD," in said


def test_two_who_tick_the_last_two_items_at_once_settle_the_task(engine: Engine) -> None:
    """BSP-7: who ticks last sees the other; the same item at once is ticked once."""
    sessions = make_sessions(engine)
    with sessions() as session, session.begin():
        consult = asked(session)
        now = end(session, consult, "overturned")
        who, consult_id = factories.nurse(session).id, consult.id
        ids = list(session.scalars(select(FollowUp.id).order_by(FollowUp.id)))
        for item in ids[:2]:
            followup.tick(session, item, followup.Done(at=now, proof="A-1"), account_id=who, now=now)
    gate = Barrier(3)

    def tick(item: int) -> str:
        with sessions() as session, session.begin():
            session.connection()
            gate.wait()
            try:
                followup.tick(session, item, followup.Done(at=now, proof="A-2"), account_id=who, now=now)
            except Conflict:
                return "refused"
            return "ticked"

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(tick, (ids[2], ids[3], ids[3]))) == ["refused", "ticked", "ticked"]
    with sessions() as session:
        waits = select(Attention.reason).where(Attention.consult_id == consult_id, Attention.settled_at.is_(None))
        assert set(session.scalars(waits)) & set(followup.SETTLED_BY_TICKING) == set()
