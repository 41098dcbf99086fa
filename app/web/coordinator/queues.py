"""The board of the lines, and taking a director out."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import directors
from app.consults import desk
from app.errors import Conflict, Invalid
from app.models import Director, Role
from app.queries import board
from app.queries.board import Column, Waiting
from app.web import exports
from app.web.access import allow
from app.web.coordinator.blueprint import coordinator, me
from app.web.coordinator.today import day_of
from app.web.coordinator.words import TASKS, WAITING
from app.web.edge import db_session, now, nudge_after_commit, setup
from app.web.forms import Form
from app.web.times import reader_zone, when
from scheduling.business_time import end_at
from scheduling.values import Interval

#: nobody is out longer than this in one entry
LONGEST = timedelta(days=366)


@coordinator.get("/queues")
@allow(Role.COORDINATOR)
def queues() -> ResponseReturnValue:
    """Show a column a director: who waits, how long, why, which deadline is at risk, the next openings."""
    today = day_of(now().astimezone(reader_zone()).date())
    columns = board.board(db_session(), today=today, setup=setup(), now=now())
    if exports.wanted():
        return exports.as_csv("queues", CSV_HEAD, _csv_rows(columns))
    return render_template("coordinator/queues.html", columns=columns, waiting=WAITING, todo=TASKS)


@coordinator.get("/directors/<int:director_id>/out")
@allow(Role.COORDINATOR)
def out(director_id: int) -> ResponseReturnValue:
    """Show what moves if a director is out today, or through another day, before anything is done."""
    form = Form({"through": request.args.get("through", "") or _today_of(_director(director_id)).isoformat()})
    return _out_page(director_id, form)


@coordinator.post("/directors/<int:director_id>/out")
@allow(Role.COORDINATOR)
def take_out(director_id: int) -> ResponseReturnValue:
    """Take a director out from now on; what is booked goes back to its old place."""
    person, form = _director(director_id), Form.typed()
    span = _span(person, form)
    note = form.text("note", limit=200)
    if form.errors or span is None:
        return _out_page(director_id, form), 422
    if any(off.during.start <= now() and off.during.end >= span.end for off in _off(director_id)):
        raise Conflict("This director is out for that time already. Nothing was changed.")
    try:
        moved = desk.take_director_out(db_session(), director_id, span, note, setup=setup(), by=me(), now=now())
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        return _out_page(director_id, form), 422
    nudge_after_commit("assign", "deliver")
    flash(f"{person.name} is out until {when(span.end)}. {_moved(len(moved))}", "success")
    return redirect(url_for("coordinator.queues"), code=303)


@coordinator.post("/time-off/<int:off_id>/put-back")
@allow(Role.COORDINATOR)
def put_back(off_id: int) -> ResponseReturnValue:
    """Give a director's time back."""
    off = desk.put_back(db_session(), off_id, by=me(), now=now())
    nudge_after_commit("assign", "deliver")
    flash("The time can be booked again. Whoever waits may get it within seconds.", "success")
    return redirect(url_for("coordinator.out", director_id=off.director_id), code=303)


def _out_page(director_id: int, form: Form) -> str:
    person = _director(director_id)
    checked = Form({"through": form.values.get("through", "")})
    span = _span(person, checked)
    if request.method == "GET":
        form.errors.update(checked.errors)
    return render_template(
        "coordinator/out.html",
        person=person,
        form=form,
        span=span,
        calls=board.calls_to_move(db_session(), director_id, span, now=now()) if span else [],
        off=_off(director_id),
        today=_today_of(person),
    )


def _span(person: Director, form: Form) -> Interval | None:
    """Read until when somebody is out: from now through a day of the director's own zone."""
    through = form.day("through", "Enter the last day on which the director is out.")
    if through is None:
        return None
    if through < _today_of(person) or through > _today_of(person) + LONGEST:
        form.fail("through", "Enter today or a later day, within a year.")
        return None
    return Interval(now(), end_at(through, None, ZoneInfo(person.time_zone)))


def _off(director_id: int) -> list[board.TimeOff]:
    return board.time_off(db_session(), director_id, now=now())


def _director(director_id: int) -> Director:
    return directors.get(db_session(), director_id)


def _today_of(person: Director) -> date:
    return now().astimezone(ZoneInfo(person.time_zone)).date()


def _moved(count: int) -> str:
    if not count:
        return "No call has to move."
    calls = "1 call goes" if count == 1 else f"{count} calls go"
    return f"{calls} back to the line, each to its old place. New times are looked for at once; both sides are told."


CSV_HEAD = ("line", "place", "request", "urgency", "waiting since", "why", "booked for", "deadline", "at risk")


def _csv_rows(columns: list[Column]) -> list[list[object]]:
    waiting = [(column, place, row) for column in columns for place, row in enumerate(column.waiting, start=1)]
    late = [(column, None, row) for column in columns for row in column.late]
    return [_csv_row(*each) for each in (*waiting, *late)]


def _csv_row(column: Column, place: int | None, row: Waiting) -> list[object]:
    return [
        column.name,
        place,
        row.reference,
        row.urgency.value,
        row.received_at,
        WAITING[row.why].title if row.start is None else "Booked late",
        row.start,
        row.due,
        TASKS[row.at_risk].title if row.at_risk else "",
    ]
