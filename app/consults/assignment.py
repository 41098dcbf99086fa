"""Who is booked when: a director's line, planned under that director's lock, first come first served (NC-9).

`assign_queue` is one transaction: lock, read, plan, write, tell. Two planners of one line wait for one another;
planners of two lines do not, unless one may book with the other's director as a designated peer.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import BigInteger, Text, and_, any_, bindparam, exists, or_, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, sessionmaker

from app import directors, history
from app.consults import casefile
from app.consults.casefile import CaseFile
from app.consults.change import announce
from app.consults.setup import Setup
from app.db import in_transaction
from app.models import BookingRow, Consult, Director, DirectorPeer
from scheduling import fifo
from scheduling.policy_words import Assignment
from scheduling.values import Status

#: laps over all lines after which planning stops until the next sweep; each lap changes something, so few are needed
LAPS = 20

_LINE = bindparam("line", type_=BigInteger)
_FALLS_BACK = exists().where(
    Consult.director_id == _LINE,
    Consult.closed_at.is_(None),
    Consult.policy_id == any_(bindparam("policies", type_=ARRAY(Text))),
)
#: whose line it is, and the designated peers if some policy in the line knows a fallback
_OF_LINE = directors.locked(
    union_all(select(_LINE), select(DirectorPeer.peer_id).where(DirectorPeer.director_id == _LINE, _FALLS_BACK))
)
_ALL = directors.locked(select(Director.id).where(Director.active))


def assign_all(sessions: sessionmaker[Session], *, setup: Setup, now: datetime) -> int:
    """Plan every line in which somebody waits, one transaction each, in order of the directors' ids.

    Again from the first until a whole lap changes nothing: the time that one line frees may be a peer's for another.
    Returns the number of changes.
    """
    changes = 0
    for _ in range(LAPS):
        with sessions() as session:
            queues = queues_with_work(session)
        in_lap = sum(
            in_transaction(sessions, partial(assign_queue, director_id=queue, setup=setup, now=now)) for queue in queues
        )
        changes += in_lap
        if not in_lap:
            break
    return changes


def queues_with_work(session: Session) -> list[int | None]:
    """List the lines in which planning may change something or a message is owed; None: that of `any` policies."""
    live = select(BookingRow.id).where(BookingRow.consult_id == Consult.id, BookingRow.released_at.is_(None))
    query = (
        select(Consult.director_id)
        .where(
            Consult.closed_at.is_(None),
            or_(
                Consult.status == Status.WAITING,
                and_(Consult.status == Status.BOOKED, Consult.move_up),
                Consult.announced_booking_id.is_distinct_from(live.scalar_subquery()),
            ),
        )
        .distinct()
        .order_by(Consult.director_id)
    )
    return list(session.scalars(query))


def assign_queue(session: Session, director_id: int | None, *, setup: Setup, now: datetime) -> int:
    """Plan one line and write what the rules decide. Returns the number of changes; planning twice changes nothing."""
    available = lock_for_planning(session, director_id, setup=setup)
    files = {
        file.consult.id: file
        for file in casefile.load_line(session, [director_id], setup=setup)
        if director_id is not None or file.rulebook.policy.director.assignment == Assignment.ANY
    }
    plan = fifo.plan(
        [file.state for file in files.values()],
        directors.times_of(session, available, now=now, lines=[director_id]),
        {file.state.rulebook: file.rulebook for file in files.values()},
        now=now,
        queue=director_id,
    )
    for step in plan.changes:
        assert step.state is not None, "planning never refuses"
        casefile.apply(session, files[step.state.id], step, by=history.SYSTEM, now=now)
    for file in files.values():
        tell(session, file, setup=setup, now=now)
    return len(plan.changes)


def lock_for_planning(session: Session, director_id: int | None, *, setup: Setup) -> Sequence[Director]:
    """Lock whoever may get a booking when this line is planned, in order of id, and return them."""
    if director_id is None:
        return session.scalars(_ALL).all()
    return session.scalars(_OF_LINE, {"line": director_id, "policies": setup.policies.falling_back()}).all()


def tell(session: Session, file: CaseFile, *, setup: Setup, now: datetime) -> None:
    """Announce a consult's time if it is not the one both calendars hold."""
    live = file.booking.id if file.booking is not None else None
    if file.consult.announced_booking_id != live:
        announce(session, file, setup=setup, now=now)
