"""What the desk does about a request for its office: the office on the telephone, or a case that needs a person."""

from datetime import timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.consults import office as use_cases
from app.consults.casefile import CaseFile
from app.consults.taken_down import take_down
from app.consults.waiver import waive_information
from app.errors import Conflict, Invalid
from app.models import Role
from app.queries import casework, expectation
from app.queries.office import RequestView
from app.ranges import interval
from app.web.access import account, allow
from app.web.coordinator import mails
from app.web.coordinator.blueprint import CHANGED, coordinator, done, me, tried
from app.web.edge import db_session, now, setup
from app.web.forms import Form
from app.web.office.windows import read_windows, row_count, rows_of, weeks
from app.web.taking_down import HOWS, read_taken_down, told_now_by
from app.web.times import known_zone, plan_zone, reader_zone, when
from scheduling.fifo import has_begun
from scheduling.policy_words import AfterReschedule
from scheduling.values import ReviewKind, Status

FOLLOWS = "A new time is looked for at once; both sides get it by mail."


def read_request(denial_id: int, *, lock: bool = False, before_the_call: bool = False) -> RequestView:
    """Read the request that something is to be done about. Raises Conflict if it is closed, or has begun where it must
    not have (`before_the_call`).
    """
    shown = casework.request_of(db_session(), denial_id, setup=setup(), lock=lock)
    plan_zone(shown.case.zone)
    if not shown.state.status.open:
        raise Conflict("This request is closed, so nothing was changed. Open the case to see how it ended.")
    if before_the_call and has_begun(shown.state, now=now()):
        raise Conflict(
            "The call has begun, so nothing was changed. Record that it did not take place, or wait for its end."
        )
    return shown


def version_of(shown: RequestView) -> Form:
    """Begin a form about a request as it stands (A12)."""
    return Form({"version": str(shown.consult.version)})


def is_stale(shown: RequestView, form: Form) -> bool:
    """Tell whether the request has changed since the form was shown, and say so beside it (A12)."""
    if form.values.get("version") == str(shown.consult.version):
        return False
    form.values["version"] = str(shown.consult.version)
    form.fail("version", CHANGED)
    return True


def page(name: str, shown: RequestView, form: Form, **more: object) -> str:
    """Make a page that changes a request."""
    return render_template(f"coordinator/{name}.html", shown=shown, case=shown.case, form=form, **more)


@coordinator.get("/cases/<int:denial_id>/times")
@allow(Role.COORDINATOR)
def times(denial_id: int) -> ResponseReturnValue:
    """Show the times that the office gave, or the one that was proposed by mail, to be changed."""
    shown = read_request(denial_id, before_the_call=True)
    zone = known_zone(shown.consult.office_time_zone) or reader_zone()
    proposed = mails.proposed_time(request.args.get("proposed", type=int), shown)
    windows = [proposed] if proposed else [interval(window) for window in shown.consult.windows]
    form = version_of(shown)
    form.values.update({"zone": zone.key, **rows_of(windows, zone)})
    if not windows:
        form.values["any_time"] = "yes"
    return _times_page(shown, form)


@coordinator.post("/cases/<int:denial_id>/times")
@allow(Role.COORDINATOR)
def change_times(denial_id: int) -> ResponseReturnValue:
    """Replace the times; a booked one is given up for it."""
    shown, form = read_request(denial_id, lock=True, before_the_call=True), Form.typed()
    if form.values.get("action") == "add-window":
        form.values["window_rows"] = str(row_count(form) + 1)
    if form.values.get("action") in ("add-window", "change"):
        return _times_page(shown, form)
    rules = shown.rulebook.policy
    windows = read_windows(
        form,
        known_zone(form.text("zone")) or reader_zone(),
        at_least=rules.request.min_windows,
        length=rules.consult.duration,
        now=now(),
    )
    if form.errors:
        return _times_page(shown, form), 422
    if is_stale(shown, form):
        return _times_page(shown, form), 409
    file = use_cases.reschedule(db_session(), shown.consult.id, windows, setup=setup(), by=me(), now=now())
    given_up = shown.state.booking
    words = "The new times are taken down."
    if given_up is not None:
        kept = rules.queue.after_office_reschedule is AfterReschedule.KEEPS_PLACE
        where = "keeps its place in line" if kept else "stands at the back of the line"
        words += f" {when(given_up.during.start)} is given up, and the request {where}."
    return done(denial_id, f"{words} {FOLLOWS if file.state.status is Status.WAITING else ''}".strip())


def _times_page(shown: RequestView, form: Form) -> str:
    zone = known_zone(form.values.get("zone", "")) or reader_zone()
    openings = expectation.openings_of(db_session(), shown.case, setup=setup(), now=now())
    notice = timedelta(minutes=shown.rulebook.policy.consult.notice_minutes)
    return page(
        "times",
        shown,
        form,
        zone=zone,
        weeks=weeks(openings, zone, now=now(), first=now() + notice),
        window_rows=row_count(form),
        ticked=set(form.values.getlist("hour")),
    )


@coordinator.get("/cases/<int:denial_id>/information")
@allow(Role.COORDINATOR)
def informing(denial_id: int) -> ResponseReturnValue:
    """Ask for what the caller says."""
    shown, form = read_request(denial_id), Form()
    form.values.update(told_now_by(shown.consult.office_contact))
    return page("information", shown, form, hows=HOWS)


