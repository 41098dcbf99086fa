"""How the plan keeps its word, counted: in time or not and why, how long it took, what came of it, who was not there.

About the requests received in a period, grouped by plan, director or week. Everything is counted by the database, in
three statements and one for the names, however many requests there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Subquery,
    Text,
    any_,
    case,
    cast,
    func,
    lateral,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Session

from app.consults.at_risk import KNOWN
from app.models import Attention, BookingRow, Consult, Denial, Director, History, ReviewTask
from scheduling.values import Interval, ReviewDecision, ReviewKind, Status

#: causes of what is late; only the first counts against the plan
CAUSES = ("plan", "office_choice", "office_windows", "unavoidable")
#: what came of a request, in the order of the report; the rest is `other`
OUTCOMES = (
    "upheld",
    "overturned",
    "modified",
    "discussed",
    "plan_error",
    "approved_by_nurse",
    "withdrawn_by_office",
    "not_reached",
    "appeal_filed",
    "converted_to_appeal",
)


class By(StrEnum):
    """What the requests are grouped by."""

    PLAN = "plan"
    DIRECTOR = "director"
    WEEK = "week"


@dataclass(slots=True, kw_only=True)
class Kept:
    """How one deadline was kept. Requests that needed no talk in the end are in none of these."""

    in_time: int = 0
    late: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CAUSES, 0))
    "by cause: talked about after it, or still waiting after it"
    coming: int = 0
    "not talked about yet, and there is time"

    @property
    def all_late(self) -> int:
        """How many were late, for whatever cause."""
        return sum(self.late.values())

    @property
    def against_the_plan(self) -> float | None:
        """The part that was late by the plan's cause, of those that are decided; None where there are none."""
        decided = self.in_time + self.all_late
        return self.late["plan"] / decided if decided else None


