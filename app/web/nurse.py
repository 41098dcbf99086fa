"""The nurse's pages: what is due or talked about first, and one case with all that decides it. A nurse never denies."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.consults import prereview
from app.errors import Invalid
from app.models import Role
from app.queries import casework
from app.queries import nurse as queries
from app.queries.nurse import Review, ReviewRow
from app.web import exports
from app.web.access import account, allow
from app.web.coordinator import log
from app.web.coordinator.blueprint import CHANGED
from app.web.edge import db_session, now, nudge_after_commit, setup
from app.web.forms import LONG, Form
from app.web.times import plan_zone, when
from scheduling.fifo import has_begun
from scheduling.values import ReviewKind, Status, Urgency

nurse = Blueprint("nurse", __name__, url_prefix="/nurse")

KINDS = {ReviewKind.RECONSIDERATION: "Reconsideration", ReviewKind.BRIEF: "Brief for the director"}
URGENCIES = {Urgency.EMERGENT: "Emergent", Urgency.ELECTIVE: "Elective"}
HELD = {queries.FREE: "Nobody yet", queries.MINE: "Mine"}
#: without a due time a talk that is nearer than this is shown as soon
SOON = timedelta(hours=24)


@nurse.get("/")
@allow(Role.NURSE)
def worklist() -> ResponseReturnValue:
    """List the open reviews, first what is due or talked about first."""
    filters = _filters()
    rows = _rows(filters)
    if exports.wanted():
        return exports.as_csv("worklist", CSV_HEAD, map(_csv_line, rows))
    return render_template("nurse/worklist.html", **_list(filters, rows))


@nurse.get("/live")
@allow(Role.NURSE)
def live() -> ResponseReturnValue:
    """Give the list alone, as it is now, for a page that stays open."""
    filters = _filters()
    return render_template("nurse/list.html", **_list(filters, _rows(filters)))


@nurse.get("/consults/<reference>")
@allow(Role.NURSE)
def consult(reference: str) -> ResponseReturnValue:
    """Show one case: the denial beside what is new, and what deciding would do."""
    return _case_page(_read(reference), Form())


@nurse.get("/consults/<reference>/news")
@allow(Role.NURSE)
def news(reference: str) -> ResponseReturnValue:
    """Say that a case has changed since it was opened; nothing if it has not. What is typed stays."""
    if request.args.get("seen") == queries.news(db_session(), reference):
        return Response(status=204)
    return render_template("nurse/news.html", reference=reference)


@nurse.post("/consults/<reference>/claim")
@allow(Role.NURSE)
def claim(reference: str) -> ResponseReturnValue:
    """Take a task, or keep it for another half hour."""
    review = _read(reference, lock=True)
    if (refused := _refusal(review)) is not None:
        return _case_page(review, Form(), refused=refused), 409
    prereview.claim(db_session(), review.request.consult.id, account_id=account().id, now=now())
    flash("This case is yours for half an hour. Nobody else can decide it meanwhile.", "success")
    return redirect(url_for("nurse.consult", reference=reference), code=303)


@nurse.post("/consults/<reference>/release")
@allow(Role.NURSE)
def release(reference: str) -> ResponseReturnValue:
    """Hand a task back to the list."""
    review = _read(reference, lock=True)
    if (refused := _refusal(review)) is not None:
        return _case_page(review, Form(), refused=refused), 409
    prereview.release(db_session(), review.request.consult.id, account_id=account().id, now=now())
    return _done("The case is back on the list, for whoever takes it next.")


@nurse.post("/consults/<reference>/hand-over")
@allow(Role.NURSE)
def hand_over(reference: str) -> ResponseReturnValue:
    """Give a task to another nurse."""
    review, form = _read(reference, lock=True), Form.typed()
    if (refused := _refusal(review)) is not None:
        return _case_page(review, form, refused=refused), 409
    names = {str(id_): name for id_, name in queries.others(db_session(), account().id)}
    to = form.choice("to", names, "Choose the nurse who takes it over.")
    if form.errors:
        return _case_page(review, form), 422
    consult_id = review.request.consult.id
    prereview.hand_over(db_session(), consult_id, account_id=account().id, to_account_id=int(to), now=now())
    return _done(f"Handed over: {names[to]} has the case for half an hour, and it is on the list as theirs.")


@nurse.get("/consults/<reference>/approve")
@allow(Role.NURSE)
def approving(reference: str) -> ResponseReturnValue:
    """Say what approving does, before it is done."""
    review = _read(reference)
    if review.kind is not ReviewKind.RECONSIDERATION or _refusal(review) is not None:
        return redirect(url_for("nurse.consult", reference=reference), code=303)
    return _approve_page(review, Form({"version": version_of(review)}))


@nurse.post("/consults/<reference>/approve")
@allow(Role.NURSE)
def approve(reference: str) -> ResponseReturnValue:
    """Approve: the consult is cancelled on both sides, its time goes to the next in line (NC-6, NC-7)."""
    review, form = _read(reference, lock=True), Form.typed()
    if (refused := _refusal(review)) is not None:
        return _case_page(review, form, refused=refused), 409
    missing = "Write what shows that the criterion is met. It is kept with the case."
    note = form.text("note", missing, limit=LONG, lines=True)
    if form.errors:
        return _approve_page(review, form), 422
    if _is_stale(review, form):
        return _approve_page(review, form), 409
    prereview.approve(
        db_session(), review.request.consult.id, account_id=account().id, note=note, setup=setup(), now=now()
    )
    told = "The talk has begun and goes on." if has_begun(review.request.state, now=now()) else "Both sides are told."
    return _done(f"Approved. {told if review.request.state.booking else 'The office is told.'}")


@nurse.post("/consults/<reference>/pass-on")
@allow(Role.NURSE)
def pass_on(reference: str) -> ResponseReturnValue:
    """Leave the decision to the director, with a note; or put a brief before him. This denies nothing."""
    review, form = _read(reference, lock=True), Form.typed()
    if (refused := _refusal(review)) is not None:
        return _case_page(review, form, refused=refused), 409
    note = form.text("note", limit=LONG, lines=True)
    if _is_stale(review, form):
        return _case_page(review, form, refused=CHANGED), 409
    try:
        if form.errors:
            raise Invalid(form.errors)
        prereview.do_not_approve(
            db_session(), review.request.consult.id, account_id=account().id, note=note, setup=setup(), now=now()
        )
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        return _case_page(review, form), 422
    if review.kind is ReviewKind.BRIEF:
        return _done("The brief is before the director.")
    return _done("Your note is before the director. The request goes on; nothing was denied.")


def _read(reference: str, *, lock: bool = False) -> Review:
    review = queries.review(db_session(), reference, setup=setup(), now=now(), lock=lock)
    plan_zone(review.request.case.zone)
    return review


def _refusal(review: Review) -> str | None:
    """Say why nothing can be decided here now, for a page that shows how the case stands (A6); None: it can."""
    if review.decided_at is not None:
        who = "You" if review.decided_by_id == account().id else review.decided_by
        return f"{who} decided this already, {when(review.decided_at)}. Nothing was changed and nothing is sent twice."
    if not review.request.state.status.open:
        return "The request is closed, so there is nothing left to decide. Nothing was changed."
    if review.is_held_by_another(account().id) and review.held_until is not None:
        return (
            f"{review.holder_name} is working on this case, until {when(review.held_until)} if it is not handed back"
            " before. Nothing was changed."
        )
    return None


def version_of(review: Review) -> str:
    """Name how a request stands: the version of its row, and its time."""
    booking = review.request.state.booking
    return f"{review.request.consult.version}/{booking.during.start.isoformat() if booking else ''}"


def _is_stale(review: Review, form: Form) -> bool:
    """Tell whether the request has changed since the form was shown, and say so beside it (A12)."""
    if form.values.get("version") == version_of(review):
        return False
    form.values["version"] = version_of(review)
    form.fail("version", CHANGED)
    return True


def what_follows(review: Review) -> list[str]:
    """Say what approving does, sentence by sentence."""
    state, person = review.request.state, review.request.talks_with
    last = "A coordinator gets the task to update the case in the plan's own system."
    if state.booking is None:
        return ["The request is closed and leaves the line. No talk is needed.", "The office is told by mail.", last]
    start = state.booking.during.start
    if has_begun(state, now=now()):
        return [f"The talk began {when(start)}, so it goes on. Your approval is on record.", last]
    with_whom = f" with {person.name}" if person else ""
    said = [
        f"The consult on {when(start)}{with_whom} is cancelled in both calendars.",
        "Both sides are told by mail: the office that the request is approved, the director that the time is free.",
        "The time goes to the next in line.",
    ]
    if start < now() + prereview.TELL_BY_TELEPHONE:
        said.append("The call is less than four hours away, so a coordinator is asked to telephone as well.")
    return [*said, last]


def what_goes_on(review: Review) -> str:
    """Say what leaving it to the director does."""
    state = review.request.state
    if review.kind is ReviewKind.BRIEF:
        return "The director reads it before the call. It changes nothing else."
    if state.booking is not None:
        return f"The consult on {when(state.booking.during.start)} goes on as booked, and the director reads your note."
    if state.status is Status.AWAITING_REVIEW:
        return "A time with the director is looked for at once, and the director reads your note before the call."
    return "The request stays in line, and the director reads your note before the call."


def _done(words: str) -> ResponseReturnValue:
    nudge_after_commit("assign", "deliver")
    flash(words, "success")
    return redirect(url_for("nurse.worklist"), code=303)


def _case_page(review: Review, form: Form, *, refused: str = "") -> str:
    shown = review.request
    if "version" not in form.errors:
        form.values["version"] = version_of(review)
    open_ = _refusal(review) is None
    return render_template(
        "nurse/case.html",
        review=review,
        shown=shown,
        case=shown.case,
        form=form,
        refused=refused,
        reference=shown.consult.reference,
        may_decide=open_,
        may_approve=open_ and review.kind is ReviewKind.RECONSIDERATION,
        is_mine=review.holder_id == account().id,
        taken=review.is_held_by_another(account().id),
        begun=has_begun(shown.state, now=now()),
        follows=what_follows(review),
        goes_on=what_goes_on(review),
        colleagues=queries.others(db_session(), account().id) if open_ else [],
        entries=log.in_words(casework.work(db_session(), shown.case.id, setup=setup())),
        kinds=KINDS,
        seen=queries.news(db_session(), shown.consult.reference),
    )


def _approve_page(review: Review, form: Form) -> str:
    shown = review.request
    return render_template(
        "nurse/approve.html",
        review=review,
        shown=shown,
        case=shown.case,
        form=form,
        reference=shown.consult.reference,
        follows=what_follows(review),
    )


def _filters() -> dict[str, str]:
    """Read the filters, which stand in the address; what is none is left out."""
    known: dict[str, set[str]] = {"kind": set(ReviewKind), "urgency": set(Urgency), "held": set(HELD)}
    return {name: value for name, words in known.items() if (value := request.args.get(name, "")) in words}


def _rows(filters: dict[str, str]) -> list[ReviewRow]:
    return queries.worklist(
        db_session(),
        account_id=account().id,
        now=now(),
        kind=ReviewKind(filters["kind"]) if "kind" in filters else None,
        urgency=Urgency(filters["urgency"]) if "urgency" in filters else None,
        held=filters.get("held", ""),
    )


def _list(filters: dict[str, str], rows: list[ReviewRow]) -> dict[str, object]:
    return {
        "rows": rows,
        "filters": filters,
        "late": sum(row.due_at is not None and row.due_at <= now() for row in rows),
        "kinds": KINDS,
        "urgencies": URGENCIES,
        "held": HELD,
        "zones": _zones(),
        "soon": now() + SOON,
    }


def _zones() -> dict[str, ZoneInfo]:
    """Tell in which zone each plan means its deadlines."""
    return {plan: rules.policy.plan.time_zone for plan, rules in setup().policies.current_by_id.items()}


CSV_HEAD = ("request", "number", "task", "urgency", "opened", "due", "consult", "director", "held by")


def _csv_line(row: ReviewRow) -> list[str | datetime | None]:
    return [
        row.reference,
        row.number,
        KINDS[row.kind],
        URGENCIES[row.urgency],
        row.opened_at,
        row.due_at,
        row.consult.start if row.consult else None,
        row.director_name,
        row.holder_name,
    ]
