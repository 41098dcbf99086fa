"""The medical director's pages: whom to call, when, about what; the outcome; the director's own time."""

from datetime import datetime, timedelta
from datetime import time as clock

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.consults import desk, determination
from app.consults import office as office_use_cases
from app.errors import Conflict, NotFound
from app.history import account_actor
from app.models import Role
from app.queries import casework
from app.queries import director as queries
from app.queries import nurse as reviews
from app.queries.office import RequestView
from app.ranges import interval
from app.web.access import account, allow
from app.web.coordinator import log
from app.web.edge import db_session, now, nudge_after_commit, setup
from app.web.forms import LONG, Form
from app.web.office.words import refusal
from app.web.times import plan_zone, reader_zone
from scheduling import eligibility
from scheduling.values import Interval

director = Blueprint("director", __name__, url_prefix="/director")

#: how far ahead the calls are shown
SHOWN = timedelta(days=7)

#: what the director chooses from; the policy says which of them a case allows
OUTCOMES = {
    "upheld": "Upheld: the denial stands",
    "overturned": "Overturned: the request is approved",
    "modified": "Modified: a part is approved, or something else",
    "discussed": "Discussed: the rationale was explained, the denial stands",
    "plan_error": "The denial was a mistake of the plan",
}


def me() -> int:
    """Return the director whose day the reader sees."""
    director_id = account().director_id
    if director_id is None:
        raise NotFound("This account belongs to no medical director.")
    return director_id


@director.get("/")
@allow(Role.DIRECTOR)
def day() -> ResponseReturnValue:
    """Show today and the week, the next call on top."""
    return render_template("director/day.html", **_calls())


@director.get("/live")
@allow(Role.DIRECTOR)
def live() -> ResponseReturnValue:
    """Give the calls alone, for a page that stays open."""
    return render_template("director/calls.html", **_calls())


def _calls() -> dict[str, object]:
    rows = queries.calls(db_session(), me(), Interval(now() - timedelta(hours=12), now() + SHOWN))
    coming = [row for row in rows if row.during.end > now()]
    return {
        "next": coming[0] if coming else None,
        "later": coming[1:],
        "open": [row for row in rows if row.during.end <= now()],
        "waiting": queries.waiting_in_line(db_session(), me()),
    }


@director.get("/consults/<reference>")
@allow(Role.DIRECTOR)
def consult(reference: str) -> ResponseReturnValue:
    """Show the brief: whom to call, what was denied and why, what is new, what the nurse wrote."""
    return _page(reference, Form({}))


@director.post("/consults/<reference>/not-there")
@allow(Role.DIRECTOR)
def not_there(reference: str) -> ResponseReturnValue:
    """Record a call that reached nobody, or that the director could not call."""
    form = Form.typed()
    who = form.choice("who", ["office", "director"], "Choose who was not there.")
    if form.errors:
        return _page(reference, form), 422
    shown = _request(reference)
    determination.record_absence(db_session(), shown.consult.id, who, setup=setup(), by=_actor(), now=now())
    words = "The call is on record: nobody was reached." if who == "office" else "The request is back in its old place."
    return _done(f"{words} What follows is done by itself, and the office is told.", reference)


@director.post("/consults/<reference>/reconsider")
@allow(Role.DIRECTOR)
def reconsider(reference: str) -> ResponseReturnValue:
    """Put down that the office asks for reconsideration in the call: it opens the PCR (NC-4)."""
    shown = _request(reference)
    office_use_cases.ask_reconsideration(db_session(), shown.consult.id, setup=setup(), by=_actor(), now=now())
    return _done("Reconsideration is asked for and on record. The decision can be changed now.", reference)


@director.post("/consults/<reference>/decline")
@allow(Role.DIRECTOR)
def decline(reference: str) -> ResponseReturnValue:
    """Give a time back before the call: the request keeps its place and gets another."""
    shown = _request(reference)
    desk.director_declines(db_session(), shown.consult.id, setup=setup(), by=_actor(), now=now())
    nudge_after_commit("assign", "deliver")
    flash("The time is given back. The request keeps its place in line and gets another time.", "success")
    return redirect(url_for("director.day"), code=303)


@director.post("/consults/<reference>/outcome")
@allow(Role.DIRECTOR)
def outcome(reference: str) -> ResponseReturnValue:
    """Show what the office will read, then record the outcome."""
    form, shown = Form.typed(), _request(reference)
    chosen = form.choice("outcome", list(_allowed(shown)), "Choose what the talk has come to.")
    note = form.text("note", "Add one sentence: what decided it.", limit=LONG, lines=True)
    if form.errors:
        return _page(reference, form), 422
    if form.values.get("action") != "record":
        words = determination.words_for(shown.rulebook, chosen)
        return render_template(
            "director/outcome.html", form=form, shown=shown, case=shown.case, words=words, label=OUTCOMES[chosen]
        )
    file = determination.record_outcome(
        db_session(), shown.consult.id, chosen, note, setup=setup(), by=_actor(), now=now()
    )
    if file.refused is not None:
        why = refusal(file.refused)
        raise Conflict(f"{why.title}. {why.because} {why.instead}")
    return _done("The outcome is recorded and the office is told.", reference)


