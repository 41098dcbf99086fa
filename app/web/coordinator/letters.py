"""Letters on the desk: what one lacks, written down; the one that says that it is too late for a consult."""

from flask import flash, render_template
from flask.typing import ResponseReturnValue

from app.consults import correspondence
from app.consults.casefile import load
from app.errors import Invalid, NotFound
from app.letters.fields import Hole
from app.letters.render import Incomplete, LetterError
from app.models import Attention, AttentionReason, LetterKind, Role
from app.web.access import allow
from app.web.coordinator.blueprint import coordinator, done, me, to_case
from app.web.coordinator.deciding import read_case
from app.web.edge import db_session, now, setup
from app.web.forms import LONG, Form
from app.web.letters import TITLES


@coordinator.get("/attention/<int:attention_id>/letter")
@allow(Role.COORDINATOR)
def completing(attention_id: int) -> ResponseReturnValue:
    """Show what a letter lacks, with what can be written down here and how the rest becomes known."""
    return _page(attention_id, Form())


@coordinator.post("/attention/<int:attention_id>/letter")
@allow(Role.COORDINATOR)
def complete(attention_id: int) -> ResponseReturnValue:
    """Write down what was missing, make the letter and tell the office (BSP-2)."""
    form = Form.typed()
    fillable = [hole.name for hole in _lacks(attention_id)[1] if hole.field.column]
    written = {name: form.text(name, limit=LONG, lines=True) for name in fillable}
    if form.errors:
        return _page(attention_id, form), 422
    try:
        letter = correspondence.complete(db_session(), attention_id, written, setup=setup(), by=me(), now=now())
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        return _page(attention_id, form), 422
    told = "" if letter.kind.for_member else " The office is told by mail where it has an address."
    return done(letter.denial_id, f"The letter is made.{told}")


@coordinator.post("/cases/<int:denial_id>/window-closed")
@allow(Role.COORDINATOR)
def window_closed(denial_id: int) -> ResponseReturnValue:
    """Make the letter that says that it is too late for a consult, and what remains."""
    try:
        correspondence.close_window(db_session(), denial_id, setup=setup(), by=me(), now=now())
    except Invalid as invalid:
        flash(f"The letter is not made. {' '.join(invalid.fields.values())}", "warning")
        return to_case(denial_id)
    return done(denial_id, "The letter is made; the office finds it on the page of the case.")


def _lacks(attention_id: int) -> tuple[Attention, tuple[Hole, ...], str]:
    """Say what a letter lacks now, or what else keeps it from being made."""
    task = db_session().get(Attention, attention_id)
    if task is None or task.reason is not AttentionReason.LETTER_INCOMPLETE or task.consult_id is None:
        raise NotFound("There is no letter to complete here.")
    file = load(db_session(), task.consult_id, setup=setup(), lock=False)
    try:
        correspondence.make(
            db_session(),
            correspondence.subject(file, setup=setup()),
            LetterKind(task.details["letter"]),
            outcome=file.consult.closed_reason or "",
            note=file.consult.determination_note,
            setup=setup(),
            now=now(),
        )
    except Incomplete as incomplete:
        return task, incomplete.holes, ""
    except LetterError as error:
        return task, (), str(error)
    return task, (), ""


def _page(attention_id: int, form: Form) -> str:
    task, holes, fault = _lacks(attention_id)
    assert task.consult_id is not None
    file = load(db_session(), task.consult_id, setup=setup(), lock=False)
    return render_template(
        "coordinator/letter.html",
        task=task,
        holes=holes,
        fault=fault,
        form=form,
        case=read_case(file.denial.id),
        reference=file.consult.reference,
        title=TITLES[LetterKind(task.details["letter"])],
    )
