"""Medical directors: their time as the rules see it, and who is free now."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    BindParameter,
    CompoundSelect,
    Date,
    Row,
    Select,
    SelectBase,
    Time,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.types import TypeEngine

from app import history
from app.errors import Invalid, NotFound
from app.models import (
    BookingRow,
    Consult,
    Director,
    DirectorDay,
    DirectorHours,
    DirectorOff,
    DirectorPeer,
    History,
    OffKind,
)
from app.ranges import interval, stored
from scheduling import record, values
from scheduling.values import Hours, Interval

Spans = tuple[tuple[time, time | None], ...]

_IDS: BindParameter[Any] = bindparam("ids", type_=ARRAY(BigInteger))
_READ = select(Director).where(Director.id == any_(_IDS)).order_by(Director.id)
_LOCK = _READ.with_only_columns(Director.id).with_for_update(key_share=True)

#: the columns in which one statement brings what several tables know of a director's time
_COLUMNS: Mapping[str, type[TypeEngine[Any]]] = {
    "weekday": BigInteger,
    "on_date": Date,
    "starts": Time,
    "ends": Time,
    "during": TSTZRANGE,
    "peer_id": BigInteger,
    "rank": BigInteger,
}


def _part(kind: str, owner: InstrumentedAttribute[int], **known: InstrumentedAttribute[Any]) -> Select[Any]:
    columns = (known.get(name, cast(null(), of)).label(name) for name, of in _COLUMNS.items())
    return select(literal(kind).label("kind"), owner.label("director_id"), *columns).where(owner == any_(_IDS))


def _times() -> CompoundSelect[Any]:
    """Make the statement that reads directors' time; bookings of consults in `lines` and of `any_line` are left out."""
    hours, day, off, peer = DirectorHours, DirectorDay, DirectorOff, DirectorPeer
    in_line = or_(
        Consult.director_id == any_(bindparam("lines", type_=ARRAY(BigInteger))),
        and_(Consult.director_id.is_(None), bindparam("any_line")),
    )
    return union_all(
        _part("hours", hours.director_id, weekday=hours.weekday, starts=hours.starts, ends=hours.ends),
        _part("day", day.director_id, on_date=day.on_date, starts=day.starts, ends=day.ends),
        _part("peer", peer.director_id, peer_id=peer.peer_id, rank=peer.rank),
        _part("off", off.director_id, during=off.during).where(func.upper(off.during) > bindparam("now")),
        _part("taken", BookingRow.director_id, during=BookingRow.blocked)
        .join(Consult, Consult.id == BookingRow.consult_id)
        .where(
            BookingRow.released_at.is_(None),
            func.upper(BookingRow.blocked) > bindparam("yesterday"),
            not_(func.coalesce(in_line, False)),
        ),
    )


_TIMES = _times()


def lock(session: Session, director_ids: Sequence[int]) -> None:
    """Take the row locks of these directors, in order of id, until the transaction ends.

    Whoever plans a director's line does this first. NO KEY, because intake only refers to the row (its foreign key
    takes FOR KEY SHARE) and must not wait.
    """
    session.execute(_LOCK, {"ids": list(director_ids)}).all()


def locked(ids: SelectBase) -> Select[Director]:
    """Make the statement that locks the directors whose ids a query finds, as `lock` does, and reads them afresh."""
    query = select(Director).where(Director.id.in_(ids)).order_by(Director.id)
    return query.with_for_update(key_share=True).execution_options(populate_existing=True)


def load(
    session: Session, director_ids: Sequence[int], *, now: datetime, lines: Sequence[int | None] = ()
) -> dict[int, values.Director]:
    """Read directors with everything that is not to be had from `now` on, in two statements.

    Bookings of consults that stand in `lines` are left out: the caller hands those consults to the rules themselves.
    """
    return times_of(session, session.scalars(_READ, {"ids": list(director_ids)}).all(), now=now, lines=lines)


def times_of(
    session: Session, people: Sequence[Director], *, now: datetime, lines: Sequence[int | None] = ()
) -> dict[int, values.Director]:
    """Do as `load` does for directors that are read already, in one statement."""
    asked = {
        "ids": [director.id for director in people],
        "now": now,
        "yesterday": now - timedelta(days=1),
        "lines": [line for line in lines if line is not None],
        "any_line": None in lines,
    }
    times: dict[int, dict[str, list[Row[Any]]]] = {director.id: {} for director in people}
    for row in session.execute(_TIMES, asked):
        times[row.director_id].setdefault(row.kind, []).append(row)
    return {director.id: _value_of(director, times[director.id]) for director in people}


