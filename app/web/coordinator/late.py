"""Calls entered late: a second person says whether they came in when it is claimed (BSP-4)."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.consults import late as use_cases
from app.errors import Invalid, NotFound
from app.models import Role, StaffRole
from app.queries import coordinator as queries
from app.queries.coordinator import LateRow
from app.web import exports
from app.web.access import account, allow
from app.web.coordinator.blueprint import coordinator, done
from app.web.coordinator.reading import CHANNELS
from app.web.edge import db_session, now, nudge_after_commit, setup
from app.web.forms import Form
from app.web.office.words import refusal


@coordinator.get("/late")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def late() -> ResponseReturnValue:
    """List the calls that wait for a second person."""
    rows = queries.late_entries(db_session())
    if exports.wanted():
        head = ("case", "came in", "entered", "by", "why so late")
        lines = ([row.case_number, row.received_at, row.entered_at, row.entered_by_name, row.reason] for row in rows)
        return exports.as_csv("calls-to-confirm", head, lines)
    return render_template("coordinator/late.html", rows=rows)


@coordinator.get("/late/<int:entry_id>")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def late_entry(entry_id: int) -> ResponseReturnValue:
    """Show what was entered, and by whom."""
    return _page(_row(entry_id), Form())


@coordinator.post("/late/<int:entry_id>")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def settle_late(entry_id: int) -> ResponseReturnValue:
    """Confirm when the call came in, or say that it cannot be confirmed."""
    row, form = _row(entry_id), Form.typed()
    confirmed = form.choice("action", ("confirm", "refuse"), "Choose one of the two.") == "confirm"
    note = form.text("note", limit=500)
    reason = form.text("accept_late_reason", limit=500)
    try:
        asked = use_cases.settle(
            db_session(),
            entry_id,
            account_id=account().id,
            confirmed=confirmed,
            note=note,
            accept_late_reason=reason,
            setup=setup(),
            now=now(),
        )
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        return _page(row, form), 422
    if asked.consult is None and asked.refused != "already_requested":
        why = refusal(asked.refused or "")
        # answered with 200, so that the refusal stays on record
        return _page(row, form, refused=f"{why.title}. {why.because}")
    nudge_after_commit("assign", "deliver")
    words = "A request about this case has been made meanwhile; this call is closed."
    if asked.consult is not None:
        received = "when it came in" if confirmed else "when it was entered"
        words = f"{asked.consult.reference} is in line, received {received}."
    if account().role == StaffRole.COORDINATOR:
        return done(row.denial_id, words)
    flash(words, "success")
    return redirect(url_for("coordinator.late"), code=303)


def _row(entry_id: int) -> LateRow:
    found = queries.late_entries(db_session(), entry_id)
    if not found or found[0].settled:
        raise NotFound("This call is settled already, or there is none such.")
    return found[0]


def _page(row: LateRow, form: Form, refused: str = "") -> str:
    return render_template(
        "coordinator/late_entry.html",
        row=row,
        form=form,
        refused=refused,
        own=row.entered_by == account().id,
        channel={way.value: words for way, words in CHANNELS.items()}.get(str(row.body.get("channel")), ""),
        desk=account().role == StaffRole.COORDINATOR,
    )
