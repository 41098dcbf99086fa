"""A director who has left: one successor takes the line, each request at its place; the rest comes before a person.

Under the locks of both directors and in one transaction: moved or returned, told, on record, and the director takes no
consults from then on. What the successor may not take stays visible as a task for each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from app import accounts, directors, history, outbox
from app.consults import calendars, casefile, desk, hours
from app.consults.casefile import CaseFile
from app.consults.hours import TouchesOthersError
from app.consults.setup import Setup
from app.errors import Conflict, Invalid
from app.models import Account, AttentionReason, BookingRow, Consult, Denial, Director
from scheduling import choice, fifo, values
from scheduling.fifo import has_begun
from scheduling.values import Interval, Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """A request that a director who leaves has in hand, and what becomes of it."""

    consult_id: int
    version: int
    denial_id: int
    reference: str
    case_number: str
    urgency: Urgency
    received_at: datetime
    due: datetime | None
    booked: Interval | None
    own_line: bool
    "false: it stands in another line, and only its time is with this director"
    cannot: str | None
    "why it does not move, in a word: begun, nobody, inactive, line_of_business, licence_state, specialty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What became of the requests."""

    moved: int
    returned: int
    "of other lines: back to their own"
    stay: int
    "a task each"


def preview(
    session: Session, director_id: int, successor_id: int | None, *, setup: Setup, now: datetime
) -> list[Moving]:
    """Tell what becomes of each request if a director leaves, in the order of the line. Changes nothing."""
    people = directors.load(session, [successor_id] if successor_id else [], now=now)
    successor = people.get(successor_id) if successor_id else None
    return [_moving(file, director_id, successor, now) for file in _in_hand(session, director_id, setup)]


def candidates(session: Session, director_id: int, *, setup: Setup, now: datetime) -> list[tuple[int, str, int, int]]:
    """List who could follow: (id, name, how many of the requests, out of how many), whoever can take most first."""
    rows = session.execute(
        select(Director.id, Director.name).where(Director.active, Director.id != director_id).order_by(Director.name)
    ).all()
    people = directors.load(session, [id_ for id_, _ in rows], now=now)
    files = [file for file in _in_hand(session, director_id, setup) if _is_own(file, director_id)]
    found = [
        (id_, name, sum(choice.why_not(file.state, file.rulebook, people[id_]) is None for file in files), len(files))
        for id_, name in rows
    ]
    return sorted(found, key=lambda each: -each[2])


def leave(
    session: Session,
    director_id: int,
    successor_id: int | None,
    reason: str,
    *,
    seen: str,
    setup: Setup,
    by: str,
    now: datetime,
) -> Left:
    """Let a director leave, with a reason on record (H4); `seen` is `mark` of the preview that was shown.

    Raises Invalid (successor, reason), Conflict where the director has left already, TouchesOthersError where other
    requests are in hand than were shown. Nothing is changed then.
    """
    if not reason.strip():
        raise Invalid({"reason": "Say why another director takes these: it is kept with each case."})
    directors.lock(session, sorted({director_id, *([successor_id] if successor_id else [])}))
    director = directors.get(session, director_id)
    session.refresh(director)  # it may have been read before the lock was waited for
    if not director.active:
        raise Conflict(f"{director.name} takes no consults any more. Nothing was changed.")
    if successor_id == director_id or (successor_id and not directors.get(session, successor_id).active):
        raise Invalid({"successor": "Choose another director, one who takes consults."})
    moving = preview(session, director_id, successor_id, setup=setup, now=now)
    if mark(moving) != seen:
        raise TouchesOthersError
    for each in moving:
        _let_go(session, each, director, successor_id, reason.strip(), setup=setup, by=by, now=now)
    director.active = False
    directors.note_change(session, director_id, by=by, now=now)
    if successor_id:
        _follow(session, director_id, directors.get(session, successor_id))
    _close_account(session, director_id, by)
    calendars.revoke_feed(session, director_id)
    calendars.forget_busy_calendar(session, director_id, by=by, now=now)
    moved = [each for each in moving if each.own_line and each.cannot is None]
    return Left(
        moved=len(moved),
        returned=sum(not each.own_line and each.cannot is None for each in moving),
        stay=sum(each.cannot not in (None, "begun") for each in moving),
    )


