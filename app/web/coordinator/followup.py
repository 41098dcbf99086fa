"""What follows decisions that were changed: the list in order of due time, and each item ticked off with its proof."""

from datetime import datetime

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.consults import followup as use_cases
from app.consults.followup import Done
from app.errors import Invalid
from app.models import FollowUpItem, Role
from app.queries import followup as queries
from app.queries.followup import FollowUpRow
from app.web import exports
from app.web.access import account, allow
from app.web.coordinator.blueprint import coordinator
from app.web.coordinator.deciding import read_case
from app.web.coordinator.words import FOLLOW_UPS, HOW_TOLD, OUTCOMES
from app.web.edge import db_session, now, setup
from app.web.forms import Form
from app.web.times import reader_zone
from scheduling.business_time import start_at


@coordinator.get("/what-follows")
@allow(Role.COORDINATOR)
def what_follows() -> ResponseReturnValue:
    """List what is still to be done after decisions were changed, in order of due time (BSP-7)."""
    rows = queries.open_rows(db_session())
    if exports.wanted():
        head = ("due", "what", "case", "request", "outcome", "since")
        lines = (
            [row.due_at, FOLLOW_UPS[row.item].title, row.case_number, row.reference, row.outcome, row.opened_at]
            for row in rows
        )
        return exports.as_csv("what-follows", head, lines)
    return render_template("coordinator/what_follows.html", rows=rows, **shared())


@coordinator.get("/cases/<int:denial_id>/what-follows")
@allow(Role.COORDINATOR)
def what_follows_of(denial_id: int) -> ResponseReturnValue:
    """List what follows about one case: what is done with its proof, and what is not."""
    rows = queries.of_case(db_session(), denial_id)
    return render_template("coordinator/what_follows_of.html", case=read_case(denial_id), rows=rows, **shared())


@coordinator.get("/what-follows/<int:item_id>")
@allow(Role.COORDINATOR)
def ticking(item_id: int) -> ResponseReturnValue:
    """Ask for the proof of one item."""
    local = now().astimezone(reader_zone())
    return _page(queries.row(db_session(), item_id), Form({"on": local.date().isoformat(), "at": f"{local:%H:%M}"}))


@coordinator.post("/what-follows/<int:item_id>")
@allow(Role.COORDINATOR)
def tick(item_id: int) -> ResponseReturnValue:
    """Tick an item off, with when it was done and what proves it. A second press changes nothing (A6)."""
    row, form = queries.row(db_session(), item_id), Form.typed()
    said = FOLLOW_UPS[row.item]
    proof = form.text("proof", f"Write down the proof: {said.proof[0].lower()}{said.proof[1:]}.", limit=300)
    if row.item is FollowUpItem.PROVIDER_TOLD:
        how = form.choice("how", HOW_TOLD, "Choose how the office was told.")
        proof = f"{HOW_TOLD[how]}: {proof}" if how else proof
    at = _moment(form)
    if not form.errors and at is not None:
        try:
            done = Done(at=at, proof=proof)
            use_cases.tick(db_session(), item_id, done, account_id=account().id, now=now())
        except Invalid as invalid:
            form.errors.update(invalid.fields)
    if form.errors:
        return _page(row, form), 422
    flash(f"{said.title}: ticked off, with its proof.", "success")
    return redirect(url_for("coordinator.what_follows_of", denial_id=row.denial_id), code=303)


def shared() -> dict[str, object]:
    """Give what every list of items needs: its words, and in which zone each plan means its due times."""
    zones = {plan: rules.policy.plan.time_zone for plan, rules in setup().policies.current_by_id.items()}
    return {"follow_ups": FOLLOW_UPS, "zones": zones, "outcomes": OUTCOMES}


def _moment(form: Form) -> datetime | None:
    on = form.day("on", "Enter the day on which it was done.")
    typed = form.text("at", "Enter the time, for example 14:05.")
    if on is None or not typed:
        return None
    try:
        at = datetime.strptime(typed, "%H:%M").time()  # noqa: DTZ007 -- the zone is the reader's, below
    except ValueError:
        form.fail("at", "Enter the time as in 14:05.")
        return None
    return start_at(on, at, reader_zone())


def _page(row: FollowUpRow, form: Form) -> str:
    template = setup().policies.current(row.plan).policy.letters.member_template
    return render_template(
        "coordinator/tick.html",
        row=row,
        form=form,
        said=FOLLOW_UPS[row.item],
        how_told=HOW_TOLD,
        is_told=row.item is FollowUpItem.PROVIDER_TOLD,
        template=template if row.item is FollowUpItem.MEMBER_NOTICE else "",
        **shared(),
    )
