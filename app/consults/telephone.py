"""The telephone beside the queue: a physician put through to a director who is free now, a talk that took place.

Neither takes anybody's turn: the first uses time that nobody holds, the second time that has passed. Both are on record
as outside the queue.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import directors, history
from app.consults import casefile, determination, intake
from app.consults.casefile import CaseFile
from app.consults.change import announce
from app.consults.intake import NewRequest
from app.consults.setup import Setup
from app.errors import Conflict, Invalid
from app.models import Consult, Denial, Director, DirectorPeer
from scheduling import life, outside_queue, record
from scheduling.policy_words import Assignment, Fallback
from scheduling.values import Booking, Interval, Rulebook, Status


def connect_now(
    session: Session, consult_id: int, director_id: int, *, setup: Setup, by: str, now: datetime
) -> CaseFile:
    """Put the physician who is on the line through to a director who is free, from this minute on.

    Only to the denying director, to a designated peer where the policy knows a fallback, to whoever covers the line of
    business where any director may take a consult. Raises Conflict if the director is
    not free, with whom else one can try.
    """
    directors.lock(session, [director_id])
    file = casefile.load(session, consult_id, setup=setup)
    length = file.rulebook.policy.consult.duration
    check_director(session, file, director_id)
    wanted = Interval(now, now + length)
    person = directors.load(session, [director_id], now=now)[director_id]
    own = file.state.booking
    if any(taken.overlaps(wanted) for taken in person.off) or any(
        taken.overlaps(wanted) for taken in person.taken if own is None or taken.start != own.during.start
    ):
        raise Conflict("This director is not free for the whole length of a consult. Book the request in line instead.")
    step = outside_queue.connect(file.state, Booking(director=director_id, during=wanted), now=now)
    if step.state == file.state:
        raise Conflict("This request is closed or its talk has begun. Nothing was changed.")
    casefile.apply(session, file, step, by=by, now=now)
    file.consult.outside_queue = True
    announce(session, file, setup=setup, now=now)
    return file


def check_director(session: Session, file: CaseFile, director_id: int) -> None:
    """Refuse a director who may not take this case (BSP-5, NC-9)."""
    if director_id not in may_take(session, file.denial, file.rulebook):
        raise Invalid({"director": "Under this plan's policy this director may not take the call. Reassign first."})


def may_take(session: Session, denial: Denial, rulebook: Rulebook) -> list[int]:
    """List the directors who may take a call about a denial: who decided or has followed, then the designated peers."""
    rules, decided = rulebook.policy.director, denial.successor_id or denial.director_id
    allowed = [] if decided is None else [decided]
    if rules.fallback is not Fallback.NONE and decided is not None:
        peers = select(DirectorPeer.peer_id).where(DirectorPeer.director_id == decided).order_by(DirectorPeer.rank)
        allowed += session.scalars(peers)
    if rules.assignment is Assignment.ANY:
        active = session.scalars(select(Director).where(Director.active).order_by(Director.name))
        allowed += [director.id for director in active if covers(director, denial.line_of_business)]
    return allowed


def covers(director: Director, line_of_business: str) -> bool:
    """Tell whether a director takes cases of this line of business; one without any named takes all."""
    return not director.lines_of_business or not line_of_business or line_of_business in director.lines_of_business


def record_talk(
    session: Session,
    new: NewRequest,
    director_id: int,
    outcome: str,
    note: str,
    *,
    took_place_at: datetime,
    setup: Setup,
    by: str,
    now: datetime,
) -> Consult:
    """Record a talk that took place outside the queue, with its outcome; the office gets the outcome notice.

    Raises Invalid for a talk in the future or an outcome that the case does not allow, Conflict while a request about
    the case is open: the outcome belongs to that one.
    """
    if took_place_at > now:
        raise Invalid({"took_place_at": "A talk that has not taken place yet is booked, not recorded."})
    if not note.strip():
        raise Invalid({"note": "Add one sentence: what decided it."})
    denial = casefile.lock_denial(session, new.denial_id)
    if casefile.open_consult_of(session, denial.id) is not None:
        raise Conflict("A request about this case is open. Record the outcome there.")
    directors.get(session, director_id)
    file = _write_talk(session, new, director_id, took_place_at, setup=setup, by=by, now=now)
    step = life.record_outcome(file.state, file.rulebook, outcome, now=now, outside_queue=True)
    if step.state is None or step.state.status is not Status.COMPLETED:
        raise Invalid({"outcome": "This case does not allow that outcome under the plan's policy. Choose another."})
    casefile.apply(session, file, step, by=by, now=now)
    file.consult.determination_note = note.strip()
    determination.finish(session, file, outcome, setup=setup, by=by, now=now)
    return file.consult


def _write_talk(
    session: Session,
    new: NewRequest,
    director_id: int,
    took_place_at: datetime,
    *,
    setup: Setup,
    by: str,
    now: datetime,
) -> CaseFile:
    """Write the request and a booking for the time of the talk, without a plan, a review or a place in line."""
    denial = casefile.lock_denial(session, new.denial_id)
    rulebook = intake.rulebook_for(denial, setup=setup)
    during = Interval(took_place_at, took_place_at + timedelta(minutes=1))
    state = outside_queue.talk(
        rulebook.policy.key,
        casefile.denial_of(denial),
        new.as_the_rules_see_it(),
        Booking(director=director_id, during=during),
        id=intake.draw_id(session),
        arrival=intake.draw_arrival(session),
    )
    row = {**intake.columns_of(new, state.id, rulebook), "outside_queue": True}
    consult = casefile.insert_consult(session, row, state, now)
    history.write(
        session,
        denial_id=denial.id,
        consult_id=consult.id,
        what="outside_the_queue",
        details={"director": director_id, "took_place_at": took_place_at},
        by=by,
        now=now,
        standing=record.of_consult(replace(state, booking=None)),  # it takes nobody's time: the talk is over
    )
    return CaseFile(consult=consult, denial=denial, booking=None, review=None, rulebook=rulebook, state=state)
