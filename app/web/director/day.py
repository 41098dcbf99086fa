"""The director's day and week: the next call on top, with all that it takes to make it."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.consults import running_late
from app.models import Role
from app.queries import answers
from app.queries import director as queries
from app.queries.director import CallRow
from app.web import exports
from app.web.access import allow
from app.web.answer_words import YOU, answered_by_both
from app.web.coordinator.today import day_of
from app.web.director.blueprint import director, me
from app.web.edge import db_session, now, setup
from app.web.times import reader_zone
from scheduling.values import Interval

A_WEEK = timedelta(days=7)
A_YEAR = timedelta(days=366)


@director.get("/")
@allow(Role.DIRECTOR)
def day() -> ResponseReturnValue:
    """Show today and the week, the next call on top."""
    first = _first()
    rows = _rows(first)
    if exports.wanted():
        return exports.as_csv(f"calls-{first.isoformat()}", CSV_HEAD, map(_csv_line, rows))
    return render_template("director/day.html", **_calls(first, rows))


@director.get("/live")
@allow(Role.DIRECTOR)
def live() -> ResponseReturnValue:
    """Give the calls alone, for a page that stays open."""
    first = _first()
    return render_template("director/calls.html", **_calls(first, _rows(first)))


def _today() -> date:
    return now().astimezone(reader_zone()).date()


def _first() -> date:
    """Read with which day the week begins that is shown: today, if nothing else stands in the address."""
    first = _today()
    with suppress(ValueError):
        first = date.fromisoformat(request.args.get("from", ""))
    return first if abs(first - _today()) <= A_YEAR else _today()


def _rows(first: date) -> list[CallRow]:
    """Read the calls of a week of the reader's zone (D10)."""
    week = Interval(day_of(first).start, day_of(first + A_WEEK - timedelta(days=1)).end)
    return queries.calls(db_session(), me(), week, now=now())


def _calls(first: date, rows: list[CallRow]) -> dict[str, object]:
    """Part the calls: those without outcome, the next one, later today, later days, and what is over."""
    live_rows = [row for row in rows if row.over is None]
    begun = [row for row in live_rows if row.during.start <= now()]
    coming = [row for row in live_rows if row.during.start > now()]
    is_now = first == _today()
    following = coming[0] if coming and is_now else None
    rest = coming[1:] if is_now else coming
    return {
        "begun": begun,
        "next": following,
        "today": [row for row in rest if is_now and _day_of(row) == first],
        "days": _by_day([row for row in rest if not is_now or _day_of(row) != first]),
        "over": [row for row in rows if row.over is not None],
        "declined": answers.declined(db_session(), director_id=me()),
        "answered": _answered(live_rows),
        "waiting": queries.waiting_in_line(db_session(), me()),
        "to_decide": queries.to_decide(db_session(), me()) if is_now else [],
        "zones": {plan: rules.policy.plan.time_zone for plan, rules in setup().policies.current_by_id.items()},
        "may_be_late": following is not None and running_late.may_be_said(following.during, now=now()),
        "late_choices": running_late.MINUTES,
        "first": first,
        "is_now": is_now,
        "before": first - A_WEEK,
        "after": first + A_WEEK,
    }


def _answered(rows: list[CallRow]) -> dict[int, list[str]]:
    """Say what both sides answered by mail, by consult."""
    said = answers.answers(db_session(), [row.consult_id for row in rows])
    found: defaultdict[int, list[str]] = defaultdict(list)
    for consult_id, each in said.items():
        found[consult_id] = answered_by_both(each, YOU, "The office")
    return found


def _day_of(row: CallRow) -> date:
    return row.during.start.astimezone(reader_zone()).date()


def _by_day(rows: Sequence[CallRow]) -> dict[date, list[CallRow]]:
    days: dict[date, list[CallRow]] = {}
    for row in rows:
        days.setdefault(_day_of(row), []).append(row)
    return days


CSV_HEAD = ("start", "end", "request", "case", "physician", "number", "back-up", "back-up's number", "ended")


def _csv_line(row: CallRow) -> list[object]:
    return [
        row.during.start,
        row.during.end,
        row.reference,
        row.case_number,
        row.speaker_name,
        row.speaker_phone,
        row.backup_name,
        row.backup_phone,
        row.over or "",
    ]
