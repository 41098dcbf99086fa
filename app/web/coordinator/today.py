"""The desk's day: the calls by time, what needs a person, and the search over everything."""

from contextlib import suppress
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.consults import desk
from app.errors import Invalid
from app.models import AttentionReason, Role
from app.queries import attention as attention_queries
from app.queries import casework, search
from app.queries import coordinator as queries
from app.queries.attention import TaskRow
from app.queries.coordinator import CallRow
from app.web import exports
from app.web.access import account, allow
from app.web.coordinator import mails
from app.web.coordinator import tasks as task_words
from app.web.coordinator.blueprint import coordinator
from app.web.coordinator.words import CAUSES, TASKS
from app.web.edge import db_session, now, setup
from app.web.forms import Form
from app.web.times import day, reader_zone
from scheduling.business_time import end_at, start_at
from scheduling.values import Interval

SOON = timedelta(hours=2)
A_YEAR = timedelta(days=366)

#: so many tasks stand on the page of the day; all of them are one press away
TASKS_TODAY = 6

#: how templates say a task
_SAID = {"links": task_words.links, "said": task_words.said}

#: the sections of "needs attention" that are no reason of a request
SECTIONS = {
    "late": "Calls to confirm",
    "nameless": "Denials without director",
    "left": "Left requests",
    "mail": "Mail that did not arrive",
}


@coordinator.get("/")
@allow(Role.COORDINATOR)
def today() -> ResponseReturnValue:
    """Show the calls of a day, the next two hours on top, and what needs a person."""
    on, rows = _calls()
    if exports.wanted():
        return exports.as_csv(f"calls-{on.isoformat()}", CALLS_HEAD, map(_call_line, rows))
    return render_template(
        "coordinator/today.html",
        **_day_page(on, rows),
        tasks=attention_queries.tasks(db_session()),
        nameless=queries.nameless(db_session()),
        left_rows=queries.left_requests(db_session()),
        late_rows=queries.late_entries(db_session()),
        failed=queries.failed_messages(db_session()),
        most=TASKS_TODAY,
        todo=TASKS,
        **_SAID,
        directors=casework.active_directors(db_session()),
        zones=_zones(),
    )


@coordinator.get("/calls-today")
@allow(Role.COORDINATOR)
def calls_today() -> ResponseReturnValue:
    """Give the calls of the day as a part of its page, as they are now."""
    return render_template("coordinator/calls.html", **_day_page(*_calls()))


@coordinator.get("/attention")
@allow(Role.COORDINATOR)
def attention() -> ResponseReturnValue:
    """Show all that needs a person, or one kind of it."""
    about = request.args.get("about", "")
    reason = AttentionReason(about) if about in set(AttentionReason) else None
    about = about if reason or about in SECTIONS else ""
    tasks = attention_queries.tasks(db_session(), reason) if reason or not about else []
    if exports.wanted():
        head = ("since", "task", "more", "cause", "case", "request", "director", "deadline")
        return exports.as_csv("needs-attention", head, map(_task_line, tasks))
    return render_template(
        "coordinator/attention.html",
        about=about,
        tasks=tasks,
        nameless=queries.nameless(db_session()) if about in ("", "nameless") else [],
        left_rows=queries.left_requests(db_session()) if about in ("", "left") else [],
        late_rows=queries.late_entries(db_session()) if about in ("", "late") else [],
        failed=queries.failed_messages(db_session()) if about in ("", "mail") else [],
        todo=TASKS,
        **_SAID,
        problem=mails.mailbox_problem(),
        causes=CAUSES,
        kinds=[(reason.value, TASKS[reason].title) for reason in AttentionReason] + list(SECTIONS.items()),
        zones=_zones(),
    )


@coordinator.get("/attention/<int:attention_id>")
@allow(Role.COORDINATOR)
def settling(attention_id: int) -> ResponseReturnValue:
    """Show one task, with what solves it and whom to call."""
    return _task_page(attention_id, Form())