@dataclass(slots=True, kw_only=True)
class Line:
    """A row of the report: one plan, director or week, or all together."""

    key: str
    name: str
    asked: int = 0
    talked: int = 0
    outside_queue: int = 0
    "of the talks: put through at once, or recorded afterwards"
    deadlines: dict[str, Kept] = field(default_factory=dict)
    "occur_by, sla, target"
    median: timedelta | None = None
    "from the request to the talk; talks outside the queue do not count"
    ninetieth: timedelta | None = None
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*OUTCOMES, "other", "open"), 0))
    reviewed: int = 0
    "reconsiderations that a nurse has decided"
    settled_by_nurse: int = 0
    by_peer: int = 0
    "talks with another director than the one in whose line the request stood"
    office_absent: int = 0
    director_absent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was counted."""

    lines: tuple[Line, ...]
    total: Line


#: the deadlines of a talk: name in the rules -> column
DEADLINES: Mapping[str, Any] = {"occur_by": Consult.occur_by, "sla": Consult.sla_due, "target": Consult.target_due}

_TOTAL = ""


def report(session: Session, period: Interval, by: By, *, zone: str, now: datetime) -> Report:
    """Count the requests received in a period. `zone` says where a week begins, on its Monday."""
    facts = _facts(period, by, zone)
    lines: dict[str, Line] = {}
    for row in session.execute(_counts(facts, now)):
        line = lines[row.key] = Line(key=row.key, name=row.key)
        _read(line, row)
    for key, word, count in session.execute(_outcomes(facts)):
        lines[key].outcomes[word if word in (*OUTCOMES, "open") else "other"] += count
    for key, who, count in session.execute(_absences(facts)):
        setattr(lines[key], f"{who}_absent", count)
    total = lines.pop(_TOTAL, Line(key=_TOTAL, name="All"))
    total.name = "All"
    if by is By.DIRECTOR:
        names = dict(session.execute(select(cast(Director.id, Text), Director.name)).all())
        for line in lines.values():
            line.name = names.get(line.key, "No director known")
    ordered = sorted(lines.values(), key=lambda line: line.key if by is By.WEEK else line.name)
    return Report(lines=tuple(ordered), total=total)


def _facts(period: Interval, by: By, zone: str) -> Subquery:
    """Lay out one row for each request of the period: its group, its talk, its deadlines that bind, its cause."""
    keys: Mapping[By, ColumnElement[str]] = {
        By.PLAN: Denial.plan + literal(""),
        By.DIRECTOR: func.coalesce(cast(Consult.director_id, Text), literal("nobody")),
        By.WEEK: cast(cast(func.date_trunc("week", func.timezone(zone, Consult.received_at)), Date), Text),
    }
    talk = lateral(
        select(func.lower(BookingRow.during).label("at"), BookingRow.director_id.label("director_id"))
        .where(BookingRow.consult_id == Consult.id, BookingRow.released_reason == Status.COMPLETED.value)
        .order_by(BookingRow.id.desc())
        .limit(1)
    )
    # a talk that was recorded afterwards has no booking: when it took place is in its history
    recorded = (
        select(cast(History.details["took_place_at"].astext, DateTime(timezone=True)))
        .where(History.consult_id == Consult.id, History.what == "outside_the_queue", Consult.outside_queue)
        .limit(1)
        .scalar_subquery()
    )
    cause = (
        select(Attention.cause)
        .where(Attention.consult_id == Consult.id, Attention.reason.in_(KNOWN), Attention.cause.is_not(None))
        .order_by(Attention.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    deadlines = [
        case((literal(name) == any_(Consult.advisory_deadlines), None), else_=column).label(name)
        for name, column in DEADLINES.items()
    ]
    return (
        select(
            Consult.id,
            keys[by].label("key"),
            Consult.received_at,
            func.coalesce(Consult.talk_asked_at, Consult.received_at).label("asked_at"),
            Consult.closed_at,
            Consult.closed_reason,
            Consult.outside_queue,
            Consult.talk,
            func.coalesce(talk.c.at, recorded).label("talked_at"),
            (Consult.director_id.is_not(None) & (talk.c.director_id != Consult.director_id)).label("by_peer"),
            func.coalesce(cause, literal("plan")).label("cause"),
            ReviewTask.decision,
            *deadlines,
        )
        .join(Denial, Denial.id == Consult.denial_id)
        .outerjoin(talk, true())
        .outerjoin(ReviewTask, (ReviewTask.consult_id == Consult.id) & (ReviewTask.kind == ReviewKind.RECONSIDERATION))
        .where(Consult.received_at >= period.start, Consult.received_at < period.end)
        .subquery("facts")
    )


def _group(facts: Subquery) -> tuple[ColumnElement[str], ColumnElement[Any]]:
    """Group by the key, and once more over all of it; the key of that row is empty."""
    key = func.coalesce(facts.c.key, literal(_TOTAL)).label("key")
    return key, func.grouping_sets(tuple_(facts.c.key), tuple_())


def _counts(facts: Subquery, now: datetime) -> Any:
    key, group = _group(facts)
    column = facts.c
    took = column.talked_at - column.asked_at
    in_queue = column.talked_at.is_not(None) & ~column.outside_queue
    counted: list[ColumnElement[Any]] = []
    for name in DEADLINES:
        due = column[name]
        waits = column.closed_at.is_(None) & column.talk
        late = (column.talked_at >= due) | (column.talked_at.is_(None) & waits & (due <= now))
        counted.append(func.count().filter(column.talked_at < due).label(f"{name}_in_time"))
        counted.append(func.count().filter(column.talked_at.is_(None), waits, due > now).label(f"{name}_coming"))
        counted += [func.count().filter(late, column.cause == word).label(f"{name}_{word}") for word in CAUSES]
    return select(
        key,
        func.count().label("asked"),
        func.count(column.talked_at).label("talked"),
        func.count().filter(column.talked_at.is_not(None), column.outside_queue).label("outside_queue"),
        func.percentile_cont(0.5).within_group(took).filter(in_queue).label("median"),
        func.percentile_cont(0.9).within_group(took).filter(in_queue).label("ninetieth"),
        func.count(column.decision).label("reviewed"),
        func.count().filter(column.decision == ReviewDecision.APPROVE).label("settled_by_nurse"),
        func.count().filter(column.by_peer).label("by_peer"),
        *counted,
    ).group_by(group)


def _outcomes(facts: Subquery) -> Any:
    key, group = _group(facts)
    word = case((facts.c.closed_at.is_(None), literal("open")), else_=func.coalesce(facts.c.closed_reason, "other"))
    return select(key, word.label("word"), func.count()).group_by(word, group)


def _absences(facts: Subquery) -> Any:
    key, group = _group(facts)
    who = History.details["who"].astext
    return (
        select(key, who, func.count())
        .join(History, History.consult_id == facts.c.id)
        .where(History.what == "not_there", who.in_(("office", "director")))
        .group_by(who, group)
    )


def _read(line: Line, row: Any) -> None:
    for name in (
        "asked",
        "talked",
        "outside_queue",
        "median",
        "ninetieth",
        "reviewed",
        "settled_by_nurse",
        "by_peer",
    ):
        setattr(line, name, getattr(row, name))
    for name in DEADLINES:
        line.deadlines[name] = Kept(
            in_time=getattr(row, f"{name}_in_time"),
            coming=getattr(row, f"{name}_coming"),
            late={cause: getattr(row, f"{name}_{cause}") for cause in CAUSES},
        )
