"""The office changes its numbers and addresses."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.consults.reach import change_reach
from app.errors import Conflict
from app.history import OFFICE
from app.models import Role
from app.queries.office import RequestView
from app.web.access import allow
from app.web.edge import db_session, now, nudge_after_commit, setup
from app.web.forms import Form
from app.web.office.blueprint import office
from app.web.office.changing import out_of_date
from app.web.office.following import read_request
from app.web.reaching import form_of, read_reach

TOLD = "Both sides get the invitation anew, at the same time as before."


@office.get("/c/<reference>/numbers")
@allow(Role.OFFICE)
def numbers(reference: str) -> ResponseReturnValue:
    """Show who is called on which number, to be changed."""
    shown = _open_request(reference)
    return _page(shown, form_of(shown.consult))


@office.post("/c/<reference>/numbers")
@allow(Role.OFFICE)
def change_numbers(reference: str) -> ResponseReturnValue:
    """Change them; a talk to come is told anew where its invitation shows them (F4)."""
    shown, form = _open_request(reference, lock=True), Form.typed()
    reach = read_reach(form, talk=shown.state.talk, needs_mail=True)
    if form.errors:
        return _page(shown, form), 422
    if out_of_date(shown, form):
        return _page(shown, form), 409
    told = change_reach(db_session(), shown.consult.id, reach, setup=setup(), by=OFFICE, now=now())
    nudge_after_commit("deliver")
    flash(f"Your numbers are changed.{f' {TOLD}' if told else ''}", "success")
    return redirect(url_for("office.follow", reference=reference), code=303)


def _open_request(reference: str, *, lock: bool = False) -> RequestView:
    shown = read_request(reference, lock=lock)
    if not shown.state.status.open:
        raise Conflict("This request is closed, so nothing was changed. Open it to see how it ended.")
    return shown


def _page(shown: RequestView, form: Form) -> str:
    return render_template("office/numbers.html", shown=shown, form=form)
