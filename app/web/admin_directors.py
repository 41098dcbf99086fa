"""The administrator's pages of the medical directors: who they are, when they can talk, who stands in for them."""

import calendar
from collections.abc import Sequence

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app import directors
from app.consults import hours as hours_cases
from app.consults import roster as use_cases
from app.consults.roster import Facts
from app.consults.roster_file import COLUMNS, LISTS
from app.errors import Conflict, Invalid, NotFound
from app.history import account_actor
from app.models import Role
from app.queries import answers
from app.queries import director as director_queries
from app.queries import roster as queries
from app.queries.roster import DirectorRow
from app.web import exports
from app.web.access import account, allow
from app.web.admin import administrator
from app.web.coordinator.blueprint import CHANGED
from app.web.edge import db_session, now, nudge_after_commit, setup
from app.web.forms import Form
from app.web.times import reader_zone

#: so many designated peers can be named before another row is there
FEWEST_PEERS = 3


@administrator.get("/directors", endpoint="directors")
@allow(Role.ADMINISTRATOR)
def list_() -> ResponseReturnValue:
    """List the medical directors."""
    rows = queries.roster(db_session())
    if exports.wanted():
        return exports.as_csv("directors", COLUMNS, map(_csv_row, rows))
    return render_template("admin/directors.html", rows=rows)


@administrator.get("/directors/new")
@allow(Role.ADMINISTRATOR)
def new_director() -> ResponseReturnValue:
    """Ask who it is."""
    return _new_page(Form({"time_zone": reader_zone().key}))


@administrator.post("/directors")
@allow(Role.ADMINISTRATOR)
def add_director() -> ResponseReturnValue:
    """Add a medical director; the hours come on the next page."""
    form = Form.typed()
    facts = _read_facts(form, active=True)
    if form.errors:
        return _new_page(form), 422
    try:
        made = use_cases.add(db_session(), facts, setup=setup(), by=_me(), now=now())
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        return _new_page(form), 422
    flash(f"{made.name} is added. Without hours nothing can be booked: enter them below.", "success")
    return _to(made.id)


@administrator.get("/directors/<int:director_id>", endpoint="director")
@allow(Role.ADMINISTRATOR)
def show(director_id: int) -> ResponseReturnValue:
    """Show one medical director, with all that can be changed."""
    return _page(_row(director_id), Form())


@administrator.post("/directors/<int:director_id>")
@allow(Role.ADMINISTRATOR)
def change_director(director_id: int) -> ResponseReturnValue:
    """Change who it is; booked calls get new invitations where these show it (F4)."""
    row, form = _row(director_id), Form.typed()
    facts = _read_facts(form, active=form.tick("active"))
    if not form.errors and form.values.get("was") != _facts_in_words(row):
        form.fail("was", CHANGED)
        return _page(row, form), 409
    if form.errors:
        return _page(row, form), 422
    try:
        changed, told = use_cases.change(db_session(), director_id, facts, setup=setup(), by=_me(), now=now())
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        return _page(row, form), 422
    except Conflict as conflict:
        form.fail("active", conflict.message)
        return _page(row, form), 409
    nudge_after_commit("assign", "deliver")
    calls = "1 booked call gets a new invitation" if told == 1 else f"{told} booked calls get new invitations"
    flash(f"{changed.name} is changed.{f' {calls}.' if told else ''}", "success")
    return _to(director_id)


@administrator.post("/directors/<int:director_id>/hours")
@allow(Role.ADMINISTRATOR)
def set_hours(director_id: int) -> ResponseReturnValue:
    """Replace the hours of the week; where booked calls lie outside the new ones, first ask what becomes of them."""
    form = Form.typed()
    directors.lock(db_session(), [director_id])
    row, week = _row(director_id), _read_week(form)
    if not form.errors and form.values.get("was_week") != "; ".join(row.week):
        form.fail("was_week", CHANGED)
        return _page(row, form), 409
    if form.errors:
        return _page(row, form), 422
    touched = hours_cases.touched_by_week(db_session(), director_id, week, now=now())
    choice = form.choice("calls", ("keep", "return"))
    if touched and (form.values.get("action") != "save" or not choice):
        if form.values.get("action") == "save":
            form.fail("calls", "Choose what becomes of these calls.")
        return _touched_page(row, form, touched), 422 if form.errors else 200
    seen = {int(number) for number in form.values.get("seen", "").split(",") if number.isascii() and number.isdigit()}
    try:
        returned = hours_cases.set_week(
            db_session(),
            director_id,
            week,
            seen=seen,
            give_back=choice == "return",
            setup=setup(),
            by=_me(),
            now=now(),
        )
    except hours_cases.TouchesOthersError as others:
        form.fail("calls", others.message)
        return _touched_page(row, form, touched), 409
    nudge_after_commit("assign", "deliver")
    moved = f" {len(returned)} booked calls go back to the line, each to its old place." if returned else ""
    flash(f"The hours of {row.name} are changed.{moved} Whoever waits may get a time within seconds.", "success")
    return _to(director_id)


