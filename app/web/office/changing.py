"""What an office does about its request: other times, withdraw, more information, reconsideration, another director."""

from collections.abc import Callable
from datetime import timedelta

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.consults import office as use_cases
from app.consults.casefile import CaseFile
from app.errors import Conflict
from app.history import OFFICE
from app.models import Role
from app.queries import expectation
from app.queries.office import RequestView
from app.ranges import interval
from app.web.access import allow
from app.web.document_words import what_came_of_it
from app.web.documents import documents_of
from app.web.edge import db_session, now, nudge_after_commit, setup
from app.web.forms import LONG, Form
from app.web.office.blueprint import office
from app.web.office.documents import open_request, take
from app.web.office.following import read_request
from app.web.office.windows import read_windows, row_count, rows_of, weeks
from app.web.office.words import refusal
from app.web.times import known_zone, reader_zone
from app.web.uploads import takes_files

CHANGED = "This has changed since you opened the page. Nothing was saved. This is how it stands now."


@office.get("/c/<reference>/times")
@allow(Role.OFFICE)
def times(reference: str) -> ResponseReturnValue:
    """Show the times that were given, to be changed."""
    shown = read_request(reference)
    zone = known_zone(shown.consult.office_time_zone) or reader_zone()
    windows = [interval(window) for window in shown.consult.windows]
    form = Form({"zone": zone.key, "version": str(shown.consult.version), **rows_of(windows, zone)})
    if not windows:
        form.values["any_time"] = "yes"
    return _times_page(shown, form)


@office.post("/c/<reference>/times")
@allow(Role.OFFICE)
def change_times(reference: str) -> ResponseReturnValue:
    """Replace the times. A booked time is given up for it, so a page that is out of date changes nothing (A12)."""
    shown = read_request(reference, lock=True)
    form = Form.typed()
    if form.values.get("action") == "add-window":
        form.values["window_rows"] = str(row_count(form) + 1)
    if form.values.get("action") in ("add-window", "change"):
        return _times_page(shown, form)
    rules = shown.rulebook.policy
    windows = read_windows(
        form,
        known_zone(form.text("zone")) or reader_zone(),
        at_least=rules.request.min_windows,
        length=timedelta(minutes=rules.consult.duration_minutes),
        now=now(),
    )
    form.tick("agreed", "Tick this once the physician has agreed to these times.")
    if form.errors:
        return _times_page(shown, form), 422
    if out_of_date(shown, form):
        return _times_page(shown, form), 409
    use_cases.reschedule(db_session(), shown.consult.id, windows, setup=setup(), by=OFFICE, now=now())
    return _done(reference, "Your times are changed. A time inside them is being looked for.")


@office.get("/c/<reference>/withdraw")
@allow(Role.OFFICE)
def withdrawing(reference: str) -> ResponseReturnValue:
    """Ask once more."""
    shown = read_request(reference)
    return render_template("office/withdraw.html", shown=shown, form=Form({"version": str(shown.consult.version)}))


@office.post("/c/<reference>/withdraw")
@allow(Role.OFFICE)
def withdraw(reference: str) -> ResponseReturnValue:
    """Withdraw the request."""
    shown = read_request(reference, lock=True)
    form = Form.typed()
    if out_of_date(shown, form):
        return render_template("office/withdraw.html", shown=shown, form=form), 409
    use_cases.withdraw(db_session(), shown.consult.id, setup=setup(), by=OFFICE, now=now())
    return _done(reference, "Your request is withdrawn.")


@office.get("/c/<reference>/information")
@allow(Role.OFFICE)
def informing(reference: str) -> ResponseReturnValue:
    """Ask for what the reviewer should know."""
    return render_template("office/information.html", shown=read_request(reference), form=Form())