@coordinator.post("/attention/<int:attention_id>/settle")
@allow(Role.COORDINATOR)
def settle(attention_id: int) -> ResponseReturnValue:
    """Mark a task as done, with what was done. A second press changes nothing (A6)."""
    form = Form.typed()
    note = form.text("note", limit=1000)
    try:
        desk.settle(db_session(), attention_id, account_id=account().id, note=note, now=now())
    except Invalid as invalid:
        form.errors.update(invalid.fields)
    if form.errors:
        return _task_page(attention_id, form), 422
    flash("Settled. What you did is in the contact log of the case.", "success")
    return redirect(url_for("coordinator.attention"), code=303)


@coordinator.get("/search")
@allow(Role.COORDINATOR)
def searching() -> ResponseReturnValue:
    """Show the search alone."""
    return render_template("coordinator/search.html", form=Form(), found=None)


@coordinator.post("/search")
@allow(Role.COORDINATOR)
def find_anything() -> ResponseReturnValue:
    """Search over everything. One case that fits is opened; the words stand in no address."""
    form = Form.typed()
    found = search.search(db_session(), form.text("words", "Enter a number, a name or a birth date."))
    if form.errors:
        return render_template("coordinator/search.html", form=form, found=None), 422
    if len(found) == 1:
        return redirect(url_for("coordinator.case", denial_id=found[0].denial_id), code=303)
    return render_template("coordinator/search.html", form=form, found=found, most=search.MOST_FOUND)


def _task_page(attention_id: int, form: Form) -> str:
    task = attention_queries.task(db_session(), attention_id)
    return render_template(
        "coordinator/task.html",
        task=task,
        todo=TASKS[task.reason],
        causes=CAUSES,
        form=form,
        zones=_zones(),
        about_mail=mails.about(task),
        **_SAID,
    )


def _zones() -> dict[str, ZoneInfo]:
    """Tell in which zone each plan means its deadlines."""
    return {plan: rules.policy.plan.time_zone for plan, rules in setup().policies.current_by_id.items()}


def day_of(on: date) -> Interval:
    """Return a day of the reader's zone (D10)."""
    return Interval(start_at(on, datetime.min.time(), reader_zone()), end_at(on, None, reader_zone()))


def _calls() -> tuple[date, list[CallRow]]:
    on = today = now().astimezone(reader_zone()).date()
    with suppress(ValueError):
        on = date.fromisoformat(request.args.get("day", ""))
    if abs(on - today) > A_YEAR:
        on = today
    director = request.args.get("director", type=int)
    return on, queries.calls_between(db_session(), day_of(on), director)


def _day_page(on: date, rows: list[CallRow]) -> dict[str, object]:
    """Part a day's calls: those of the next two hours and those that have begun without an outcome, later, earlier."""
    live = [row for row in rows if row.released_reason is None]
    soon = [row for row in live if row.start <= now() + SOON]
    return {
        "on": on,
        "is_today": on == now().astimezone(reader_zone()).date(),
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1),
        "director": request.args.get("director", type=int),
        "soon": soon,
        "later": [row for row in live if row.start > now() + SOON],
        "earlier": [row for row in rows if row.released_reason is not None],
        "name": day(on),
    }


def _task_line(row: TaskRow) -> list[object]:
    return [
        row.raised_at,
        TASKS[row.reason].title,
        task_words.said(row),
        row.cause,
        row.case_number,
        row.reference,
        row.director_name,
        row.due,
    ]


CALLS_HEAD = ("start", "end", "request", "case", "director", "director's number", "physician", "number", "status")


def _call_line(row: CallRow) -> list[object]:
    return [
        row.start,
        row.end,
        row.reference,
        row.case_number,
        row.director_name,
        row.director_phone,
        row.speaker_name,
        row.speaker_phone,
        row.released_reason or row.status.value,
    ]
