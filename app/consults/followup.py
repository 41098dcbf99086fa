"""What follows a decision that was changed: the checklist of BSP-7, each item with a due time and a proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from app import history
from app.consults.casefile import AFRESH, CaseFile, call_for_a_person, denial_id_of, settle_attention
from app.db import in_transaction
from app.errors import Conflict, Invalid, NotFound
from app.models import AttentionReason, Consult, FollowUp, FollowUpItem, Message, MessageKind, Recipient
from scheduling.business_time import duty_due, last_opening_before
from scheduling.values import Rulebook

#: how a consult ends when the decision was changed; what follows is the same whoever changed it
CHANGED = ("overturned", "modified", "plan_error", "approved_by_nurse")

#: an open item is before the coordinators at least this long before it is due, in the hours of the desk
NOTICE = timedelta(hours=2)

#: what stands in these on the board ends with the checklist, not with a note
SETTLED_BY_TICKING = (AttentionReason.UPDATE_THE_CASE, AttentionReason.FOLLOW_UP_DUE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """That an item was done: when, and what proves it."""

    at: datetime
    proof: str


def open_list(session: Session, file: CaseFile, *, told: bool, now: datetime) -> None:
    """Open the checklist of a consult whose decision was changed, and call for whoever works it off (BSP-7).

    `told`: the mail that leaves with the outcome tells the provider all, so that it proves it; not where the letter is
    still to come. A second time changes nothing.
    """
    session.flush()
    mail = outcome_mail(session, file.consult, since=now) if told else None
    opened = [
        session.scalar(
            insert(FollowUp)
            .values(
                consult_id=file.consult.id,
                item=item,
                opened_at=now,
                due_at=due,
                warn_at=max(now, last_opening_before(file.rulebook, due, NOTICE)),
                message_id=mail if item is FollowUpItem.PROVIDER_TOLD else None,
            )
            .on_conflict_do_nothing()
            .returning(FollowUp.id)
        )
        for item, due in due_times(file.rulebook, now).items()
    ]
    if any(opened):
        call_for_a_person(session, file.consult.id, AttentionReason.UPDATE_THE_CASE, now=now)
        history.write(
            session,
            denial_id=file.denial.id,
            consult_id=file.consult.id,
            what="follow_up_opened",
            details={item.value: due for item, due in due_times(file.rulebook, now).items()},
            by=history.SYSTEM,
            now=now,
        )


def due_times(rulebook: Rulebook, since: datetime) -> dict[FollowUpItem, datetime]:
    """Say when each item is due under a plan's rules: close of business, so many business days after the outcome."""
    rules = rulebook.policy.follow_up
    return {item: duty_due(rulebook, since, getattr(rules, item.value)) for item in FollowUpItem}