def _value_of(director: Director, times: Mapping[str, Sequence[Row[Any]]]) -> values.Director:
    return values.Director(
        id=director.id,
        zone=ZoneInfo(director.time_zone),
        hours=Hours(spans=weekly(times.get("hours", ()))),
        exceptions=exceptional(times.get("day", ())),
        off=tuple(interval(row.during) for row in times.get("off", ())),
        taken=tuple(interval(row.during) for row in times.get("taken", ())),
        peers=tuple(row.peer_id for row in sorted(times.get("peer", ()), key=lambda row: row.rank)),
        lines_of_business=frozenset(director.lines_of_business),
        specialties=frozenset(director.specialties),
        licence_states=frozenset(director.licence_states),
        max_a_day=director.max_a_day,
        active=director.active,
    )


def weekly(rows: Sequence[DirectorHours | Row[Any]]) -> Mapping[int, Spans]:
    """Group a director's weekly hours by weekday, earliest first."""
    spans: dict[int, list[tuple[time, time | None]]] = {}
    for row in sorted(rows, key=lambda row: (row.weekday, row.starts)):
        spans.setdefault(row.weekday, []).append((row.starts, row.ends))
    return {weekday: tuple(day) for weekday, day in spans.items()}


def exceptional(rows: Sequence[DirectorDay | Row[Any]]) -> Mapping[date, Spans]:
    """Group the dates that differ from the week; a date without a span is closed."""
    days: dict[date, list[tuple[time, time | None]]] = {}
    for row in sorted(rows, key=lambda row: (row.on_date, row.starts or time.min)):
        spans = days.setdefault(row.on_date, [])
        if row.starts is not None:
            spans.append((row.starts, row.ends))
    return {day: tuple(spans) for day, spans in days.items()}


def get(session: Session, director_id: int) -> Director:
    """Read one director. Raises NotFound."""
    director = session.get(Director, director_id)
    if director is None:
        raise NotFound("There is no such medical director.")
    return director


def add_time_off(
    session: Session, director_id: int, during: Interval, *, kind: OffKind, note: str = "", now: datetime
) -> DirectorOff:
    """Put down time in which a director is not to be had. Bookings inside it are the caller's to return."""
    if during.start >= during.end:
        raise Invalid({"until": "The end must lie after the start."})
    off = DirectorOff(
        director_id=director_id,
        during=stored(during),
        kind=kind,
        note=note,
        created_at=now,
    )
    session.add(off)
    session.flush()
    return off


def free_now(session: Session, *, now: datetime, minutes: int = 30) -> list[Director]:
    """List the active directors who are in their hours and have neither a booking nor time off for the next minutes."""
    ids = session.scalars(select(Director.id).where(Director.active).order_by(Director.id)).all()
    wanted = Interval(now, now + timedelta(minutes=minutes))
    free = [director_id for director_id, value in load(session, ids, now=now).items() if is_free(value, wanted)]
    return list(session.scalars(select(Director).where(Director.id.in_(free)).order_by(Director.name)))


def is_free(director: values.Director, wanted: Interval) -> bool:
    """Tell whether a span lies in the director's hours and touches nothing that is taken."""
    return any(span.contains(wanted) for span in hours_on(director, wanted.start)) and not any(
        taken.overlaps(wanted) for taken in (*director.off, *director.taken)
    )


def hours_on(director: values.Director, instant: datetime) -> list[Interval]:
    """List the spans of the director's hours on the local date of an instant."""
    local = instant.astimezone(director.zone)
    spans = director.exceptions.get(local.date(), director.hours.spans.get(local.weekday(), ()))
    return [
        Interval(_at(local.date(), start, director.zone), _end_of(local.date(), end, director.zone))
        for start, end in spans
    ]


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone)


def _end_of(day: date, end: time | None, zone: ZoneInfo) -> datetime:
    return _at(day + timedelta(days=1), time.min, zone) if end is None else _at(day, end, zone)


def note_change(session: Session, director_id: int, *, by: str, now: datetime) -> None:
    """Put a director's time and peers on record as they stand now, unless they are on record like that.

    Whoever adds a director, or changes hours, days, time off, busy time, peers or what he covers, calls this in the
    same transaction, last. It takes the director's lock, so that every plan is made before the row or after it.
    """
    lock(session, [director_id])
    session.flush()
    found = on_record(session, director_id, now=now)
    if found != _last_record(session, director_id, now):
        history.write_time(session, director_id, found, by=by, now=now)


def on_record(session: Session, director_id: int, *, now: datetime) -> record.Record:
    """Return what has to be on record of a director's time and peers as the tables have them now."""
    person = load(session, [director_id], now=now)[director_id]
    rows = session.execute(
        select(DirectorOff.during, DirectorOff.kind).where(
            DirectorOff.director_id == director_id, func.upper(DirectorOff.during) > now
        )
    )
    return record.of_director(person, [record.Off(during=interval(during), kind=kind) for during, kind in rows])


def _last_record(session: Session, director_id: int, now: datetime) -> record.Record | None:
    """Read what was last put on record of a director's time, without what is over by now."""
    query = select(History.standing).where(History.director_id == director_id).order_by(History.id.desc()).limit(1)
    last = session.scalar(query)
    if last is None:
        return None
    return {**last, "off": [each for each in last["off"] if datetime.fromisoformat(each[1]) > now]}
