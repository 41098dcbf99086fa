"""One case on one page: the denial beside what is new, what deciding does, what can be asked for, everything so far."""

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from app.consults import prereview, wanted
from app.models import Role
from app.queries import casework
from app.queries import nurse as queries
from app.queries.nurse import Review
from app.web.access import account, allow
from app.web.coordinator import log
from app.web.coordinator.blueprint import CHANGED
from app.web.edge import db_session, now, setup
from app.web.forms import Form
from app.web.nurse.blueprint import KINDS, nurse
from app.web.taking_down import HOWS, told_now_by
from app.web.times import plan_zone, through, when
from scheduling.fifo import has_begun
from scheduling.values import ReviewKind, Status

LAST = "A coordinator gets the task to update the case in the plan's own system."


@nurse.get("/consults/<reference>")
@allow(Role.NURSE)
def consult(reference: str) -> ResponseReturnValue:
    """Show one case: the denial beside what is new, and what deciding would do."""
    return case_page(read(reference), Form())


@nurse.get("/consults/<reference>/news")
@allow(Role.NURSE)
def news(reference: str) -> ResponseReturnValue:
    """Say that a case has changed since it was opened; nothing if it has not. What is typed stays."""
    if request.args.get("seen") == queries.news(db_session(), reference):
        return Response(status=204)
    return render_template("nurse/news.html", reference=reference)


def read(reference: str, *, lock: bool = False) -> Review:
    """Read a review. Raises NotFound."""
    review = queries.review(db_session(), reference, setup=setup(), now=now(), lock=lock)
    plan_zone(review.request.case.zone)
    return review


def refusal(review: Review) -> str | None:
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


def is_stale(review: Review, form: Form) -> bool:
    """Tell whether the request has changed since the form was shown, and say so beside it (A12)."""
    if form.values.get("version") == version_of(review):
        return False
    form.values["version"] = version_of(review)
    form.fail("version", CHANGED)
    return True


def what_follows(review: Review) -> list[str]:
    """Say what approving does, sentence by sentence."""
    state, person = review.request.state, review.request.talks_with
    if not state.talk:
        return ["The request is closed: what was asked for is approved.", "The office is told by mail.", LAST]
    if state.booking is None:
        return ["The request is closed and leaves the line. No talk is needed.", "The office is told by mail.", LAST]
    start = state.booking.during.start
    if has_begun(state, now=now()):
        return [f"The talk began {when(start)}, so it goes on. Your approval is on record.", LAST]
    with_whom = f" with {person.name}" if person else ""
    said = [
        f"The consult on {when(start)}{with_whom} is cancelled in both calendars.",
        "Both sides are told by mail: the office that the request is approved, the director that the time is free.",
        "The time goes to the next in line.",
    ]
    if start < now() + prereview.TELL_BY_TELEPHONE:
        said.append("The call is less than four hours away, so a coordinator is asked to telephone both sides as well.")
    return [*said, LAST]


def what_goes_on(review: Review) -> str:
    """Say what leaving it to the director does."""
    state = review.request.state
    if review.kind is ReviewKind.BRIEF:
        return "The director reads it before the call. It changes nothing else."
    if not state.talk:
        by = f" by {through(review.due_at, review.request.case.zone)}" if review.due_at else ""
        return f"The director reads your note and decides{by}, without a call: only a physician upholds a denial."
    if state.booking is not None:
        return f"The consult on {when(state.booking.during.start)} goes on as booked, and the director reads your note."
    if state.status is Status.AWAITING_REVIEW:
        return "A time with the director is looked for at once, and the director reads your note before the call."
    return "The request stays in line, and the director reads your note before the call."


def case_page(review: Review, form: Form, *, refused: str = "") -> str:
    """Make the page of a case."""
    shown = review.request
    for name, value in told_now_by(review.request.consult.office_contact).items():
        form.values.setdefault(name, value)
    if "version" not in form.errors:
        form.values["version"] = version_of(review)
    open_ = refusal(review) is None
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
        may_ask=open_ and wanted.takes_more(shown.rulebook),
        hows=HOWS,
    )


def approve_page(review: Review, form: Form) -> str:
    """Make the page that asks once more before an approval."""
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
