"""What the plan's desk does: names who decided, moves cases between directors, takes directors out, settles tasks."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import directors, history
from app.consults import casefile, followup, without_call
from app.consults.casefile import CaseFile
from app.consults.change import change
from app.consults.setup import Setup
from app.errors import Conflict, Invalid, NotFound
from app.models import Attention, AttentionReason, BookingRow, DirectorOff, OffKind
from app.ranges import stored
from scheduling import life
from scheduling.values import Interval


def name_director(
    session: Session, denial_id: int, director_id: int, *, setup: Setup, by: str, now: datetime
) -> CaseFile | None:
    """Name the director responsible for a denial that had none (BSP-1). Raises Conflict if it has one."""
    denial = casefile.lock_denial(session, denial_id)
    directors.get(session, director_id)
    if denial.director_id is not None:
        raise Conflict("This denial already has a responsible director. Reassign the request instead, with a reason.")
    denial.director_id = director_id
    history.write(
        session,
        denial_id=denial_id,
        consult_id=None,
        what="director_named",
        details={"director": director_id},
        by=by,
        now=now,
    )
    consult_id = casefile.open_consult_of(session, denial_id)
    if consult_id is None:
        return None
    file = change(
        session,
        consult_id,
        lambda state, rules: life.director_known(state, rules, director_id, now=now),
        setup=setup,
        by=by,
        now=now,
        must=False,
    )
    casefile.settle_attention(session, consult_id, [AttentionReason.NO_DIRECTOR], history.account_of(by), now)
    without_call.tell_the_director(session, file, setup=setup, now=now)
    return file


def reassign(
    session: Session, consult_id: int, director_id: int, reason: str, *, setup: Setup, by: str, now: datetime
) -> CaseFile:
    """Give a request to another director, with a reason on record (H4). It stands where its place puts it there."""
    if not reason.strip():
        raise Invalid({"reason": "Say why another director takes this: it is kept with the case."})
    if not directors.get(session, director_id).active:
        raise Invalid({"director": "This director no longer takes consults. Choose another."})
    file = change(
        session,
        consult_id,
        lambda state, rules: life.reassign(state, rules, director_id, now=now),
        setup=setup,
        by=by,
        now=now,
    )
    history.write(
        session,
        denial_id=file.denial.id,
        consult_id=consult_id,
        what="reassigned",
        details={"director": director_id, "reason": reason.strip()},
        by=by,
        now=now,
    )
    casefile.settle_attention(session, consult_id, [AttentionReason.DIRECTOR_LEFT], history.account_of(by), now)
    without_call.tell_the_director(session, file, setup=setup, now=now)
    return file


def learn_date(
    session: Session, denial_id: int, name: str, value: date | datetime, *, setup: Setup, by: str, now: datetime
) -> CaseFile | None:
    """Put down a date of a denial that was not known; the deadlines that count from it are computed once more."""
    denial = casefile.lock_denial(session, denial_id)
    before = denial.dates.get(name)
    consult_id = casefile.open_consult_of(session, denial_id)
    file = None
    if consult_id is not None:
        file = change(
            session,
            consult_id,
            lambda state, rules: life.learn_date(state, rules, name, value, now=now),
            setup=setup,
            by=by,
            now=now,
            must=False,
        )
        if not file.state.deadlines.unknown:
            account = history.account_of(by)
            casefile.settle_attention(session, consult_id, [AttentionReason.DATE_UNKNOWN], account, now)
    denial.dates = {**denial.dates, name: value.isoformat()}
    history.write(
        session,
        denial_id=denial_id,
        consult_id=consult_id,
        what="date_known",
        details={"name": name, "value": value, "before": before},
        by=by,
        now=now,
    )
    return file


def take_director_out(
    session: Session, director_id: int, during: Interval, note: str, *, setup: Setup, by: str, now: datetime
) -> list[CaseFile]:
    """Put down a director's time off and return the consults in it that have not begun, each to its old place."""
    directors.lock(session, [director_id])
    directors.add_time_off(session, director_id, during, kind=OffKind.TIME_OFF, note=note, now=now)
    directors.note_change(session, director_id, by=by, now=now)
    return [
        change(
            session,
            consult_id,
            lambda state, rules: life.director_off(state, rules, during, now=now),
            setup=setup,
            by=by,
            now=now,
            must=False,
        )
        for consult_id in booked_in(session, director_id, during, now=now)
    ]


def booked_in(session: Session, director_id: int, during: Interval, *, now: datetime) -> Sequence[int]:
    """List the consults booked with a director inside a span that have not begun, earliest first (statement C8)."""
    return session.scalars(
        select(BookingRow.consult_id)
        .where(
            BookingRow.director_id == director_id,
            BookingRow.released_at.is_(None),
            BookingRow.during.overlaps(stored(during)),
            func.lower(BookingRow.during) > now,
        )
        .order_by(func.lower(BookingRow.during))
    ).all()


def put_back(session: Session, off_id: int, *, by: str, now: datetime) -> DirectorOff:
    """Give a director's time back to the openings. Raises NotFound."""
    off = session.get(DirectorOff, off_id)
    if off is None or off.kind is OffKind.BUSY:
        raise NotFound("There is no such time off.")
    directors.lock(session, [off.director_id])
    if session.scalar(select(DirectorOff.id).where(DirectorOff.id == off_id)) is None:
        raise NotFound("This time off was taken back a moment ago. Nothing was changed.")
    session.delete(off)
    directors.note_change(session, off.director_id, by=by, now=now)
    return off


def director_declines(session: Session, consult_id: int, *, setup: Setup, by: str, now: datetime) -> CaseFile:
    """Take a director's no for good: the time counts as busy from now on, the consult goes back to its old place."""
    before = casefile.load(session, consult_id, setup=setup, lock=False).state.booking
    if before is None:
        raise Conflict("This consult has no time that could be declined. Nothing was changed.")
    directors.lock(session, [before.director])
    file = change(
        session,
        consult_id,
        lambda state, rules: life.director_declines(state, rules, now=now),
        setup=setup,
        by=by,
        now=now,
    )
    directors.add_time_off(session, before.director, before.during, kind=OffKind.DECLINED, now=now)
    directors.note_change(session, before.director, by=by, now=now)
    return file


def settle(session: Session, attention_id: int, *, account_id: int, note: str, now: datetime) -> Attention:
    """Mark what needed a person as done, with what was done. A second press changes nothing (A6)."""
    if not note.strip():
        raise Invalid({"note": "Say what you did; it is kept."})
    attention = session.scalar(
        select(Attention).where(Attention.id == attention_id).with_for_update(), execution_options=casefile.AFRESH
    )
    if attention is None:
        raise NotFound("There is no such task.")
    if attention.settled_at is not None:
        raise Conflict("This is already settled. Nothing was changed.")
    followup.must_not_be_open(session, attention.consult_id, attention.reason)
    attention.settled_at, attention.settled_by, attention.note = now, account_id, note.strip()
    denial_id = attention.denial_id
    if attention.consult_id is not None:
        denial_id = casefile.denial_id_of(session, attention.consult_id)
    if denial_id is not None:
        history.write(
            session,
            denial_id=denial_id,
            consult_id=attention.consult_id,
            what="settled",
            details={"reason": attention.reason.value, "note": note.strip()},
            by=history.account_actor(account_id),
            now=now,
        )
    return attention
