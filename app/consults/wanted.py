"""What a nurse still wants from an office. The clock of the review runs on; nothing is taken away while it waits."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import history, outbox
from app.consults import casefile
from app.consults.casefile import CaseFile
from app.consults.prereview import is_claimed_by_another
from app.consults.setup import Setup
from app.errors import Conflict, Invalid
from app.mail import times
from app.models import Wanted
from scheduling.policy_words import InformationRule
from scheduling.values import Rulebook

SUBJECT = "More is needed to review your request"


def ask_for_more(
    session: Session, consult_id: int, items: str, *, account_id: int, setup: Setup, now: datetime
) -> Wanted:
    """Ask the office for what is missing: told by mail without a clinical word, shown on the page of its request.

    The task goes back to the list, where it waits for the office. Asked once more, what is wanted now stands below what
    was wanted before. Raises Conflict where there is nothing to decide any more, or the plan takes no information.
    """
    if not items.strip():
        raise Invalid({"wanted": "Write what you need, so that the office can send it in one go."})
    file = casefile.load(session, consult_id, setup=setup)
    _check(file, account_id, now)
    wanted = open_question(session, consult_id)
    if wanted is None:
        wanted = Wanted(consult_id=consult_id, items=items.strip(), asked_by=account_id, asked_at=now)
        session.add(wanted)
    else:
        wanted.items, wanted.asked_by, wanted.asked_at = f"{wanted.items}\n\n{items.strip()}", account_id, now
    assert file.review is not None, "checked above"
    file.review.claimed_by = file.review.claimed_until = None
    history.write(
        session,
        denial_id=file.denial.id,
        consult_id=consult_id,
        what="more_wanted",
        details={},
        by=history.account_actor(account_id),
        now=now,
    )
    _tell(session, file, setup=setup, now=now)
    return wanted


def open_question(session: Session, consult_id: int) -> Wanted | None:
    """Read what the office has still to answer."""
    return session.scalar(select(Wanted).where(Wanted.consult_id == consult_id, Wanted.answered_at.is_(None)))


def information_came(session: Session, consult_id: int, *, now: datetime) -> None:
    """Take what a nurse wanted as answered: she looks at it next. To be called whenever information comes in."""
    wanted = open_question(session, consult_id)
    if wanted is not None:
        wanted.answered_at = now


def _check(file: CaseFile, account_id: int, now: datetime) -> None:
    if file.review is None or file.review.decided_at is not None or not file.state.status.open:
        raise Conflict("This review is decided, or the request is closed. Nothing was changed.")
    if is_claimed_by_another(file.review, account_id, now):
        raise Conflict("Another nurse is working on this case. Nothing was changed.")
    if not takes_more(file.rulebook):
        raise Conflict("This plan takes no further clinical information beside a request. Nothing was asked for.")


def takes_more(rulebook: Rulebook) -> bool:
    """Tell whether an office could send more without losing its request by it."""
    rule = rulebook.policy.clinical_information.rule
    return rule not in (InformationRule.REFUSED, InformationRule.CONVERTS_TO_APPEAL)


def _tell(session: Session, file: CaseFile, *, setup: Setup, now: datetime) -> None:
    due = file.state.review.due if file.state.review else None
    until = f" It is due by {times.instant(due, file.consult.office_time_zone)}." if due is not None else ""
    outbox.notify(
        session,
        file.consult,
        subject=SUBJECT,
        paragraphs=[
            "The nurse who reviews your request needs something more. What it is stands on the page of the request.",
            f"The review goes on meanwhile, and nothing is taken away.{until} The sooner it is in, the better.",
        ],
        desk=setup.desk,
        plan_name=file.rulebook.policy.name,
        now=now,
    )
