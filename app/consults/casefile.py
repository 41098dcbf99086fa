"""A consult with everything the rules need of it: from rows to a `ConsultState` and back.

`apply` is the one gate: nothing else writes a consult's status, booking or review (house rule 6).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Row, Text, any_, bindparam, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session, contains_eager, load_only, make_transient_to_detached

from app import history
from app.consults import rows
from app.consults.rows import denial_of as denial_of
from app.consults.setup import Setup
from app.errors import NotFound
from app.models import Attention, AttentionReason, BookingRow, Consult, Denial, ReviewTask
from app.models.base import table
from app.ranges import stored
from scheduling import record, values
from scheduling.values import ConsultState, Happening, Interval, Review, Rulebook, Step, What

Made = TypeVar("Made", Consult, BookingRow)

#: what the rules want to know of a denial: nothing about the patient
_OF_DENIAL = load_only(
    Denial.director_id,
    Denial.successor_id,
    Denial.decision,
    Denial.setting,
    Denial.urgency,
    Denial.line_of_business,
    Denial.reason,
    Denial.dates,
    Denial.appeal_filed_at,
    Denial.applies_to,
)
_ASK = insert(table(Consult)).inline()
_BOOK = insert(table(BookingRow)).returning(BookingRow.id)
_UNSETTLED = select(Attention.id, Attention.reason).where(
    Attention.consult_id == bindparam("consult"), Attention.settled_at.is_(None)
)

#: a row that was read before its lock was waited for is read again, instead of what this session remembers of it
AFRESH = {"populate_existing": True}

_LOCKED_DENIAL = (
    select(Denial)
    .outerjoin(Denial.director)
    .options(contains_eager(Denial.director))  # whoever tells of the case wants to know who decided
    .where(Denial.id == bindparam("denial"))
    .with_for_update(key_share=True, of=Denial)
    .execution_options(**AFRESH)
)
_SEEN = select(cast(func.pg_current_snapshot(), Text)).scalar_subquery()
_ROWS = (
    select(Consult, Denial, BookingRow, ReviewTask, _SEEN)
    .join(Denial, Denial.id == Consult.denial_id)
    .outerjoin(BookingRow, (BookingRow.consult_id == Consult.id) & BookingRow.released_at.is_(None))
    .outerjoin(ReviewTask, ReviewTask.consult_id == Consult.id)
    .execution_options(**AFRESH)
)
_ONE = _ROWS.where(Consult.id == bindparam("consult"))
_EACH = _ROWS.where(Consult.id.in_(bindparam("consults", expanding=True)))
_OPEN = _ROWS.where(Consult.closed_at.is_(None)).order_by(Consult.id).options(_OF_DENIAL)
_IN_LINE = Consult.director_id == any_(bindparam("directors", type_=ARRAY(BigInteger)))
#: with the line of `any` policies, and without
_LINES = {True: _OPEN.where(or_(_IN_LINE, Consult.director_id.is_(None))), False: _OPEN.where(_IN_LINE)}

#: what a status change settles by itself
SETTLED_BY_ANOTHER_TIME = (
    AttentionReason.CALENDAR_CONFLICT,
    AttentionReason.TIME_PROPOSED,
    AttentionReason.REPLY_UNTRUSTED,
    AttentionReason.DECLINED_BY_MAIL,
)
SETTLED_BY_DECIDING = (AttentionReason.REVIEW_OVERDUE, AttentionReason.REVIEW_NEAR)
SETTLED_BY_BOOKING = (
    AttentionReason.NO_OPENING_BEFORE_DEADLINE,
    AttentionReason.NO_DIRECTOR,
    AttentionReason.DEADLINE_NEAR,
    AttentionReason.DIRECTOR_LEFT,
    *SETTLED_BY_ANOTHER_TIME,
)
NEVER_SETTLED_BY_ITSELF = (
    AttentionReason.DOCUMENT_INFECTED,
    AttentionReason.DOCUMENT_WITHDRAWN,
    AttentionReason.TELL_BY_TELEPHONE,
    AttentionReason.UPDATE_THE_CASE,
    AttentionReason.MAIL_BOUNCED,
    AttentionReason.MAIL_TO_READ,
    AttentionReason.FOLLOW_UP_DUE,
    AttentionReason.LETTER_INCOMPLETE,
)


#: what is decided from how the whole line stands
DECIDED_FROM_THE_LINE = (What.RECEIVED, What.BOOKED, What.MOVED, What.UNPLACED)


@dataclass(slots=True, kw_only=True)
class CaseFile:
    """The rows of one consult, and how it stands."""

    consult: Consult
    denial: Denial
    booking: BookingRow | None
    review: ReviewTask | None
    rulebook: Rulebook
    state: ConsultState
    #: the reason if the last event was refused: it is on record, and nothing else has changed
    refused: str | None = None
    #: the snapshot of the database in which it was read, with its whole line where that was read
    seen: str | None = None


def load(session: Session, consult_id: int, *, setup: Setup, lock: bool = True) -> CaseFile:
    """Read one consult; with `lock` nobody else changes it until the transaction ends. Raises NotFound.

    The lock is a statement of its own: one that waits sees only the locked row afresh, not the booking and the review
    that were written beside it meanwhile.
    """
    if lock:
        session.execute(select(Consult.id).where(Consult.id == consult_id).with_for_update())
    row = session.execute(_ONE, {"consult": consult_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such consult.")
    return _casefile(row, setup)


def lock_denial(session: Session, denial_id: int) -> Denial:
    """Read a denial that nobody else changes until the transaction ends. Raises NotFound."""
    denial = session.scalar(_LOCKED_DENIAL, {"denial": denial_id})
    if denial is None:
        raise NotFound("There is no such case.")
    return denial


def open_consult_of(session: Session, denial_id: int) -> int | None:
    """Find the open request about a denial; the database allows one at the most."""
    return session.scalar(select(Consult.id).where(Consult.denial_id == denial_id, Consult.closed_at.is_(None)))


def denial_id_of(session: Session, consult_id: int) -> int:
    """Say which denial a consult is about."""
    return session.scalars(select(Consult.denial_id).where(Consult.id == consult_id)).one()


def load_line(session: Session, director_ids: Sequence[int | None], *, setup: Setup) -> list[CaseFile]:
    """Read all open consults that stand in these lines, by id; None is the line of `any` policies.

    One statement, however long the lines are.
    """
    named = [director_id for director_id in director_ids if director_id is not None]
    found = session.execute(_LINES[None in director_ids], {"directors": named})
    return [_casefile(row, setup) for row in found]


def load_each(session: Session, consult_ids: Sequence[int], *, setup: Setup) -> list[CaseFile]:
    """Read some consults, open or not, without a lock. One statement."""
    return [_casefile(row, setup) for row in session.execute(_EACH, {"consults": list(consult_ids)})]


def _casefile(row: Row[Consult, Denial, BookingRow | None, ReviewTask | None, str], setup: Setup) -> CaseFile:
    consult, denial, booking, review, seen = row
    rulebook = setup.rulebook(consult.policy_id, consult.policy_hash)
    return CaseFile(
        consult=consult,
        denial=denial,
        booking=booking,
        review=review,
        rulebook=rulebook,
        state=rows.state_of(consult, denial, booking, review, rulebook),
        seen=seen,
    )


def apply(session: Session, file: CaseFile, step: Step, *, by: str, now: datetime, first: bool = False) -> None:
    """Write one step of a consult: how it stands now, its booking and review, one history row for each happening.

    The one gate (house rule 6). `first`: nothing of the consult is on record yet. Raises IntegrityError (23P01) if the
    database knows of a booking that the rules did not; the transaction is then lost, as it must be.
    """
    assert step.state is not None, "a refusal leaves nothing to write"
    write_state(file.consult, step.state, now)
    write_booking(session, file, step, now)
    write_review(session, file, step.state.review, by=by, now=now)
    put_on_record(session, file, step, by=by, now=now, first=first)
    for happening in step.happenings:
        if happening.what is What.ESCALATED:
            cause = happening.details.get("cause")
            call_for_a_person(
                session,
                file.consult.id,
                AttentionReason(str(happening.details["reason"])),
                cause=None if cause is None else str(cause),
                now=now,
            )
        if happening.what is What.REFUSED:
            file.refused = str(happening.details["reason"])
    file.state = step.state
    settle_what_is_over(session, file, step, now)


def put_on_record(session: Session, file: CaseFile, step: Step, *, by: str, now: datetime, first: bool) -> None:
    """Write what happened; the first row says what is another now of how the consult stands (decision 14)."""
    assert step.state is not None
    changed = record.changed(None if first else file.state, step.state)
    write = partial(history.write, session, denial_id=file.denial.id, consult_id=file.consult.id, by=by)
    for happening in step.happenings:
        seen = file.seen if happening.what in DECIDED_FROM_THE_LINE else None
        write(what=happening.what, details=happening.details, now=happening.at, standing=changed, seen=seen)
        changed = {}
    if changed:
        write(what=history.CHANGED, details={"fields": sorted(changed)}, now=now, standing=changed)


def write_state(consult: Consult, state: ConsultState, now: datetime) -> None:
    """Copy a state into the columns of its row."""
    for name, value in rows.columns_of(state).items():
        if getattr(consult, name) != value:  # else the session would look for what is another
            setattr(consult, name, value)
    if not state.status.open and consult.closed_at is None:
        consult.closed_at = now


def insert_consult(session: Session, row: Mapping[str, Any], state: ConsultState, now: datetime) -> Consult:
    """Write the row of a new consult at once, since its review, its history and its messages refer to it."""
    closed_at = None if state.status.open else now
    values = {**row, **rows.columns_of(state), "closed_at": closed_at, "version": 1}
    session.connection().execute(_ASK, {name: value for name, value in values.items() if value is not None})
    return _known(session, Consult(**values))


def _known(session: Session, made: Made) -> Made:
    """Let the session know a row that is in the database already. What was not given is read when it is asked for."""
    make_transient_to_detached(made)
    session.add(made)
    return made


def write_booking(session: Session, file: CaseFile, step: Step, now: datetime) -> None:
    """Release the booking that is gone, then write the new one: time can pass from one case to another."""
    wanted = step.state.booking if step.state else None
    if wanted == rows.booking_of(file.booking):
        return
    if file.booking is not None:
        file.booking.released_at = now
        file.booking.released_reason = _why_released(step.happenings)
        file.booking = None
        session.flush()  # the exclusion constraint must see the release before the next booking
    if wanted is not None:
        file.booking = insert_booking(session, file.consult.id, wanted, file.rulebook, now)


def insert_booking(
    session: Session, consult_id: int, booking: values.Booking, rulebook: Rulebook, now: datetime
) -> BookingRow:
    """Write the row of a booking; `blocked` holds the policy's buffer after the consult.

    At once, and nothing else with it: the consult's row waits for what the calendars are told, so that it is written
    once.
    """
    during = booking.during
    row = {
        "consult_id": consult_id,
        "director_id": booking.director,
        "during": stored(during),
        "blocked": stored(Interval(during.start, during.end + rulebook.policy.consult.buffer)),
        "made_at": now,
    }
    booking_id = session.connection().execute(_BOOK, row).scalar_one()
    return _known(session, BookingRow(id=booking_id, **row))


def _why_released(happenings: Sequence[Happening]) -> str:
    """Say why a booking is gone: the reason it was returned or closed for, or that the consult moved."""
    for happening in happenings:
        if happening.what in (What.RETURNED, What.CANCELLED):
            return str(happening.details["reason"])
        if happening.what in (What.MOVED, What.COMPLETED, What.NOT_REACHED):
            return happening.what.value
    return What.MOVED.value


def write_review(session: Session, file: CaseFile, review: Review | None, *, by: str, now: datetime) -> None:
    """Open the nurse's task, or bring it up to date; a decision is that of the account `by`."""
    if review is None or review == rows.review_of(file.review):
        return
    if file.review is None:
        file.review = ReviewTask(consult_id=file.consult.id, kind=review.kind, opened_at=review.opened)
        session.add(file.review)
    file.review.kind = review.kind
    file.review.opened_at = review.opened
    file.review.due_at = review.due
    if review.decision is not file.review.decision:
        file.review.decision = review.decision
        file.review.decided_at = now
        file.review.decided_by = history.account_of(by)
    if review.overdue != (file.review.overdue_at is not None):
        file.review.overdue_at = now if review.overdue else None