@director.get("/time")
@allow(Role.DIRECTOR)
def time() -> ResponseReturnValue:
    """Show the weekly hours and the time off."""
    return _time_page(Form({}))


@director.post("/time/off")
@allow(Role.DIRECTOR)
def take_off() -> ResponseReturnValue:
    """Take time off: first say which calls it touches, then do it (C8)."""
    form = Form.typed()
    during = _stretch(form)
    if form.errors or during is None:
        return _time_page(form), 422
    touched = queries.calls(db_session(), me(), during)
    coming = [row for row in touched if row.during.start > now()]
    if coming and form.values.get("action") != "take":
        return _time_page(form, touched=coming)
    note = form.text("note")
    desk.take_director_out(db_session(), me(), during, note, setup=setup(), by=_actor(), now=now())
    nudge_after_commit("assign", "deliver")
    moved = f" {len(coming)} consults keep their place and get another time." if coming else ""
    flash(f"Your time off is put down.{moved}", "success")
    return redirect(url_for("director.time"), code=303)


@director.post("/time/off/<int:off_id>/remove")
@allow(Role.DIRECTOR)
def put_back(off_id: int) -> ResponseReturnValue:
    """Give time off back to the openings."""
    if off_id not in {off.id for off in queries.time_off(db_session(), me(), now())}:
        raise NotFound("There is no such time off.")
    desk.put_back(db_session(), off_id)
    nudge_after_commit("assign", "deliver")
    flash("That time can be booked again.", "success")
    return redirect(url_for("director.time"), code=303)


def _actor() -> str:
    return account_actor(account().id)


def _done(words: str, reference: str) -> ResponseReturnValue:
    nudge_after_commit("assign", "deliver")
    flash(words, "success")
    return redirect(url_for("director.consult", reference=reference), code=303)


def _denial_id(reference: str) -> int:
    found = queries.denial_for(db_session(), reference, me())
    if found is None:
        raise NotFound("There is no consult of yours with this reference.")
    return found


def _request(reference: str) -> RequestView:
    shown = casework.request_of(db_session(), _denial_id(reference), setup=setup())
    if shown.consult.reference != reference:
        raise NotFound("A newer request about this case has taken the place of this one.")
    return shown


def _allowed(shown: RequestView) -> tuple[str, ...]:
    return eligibility.outcomes(shown.rulebook, reconsideration=shown.state.reconsideration)


def _page(reference: str, form: Form) -> str:
    work = casework.work(db_session(), _denial_id(reference), setup=setup())
    shown = work.request
    if shown is None or shown.consult.reference != reference:
        raise NotFound("A newer request about this case has taken the place of this one.")
    plan_zone(work.case.zone)
    name, born = queries.identity(db_session(), work.case.id)
    found = reviews.review_of(db_session(), shown.consult.id)
    booking = shown.state.booking
    rules = shown.rulebook.policy
    return render_template(
        "director/consult.html",
        form=form,
        case=work.case,
        shown=shown,
        member=name,
        born=born,
        review=found[0] if found else None,
        begun=booking is not None and booking.during.start <= now(),
        outcomes=[(outcome, OUTCOMES[outcome]) for outcome in _allowed(shown)],
        may_reconsider=rules.reconsideration.offered and not shown.state.reconsideration,
        contact=rules.contact,
        entries=log.in_words(work),
    )


def _stretch(form: Form) -> Interval | None:
    """Read from when until when somebody is away, in the reader's zone."""
    first = form.day("from_date", "Enter the first day, like 3/14/2026.")
    last = form.day("to_date", "Enter the last day, like 3/14/2026.")
    if first is None or last is None:
        return None
    if last < first:
        form.fail("to_date", "The last day must not lie before the first.")
        return None
    zone = reader_zone()
    start = max(datetime.combine(first, clock.min, zone), now())
    end = datetime.combine(last + timedelta(days=1), clock.min, zone)
    if end <= now():
        form.fail("to_date", "These days have passed.")
        return None
    return Interval(start, end)


def _time_page(form: Form, touched: list[queries.CallRow] | None = None) -> str:
    who = queries.week_of(db_session(), me())
    week: dict[int, list[str]] = {weekday: [] for weekday in range(7)}
    for span in sorted(who.hours, key=lambda span: span.starts):
        week[span.weekday].append(f"{span.starts:%H:%M} to {f'{span.ends:%H:%M}' if span.ends else '24:00'}")
    return render_template(
        "director/time.html",
        form=form,
        who=who,
        week=week,
        off=[(row.id, interval(row.during), row.note) for row in queries.time_off(db_session(), me(), now())],
        touched=touched,
    )
