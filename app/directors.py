"""Medical directors: their time as the rules see it, and who is free now."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, not_, or_, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session, selectinload

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

Key = TypeVar("Key")
Spans = tuple[tuple[time, time | None], ...]


def lock(session: Session, director_ids: Sequence[int]) -> None:
    """Take the row locks of these directors, in order of id, until the transaction ends.

    Whoever plans a director's line does this first. NO KEY, because intake only refers to the row (its foreign key
    takes FOR KEY SHARE) and must not wait.
    """
    session.execute(
        select(Director.id).where(Director.id.in_(director_ids)).order_by(Director.id).with_for_update(key_share=True)
    ).all()


def load(
    session: Session, director_ids: Sequence[int], *, now: datetime, lines: Sequence[int | None] = ()
) -> dict[int, values.Director]:
    """Read directors with everything that is not to be had from `now` on, in a fixed number of statements.

    Bookings of consults that stand in `lines` are left out: the caller hands those consults to the rules themselves.
    """
    directors = session.scalars(
        select(Director)
        .where(Director.id.in_(director_ids))
        .options(selectinload(Director.hours), selectinload(Director.days))
        .order_by(Director.id)
    ).all()
    peers = _grouped(
        session.execute(
            select(DirectorPeer.director_id, DirectorPeer.peer_id)
            .where(DirectorPeer.director_id.in_(director_ids))
            .order_by(DirectorPeer.director_id, DirectorPeer.rank)
        )
    )
    off = _grouped(
        session.execute(
            select(DirectorOff.director_id, DirectorOff.during).where(
                DirectorOff.director_id.in_(director_ids), func.upper(DirectorOff.during) > now
            )
        )
    )
    taken = _grouped(
        session.execute(
            select(BookingRow.director_id, BookingRow.blocked)
            .join(Consult, Consult.id == BookingRow.consult_id)
            .where(
                BookingRow.director_id.in_(director_ids),
                BookingRow.released_at.is_(None),
                func.upper(BookingRow.blocked) > now - timedelta(days=1),
                not_(stands_in(lines)),
            )
        )
    )
    return {
        director.id: _value_of(
            director, peers.get(director.id, ()), off.get(director.id, ()), taken.get(director.id, ())
        )
        for director in directors
    }


def stands_in(director_ids: Sequence[int | None]) -> ColumnElement[bool]:
    """Make the condition "this consult stands in one of these lines"; None is the line of `any` policies."""
    named = [director_id for director_id in director_ids if director_id is not None]
    condition: ColumnElement[bool] = Consult.director_id.in_(named)
    return or_(condition, Consult.director_id.is_(None)) if None in director_ids else condition


def _grouped(pairs: Iterable[tuple[int, Key]]) -> dict[int, list[Key]]:
    grouped: dict[int, list[Key]] = {}
    for key, value in pairs:
        grouped.setdefault(key, []).append(value)
    return grouped


def _value_of(
    director: Director, peers: Sequence[int], off: Sequence[Range[datetime]], taken: Sequence[Range[datetime]]
) -> values.Director:
    return values.Director(
        id=director.id,
        zone=ZoneInfo(director.time_zone),
        hours=Hours(spans=weekly(director.hours)),
        exceptions=exceptional(director.days),
        off=tuple(interval(during) for during in off),
        taken=tuple(interval(during) for during in taken),
        peers=tuple(peers),
        lines_of_business=frozenset(director.lines_of_business),
        specialties=frozenset(director.specialties),
        licence_states=frozenset(director.licence_states),
        max_a_day=director.max_a_day,
        active=director.active,
    )


def weekly(rows: Sequence[DirectorHours]) -> Mapping[int, Spans]:
    """Group a director's weekly hours by weekday, earliest first."""
    spans: dict[int, list[tuple[time, time | None]]] = {}
    for row in sorted(rows, key=lambda row: (row.weekday, row.starts)):
        spans.setdefault(row.weekday, []).append((row.starts, row.ends))
    return {weekday: tuple(day) for weekday, day in spans.items()}


def exceptional(rows: Sequence[DirectorDay]) -> Mapping[date, Spans]:
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
    session.expire(get(session, director_id), ["hours", "days"])
    person = load(session, [director_id], now=now)[director_id]
    rows = session.execute(
        select(DirectorOff.during, DirectorOff.kind).where(
            DirectorOff.director_id == director_id, func.upper(DirectorOff.during) > now
        )
    )
    found = record.of_director(person, [record.Off(during=interval(during), kind=kind) for during, kind in rows])
    if found != _last_record(session, director_id, now):
        history.write_time(session, director_id, found, by=by, now=now)


def _last_record(session: Session, director_id: int, now: datetime) -> record.Record | None:
    """Read what was last put on record of a director's time, without what is over by now."""
    query = select(History.standing).where(History.director_id == director_id).order_by(History.id.desc()).limit(1)
    last = session.scalar(query)
    if last is None:
        return None
    return {**last, "off": [each for each in last["off"] if datetime.fromisoformat(each[1]) > now]}
