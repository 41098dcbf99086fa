"""What only the desk may do: name who decided, enter a date, reassign, connect at once, record an absence."""

from datetime import date, datetime, time

from flask import render_template
from flask.typing import ResponseReturnValue

from app.consults import desk, determination, telephone
from app.consults import office as use_cases
from app.consults.casefile import CaseFile
from app.errors import Conflict, Invalid
from app.models import Role
from app.queries import casework
from app.queries.candidates import Candidate, candidates
from app.queries.office import CaseView, RequestView
from app.web.access import allow
from app.web.coordinator.acting import FOLLOWS, is_stale, page, read_request, version_of
from app.web.coordinator.blueprint import INVITED, coordinator, done, me
from app.web.coordinator.words import CANNOT, DATES
from app.web.edge import db_session, now, setup
from app.web.forms import Form
from app.web.times import plan_zone, when
from scheduling.business_time import start_at
from scheduling.values import Status


def read_case(denial_id: int) -> CaseView:
    """Read a case, and show times in its plan's zone where no other is known."""
    shown = casework.case(db_session(), denial_id, setup=setup())
    plan_zone(shown.zone)
    return shown


@coordinator.get("/cases/<int:denial_id>/director")
@allow(Role.COORDINATOR)
def naming(denial_id: int) -> ResponseReturnValue:
    """Ask who decided."""
    return _naming_page(read_case(denial_id), Form())


@coordinator.post("/cases/<int:denial_id>/director")
@allow(Role.COORDINATOR)
def name(denial_id: int) -> ResponseReturnValue:
    """Name the director who is responsible for a denial that had none (BSP-1)."""
    shown, form = read_case(denial_id), Form.typed()
    people = dict(casework.active_directors(db_session()))
    chosen = form.choice("director", map(str, people), "Choose the medical director who decided.")
    if form.errors:
        return _naming_page(shown, form), 422
    file = desk.name_director(db_session(), denial_id, int(chosen), setup=setup(), by=me(), now=now())
    follows = f" The request stands in that line now. {FOLLOWS}" if file is not None else ""
    return done(denial_id, f"{people[int(chosen)]} is named as the director who decided.{follows}")


def _naming_page(shown: CaseView, form: Form) -> str:
    people = casework.active_directors(db_session())
    return render_template("coordinator/director.html", case=shown, form=form, people=people)


@coordinator.get("/cases/<int:denial_id>/date")
@allow(Role.COORDINATOR)
def dating(denial_id: int) -> ResponseReturnValue:
    """Ask for a date of the denial that has become known."""
    return render_template("coordinator/date.html", case=read_case(denial_id), form=Form(), dates=DATES)


@coordinator.post("/cases/<int:denial_id>/date")
@allow(Role.COORDINATOR)
def date_known(denial_id: int) -> ResponseReturnValue:
    """Put down a date; the deadlines that count from it are computed once more."""
    shown, form = read_case(denial_id), Form.typed()
    which = form.choice("which", DATES, "Choose which date it is.")
    value = _day_or_instant(form, shown)
    if form.errors or value is None:
        return render_template("coordinator/date.html", case=shown, form=form, dates=DATES), 422
    file = desk.learn_date(db_session(), denial_id, which, value, setup=setup(), by=me(), now=now())
    return done(denial_id, f"{DATES[which]} is put down. {_deadlines(file)}")


def _day_or_instant(form: Form, shown: CaseView) -> date | datetime | None:
    on = form.day("on", "Enter the date.")
    typed = form.text("at")
    if on is None or not typed:
        return on
    try:
        return start_at(on, time.fromisoformat(typed), shown.zone)
    except ValueError:
        form.fail("at", "Enter the time as in 14:30, or leave it empty.")
        return None


def _deadlines(file: CaseFile | None) -> str:
    if file is None:
        return "It counts for the next request."
    due = file.state.deadlines.owed
    if file.state.deadlines.unknown:
        return "Another date is still missing."
    return f"The talk has to begin before {when(due)}." if due else "No deadline counts from it."


@coordinator.get("/cases/<int:denial_id>/reassign")
@allow(Role.COORDINATOR)
def reassigning(denial_id: int) -> ResponseReturnValue:
    """Ask to whom, and why."""
    shown = read_request(denial_id, before_the_call=True)
    return _reassign_page(shown, version_of(shown))


@coordinator.post("/cases/<int:denial_id>/reassign")
@allow(Role.COORDINATOR)
def reassign(denial_id: int) -> ResponseReturnValue:
    """Give a request to another director, with a reason on record (H4)."""
    shown, form = read_request(denial_id, lock=True, before_the_call=True), Form.typed()
    people = dict(casework.active_directors(db_session()))
    chosen = form.choice("director", map(str, people), "Choose who takes it.")
    reason = form.text("reason", "Say why another director takes this: it is kept with the case.", limit=500)
    if form.errors:
        return _reassign_page(shown, form), 422
    if is_stale(shown, form):
        return _reassign_page(shown, form), 409
    desk.reassign(db_session(), shown.consult.id, int(chosen), reason, setup=setup(), by=me(), now=now())
    booked = shown.state.booking
    given_up = f" {when(booked.during.start)} is given up." if booked else ""
    follows = FOLLOWS if booked or shown.state.status is Status.WAITING else ""
    return done(denial_id, f"Given to {people[int(chosen)]}.{given_up} {follows}".strip())


