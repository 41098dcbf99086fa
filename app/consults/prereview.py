"""The nurse's work beside a consult: take a task, decide it, hand it back. A nurse approves, never denies."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import history, outbox
from app.consults import casefile, correspondence, followup, wanted, without_call
from app.consults.casefile import CaseFile, call_for_a_person
from app.consults.change import change
from app.consults.setup import Setup
from app.errors import Conflict, Invalid, NotFound
from app.mail import times
from app.models import Account, AttentionReason, Consult, ReviewTask, StaffRole, Wanted
from scheduling import life
from scheduling.values import Booking, ReviewDecision, ReviewKind

APPROVE = ReviewDecision.APPROVE
MORE_IS_NEEDED = "More is needed to review your request"

#: how long a claim lasts without a sign of life; after it another nurse may take the task
CLAIM = timedelta(minutes=30)

#: nearer to the call than this, a cancellation by mail may be read too late: somebody telephones (NC-6)
TELL_BY_TELEPHONE = timedelta(hours=4)


def claim(session: Session, consult_id: int, *, account_id: int, now: datetime) -> ReviewTask:
    """Take a task for half an hour, or renew the claim. Raises Conflict while another nurse holds it."""
    consult, review = _locked(session, consult_id)
    _check_free(session, consult, review, account_id, now)
    if review.claimed_by != account_id or not _is_held(review, now):
        _note(session, consult, "claimed", {}, by=account_id, now=now)
    review.claimed_by, review.claimed_until = account_id, now + CLAIM
    return review


def release(session: Session, consult_id: int, *, account_id: int, now: datetime) -> ReviewTask:
    """Hand a task back to the list. Handed back already, nothing changes."""
    consult, review = _locked(session, consult_id)
    if is_claimed_by_another(review, account_id, now):
        raise Conflict("This case is not yours to hand back: another nurse holds it.")
    if review.claimed_by == account_id:
        _note(session, consult, "released", {}, by=account_id, now=now)
    review.claimed_by = review.claimed_until = None
    return review


def hand_over(session: Session, consult_id: int, *, account_id: int, to_account_id: int, now: datetime) -> ReviewTask:
    """Give a task to another nurse, who then has it for half an hour. Raises Conflict while a third one holds it."""
    to = session.get(Account, to_account_id)
    if to is None or to.role is not StaffRole.NURSE or not to.active:
        raise Invalid({"to": "Choose the nurse who takes it over."})
    consult, review = _locked(session, consult_id)
    _check_free(session, consult, review, account_id, now)
    review.claimed_by, review.claimed_until = to.id, now + CLAIM
    _note(session, consult, "handed_over", {"to": to.id}, by=account_id, now=now)
    return review


def _check_free(session: Session, consult: Consult, review: ReviewTask, account_id: int, now: datetime) -> None:
    if review.decided_at is not None or consult.closed_at is not None:
        raise Conflict("This review is already decided, or its request is closed. Nothing was changed.")
    if is_claimed_by_another(review, account_id, now):
        holder = session.get(Account, review.claimed_by)
        raise Conflict(f"{holder.name if holder else 'Another nurse'} is working on this case. Nothing was changed.")


def _note(session: Session, consult: Consult, what: str, details: dict[str, object], *, by: int, now: datetime) -> None:
    """Put down who holds a task from now on."""
    actor = history.account_actor(by)
    history.write(
        session, denial_id=consult.denial_id, consult_id=consult.id, what=what, details=details, by=actor, now=now
    )


def ask_for_more(
    session: Session, consult_id: int, items: str, *, account_id: int, setup: Setup, now: datetime
) -> Wanted:
    """Ask the office for what is missing: told by mail without a clinical word, shown on the page of its request.

    The task goes back to the list and waits there for the office; its clock runs on. Asked once more, what is wanted
    now stands below the rest. Raises Conflict where there is nothing to decide, or the plan takes nothing more.
    """
    if not items.strip():
        raise Invalid({"wanted": "Write what you need, so that the office can send it in one go."})
    file = casefile.load(session, consult_id, setup=setup)
    if file.review is None:
        raise NotFound("There is no review for this case.")
    _check_free(session, file.consult, file.review, account_id, now)
    if not wanted.takes_more(file.rulebook):
        raise Conflict("This plan takes no further clinical information beside a request. Nothing was asked for.")
    question = wanted.open_question(session, consult_id)
    if question is None:
        question = Wanted(consult_id=consult_id, items=items.strip(), asked_by=account_id, asked_at=now)
        session.add(question)
    else:
        question.items, question.asked_by, question.asked_at = f"{question.items}\n\n{items.strip()}", account_id, now
    file.review.claimed_by = file.review.claimed_until = None
    _note(session, file.consult, "more_wanted", {}, by=account_id, now=now)
    _tell_what_is_wanted(session, file, setup=setup, now=now)
    return question


def _tell_what_is_wanted(session: Session, file: CaseFile, *, setup: Setup, now: datetime) -> None:
    due = file.state.review.due if file.state.review else None
    until = f" It is due by {times.instant(due, file.consult.office_time_zone)}." if due is not None else ""
    outbox.notify(
        session,
        file.consult,
        subject=MORE_IS_NEEDED,
        paragraphs=[
            "The nurse who reviews your request needs something more. What it is stands on the page of the request.",
            f"The review goes on meanwhile, and nothing is taken away.{until} The sooner it is in, the better.",
        ],
        desk=setup.desk,
        plan_name=file.rulebook.policy.name,
        now=now,
    )


def is_claimed_by_another(review: ReviewTask, account_id: int, now: datetime) -> bool:
    """Tell whether somebody else holds the task now."""
    return review.claimed_by not in (None, account_id) and _is_held(review, now)


def _is_held(review: ReviewTask, now: datetime) -> bool:
    return review.claimed_until is not None and review.claimed_until > now


def approve(session: Session, consult_id: int, *, account_id: int, note: str, setup: Setup, now: datetime) -> CaseFile:
    """Approve what was denied: a consult that has not begun is cancelled on both sides, its time goes on (NC-6, NC-7).

    Less than four hours before the call somebody must telephone as well.
    """
    return _decide(session, consult_id, ReviewDecision.APPROVE, account_id=account_id, note=note, setup=setup, now=now)


def do_not_approve(
    session: Session, consult_id: int, *, account_id: int, note: str, setup: Setup, now: datetime
) -> CaseFile:
    """Leave the decision to the director, with a note: the consult proceeds. This denies nothing."""
    if not note.strip():
        raise Invalid({"note": "Write for the director what you looked at and why it could not be approved."})
    return _decide(
        session, consult_id, ReviewDecision.NOT_APPROVED, account_id=account_id, note=note, setup=setup, now=now
    )


def _decide(
    session: Session,
    consult_id: int,
    decision: ReviewDecision,
    *,
    account_id: int,
    note: str,
    setup: Setup,
    now: datetime,
) -> CaseFile:
    before = casefile.load(session, consult_id, setup=setup)
    if before.review is None or (before.review.kind is not ReviewKind.RECONSIDERATION and decision is APPROVE):
        raise Conflict("No reconsideration was asked for in this case, so there is nothing to approve.")
    if is_claimed_by_another(before.review, account_id, now):
        raise Conflict("Another nurse is working on this case. Nothing was changed.")
    booked = before.state.booking
    by = history.account_actor(account_id)
    file = change(
        session,
        consult_id,
        lambda state, rules: life.decide_review(state, rules, decision, now=now),
        setup=setup,
        by=by,
        now=now,
    )
    before.review.note = note.strip()
    before.review.claimed_by = before.review.claimed_until = None
    without_call.tell_the_director(session, file, setup=setup, now=now)
    if decision is APPROVE:
        # one that has begun goes on to its own outcome, and is told with that
        over = file.consult.closed_reason == "approved_by_nurse"
        told = over and correspondence.write_letters(session, file, "approved_by_nurse", setup=setup, by=by, now=now)
        followup.open_list(session, file, told=told, now=now)
        if booked is not None and now < booked.during.start < now + TELL_BY_TELEPHONE:
            _telephone_both(session, consult_id, booked, now)
    return file


def _telephone_both(session: Session, consult_id: int, booked: Booking, now: datetime) -> None:
    """Call for somebody to telephone both sides: the office hears that it is approved, the director that he is free."""
    for side, say in (("office", "approved"), ("director", "time_free")):
        call_for_a_person(
            session,
            consult_id,
            AttentionReason.TELL_BY_TELEPHONE,
            director_id=booked.director if side == "director" else None,
            key=side,
            details={"side": side, "start": booked.during.start, "say": say},
            now=now,
        )


def _locked(session: Session, consult_id: int) -> tuple[Consult, ReviewTask]:
    """Read a task that nobody else takes or decides until the transaction ends: whoever does locks the consult."""
    consult = session.scalar(
        select(Consult).where(Consult.id == consult_id).with_for_update(), execution_options=casefile.AFRESH
    )
    found = select(ReviewTask).where(ReviewTask.consult_id == consult_id)
    review = session.scalar(found, execution_options=casefile.AFRESH)
    if consult is None or review is None:
        raise NotFound("There is no review for this case.")
    return consult, review
