"""The board of the lines: a column a director, who waits and why, which deadline is at risk, the next openings."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import directors
from app.consults import at_risk, casefile, desk
from app.consults.casefile import CaseFile
from app.consults.setup import Setup
from app.models import Attention, AttentionReason, BookingRow, BusyCalendar, Consult, Director, DirectorOff, OffKind
from app.queries.coordinator import HELD, CallRow, calls_between
from app.ranges import interval, stored
from scheduling import fifo, openings, values
from scheduling.values import Interval, Rulebook, Urgency

#: so many openings of a director are shown, and looked for so far ahead
OPENINGS = 3
AHEAD = timedelta(days=14)

#: those who stand in no line: nobody is called
WITHOUT_CALL = "without_call"

#: whoever has so long is free for a consult
FREE_FOR = timedelta(minutes=30)

AT_RISK = (
    AttentionReason.AFTER_DEADLINE,
    AttentionReason.AFTER_TARGET,
    AttentionReason.NO_OPENING_BEFORE_DEADLINE,
    AttentionReason.REVIEW_OVERDUE,
    AttentionReason.DEADLINE_NEAR,
    AttentionReason.DIRECTOR_LEFT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A request in a line that has no time yet, or one that does not keep its deadline."""

    denial_id: int
    reference: str
    urgency: Urgency
    received_at: datetime
    why: str
    "a word of the rules: no_opening, awaiting_review ..."
    due: datetime | None
    zone: ZoneInfo
    "the plan's, in which its deadline is meant"
    at_risk: AttentionReason | None
    start: datetime | None
    "of its booking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A line: that of a director, of a plan whose consults any director may take, or of nobody yet."""

    director_id: int | None
    name: str
    phone: str
    time_zone: str
    waiting: tuple[Waiting, ...]
    late: tuple[Waiting, ...]
    "those whose time lies after a deadline that binds"
    booked: int
    "requests of this line that have a time"
    today: int
    "calls today, those that are over too"
    most_a_day: int | None
    next_call: datetime | None
    free: bool
    active: bool
    out_until: datetime | None
    next_openings: tuple[Interval, ...]
    calendar_unread_since: datetime | None = None
    "the busy calendar cannot be read since then; what it said before counts (C10)"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOff:
    """Time of a director that is not to be had and can be put back."""

    id: int
    during: Interval
    kind: OffKind
    note: str


def board(session: Session, *, today: Interval, setup: Setup, now: datetime) -> list[Column]:
    """Read all lines: first whoever's call is not known, then the directors by name. A fixed number of statements."""
    working = select(Consult.director_id).where(Consult.closed_at.is_(None), Consult.director_id.is_not(None))
    people = session.scalars(
        select(Director)
        .where(Director.active | Director.id.in_(working))
        .order_by(Director.active.desc(), Director.name, Director.id)
    ).all()
    ids = [person.id for person in people]
    files = casefile.load_line(session, [*ids, None], setup=setup)
    risks = _risks(session, [file.consult.id for file in files])
    lines: dict[fifo.Queue | None, list[CaseFile]] = defaultdict(list)
    for file in files:
        lines[fifo.queue_of(file.state, file.rulebook) if file.state.talk else WITHOUT_CALL].append(file)
    times = directors.load(session, ids, now=now)
    calls = _calls_today(session, today)
    unread = _calendars_that_fail(session)
    columns = [_nobodys(name, line, risks) for name, line in lines.items() if not isinstance(name, int) and line]
    return columns + [
        replace(
            _directors(person, times[person.id], lines[person.id], risks, calls.get(person.id, []), setup, now),
            calendar_unread_since=unread.get(person.id),
        )
        for person in people
    ]


def time_off(session: Session, director_id: int, *, now: datetime) -> list[TimeOff]:
    """List a director's time off that is not over."""
    rows = session.scalars(
        select(DirectorOff)
        .where(
            DirectorOff.director_id == director_id,
            func.upper(DirectorOff.during) > now,
            DirectorOff.kind == OffKind.TIME_OFF,
        )
        .order_by(func.lower(DirectorOff.during))
    )
    return [TimeOff(id=row.id, during=interval(row.during), kind=row.kind, note=row.note) for row in rows]


def calls_to_move(session: Session, director_id: int, during: Interval, *, now: datetime) -> list[CallRow]:
    """List the calls that go back to the line if a director is out for a span. Two statements."""
    going = set(desk.booked_in(session, director_id, during, now=now))
    wider = Interval(during.start - timedelta(days=1), during.end)
    return [row for row in calls_between(session, wider, director_id) if row.consult_id in going]


