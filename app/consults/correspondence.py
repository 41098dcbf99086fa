"""Letters of a case: made in the transaction of what they tell of, or, where one would have a hole, made a task."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import history, outbox
from app.consults import casefile, followup
from app.consults.casefile import CaseFile, call_for_a_person
from app.consults.setup import Setup
from app.errors import Conflict, Invalid, NotFound
from app.letters import facts
from app.letters.facts import Subject
from app.letters.fields import FIELDS
from app.letters.render import LetterError
from app.models import Attention, AttentionReason, Consult, Denial, FollowUpItem, Letter, LetterKind

#: the office's letter after each end of a request
FOR_THE_OFFICE = {
    "upheld": LetterKind.UPHELD,
    "overturned": LetterKind.OVERTURNED,
    "modified": LetterKind.MODIFIED,
    "discussed": LetterKind.DISCUSSED,
    "plan_error": LetterKind.PLAN_ERROR,
    "approved_by_nurse": LetterKind.APPROVED,
    "not_reached": LetterKind.NOT_REACHED,
}
#: the member's, where the plan has Peerline draft it
FOR_THE_MEMBER = {
    "overturned": LetterKind.MEMBER_APPROVED,
    "approved_by_nurse": LetterKind.MEMBER_APPROVED,
    "modified": LetterKind.MEMBER_MODIFIED,
}

IS_THERE = "The letter about it is on the page of the request: sign in there to read it and to keep it."
FOLLOWS = "The letter about it follows. You are told when it is there."


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A letter as it would be kept."""

    content: bytes
    template: str
    template_hash: str


def make(
    session: Session, about: Subject, kind: LetterKind, *, outcome: str, note: str, setup: Setup, now: datetime
) -> Made:
    """Set a letter as things stand, and keep nothing. Raises LetterError, which says what is missing."""
    template = setup.templates.find(about.rulebook.policy.id, kind)
    values = facts.values(session, about, outcome=outcome, note=note, now=now)
    content = setup.templates.set(template, values, now=now)
    return Made(content=content, template=template.name, template_hash=template.hash)


def subject(file: CaseFile, *, setup: Setup) -> Subject:
    """Say what the letters of a request are about, under the plan's policy as it stands now: addresses change."""
    rulebook = setup.policies.current(file.denial.plan)
    return Subject(denial=file.denial, facts=file.state.denial, consult=file.consult, rulebook=rulebook)


def write_letters(session: Session, file: CaseFile, outcome: str, *, setup: Setup, by: str, now: datetime) -> bool:
    """Make and keep the letters that an end of a request calls for; tell whether the office has its own.

    Where one would have a hole it is a coordinator's task instead. A letter that there is stays as it is.
    """
    session.flush()
    ours = setup.policies.current(file.denial.plan).policy.letters.member
    kinds = [FOR_THE_OFFICE[outcome], *([FOR_THE_MEMBER[outcome]] if ours and outcome in FOR_THE_MEMBER else [])]
    written = [_write(session, file, kind, outcome, setup=setup, by=by, now=now) for kind in kinds]
    return written[0]


def _write(
    session: Session, file: CaseFile, kind: LetterKind, outcome: str, *, setup: Setup, by: str, now: datetime
) -> bool:
    if _letter(session, file.consult, kind) is not None:
        return True
    note = file.consult.determination_note
    try:
        made = make(session, subject(file, setup=setup), kind, outcome=outcome, note=note, setup=setup, now=now)
    except LetterError:
        call_for_a_person(
            session,
            file.consult.id,
            AttentionReason.LETTER_INCOMPLETE,
            key=kind.value,
            details={"letter": kind.value},
            now=now,
        )
        return False
    keep(session, file.denial, file.consult, kind, made, by=by, now=now)
    return True


def keep(
    session: Session,
    denial: Denial,
    consult: Consult | None,
    kind: LetterKind,
    made: Made,
    *,
    by: str,
    now: datetime,
) -> Letter:
    """Keep a letter, for good."""
    letter = Letter(
        denial_id=denial.id,
        consult_id=consult.id if consult is not None else None,
        kind=kind,
        template=made.template,
        template_hash=made.template_hash,
        content=made.content,
        sha256=hashlib.sha256(made.content).hexdigest(),
        made_at=now,
        made_by=by,
    )
    session.add(letter)
    session.flush()
    history.write(
        session,
        denial_id=denial.id,
        consult_id=letter.consult_id,
        what="letter_made",
        details={"letter": kind, "sha256": letter.sha256, "template": f"{made.template}@{made.template_hash[:12]}"},
        by=by,
        now=now,
    )
    return letter