def outcome_mail(session: Session, consult: Consult, *, since: datetime) -> int | None:
    """Find the mail that told the office what came of its request; None where it has no address that takes mail."""
    query = (
        select(Message.id)
        .where(
            Message.consult_id == consult.id,
            Message.recipient == Recipient.OFFICE,
            Message.kind.in_((MessageKind.NOTICE, MessageKind.CANCELLATION)),
            Message.created_at >= since,
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def tick(session: Session, item_id: int, done: Done, *, account_id: int, now: datetime) -> FollowUp:
    """Put down that an item was done, with its proof. Done twice is once: the second time is refused (A6).

    Raises Invalid without a proof or for a time that cannot be, Conflict if it is done, NotFound.
    """
    item = _locked(session, item_id)
    if item.done_at is not None:
        raise Conflict("This is ticked off already. Nothing was changed; the case shows by whom, and the proof.")
    if not done.proof.strip():
        raise Invalid({"proof": "Write down what proves it. Without a proof it stays open."})
    if done.at > now:
        raise Invalid({"on": "This moment has not come yet. Enter when it was done."})
    if done.at < item.opened_at.replace(second=0, microsecond=0):  # as typed, to the minute
        raise Invalid({"on": "This is earlier than the decision that it follows. Enter when it was done."})
    _finish(session, item, done, by=history.account_actor(account_id), now=now)
    return item


def sweep(sessions: sessionmaker[Session], *, now: datetime) -> int:
    """Prove by the mail that has left, and put before a person what is soon due; return how many items changed."""
    with sessions() as session:
        told = session.scalars(
            select(FollowUp.id)
            .join(Message, Message.id == FollowUp.message_id)
            .where(FollowUp.done_at.is_(None), Message.sent_at.is_not(None))
            .order_by(FollowUp.id)
        ).all()
    for item_id in told:
        in_transaction(sessions, partial(_prove_by_mail, item_id=item_id, now=now))
    with sessions() as session:
        soon = session.scalars(
            select(FollowUp.id)
            .where(FollowUp.done_at.is_(None), FollowUp.warned_at.is_(None), FollowUp.warn_at <= now)
            .order_by(FollowUp.due_at, FollowUp.id)
        ).all()
    for item_id in soon:
        in_transaction(sessions, partial(_warn, item_id=item_id, now=now))
    return len(told) + len(soon)


def must_not_be_open(session: Session, consult_id: int | None, reason: AttentionReason) -> None:
    """Refuse to settle with a note what only the checklist settles. Raises Invalid."""
    if reason in SETTLED_BY_TICKING and consult_id is not None and open_items(session, consult_id):
        what = "What follows from this decision is not all done. Tick off each item with its proof under What follows"
        raise Invalid({"note": f"{what}; this settles itself with the last one."})


def open_items(session: Session, consult_id: int) -> Sequence[FollowUp]:
    """List what is still to be done, in order of due time."""
    query = select(FollowUp).where(FollowUp.consult_id == consult_id, FollowUp.done_at.is_(None))
    return session.scalars(query.order_by(FollowUp.due_at, FollowUp.id)).all()


def _prove_by_mail(session: Session, item_id: int, now: datetime) -> None:
    item = _locked(session, item_id)
    mail = session.get(Message, item.message_id) if item.message_id is not None else None
    if item.done_at is not None or mail is None or mail.sent_at is None:
        return
    done = Done(at=mail.sent_at, proof=f"By mail to {mail.address}, Message-ID {mail.message_id}")
    _finish(session, item, done, by=history.SYSTEM, now=now)


def _warn(session: Session, item_id: int, now: datetime) -> None:
    item = _locked(session, item_id)
    if item.done_at is None and item.warned_at is None:
        item.warned_at = now
        call_for_a_person(session, item.consult_id, AttentionReason.FOLLOW_UP_DUE, now=now)


def _finish(session: Session, item: FollowUp, done: Done, *, by: str, now: datetime) -> None:
    account = history.account_of(by)
    item.done_at, item.done_by, item.proof = done.at, account, done.proof.strip()
    history.write(
        session,
        denial_id=denial_id_of(session, item.consult_id),
        consult_id=item.consult_id,
        what="followed_up",
        details={"item": item.item, "done_at": done.at, "proof": item.proof},
        by=by,
        now=now,
    )
    session.flush()
    left = open_items(session, item.consult_id)
    if not left:
        settle_attention(session, item.consult_id, SETTLED_BY_TICKING, account, now)
    elif not any(each.warned_at for each in left):
        settle_attention(session, item.consult_id, (AttentionReason.FOLLOW_UP_DUE,), account, now)


def _locked(session: Session, item_id: int) -> FollowUp:
    """Read an item that nobody else changes; the consult is locked first, so that who ticks last sees the others."""
    consult_id = session.scalar(select(FollowUp.consult_id).where(FollowUp.id == item_id))
    if consult_id is None:
        raise NotFound("There is no such item.")
    session.execute(select(Consult.id).where(Consult.id == consult_id).with_for_update()).one()
    return session.scalars(select(FollowUp).where(FollowUp.id == item_id), execution_options=AFRESH).one()
