"""Requests that were left without the letter's access code: found a case for, or settled with a note."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.consults import left as use_cases
from app.errors import Invalid
from app.models import Role
from app.queries import casework, search
from app.queries import coordinator as queries
from app.queries.coordinator import LeftRow
from app.queries.search import Found
from app.web import exports
from app.web.access import account, allow
from app.web.coordinator.blueprint import coordinator
from app.web.edge import db_session, now
from app.web.forms import Form


@coordinator.get("/left")
@allow(Role.COORDINATOR)
def left() -> ResponseReturnValue:
    """List what was left and waits, or what is settled."""
    settled = request.args.get("show") == "settled"
    rows = queries.left_requests(db_session(), settled=settled)
    if exports.wanted():
        head = ("left at", "number", "case number as typed", "settled at", "note")
        lines = ([row.received_at, row.reference, row.case_number, row.settled_at, row.settled_note] for row in rows)
        return exports.as_csv("left-requests", head, lines)
    return render_template("coordinator/left.html", rows=rows, settled=settled)


@coordinator.get("/left/<int:left_id>")
@allow(Role.COORDINATOR)
def left_request(left_id: int) -> ResponseReturnValue:
    """Show what was left, and the cases that it may be about."""
    row = queries.left_request(db_session(), left_id)
    return _page(row, Form(), _likely(row))


@coordinator.post("/left/<int:left_id>/find")
@allow(Role.COORDINATOR)
def find_for_left(left_id: int) -> ResponseReturnValue:
    """Look for the case with other words."""
    form = Form.typed()
    words = form.text("words", "Enter a number, a name or a birth date.")
    row = queries.left_request(db_session(), left_id)
    if form.errors:
        return _page(row, form, []), 422
    return _page(row, form, search.search(db_session(), words))


@coordinator.post("/left/<int:left_id>/settle")
@allow(Role.COORDINATOR)
def settle_left(left_id: int) -> ResponseReturnValue:
    """Close what becomes no request, with a note."""
    form = Form.typed()
    note = form.text("note", limit=1000)
    try:
        use_cases.settle(db_session(), left_id, account_id=account().id, note=note, now=now())
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        row = queries.left_request(db_session(), left_id)
        return _page(row, form, _likely(row)), 422
    flash("Settled. The note is kept with it.", "success")
    return redirect(url_for("coordinator.left"), code=303)


def _likely(row: LeftRow) -> list[Found]:
    """Find the cases with the number that was typed; where there is none, those of the member that was named."""
    found = search.search(db_session(), row.case_number) if any(letter.isdigit() for letter in row.case_number) else []
    name = " ".join(str(row.body.get(part) or "") for part in ("member_name", "birth_date")).strip()
    return found or (search.search(db_session(), name) if name else [])


def _page(row: LeftRow, form: Form, found: list[Found]) -> str:
    matched = casework.reference_of(db_session(), row.consult_id) if row.consult_id is not None else None
    return render_template("coordinator/left_request.html", row=row, form=form, found=found, matched=matched)
