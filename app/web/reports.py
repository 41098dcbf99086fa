"""The report: in time or not, time to consult, outcomes, absences; as pictures with their numbers, and as CSV."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, time, timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.models import Role
from app.queries import reports as queries
from app.queries.reports import CAUSES, OUTCOMES, By, Kept, Line, Report
from app.web import exports
from app.web.access import allow
from app.web.coordinator.words import CAUSES as CAUSE_WORDS
from app.web.edge import db_session, now, setup
from app.web.times import day, reader_zone
from scheduling.business_time import end_at, start_at
from scheduling.values import Interval

reports = Blueprint("reports", __name__, url_prefix="/reports")

#: a period that nobody has chosen: four weeks, from a Monday
USUAL = timedelta(weeks=4)
LONGEST = timedelta(days=5 * 366)

DEADLINES = {
    "occur_by": "Talk within the office's time",
    "sla": "Talk as fast as the plan owes it",
    "target": "The plan's own aim",
}
GROUPS = {By.PLAN: "Plan", By.DIRECTOR: "Director", By.WEEK: "Week"}
OUTCOME_WORDS = {
    "upheld": "Upheld",
    "overturned": "Overturned",
    "modified": "Changed in part",
    "discussed": "Discussed",
    "plan_error": "Plan error",
    "approved_by_nurse": "Approved by the nurse",
    "withdrawn_by_office": "Withdrawn",
    "not_reached": "Not reached",
    "appeal_filed": "Appeal filed",
    "converted_to_appeal": "Made an appeal",
    "other": "Otherwise closed",
    "open": "Still open",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a bar, in hundredths of its length."""

    start: float
    length: float
    kind: str
    "in-time | plan | other | median | ninetieth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address asks for."""

    first: date
    last: date
    by: By

    @property
    def period(self) -> Interval:
        """The days in the reader's zone."""
        zone = reader_zone()
        return Interval(start_at(self.first, time(0), zone), end_at(self.last, None, zone))


@reports.get("/", endpoint="show")
@allow(Role.ADMINISTRATOR, Role.COORDINATOR)
def show() -> ResponseReturnValue:
    """Show what was counted of the requests received in a period."""
    asked = _asked()
    counted = queries.report(db_session(), asked.period, asked.by, zone=reader_zone().key, now=now())
    for line in counted.lines:
        line.name = _name(line, asked.by)
    if exports.wanted():
        lines = map(_csv_row, (*counted.lines, counted.total))
        return exports.as_csv(f"report-{asked.first}-{asked.last}-by-{asked.by}", _csv_head(asked.by), lines)
    longest = max((line.ninetieth or timedelta() for line in counted.lines), default=timedelta())
    return render_template(
        "reports/report.html",
        asked=asked,
        report=counted,
        rows=(*counted.lines, counted.total) if len(counted.lines) > 1 else counted.lines,
        groups=GROUPS,
        deadlines=_kept(counted),
        causes=CAUSE_WORDS,
        outcomes=[word for word in OUTCOME_WORDS if counted.total.outcomes[word]],
        outcome_words=OUTCOME_WORDS,
        bar=bar,
        took=lambda line: took(line, longest),
    )


def bar(kept: Kept) -> list[Part]:
    """Lay out a bar: in time, late by the plan's cause, late for another cause."""
    parts = (("in-time", kept.in_time), ("plan", kept.late["plan"]), ("other", kept.all_late - kept.late["plan"]))
    return _laid_out(parts)


def took(line: Line, longest: timedelta) -> list[Part]:
    """Lay out a bar: up to the median, and on to the 90th percentile."""
    if line.median is None or line.ninetieth is None or not longest:
        return []
    median, ninetieth = line.median / longest * 100, line.ninetieth / longest * 100
    return [
        Part(start=0, length=median, kind="median"),
        Part(start=median, length=ninetieth - median, kind="ninetieth"),
    ]


def _laid_out(parts: tuple[tuple[str, int], ...]) -> list[Part]:
    whole, start, laid_out = sum(count for _, count in parts), 0.0, []
    for kind, count in parts:
        if count:
            length = count / whole * 100
            laid_out.append(Part(start=start, length=length, kind=kind))
            start += length
    return laid_out


def _asked() -> Asked:
    today = now().astimezone(reader_zone()).date()
    first = today - timedelta(days=today.weekday()) - USUAL
    last = today
    with suppress(ValueError):
        first = date.fromisoformat(request.args.get("from", ""))
    with suppress(ValueError):
        last = date.fromisoformat(request.args.get("to", ""))
    if first > last or last - first > LONGEST:
        first = max(last - USUAL, date.min + LONGEST)
    by = request.args.get("by", "")
    return Asked(first=first, last=last, by=By(by) if by in set(By) else By.PLAN)


def _kept(report: Report) -> list[tuple[str, str]]:
    """List the deadlines that any request of the report has."""
    found = report.total.deadlines
    return [
        (name, words)
        for name, words in DEADLINES.items()
        if name in found and (found[name].in_time or found[name].all_late or found[name].coming)
    ]


def _name(line: Line, by: By) -> str:
    if by is By.WEEK:
        return f"Week of {day(date.fromisoformat(line.key))}"
    rulebook = setup().policies.current_by_id.get(line.key) if by is By.PLAN else None
    return rulebook.policy.name if rulebook else line.name


def _csv_head(by: By) -> list[str]:
    ways = ("in time", "coming", *(f"late: {cause}" for cause in CAUSES))
    kept = [f"{name} {way}" for name in DEADLINES for way in ways]
    counts = ["asked", "talked", "outside the queue", "median hours", "90th percentile hours"]
    rest = ["reconsiderations reviewed", "settled by the nurse", "by a peer", "office absent", "director absent"]
    return [GROUPS[by].lower(), *counts, *kept, *rest, *(OUTCOME_WORDS[word].lower() for word in OUTCOME_WORDS)]


def _csv_row(line: Line) -> list[object]:
    kept: list[object] = []
    for name in DEADLINES:
        each = line.deadlines.get(name, Kept())
        kept += [each.in_time, each.coming, *(each.late[cause] for cause in CAUSES)]
    counts = [line.asked, line.talked, line.outside_queue, _hours(line.median), _hours(line.ninetieth)]
    rest = [line.reviewed, line.settled_by_nurse, line.by_peer, line.office_absent, line.director_absent]
    return [line.name, *counts, *kept, *rest, *(line.outcomes[word] for word in (*OUTCOMES, "other", "open"))]


def _hours(length: timedelta | None) -> str:
    return "" if length is None else f"{length.total_seconds() / 3600:.1f}"