def complete(
    session: Session, attention_id: int, written: dict[str, str], *, setup: Setup, by: str, now: datetime
) -> Letter:
    """Write down what a letter lacked, make it, and tell the office that it is there.

    `written` holds fields of the denial that are empty; what the denial has is never written over. Raises Invalid
    with the fields that are still missing, Conflict if the letter is there already, NotFound.
    """
    task = session.get(Attention, attention_id)
    if task is None or task.reason is not AttentionReason.LETTER_INCOMPLETE or task.consult_id is None:
        raise NotFound("There is no letter to complete here.")
    file = casefile.load(session, task.consult_id, setup=setup)
    kind = LetterKind(task.details["letter"])
    if _letter(session, file.consult, kind) is not None:
        raise Conflict("This letter is made already. Nothing was changed.")
    outcome, note = file.consult.closed_reason or "", file.consult.determination_note
    try:
        with session.begin_nested():  # nothing stays written down of what is still not enough
            _fill_in(session, file, written, by=by, now=now)
            about = subject(file, setup=setup)
            made = make(session, about, kind, outcome=outcome, note=note, setup=setup, now=now)
    except LetterError as error:
        raise Invalid({"letter": str(error)}) from None
    letter = keep(session, file.denial, file.consult, kind, made, by=by, now=now)
    task.settled_at, task.settled_by = now, history.account_of(by)
    if not kind.for_member:
        _tell_it_is_there(session, file, setup=setup, now=now)
    return letter


def _fill_in(session: Session, file: CaseFile, written: dict[str, str], *, by: str, now: datetime) -> None:
    filled = []
    for name, text in written.items():
        column = FIELDS[name].column
        if column and text.strip() and not getattr(file.denial, column):
            setattr(file.denial, column, text.strip())
            filled.append(name)
    if filled:
        history.write(
            session,
            denial_id=file.denial.id,
            consult_id=file.consult.id,
            what="denial_completed",
            details={"fields": filled},
            by=by,
            now=now,
        )


def _tell_it_is_there(session: Session, file: CaseFile, *, setup: Setup, now: datetime) -> None:
    """Write to the office; the mail proves that the provider was told, where the decision was changed."""
    outbox.notify(
        session,
        file.consult,
        subject="The letter about your peer-to-peer consult is there",
        paragraphs=[IS_THERE],
        desk=setup.desk,
        plan_name=file.rulebook.policy.name,
        now=now,
    )
    session.flush()
    for item in followup.open_items(session, file.consult.id):
        if item.item is FollowUpItem.PROVIDER_TOLD:
            item.message_id = followup.outcome_mail(session, file.consult, since=now)


def close_window(session: Session, denial_id: int, *, setup: Setup, by: str, now: datetime) -> Letter:
    """Make the letter that says that it is too late for a consult, and what remains. The second time gives the first.

    Raises Invalid with what is missing.
    """
    denial = casefile.lock_denial(session, denial_id)
    found = select(Letter).where(Letter.denial_id == denial_id, Letter.kind == LetterKind.WINDOW_CLOSED)
    if (letter := session.scalars(found).one_or_none()) is not None:
        return letter
    about = Subject(
        denial=denial,
        facts=casefile.denial_of(denial),
        consult=None,
        rulebook=setup.policies.current(denial.plan),
    )
    kind = LetterKind.WINDOW_CLOSED
    try:
        made = make(session, about, kind, outcome=kind.value, note="", setup=setup, now=now)
    except LetterError as error:
        raise Invalid({"letter": str(error)}) from None
    return keep(session, denial, None, kind, made, by=by, now=now)


def _letter(session: Session, consult: Consult, kind: LetterKind) -> Letter | None:
    found = select(Letter).where(Letter.consult_id == consult.id, Letter.kind == kind)
    return session.scalars(found).one_or_none()
