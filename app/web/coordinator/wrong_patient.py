"""Records of the wrong patient, taken out of view by whoever notices: the desk, or an administrator."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.consults import wrong_patient as use_cases
from app.consults.wrong_patient import Part
from app.errors import Invalid
from app.models import WITHDRAWN, Role
from app.web.access import account, allow
from app.web.coordinator.blueprint import coordinator, done
from app.web.coordinator.deciding import read_case
from app.web.edge import db_session, now
from app.web.forms import Form

PARTS = {
    Part.INFORMATION: (
        "What the office sent is about another patient",
        "Clinical information, its own reference and notes go out of view. The case and its request stay.",
    ),
    Part.CASE: (
        "The case itself names the wrong patient",
        "Member, service, reasons, all that was sent, documents and letters go out of view; the letter's code ends.",
    ),
}


@coordinator.get("/cases/<int:denial_id>/wrong-patient")
@allow(Role.COORDINATOR)
def wrong_patient(denial_id: int) -> ResponseReturnValue:
    """Ask what is about the wrong patient, and what happened."""
    return _page(denial_id, Form())


@coordinator.post("/cases/<int:denial_id>/wrong-patient")
@allow(Role.COORDINATOR)
def withdraw_records(denial_id: int) -> ResponseReturnValue:
    """Take it out of everybody's view; administrators read the report."""
    form = Form.typed()
    part = form.choice("part", [part.value for part in PARTS], "Choose what is about the wrong patient.")
    reason = form.text("reason", "Say what happened, without naming anybody.", limit=1000)
    if form.errors:
        return _page(denial_id, form), 422
    use_cases.withdraw_case(db_session(), denial_id, Part(part), reason, account_id=account().id, now=now())
    return done(denial_id, "It is out of view. The administrators have the report for the privacy officer.")


@coordinator.post("/left/<int:left_id>/wrong-patient")
@allow(Role.COORDINATOR)
def withdraw_left(left_id: int) -> ResponseReturnValue:
    """Take a request that was left out of everybody's view."""
    form = Form.typed()
    try:
        use_cases.withdraw_left(
            db_session(), left_id, form.text("reason", limit=1000), account_id=account().id, now=now()
        )
    except Invalid as invalid:
        flash(f"Nothing was changed. {invalid.fields['reason']}", "error")
        return redirect(url_for("coordinator.left_request", left_id=left_id), code=303)
    flash("It is out of view. The administrators have the report for the privacy officer.", "success")
    return redirect(url_for("coordinator.left"), code=303)


@coordinator.post("/mail/<int:inbound_id>/wrong-patient")
@allow(Role.COORDINATOR)
def withdraw_mail(inbound_id: int) -> ResponseReturnValue:
    """Take what a mail says out of everybody's view."""
    reason = Form.typed().text("reason", limit=1000)
    try:
        use_cases.withdraw_mail(db_session(), inbound_id, reason, account_id=account().id, now=now())
        flash("It is out of view. The administrators have the report for the privacy officer.", "success")
    except Invalid as invalid:
        flash(f"Nothing was changed. {invalid.fields['reason']}", "error")
    return redirect(url_for("coordinator.mail", inbound_id=inbound_id), code=303)


def _page(denial_id: int, form: Form) -> str:
    shown = read_case(denial_id)
    return render_template(
        "coordinator/wrong_patient.html",
        case=shown,
        form=form,
        parts=[(part.value, *words) for part, words in PARTS.items()],
        gone=shown.member_name == WITHDRAWN,
    )