def mark(moving: Sequence[Moving]) -> str:
    """Name what a preview showed, to notice what has changed since."""
    return " ".join(f"{each.consult_id}.{each.version}" for each in moving)


def _in_hand(session: Session, director_id: int, setup: Setup) -> list[CaseFile]:
    """Read the line of a director, in its order, then the requests of other lines that have a time with him."""
    line = casefile.load_line(session, [director_id], setup=setup)
    line.sort(key=lambda file: fifo.place_key(file.state, file.rulebook))
    elsewhere = session.scalars(
        select(BookingRow.consult_id)
        .join(Consult, Consult.id == BookingRow.consult_id)
        .where(
            BookingRow.director_id == director_id,
            BookingRow.released_at.is_(None),
            Consult.director_id.is_distinct_from(director_id),
        )
        .order_by(BookingRow.during)
    ).all()
    return line + [casefile.load(session, consult_id, setup=setup, lock=False) for consult_id in elsewhere]


def _is_own(file: CaseFile, director_id: int) -> bool:
    return file.consult.director_id == director_id


def _moving(file: CaseFile, director_id: int, successor: values.Director | None, now: datetime) -> Moving:
    own, cannot = _is_own(file, director_id), None
    if has_begun(file.state, now=now):
        cannot = "begun"
    elif own:
        cannot = choice.why_not(file.state, file.rulebook, successor) if successor else "nobody"
    return Moving(
        consult_id=file.consult.id,
        version=file.consult.version,
        denial_id=file.denial.id,
        reference=file.consult.reference,
        case_number=file.denial.case_number,
        urgency=file.denial.urgency,
        received_at=file.consult.received_at,
        due=file.state.deadlines.binding,
        booked=file.state.booking.during if file.state.booking else None,
        own_line=own,
        cannot=cannot,
    )


def _let_go(
    session: Session,
    each: Moving,
    director: Director,
    successor_id: int | None,
    reason: str,
    *,
    setup: Setup,
    by: str,
    now: datetime,
) -> None:
    if each.cannot == "begun":
        return
    if each.own_line and each.cannot is None and successor_id:
        file = desk.reassign(session, each.consult_id, successor_id, reason, setup=setup, by=by, now=now)
        if each.booked is None:
            _tell(session, file, director, directors.get(session, successor_id), setup=setup, now=now)
        return
    hours.give_calls_back(session, [each.consult_id], setup=setup, by=by, now=now)
    if each.own_line:
        casefile.call_for_a_person(
            session, each.consult_id, AttentionReason.DIRECTOR_LEFT, director_id=director.id, now=now
        )


def _tell(
    session: Session, file: CaseFile, director: Director, successor: Director, *, setup: Setup, now: datetime
) -> None:
    """Tell an office that has no time yet; one that has gets the new invitation (invites.md, section 3)."""
    what, keeps = "peer-to-peer request", "It keeps its place in line, and there"
    if not file.state.talk:
        what, keeps = "request for reconsideration", "There"
    outbox.notify(
        session,
        file.consult,
        subject=f"Another medical director takes your {what}",
        paragraphs=(
            f"{director.name}, who decided, has left. {successor.name} takes your request from now on.",
            f"{keeps} is nothing you need to do.",
        ),
        desk=setup.desk,
        plan_name=file.rulebook.policy.name,
        now=now,
    )


def _follow(session: Session, director_id: int, successor: Director) -> None:
    """Let requests that are still to come stand in the line of whoever follows, where he covers the case (BSP-1).

    Who decided stays on the denial.
    """
    covers: list[ColumnElement[bool]] = []
    state = Denial.applies_to["state"].astext
    if successor.lines_of_business:
        covers.append(or_(Denial.line_of_business == "", Denial.line_of_business.in_(successor.lines_of_business)))
    if successor.licence_states:
        covers.append(or_(state.is_(None), state == "", state.in_(successor.licence_states)))
    theirs = or_(
        (Denial.director_id == director_id) & Denial.successor_id.is_(None), Denial.successor_id == director_id
    )
    session.execute(
        update(Denial).where(theirs, *covers).values(successor_id=successor.id),
        execution_options={"synchronize_session": False},
    )


def _close_account(session: Session, director_id: int, by: str) -> None:
    account = session.scalar(select(Account).where(Account.director_id == director_id, Account.active))
    if account is not None:
        accounts.deactivate(session, account.id, by=history.account_of(by))
