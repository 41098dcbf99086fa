"""What a nurse still wants from the office, and what she takes down from it by telephone or fax."""

from flask import url_for
from flask.typing import ResponseReturnValue

from app.consults import prereview, taken_down
from app.errors import Conflict, Invalid
from app.models import Role
from app.web.access import account, allow
from app.web.edge import db_session, now, setup
from app.web.forms import LONG, Form
from app.web.nurse.blueprint import done, nurse
from app.web.nurse.case import case_page, read, refusal
from app.web.office.words import refusal as refusal_words
from app.web.taking_down import read_taken_down


@nurse.post("/consults/<reference>/more")
@allow(Role.NURSE)
def ask_for_more(reference: str) -> ResponseReturnValue:
    """Ask the office for what is missing; the case goes back to the list and waits there for the office."""
    review, form = read(reference, lock=True), Form.typed()
    if (refused := refusal(review)) is not None:
        return case_page(review, form, refused=refused), 409
    items = form.text(
        "wanted", "Write what you need, so that the office can send it in one go.", limit=LONG, lines=True
    )
    if form.errors:
        return case_page(review, form), 422
    try:
        prereview.ask_for_more(
            db_session(), review.request.consult.id, items, account_id=account().id, setup=setup(), now=now()
        )
    except Conflict as conflict:
        return case_page(review, form, refused=conflict.message), 409
    return done("The office is asked. The case waits for it on the list and comes back when something is in.")


@nurse.post("/consults/<reference>/taken-down")
@allow(Role.NURSE)
def take_down(reference: str) -> ResponseReturnValue:
    """Take down what was told on the telephone, or confirm a fax (NC-8)."""
    review, form = read(reference, lock=True), Form.typed()
    if (refused := refusal(review)) is not None:
        return case_page(review, form, refused=refused), 409
    taken = read_taken_down(form)
    try:
        if form.errors:
            raise Invalid(form.errors)
        file = taken_down.take_down(
            db_session(), review.request.consult.id, taken, account_id=account().id, setup=setup(), now=now()
        )
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        return case_page(review, form), 422
    if file.refused is not None:
        why = refusal_words(file.refused)
        return case_page(review, form, refused=f"{why.title}. {why.because}"), 409
    page = url_for("nurse.consult", reference=reference) if file.state.status.open else None
    return done("Taken down. It counts as clinical information and stands with the case.", page)