def call_for_a_person(
    session: Session,
    consult_id: int | None,
    reason: AttentionReason,
    *,
    cause: str | None = None,
    denial_id: int | None = None,
    director_id: int | None = None,
    message_id: int | None = None,
    key: str = "",
    details: Mapping[str, object] | None = None,
    now: datetime,
) -> None:
    """Put something before the coordinators, once while it is not settled; `details` are those of the last time.

    What has the same reason, key and is about the same is one task. `details` holds ids, instants and words of the
    field, nothing about a patient; `words.details` of the desk's pages says which are shown.
    """
    about = {"consult_id": consult_id, "denial_id": denial_id, "director_id": director_id, "message_id": message_id}
    told = {name: history.plain(value) for name, value in (details or {}).items()}
    raised = insert(Attention).values(**about, key=key, reason=reason, cause=cause, details=told, raised_at=now)
    if details is None:
        session.execute(raised.on_conflict_do_nothing())
        return
    session.execute(
        raised.on_conflict_do_update(
            index_elements=["consult_id", "reason", "denial_id", "director_id", "message_id", "key"],
            index_where=Attention.settled_at.is_(None),
            set_={"details": told},
        )
    )


def settle_what_is_over(session: Session, file: CaseFile, step: Step, now: datetime) -> None:
    """Settle what needs nobody any more: all of it when the request closes, some when it is booked or decided."""
    over: tuple[AttentionReason, ...] = ()
    said = {happening.what for happening in step.happenings}
    if not file.state.status.open:
        over = tuple(reason for reason in AttentionReason if reason not in NEVER_SETTLED_BY_ITSELF)
    elif What.BOOKED in said:
        over = SETTLED_BY_BOOKING
    elif said & {What.MOVED, What.RETURNED}:
        over = SETTLED_BY_ANOTHER_TIME
    elif said & {What.REVIEW_DECIDED, What.TALK_ASKED} and What.REVIEW_OVERDUE not in said:
        over = SETTLED_BY_DECIDING if file.state.review and file.state.review.decision else ()
    elif What.REVIEW_OVERDUE in said:
        over = (AttentionReason.REVIEW_NEAR,)
    if over:
        settle_attention(session, file.consult.id, over, None, now)


def settle_attention(
    session: Session, consult_id: int, reasons: Sequence[AttentionReason], by: int | None, now: datetime
) -> None:
    """Mark what needed a person as settled; `by` is an account, None where the course of things settled it."""
    for attention_id, reason in session.connection().execute(_UNSETTLED, {"consult": consult_id}).all():
        if reason in reasons:
            attention = session.get_one(Attention, attention_id)
            attention.settled_at = now
            attention.settled_by = by