@office.post("/c/<reference>/information")
@allow(Role.OFFICE)
@takes_files
def inform(reference: str) -> ResponseReturnValue:
    """Add clinical information: typed, or as documents (NC-8)."""
    denial_id = open_request(reference)
    taken = take(denial_id)
    shown = read_request(reference, lock=True)
    form = Form.typed()
    there = taken is not None or any(row.may_count for row in documents_of(denial_id).rows)
    missing = None if there else "Write what the reviewer should know, or choose a document."
    statement = form.text("statement", missing, limit=LONG, lines=True)
    if not statement and there and not form.errors:
        flash(what_came_of_it(taken) if taken else "Your documents are received.", "info")
        return redirect(url_for("office.follow", reference=reference), code=303)
    if form.errors:
        return render_template("office/information.html", shown=shown, form=form), 422
    return tried(
        reference,
        lambda: use_cases.send_information(
            db_session(), shown.consult.id, statement, setup=setup(), by=OFFICE, now=now()
        ),
        "Your information is received.",
    )


@office.get("/c/<reference>/reconsideration")
@allow(Role.OFFICE)
def reconsidering(reference: str) -> ResponseReturnValue:
    """Say what reconsideration means for this request."""
    return render_template("office/reconsideration.html", shown=read_request(reference), form=Form())


@office.post("/c/<reference>/reconsideration")
@allow(Role.OFFICE)
def reconsider(reference: str) -> ResponseReturnValue:
    """Ask for reconsideration beside the talk (NC-4)."""
    shown = read_request(reference, lock=True)
    return tried(
        reference,
        lambda: use_cases.ask_reconsideration(db_session(), shown.consult.id, setup=setup(), by=OFFICE, now=now()),
        "Reconsideration is asked for.",
    )


@office.post("/c/<reference>/peer")
@allow(Role.OFFICE)
def answer_peer(reference: str) -> ResponseReturnValue:
    """Take the other medical director who was offered or given, or wait for the one who decided (BSP-5)."""
    shown = read_request(reference)
    answer = Form.typed().choice("answer", ("accept", "decline"))
    if answer == "accept":
        use_cases.accept_peer(db_session(), shown.consult.id, setup=setup(), by=OFFICE, now=now())
        return _done(reference, "You take the other medical director.")
    if answer == "decline":
        use_cases.decline_peer(db_session(), shown.consult.id, setup=setup(), by=OFFICE, now=now())
        return _done(reference, "You wait for the medical director who decided.")
    raise Conflict("Choose one of the two answers on the page of the request. Nothing was changed.")


def tried(reference: str, do: Callable[[], CaseFile], words: str) -> ResponseReturnValue:
    """Do it, and say why not where the policy refuses it; a refusal is on record and changes nothing else."""
    file = do()
    if file.refused is None:
        return _done(reference, words)
    why = refusal(file.refused)
    flash(f"{why.because} {why.instead}", "warning")
    nudge_after_commit("deliver")
    return redirect(url_for("office.follow", reference=reference), code=303)


def _done(reference: str, words: str) -> ResponseReturnValue:
    nudge_after_commit("assign", "deliver")
    flash(words, "success")
    return redirect(url_for("office.follow", reference=reference), code=303)


def out_of_date(shown: RequestView, form: Form) -> bool:
    """Tell whether the request has changed since the form was shown, and say so beside it (A12)."""
    if form.values.get("version") == str(shown.consult.version):
        return False
    form.values["version"] = str(shown.consult.version)
    form.fail("version", CHANGED)
    return True


def _times_page(shown: RequestView, form: Form) -> str:
    zone = known_zone(form.values.get("zone", "")) or reader_zone()
    openings = expectation.openings_of(db_session(), shown.case, setup=setup(), now=now())
    notice = timedelta(minutes=shown.rulebook.policy.consult.notice_minutes)
    return render_template(
        "office/times.html",
        shown=shown,
        case=shown.case,
        form=form,
        zone=zone,
        weeks=weeks(openings, zone, now=now(), first=now() + notice),
        window_rows=row_count(form),
        ticked=set(form.values.getlist("hour")),
    )