@coordinator.post("/cases/<int:denial_id>/information")
@allow(Role.COORDINATOR)
def inform(denial_id: int) -> ResponseReturnValue:
    """Take down clinical information by telephone or fax, with who gave it and when (NC-8, BSP-4)."""
    shown, form = read_request(denial_id, lock=True), Form.typed()
    taken = read_taken_down(form)
    try:
        if form.errors:
            raise Invalid(form.errors)
        file = take_down(db_session(), shown.consult.id, taken, account_id=account().id, setup=setup(), now=now())
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        return page("information", shown, form, hows=HOWS), 422
    return tried(denial_id, file, _after_information)


def _after_information(file: CaseFile) -> str:
    if file.state.status is Status.CANCELLED:
        return "The information is taken down. This plan makes an appeal of it; the request ends here."
    follows = {
        Status.AWAITING_REVIEW: "The nurses have it now; "
        f"{'a time is looked for' if file.state.talk else 'the office is told'} once they decided.",
        Status.AWAITING_DECISION: "The director sees it before deciding.",
        Status.WAITING: FOLLOWS,
        Status.BOOKED: "The booked time stays, and the director sees it before the call.",
    }
    return f"The information is taken down. {follows.get(file.state.status, '')}".strip()


@coordinator.get("/cases/<int:denial_id>/waive")
@allow(Role.COORDINATOR)
def waiving(denial_id: int) -> ResponseReturnValue:
    """Ask why the request goes on without the information that the policy asks for."""
    shown = read_request(denial_id)
    return page("waive", shown, version_of(shown))


@coordinator.post("/cases/<int:denial_id>/waive")
@allow(Role.COORDINATOR)
def waive(denial_id: int) -> ResponseReturnValue:
    """Let the request go on without the information, with a reason on record (NC-8)."""
    shown, form = read_request(denial_id, lock=True), Form.typed()
    reason = form.text("reason", "Say why it goes on without the information; it is kept with the case.", limit=500)
    if form.errors:
        return page("waive", shown, form), 422
    if is_stale(shown, form):
        return page("waive", shown, form), 409
    waive_information(db_session(), shown.consult.id, reason, setup=setup(), by=me(), now=now())
    return done(denial_id, f"The request goes on without clinical information. {FOLLOWS}")


@coordinator.get("/cases/<int:denial_id>/reconsideration")
@allow(Role.COORDINATOR)
def reconsidering(denial_id: int) -> ResponseReturnValue:
    """Say what reconsideration means for this request."""
    return page("reconsideration", (shown := read_request(denial_id)), version_of(shown))


@coordinator.post("/cases/<int:denial_id>/reconsideration")
@allow(Role.COORDINATOR)
def reconsider(denial_id: int) -> ResponseReturnValue:
    """Ask for reconsideration beside the talk, for the office (NC-4)."""
    shown, form = read_request(denial_id, lock=True), Form.typed()
    if is_stale(shown, form):
        return page("reconsideration", shown, form), 409
    file = use_cases.ask_reconsideration(db_session(), shown.consult.id, setup=setup(), by=me(), now=now())
    return tried(denial_id, file, _after_reconsideration)


def _after_reconsideration(file: CaseFile) -> str:
    said = "Reconsideration is asked for."
    if file.state.complete is None:
        return f"{said} Clinical information is needed first: take it down now if the caller has it."
    review = file.state.review
    if review is not None and review.kind is ReviewKind.RECONSIDERATION:
        said += " The nurses have it now"
        said += f", due {when(review.due)}." if review.due else "."
    return f"{said} If they approve, the talk is cancelled and both sides are told."


@coordinator.get("/cases/<int:denial_id>/withdraw")
@allow(Role.COORDINATOR)
def withdrawing(denial_id: int) -> ResponseReturnValue:
    """Ask once more."""
    return page("withdraw", (shown := read_request(denial_id, before_the_call=True)), version_of(shown))


@coordinator.post("/cases/<int:denial_id>/withdraw")
@allow(Role.COORDINATOR)
def withdraw(denial_id: int) -> ResponseReturnValue:
    """Withdraw the request for its office."""
    shown, form = read_request(denial_id, lock=True, before_the_call=True), Form.typed()
    if is_stale(shown, form):
        return page("withdraw", shown, form), 409
    use_cases.withdraw(db_session(), shown.consult.id, setup=setup(), by=me(), now=now())
    booked = shown.state.booking
    if booked is None:
        return done(denial_id, "The request is withdrawn.")
    told = (
        f"The request is withdrawn. {when(booked.during.start)} goes to the next in line; both sides are told by mail."
    )
    return done(denial_id, told)


@coordinator.post("/cases/<int:denial_id>/peer")
@allow(Role.COORDINATOR)
def answer_peer(denial_id: int) -> ResponseReturnValue:
    """Take down whether the office takes the other director who was offered or given, or waits (BSP-5)."""
    # not locked here: the use case locks the directors first, as planning does
    shown, form = read_request(denial_id, before_the_call=True), Form.typed()
    if is_stale(shown, form):
        raise Conflict(CHANGED)
    answer = form.choice("answer", ("accept", "decline"))
    if answer == "accept":
        file = use_cases.accept_peer(db_session(), shown.consult.id, setup=setup(), by=me(), now=now())
        booked = file.state.booking
        return done(denial_id, f"Booked with the other director: {when(booked.during.start)}." if booked else "Noted.")
    if answer == "decline":
        use_cases.decline_peer(db_session(), shown.consult.id, setup=setup(), by=me(), now=now())
        return done(denial_id, "The office waits for the director who decided.")
    raise Conflict("Choose one of the two answers on the page of the case. Nothing was changed.")