def _reassign_page(shown: RequestView, form: Form) -> str:
    people = [(str(each.id), each.name, _about(each)) for each in candidates(db_session(), shown, now=now())]
    return page("reassign", shown, form, people=people)


def _about(candidate: Candidate) -> str:
    """Say what speaks for a director, and what against."""
    words = ["Designated peer."] if candidate.is_peer else []
    if candidate.why_not is not None:
        words.append(f"{CANNOT[candidate.why_not]}.")
    if candidate.first is None:
        words.append("No time in the next three weeks.")
    else:
        late = "" if candidate.in_time else ", after the deadline"
        words.append(f"First time: {when(candidate.first.start)}{late}.")
    return " ".join(words)


@coordinator.get("/cases/<int:denial_id>/connect")
@allow(Role.COORDINATOR)
def connecting(denial_id: int) -> ResponseReturnValue:
    """Show who is free."""
    shown = read_request(denial_id, before_the_call=True)
    return _connect_page(shown, version_of(shown))


@coordinator.post("/cases/<int:denial_id>/connect")
@allow(Role.COORDINATOR)
def connect(denial_id: int) -> ResponseReturnValue:
    """Put the physician through to a director who is free now."""
    # not locked here: the use case locks the director first, as planning does
    shown, form = read_request(denial_id, before_the_call=True), Form.typed()
    if is_stale(shown, form):
        return _connect_page(shown, form), 409
    free = {person.id: person for person in casework.connectable(db_session(), shown.case, now=now())}
    chosen = form.choice("director", map(str, free), "This director is no longer free. Choose again.")
    if form.errors:
        return _connect_page(shown, form), 422
    try:
        telephone.connect_now(db_session(), shown.consult.id, int(chosen), setup=setup(), by=me(), now=now())
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        return _connect_page(shown, form), 422
    person = free[int(chosen)]
    return done(denial_id, f"Connect them now: {person.name}, {person.phone}. {INVITED}")


def _connect_page(shown: RequestView, form: Form) -> str:
    return page("connect", shown, form, free=casework.connectable(db_session(), shown.case, now=now()))


@coordinator.get("/cases/<int:denial_id>/missed")
@allow(Role.COORDINATOR)
def missing(denial_id: int) -> ResponseReturnValue:
    """Ask who was not there."""
    shown = read_request(denial_id)
    return page("missed", shown, version_of(shown))


@coordinator.post("/cases/<int:denial_id>/missed")
@allow(Role.COORDINATOR)
def missed(denial_id: int) -> ResponseReturnValue:
    """Record a call that reached nobody, or that the director did not make."""
    shown, form = read_request(denial_id, lock=True), Form.typed()
    who = form.choice("who", ("office", "director"), "Choose who was not there.")
    if form.errors:
        return page("missed", shown, form), 422
    if is_stale(shown, form):
        return page("missed", shown, form), 409
    file = determination.record_absence(db_session(), shown.consult.id, who, setup=setup(), by=me(), now=now())
    return done(denial_id, _after_absence(file))


def _after_absence(file: CaseFile) -> str:
    rules = file.rulebook.policy.contact
    if file.state.status is Status.NOT_REACHED:
        return "Recorded. Nobody was reached at the agreed times, so the request is closed and the office is told."
    if file.state.booking is not None:
        left = rules.attempts - file.state.attempts
        again = "once more" if left == 1 else f"{left} more times"
        return f"Recorded. The director calls {again}, after {rules.minutes_between} minutes."
    return f"Recorded. The request is back in line. {FOLLOWS}"


@coordinator.get("/cases/<int:denial_id>/appeal")
@allow(Role.COORDINATOR)
def appealing(denial_id: int) -> ResponseReturnValue:
    """Say what an appeal means for this case."""
    return render_template("coordinator/appeal.html", case=read_case(denial_id), form=Form())


@coordinator.post("/cases/<int:denial_id>/appeal")
@allow(Role.COORDINATOR)
def appeal(denial_id: int) -> ResponseReturnValue:
    """Put down that an appeal was filed."""
    shown = read_case(denial_id)
    if shown.appeal_filed_at is not None:
        raise Conflict("That an appeal was filed is on record already. Nothing was changed.")
    file = use_cases.file_appeal(db_session(), denial_id, setup=setup(), by=me(), now=now())
    if file is None:
        return done(denial_id, "That an appeal was filed is on record.")
    ended = file.state.status is Status.CANCELLED
    follows = "The open request ends with it; the office is told." if ended else "The open request goes on."
    return done(denial_id, f"That an appeal was filed is on record. {follows}")
