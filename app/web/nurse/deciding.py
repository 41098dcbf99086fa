"""Taking a task, handing it back or over, and deciding it."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from app.consults import prereview
from app.errors import Invalid
from app.models import Role
from app.queries import nurse as queries
from app.web.access import account, allow
from app.web.coordinator.blueprint import CHANGED
from app.web.edge import db_session, now, setup
from app.web.forms import LONG, Form
from app.web.nurse.blueprint import done, nurse
from app.web.nurse.case import approve_page, case_page, is_stale, read, refusal, version_of
from scheduling.fifo import has_begun
from scheduling.values import ReviewKind


@nurse.post("/consults/<reference>/claim")
@allow(Role.NURSE)
def claim(reference: str) -> ResponseReturnValue:
    """Take a task, or keep it for another half hour."""
    review = read(reference, lock=True)
    if (refused := refusal(review)) is not None:
        return case_page(review, Form(), refused=refused), 409
    prereview.claim(db_session(), review.request.consult.id, account_id=account().id, now=now())
    flash("This case is yours for half an hour. Nobody else can decide it meanwhile.", "success")
    return redirect(url_for("nurse.consult", reference=reference), code=303)


@nurse.post("/consults/<reference>/release")
@allow(Role.NURSE)
def release(reference: str) -> ResponseReturnValue:
    """Hand a task back to the list."""
    review = read(reference, lock=True)
    if (refused := refusal(review)) is not None:
        return case_page(review, Form(), refused=refused), 409
    prereview.release(db_session(), review.request.consult.id, account_id=account().id, now=now())
    return done("The case is back on the list, for whoever takes it next.")


@nurse.post("/consults/<reference>/hand-over")
@allow(Role.NURSE)
def hand_over(reference: str) -> ResponseReturnValue:
    """Give a task to another nurse."""
    review, form = read(reference, lock=True), Form.typed()
    if (refused := refusal(review)) is not None:
        return case_page(review, form, refused=refused), 409
    names = {str(id_): name for id_, name in queries.others(db_session(), account().id)}
    to = form.choice("to", names, "Choose the nurse who takes it over.")
    if form.errors:
        return case_page(review, form), 422
    consult_id = review.request.consult.id
    prereview.hand_over(db_session(), consult_id, account_id=account().id, to_account_id=int(to), now=now())
    return done(f"Handed over: {names[to]} has the case for half an hour, and it is on the list as theirs.")


@nurse.get("/consults/<reference>/approve")
@allow(Role.NURSE)
def approving(reference: str) -> ResponseReturnValue:
    """Say what approving does, before it is done."""
    review = read(reference)
    if review.kind is not ReviewKind.RECONSIDERATION or refusal(review) is not None:
        return redirect(url_for("nurse.consult", reference=reference), code=303)
    return approve_page(review, Form({"version": version_of(review)}))


@nurse.post("/consults/<reference>/approve")
@allow(Role.NURSE)
def approve(reference: str) -> ResponseReturnValue:
    """Approve: the consult is cancelled on both sides, its time goes to the next in line (NC-6, NC-7)."""
    review, form = read(reference, lock=True), Form.typed()
    if (refused := refusal(review)) is not None:
        return case_page(review, form, refused=refused), 409
    missing = "Write what shows that the criterion is met. It is kept with the case."
    note = form.text("note", missing, limit=LONG, lines=True)
    if form.errors:
        return approve_page(review, form), 422
    if is_stale(review, form):
        return approve_page(review, form), 409
    prereview.approve(
        db_session(), review.request.consult.id, account_id=account().id, note=note, setup=setup(), now=now()
    )
    told = "The talk has begun and goes on." if has_begun(review.request.state, now=now()) else "Both sides are told."
    return done(f"Approved. {told if review.request.state.booking else 'The office is told.'}")


@nurse.post("/consults/<reference>/pass-on")
@allow(Role.NURSE)
def pass_on(reference: str) -> ResponseReturnValue:
    """Leave the decision to the director, with a note; or put a brief before him. This denies nothing."""
    review, form = read(reference, lock=True), Form.typed()
    if (refused := refusal(review)) is not None:
        return case_page(review, form, refused=refused), 409
    note = form.text("note", limit=LONG, lines=True)
    if is_stale(review, form):
        return case_page(review, form, refused=CHANGED), 409
    try:
        if form.errors:
            raise Invalid(form.errors)
        prereview.do_not_approve(
            db_session(), review.request.consult.id, account_id=account().id, note=note, setup=setup(), now=now()
        )
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        return case_page(review, form), 422
    if review.kind is ReviewKind.BRIEF:
        return done("The brief is before the director.")
    return done("Your note is before the director. The request goes on; nothing was denied.")