def _calendars_that_fail(session: Session) -> dict[int, datetime]:
    query = select(BusyCalendar.director_id, func.coalesce(BusyCalendar.read_at, BusyCalendar.failed_since)).where(
        BusyCalendar.failed_since.is_not(None)
    )
    return {director_id: since for director_id, since in session.execute(query) if since}


def _risks(session: Session, consult_ids: Sequence[int]) -> Mapping[int, AttentionReason]:
    found = session.execute(
        select(Attention.consult_id, Attention.reason).where(
            Attention.consult_id.in_(consult_ids), Attention.settled_at.is_(None), Attention.reason.in_(AT_RISK)
        )
    )
    return {consult_id: reason for consult_id, reason in found if consult_id is not None}


def _calls_today(session: Session, today: Interval) -> Mapping[int, list[Interval]]:
    found = session.execute(
        select(BookingRow.director_id, BookingRow.during).where(
            BookingRow.during.overlaps(stored(today)),
            BookingRow.released_at.is_(None) | BookingRow.released_reason.in_(HELD),
        )
    )
    calls: dict[int, list[Interval]] = defaultdict(list)
    for director_id, during in found:
        calls[director_id].append(interval(during))
    return calls


def _nobodys(name: str | int | None, line: Sequence[CaseFile], risks: Mapping[int, AttentionReason]) -> Column:
    return Column(
        director_id=None,
        name=_called(name, line),
        phone="",
        time_zone=line[0].rulebook.policy.plan.time_zone.key,
        waiting=_in_line([file for file in line if file.booking is None], risks),
        late=_in_line([file for file in line if _is_late(file)], risks),
        booked=_booked(line),
        today=0,
        most_a_day=None,
        next_call=None,
        free=False,
        active=True,
        out_until=None,
        next_openings=(),
    )


def _called(name: str | int | None, line: Sequence[CaseFile]) -> str:
    if name == WITHOUT_CALL:
        return "Reconsideration without a call"
    return f"Any director of {line[0].rulebook.policy.name}" if name else "No director known"


def _directors(
    person: Director,
    time: values.Director,
    line: Sequence[CaseFile],
    risks: Mapping[int, AttentionReason],
    calls: Sequence[Interval],
    setup: Setup,
    now: datetime,
) -> Column:
    rulebook = line[0].rulebook if line else _any_rulebook(setup)
    return Column(
        director_id=person.id,
        name=person.name,
        phone=person.phone,
        time_zone=person.time_zone,
        waiting=_in_line([file for file in line if file.booking is None], risks),
        late=_in_line([file for file in line if _is_late(file)], risks),
        booked=_booked(line),
        today=len(calls),
        most_a_day=person.max_a_day,
        next_call=min((call.start for call in calls if call.start > now), default=None),
        free=person.active and directors.is_free(time, Interval(now, now + FREE_FOR)),
        active=person.active,
        out_until=max((off.end for off in time.off if off.start <= now < off.end), default=None),
        next_openings=tuple(
            islice(openings.openings(time, rulebook, now=now, until=now + AHEAD), OPENINGS) if rulebook else ()
        ),
    )


def _any_rulebook(setup: Setup) -> Rulebook | None:
    return next(iter(setup.policies.current_by_id.values()), None)


def _booked(line: Sequence[CaseFile]) -> int:
    return sum(file.booking is not None for file in line)


def _is_late(file: CaseFile) -> bool:
    due, booking = file.state.deadlines.binding, file.state.booking
    return booking is not None and due is not None and booking.during.start >= due


def _due(file: CaseFile) -> datetime | None:
    """Give the deadline that binds; without a call that of the review."""
    state = file.state
    return state.deadlines.binding if state.talk else (state.review.due if state.review else None)


def _in_line(files: Sequence[CaseFile], risks: Mapping[int, AttentionReason]) -> tuple[Waiting, ...]:
    return tuple(
        Waiting(
            denial_id=file.denial.id,
            reference=file.consult.reference,
            urgency=file.denial.urgency,
            received_at=file.consult.received_at,
            why=at_risk.why(file),
            due=_due(file),
            zone=file.rulebook.policy.plan.time_zone,
            at_risk=risks.get(file.consult.id),
            start=file.state.booking.during.start if file.state.booking else None,
        )
        for file in sorted(files, key=lambda file: fifo.place_key(file.state, file.rulebook))
    )
