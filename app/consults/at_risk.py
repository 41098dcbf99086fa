"""Consults that may not meet their deadline, found by state and put before a person before it passes, not after.

Planning says so itself where it books too late or finds nothing. This finds the others: who waits for information, for
a nurse, for a director to be named; whose deadline became known after the planning; who stands in the line of a
director who takes no consults any more.
"""

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import BigInteger, ColumnElement, Text, any_, case, exists, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, sessionmaker

from app import history
from app.consults import casefile
from app.consults.casefile import CaseFile
from app.consults.setup import Setup
from app.db import in_transaction
from app.models import Attention, AttentionReason, BookingRow, Consult, Director
from scheduling.business_time import warned_from
from scheduling.values import Status

#: no desk is closed longer than this, so that nothing later can be due a business day from now
AHEAD = timedelta(days=21)

#: a person knows already that there is no time before the deadline
KNOWN = (
    AttentionReason.AFTER_DEADLINE,
    AttentionReason.AFTER_TARGET,
    AttentionReason.NO_OPENING_BEFORE_DEADLINE,
)


def _binds(name: str, column: InstrumentedAttribute[datetime | None]) -> ColumnElement[datetime | None]:
    return case((literal(name) == any_(Consult.advisory_deadlines), None), else_=column)


#: the deadline that comes first, of those that bind (`Deadlines.binding`)
DUE = func.least(
    _binds("occur_by", Consult.occur_by), _binds("sla", Consult.sla_due), _binds("target", Consult.target_due)
)


def warn_all(sessions: sessionmaker[Session], *, setup: Setup, now: datetime) -> int:
    """Call for a person where a deadline comes near without a time before it, or the director takes no consults.

    Once for each deadline: what a person has settled is not raised again. Returns how many calls were made.
    """
    with sessions() as session:
        near, left = near_a_deadline(session, now=now), left_behind(session)
    for consult_id in left:
        in_transaction(sessions, partial(tell_of_the_director, consult_id=consult_id, setup=setup, now=now))
    told = [in_transaction(sessions, partial(warn, consult_id=consult_id, setup=setup, now=now)) for consult_id in near]
    return len(left) + sum(told)


def near_a_deadline(session: Session, *, now: datetime) -> list[int]:
    """List the open consults that have no time before a deadline that binds, where nobody has been told."""
    told = exists().where(
        Attention.consult_id == Consult.id,
        or_(Attention.settled_at.is_(None), Attention.settled_by.is_not(None)),
        or_(
            Attention.reason.in_(KNOWN),
            (Attention.reason == AttentionReason.DEADLINE_NEAR) & (Attention.key == _key(DUE)),
        ),
    )
    query = (
        select(Consult.id)
        .outerjoin(BookingRow, (BookingRow.consult_id == Consult.id) & BookingRow.released_at.is_(None))
        .where(
            Consult.closed_at.is_(None),
            now + AHEAD >= DUE,
            or_(BookingRow.id.is_(None), func.lower(BookingRow.during) >= DUE),
            ~told,
        )
        .order_by(DUE, Consult.id)
    )
    return list(session.scalars(query))


def left_behind(session: Session) -> list[int]:
    """List the open consults without a time in the line of a director who takes none any more, not told yet."""
    live = exists().where(BookingRow.consult_id == Consult.id, BookingRow.released_at.is_(None))
    told = exists().where(
        Attention.consult_id == Consult.id,
        Attention.reason == AttentionReason.DIRECTOR_LEFT,
        Attention.director_id == Consult.director_id,
    )
    query = (
        select(Consult.id)
        .join(Director, Director.id == Consult.director_id)
        .where(Consult.closed_at.is_(None), Director.active.is_(False), ~live, ~told)
        .order_by(Consult.id)
    )
    return list(session.scalars(query))


def warn(session: Session, consult_id: int, setup: Setup, now: datetime) -> int:
    """Call for a person if the deadline of a consult comes near and it has no time before it; a second time does not.

    Returns how many calls were made: 0 or 1.
    """
    file = casefile.load(session, consult_id, setup=setup)
    due, booking = file.state.deadlines.binding, file.state.booking
    if due is None or not file.state.status.open or now < warned_from(file.rulebook, due):
        return 0
    if booking is not None and booking.during.start < due:
        return 0
    details = {"waits": why(file)} if booking is None else {"start": booking.during.start}
    casefile.call_for_a_person(
        session, consult_id, AttentionReason.DEADLINE_NEAR, key=str(int(due.timestamp())), details=details, now=now
    )
    history.write(
        session,
        denial_id=file.denial.id,
        consult_id=consult_id,
        what="deadline_near",
        details={"due": due, **details},
        by=history.SYSTEM,
        now=now,
    )
    return 1


def tell_of_the_director(session: Session, consult_id: int, setup: Setup, now: datetime) -> None:
    """Call for a person because whoever should talk takes no consults any more."""
    file = casefile.load(session, consult_id, setup=setup)
    casefile.call_for_a_person(
        session, consult_id, AttentionReason.DIRECTOR_LEFT, director_id=file.consult.director_id, now=now
    )


def why(file: CaseFile) -> str:
    """Say in a word of the rules what a consult without a time waits for."""
    state = file.state
    if state.director is None and (not state.talk or file.rulebook.policy.director.assignment != "any"):
        return "no_director"
    if not state.talk and state.status is Status.AWAITING_REVIEW:
        return "without_call"
    return state.unplaced or state.status.value


def _key(due: ColumnElement[datetime | None]) -> ColumnElement[str]:
    return func.floor(func.extract("epoch", due)).cast(BigInteger).cast(Text)