@administrator.post("/directors/<int:director_id>/peers")
@allow(Role.ADMINISTRATOR)
def set_peers(director_id: int) -> ResponseReturnValue:
    """Say who stands in where the policy lets somebody, in the order in which they are asked (BSP-5)."""
    row, form = _row(director_id), Form.typed()
    rows = sorted(name for name in form.values if name.startswith("peer-"))
    chosen = [value for name in rows if (value := form.values.get(name, "")).isdecimal()]
    try:
        use_cases.set_peers(db_session(), director_id, [int(value) for value in chosen], by=_me(), now=now())
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        return _page(row, form), 422
    nudge_after_commit("assign", "deliver")
    flash(f"The designated peers of {row.name} are changed.", "success")
    return _to(director_id)


def _me() -> str:
    return account_actor(account().id)


def _to(director_id: int) -> Response:
    return redirect(url_for("administrator.director", director_id=director_id), code=303)


def _row(director_id: int) -> DirectorRow:
    found = queries.roster(db_session(), director_id)
    if not found:
        raise NotFound("There is no such medical director.")
    return found[0]


def _read_facts(form: Form, *, active: bool) -> Facts:
    """Read who a director is. What is wrong is beside its field afterwards."""
    typed = form.text("max_a_day", limit=10)
    if typed and not (typed.isascii() and typed.isdigit()):
        form.fail("max_a_day", "Enter a number, or leave it empty for no limit.")
        typed = ""
    return Facts(
        npi=form.npi("npi", "Enter the director's own NPI."),
        name=form.text("name", "Enter the name with credentials, as letters give it: Dana Lee, MD."),
        phone=form.phone("phone", "Enter the number that letters and invitations give."),
        email=form.email("email", "Enter the mail address of the director's calendar."),
        time_zone=form.text("time_zone", "Choose the zone in which the hours are meant."),
        specialties=_words(form, "specialties"),
        licence_states=tuple(state.upper() for state in _words(form, "licence_states")),
        lines_of_business=_words(form, "lines_of_business"),
        max_a_day=int(typed) if typed else None,
        active=active,
    )


def _words(form: Form, name: str) -> tuple[str, ...]:
    typed = form.text(name, limit=1000).replace(";", ",")
    return tuple(dict.fromkeys(filter(None, (word.strip() for word in typed.split(",")))))


def _read_week(form: Form) -> dict[int, directors.Spans]:
    week = {}
    for weekday in range(7):
        try:
            week[weekday] = hours_cases.read_spans(form.text(f"day-{weekday}"))
        except ValueError as fault:
            form.fail(f"day-{weekday}", str(fault))
    return week


def _facts_in_words(row: DirectorRow) -> str:
    lists = (", ".join(getattr(row, name)) for name in LISTS)
    return "; ".join((row.npi, row.name, row.phone, row.email, row.time_zone, *lists, f"{row.max_a_day} {row.active}"))


def _new_page(form: Form) -> str:
    return render_template("admin/new_director.html", form=form)


def _page(row: DirectorRow, form: Form) -> str:
    """Show a director; what was typed stays where it was sent, the rest is as it is stored."""
    stored = {name: ", ".join(getattr(row, name)) for name in LISTS}
    stored |= {name: str(getattr(row, name)) for name in ("npi", "name", "phone", "email", "time_zone")}
    stored |= {"max_a_day": str(row.max_a_day or ""), "active": "yes" if row.active else ""}
    if "npi" not in form.values:
        form.values.update(stored)
    if "day-0" not in form.values:
        form.values.update({f"day-{weekday}": row.week[weekday] for weekday in range(7)})
    people = [(each.id, each.name, each.npi) for each in queries.roster(db_session()) if each.id != row.id]
    ids = {npi: id_ for id_, _, npi in people}
    if "peer-0" not in form.values:
        form.values.update({f"peer-{rank}": str(ids[npi]) for rank, npi in enumerate(row.peers)})
    return render_template(
        "admin/director.html",
        row=row,
        came_back=answers.bounced(db_session(), row.email).get(row.email),
        form=form,
        was=_facts_in_words(row),
        was_week="; ".join(row.week),
        weekdays=_weekdays(),
        how=hours_cases.HOW,
        people=[(id_, name) for id_, name, _ in people],
        peer_rows=max(FEWEST_PEERS, len(row.peers) + 1),
    )


def _weekdays() -> list[tuple[str, str]]:
    return [(f"day-{weekday}", calendar.day_name[weekday]) for weekday in range(7)]


def _touched_page(row: DirectorRow, form: Form, touched: Sequence[int]) -> str:
    return render_template(
        "admin/director_hours.html",
        row=row,
        form=form,
        rows=director_queries.calls_of(db_session(), row.id, touched),
        seen=",".join(str(consult_id) for consult_id in touched),
        fields=("was_week", *(name for name, _ in _weekdays())),
    )


def _csv_row(row: DirectorRow) -> list[object]:
    """Write a director as `peerline directors import` reads one."""
    facts = [row.npi, row.name, row.phone, row.email, row.time_zone]
    lists = ["; ".join(getattr(row, name)) for name in LISTS]
    return [*facts, *lists, row.max_a_day, "yes" if row.active else "no", *row.week, "; ".join(row.peers)]
