"""The worklist: what is due or talked about first on top, then what waits for the office."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.models import Role
from app.queries import nurse as queries
from app.queries.nurse import ReviewRow
from app.web import exports
from app.web.access import account, allow
from app.web.edge import db_session, now, setup
from app.web.nurse.blueprint import KINDS, nurse
from scheduling.values import ReviewKind, Urgency

URGENCIES = {Urgency.EMERGENT: "Emergent", Urgency.ELECTIVE: "Elective"}
HELD = {queries.FREE: "Nobody yet", queries.MINE: "Mine"}
#: a talk, or a due time of what waits for the office, that is nearer than this is shown as soon
SOON = timedelta(hours=24)


@nurse.get("/")
@allow(Role.NURSE)
def worklist() -> ResponseReturnValue:
    """List the open reviews, first what is due or talked about first."""
    filters = _filters()
    rows = _rows(filters)
    if exports.wanted():
        return exports.as_csv("worklist", CSV_HEAD, map(_csv_line, rows))
    return render_template("nurse/worklist.html", **_list(filters, rows))


@nurse.get("/live")
@allow(Role.NURSE)
def live() -> ResponseReturnValue:
    """Give the list alone, as it is now, for a page that stays open."""
    filters = _filters()
    return render_template("nurse/list.html", **_list(filters, _rows(filters)))


def _filters() -> dict[str, str]:
    """Read the filters, which stand in the address; what is none is left out."""
    known: dict[str, set[str]] = {"kind": set(ReviewKind), "urgency": set(Urgency), "held": set(HELD)}
    return {name: value for name, words in known.items() if (value := request.args.get(name, "")) in words}


def _rows(filters: dict[str, str]) -> list[ReviewRow]:
    return queries.worklist(
        db_session(),
        account_id=account().id,
        now=now(),
        kind=ReviewKind(filters["kind"]) if "kind" in filters else None,
        urgency=Urgency(filters["urgency"]) if "urgency" in filters else None,
        held=filters.get("held", ""),
    )


def _list(filters: dict[str, str], rows: list[ReviewRow]) -> dict[str, object]:
    waiting = [row for row in rows if _waits_for_the_office(row)]
    return {
        "rows": [row for row in rows if row not in waiting],
        "waiting": waiting,
        "filters": filters,
        "late": sum(row.due_at is not None and row.due_at <= now() for row in rows),
        "kinds": KINDS,
        "urgencies": URGENCIES,
        "held": HELD,
        "zones": _zones(),
        "soon": now() + SOON,
    }


def _waits_for_the_office(row: ReviewRow) -> bool:
    """Tell whether nothing is to be done now: more is wanted and not there, and what it is due for is not near."""
    near = row.first is not None and row.first <= now() + SOON
    return row.wanted_at is not None and row.holder_id is None and not near


def _zones() -> dict[str, ZoneInfo]:
    """Tell in which zone each plan means its deadlines."""
    return {plan: rules.policy.plan.time_zone for plan, rules in setup().policies.current_by_id.items()}


CSV_HEAD = ("request", "number", "task", "urgency", "opened", "due", "consult", "director", "held by", "asked office")


def _csv_line(row: ReviewRow) -> list[str | datetime | None]:
    return [
        row.reference,
        row.number,
        KINDS[row.kind],
        URGENCIES[row.urgency],
        row.opened_at,
        row.due_at,
        row.consult.start if row.consult else None,
        row.director_name,
        row.holder_name,
        row.wanted_at,
    ]
