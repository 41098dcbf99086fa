"""The nurse's pages: what waits, and one case with everything that decides it."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.consults import prereview
from app.errors import Invalid, NotFound
from app.models import Role
from app.queries import casework
from app.queries import nurse as queries
from app.web.access import account, allow
from app.web.coordinator import log
from app.web.edge import db_session, now, nudge_after_commit, setup
from app.web.forms import LONG, Form
from app.web.times import plan_zone, when
from scheduling.values import ReviewKind

nurse = Blueprint("nurse", __name__, url_prefix="/nurse")


@nurse.get("/")
@allow(Role.NURSE)
def worklist() -> ResponseReturnValue:
    """List the tasks, first what is due or talked about first."""
    return render_template(
        "nurse/worklist.html", rows=queries.worklist(db_session(), account_id=account().id, now=now())
    )


@nurse.get("/live")
@allow(Role.NURSE)
def live() -> ResponseReturnValue:
    """Give the list alone, for a page that stays open."""
    return render_template("nurse/list.html", rows=queries.worklist(db_session(), account_id=account().id, now=now()))


@nurse.get("/consults/<reference>")
@allow(Role.NURSE)
def consult(reference: str) -> ResponseReturnValue:
    """Show one case: the denial beside what is new, and what deciding would do."""
    return _page(reference, Form({}))


@nurse.post("/consults/<reference>/claim")
@allow(Role.NURSE)
def claim(reference: str) -> ResponseReturnValue:
    """Take a task."""
    prereview.claim(db_session(), _consult_id(reference), account_id=account().id, now=now())
    flash("The case is yours for half an hour. Nobody else can decide it meanwhile.", "success")
    return _to(reference)


@nurse.post("/consults/<reference>/release")
@allow(Role.NURSE)
def release(reference: str) -> ResponseReturnValue:
    """Hand a task back."""
    prereview.release(db_session(), _consult_id(reference), account_id=account().id, now=now())
    flash("The case is back on the list.", "success")
    return redirect(url_for("nurse.worklist"), code=303)


@nurse.get("/consults/<reference>/approve")
@allow(Role.NURSE)
def approving(reference: str) -> ResponseReturnValue:
    """Say once more what approving does, before it is done."""
    return _approve_page(reference, Form({}))


@nurse.post("/consults/<reference>/approve")
@allow(Role.NURSE)
def approve(reference: str) -> ResponseReturnValue:
    """Approve: the consult is cancelled on both sides, its time goes to the next in line (NC-6, NC-7)."""
    form = Form.typed()
    note = form.text(
        "note", "Write what shows that the criterion is met. It is kept with the case.", limit=LONG, lines=True
    )
    if form.errors:
        return _approve_page(reference, form), 422
    file = prereview.approve(
        db_session(), _consult_id(reference), account_id=account().id, note=note, setup=setup(), now=now()
    )
    what_follows = (
        "Both sides are told." if file.consult.announced_booking_id is None else "The talk had begun and goes on."
    )
    return _done(f"Approved. {what_follows}")


@nurse.post("/consults/<reference>/pass-on")
@allow(Role.NURSE)
def pass_on(reference: str) -> ResponseReturnValue:
    """Leave the decision to the director, with a note."""
    form = Form.typed()
    note = form.text("note", limit=LONG, lines=True)
    try:
        prereview.do_not_approve(
            db_session(), _consult_id(reference), account_id=account().id, note=note, setup=setup(), now=now()
        )
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        return _page(reference, form), 422
    return _done("Your note is on the director's page. The consult proceeds; nothing was denied.")


def _done(words: str) -> ResponseReturnValue:
    nudge_after_commit("assign", "deliver")
    flash(words, "success")
    return redirect(url_for("nurse.worklist"), code=303)


def _to(reference: str) -> Response:
    return redirect(url_for("nurse.consult", reference=reference), code=303)


def _denial_id(reference: str) -> int:
    found = casework.denial_of(db_session(), reference)
    if found is None:
        raise NotFound("There is no request with this reference. Check it once more.")
    return found


def _consult_id(reference: str) -> int:
    return casework.request_of(db_session(), _denial_id(reference), setup=setup()).consult.id


def _page(reference: str, form: Form) -> str:
    return render_template("nurse/case.html", form=form, **_shown(reference))


def _approve_page(reference: str, form: Form) -> str:
    return render_template("nurse/approve.html", form=form, **_shown(reference))


def _shown(reference: str) -> dict[str, object]:
    work = casework.work(db_session(), _denial_id(reference), setup=setup())
    plan_zone(work.case.zone)
    shown = work.request
    if shown is None or shown.consult.reference != reference:
        raise NotFound("This request is not the last one about its case. Open the case from the worklist.")
    found = queries.review_of(db_session(), shown.consult.id)
    review, holder = found if found is not None else (None, None)
    taken = review is not None and prereview.is_claimed_by_another(review, account().id, now())
    booking = shown.state.booking
    return {
        "case": work.case,
        "shown": shown,
        "review": review,
        "holder": holder if taken else None,
        "is_mine": review is not None and review.claimed_by == account().id and not taken,
        "may_approve": review is not None and review.kind is ReviewKind.RECONSIDERATION,
        "may_decide": review is not None and review.decided_at is None and shown.state.status.open and not taken,
        "cancelled": when(booking.during.start) if booking is not None and booking.during.start > now() else None,
        "entries": log.in_words(work),
    }
