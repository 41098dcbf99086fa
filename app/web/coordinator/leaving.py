"""A director who has left: who follows, what moves and what cannot, before anything is done."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import directors
from app.consults import hours, leaving
from app.consults.leaving import Left
from app.errors import Conflict, Invalid
from app.models import Director, Role, StaffRole
from app.web.access import account, allow
from app.web.coordinator.blueprint import coordinator, me
from app.web.coordinator.words import CANNOT
from app.web.edge import db_session, now, nudge_after_commit, setup
from app.web.forms import Form

NOBODY = "nobody"

#: why a request does not go to the successor
STAYS = {
    **CANNOT,
    "begun": "The call has begun; it keeps its time",
    "nobody": "Nobody follows; you find somebody for each",
}


@coordinator.get("/directors/<int:director_id>/left")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def leaving_director(director_id: int) -> ResponseReturnValue:
    """Show who could follow a director who has left, and what becomes of each request with one of them."""
    return _page(director_id, Form({"successor": request.args.get("successor", "")}))


@coordinator.post("/directors/<int:director_id>/left")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def leave(director_id: int) -> ResponseReturnValue:
    """Give the line to the successor; the director takes no consults from then on."""
    person, form = _director(director_id), Form.typed()
    successor = form.choice("successor", _choices(director_id), "Choose who follows.")
    reason = form.text("reason", "Say why another director takes these: it is kept with each case.", limit=500)
    if form.errors:
        return _page(director_id, form), 422
    try:
        left = leaving.leave(
            db_session(),
            director_id,
            int(successor) if successor != NOBODY else None,
            reason,
            seen=form.values.get("seen", ""),
            setup=setup(),
            by=me(),
            now=now(),
        )
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        return _page(director_id, form), 422
    except hours.TouchesOthersError as others:
        form.fail("successor", others.message)
        return _page(director_id, form), 409
    nudge_after_commit("assign", "deliver")
    flash(f"{person.name} takes no consults any more. {_in_words(left)}", "success")
    if account().role == StaffRole.ADMINISTRATOR:
        return redirect(url_for("administrator.director", director_id=director_id), code=303)
    return redirect(url_for("coordinator.queues"), code=303)


def _page(director_id: int, form: Form) -> str:
    person = _director(director_id)
    if not person.active:
        raise Conflict(f"{person.name} takes no consults any more. Nothing was changed.")
    people = leaving.candidates(db_session(), director_id, setup=setup(), now=now())
    chosen = form.values.get("successor", "")
    chosen = chosen if chosen in _choices(director_id) else ""
    moving = None
    if chosen:
        successor = int(chosen) if chosen != NOBODY else None
        moving = leaving.preview(db_session(), director_id, successor, setup=setup(), now=now())
    options = [(str(id_), f"{name}, can take {count} of {total}") for id_, name, count, total in people]
    return render_template(
        "coordinator/leaving.html",
        person=person,
        form=form,
        options=[*options, (NOBODY, "Nobody for all: find somebody for each")],
        chosen=next((name for id_, name, *_ in people if str(id_) == chosen), None),
        moving=moving,
        going=[each for each in moving or () if each.cannot is None],
        staying=[each for each in moving or () if each.cannot is not None],
        seen=leaving.mark(moving) if moving is not None else "",
        cannot=STAYS,
    )


def _choices(director_id: int) -> set[str]:
    people = leaving.candidates(db_session(), director_id, setup=setup(), now=now())
    return {NOBODY, *(str(id_) for id_, *_ in people)}


def _director(director_id: int) -> Director:
    return directors.get(db_session(), director_id)


def _in_words(left: Left) -> str:
    words = []
    if left.moved:
        words.append(f"{_requests(left.moved)} moved to the successor, each at its place; new times are looked for.")
    if left.returned:
        words.append(f"{_requests(left.returned)} of other lines went back to these.")
    if left.stay:
        words.append(f"{_requests(left.stay)} could not move: see Needs attention.")
    return " ".join(words) or "Nothing was in hand."


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count} requests"
