"""A talk that is asked for beside a reconsideration without a call; the office's page, and the form it shares."""

from datetime import timedelta
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from app.consults import without_call
from app.consults.without_call import Talk
from app.errors import Conflict
from app.history import OFFICE
from app.models import Role
from app.queries import expectation
from app.queries.office import RequestView
from app.web.access import allow
from app.web.edge import db_session, now, setup
from app.web.forms import Form
from app.web.office.asking import read_speaker
from app.web.office.blueprint import office
from app.web.office.changing import out_of_date, tried
from app.web.office.following import read_request
from app.web.office.windows import read_windows, row_count, weeks
from app.web.office.words import PROFESSIONS, RELATIONS
from app.web.times import known_zone, reader_zone

#: the form in which "add another time" and "show in this zone" only show it again
SHOWN_AGAIN = ("add-window", "change")


@office.get("/c/<reference>/talk")
@allow(Role.OFFICE)
def talk(reference: str) -> ResponseReturnValue:
    """Ask who talks and when."""
    shown = read_request(reference)
    check_none_asked(shown)
    form = Form({"version": str(shown.consult.version), **known_of_speaker(shown)})
    return _page(shown, form)


@office.post("/c/<reference>/talk")
@allow(Role.OFFICE)
def ask_for_talk(reference: str) -> ResponseReturnValue:
    """Ask for a talk beside the reconsideration: it takes its place in line now (NC-4, NC-9)."""
    shown, form = read_request(reference, lock=True), Form.typed()
    check_none_asked(shown)
    if shown_again(form):
        return _page(shown, form)
    form.tick("agreed", "Tick this once the physician has agreed to these times.")
    wanted = read_talk(shown, form)
    if form.errors:
        return _page(shown, form), 422
    if out_of_date(shown, form):
        return _page(shown, form), 409
    return tried(
        reference,
        lambda: without_call.ask_for_talk(db_session(), shown.consult.id, wanted, setup=setup(), by=OFFICE, now=now()),
        "The talk is asked for. A time inside your times is being looked for.",
    )


def check_none_asked(shown: RequestView) -> None:
    """Refuse where a talk is asked for already, or the request is closed."""
    if shown.state.talk or not shown.state.status.open:
        raise Conflict("A talk is asked for already, or the request is closed. Open the request to see how it stands.")


def known_of_speaker(shown: RequestView) -> dict[str, str]:
    """Fill in what is known of the physician."""
    consult = shown.consult
    zone = known_zone(consult.office_time_zone) or reader_zone()
    names = ("name", "phone", "profession", "relation", "npi", "specialty")
    return {"zone": zone.key, **{f"speaker_{name}": getattr(consult, f"speaker_{name}") for name in names}}


def shown_again(form: Form) -> bool:
    """Tell whether the form is only to be shown again, with another row or in another zone."""
    if form.values.get("action") == "add-window":
        form.values["window_rows"] = str(row_count(form) + 1)
    return form.values.get("action") in SHOWN_AGAIN


def read_talk(shown: RequestView, form: Form) -> Talk:
    """Read the talk that is asked for; what is wrong is beside its field afterwards."""
    rules = shown.rulebook.policy
    zone = known_zone(form.text("zone")) or reader_zone()
    windows = read_windows(form, zone, at_least=rules.request.min_windows, length=rules.consult.duration, now=now())
    return Talk(windows=windows, move_up=form.tick("move_up"), office_time_zone=zone.key, **read_speaker(form))


def talk_fields(shown: RequestView, form: Form) -> dict[str, Any]:
    """Give what `office/talk_fields.html` needs."""
    zone = known_zone(form.values.get("zone", "")) or reader_zone()
    openings = expectation.openings_of(db_session(), shown.case, setup=setup(), now=now())
    notice = timedelta(minutes=shown.rulebook.policy.consult.notice_minutes)
    return {
        "shown": shown,
        "case": shown.case,
        "form": form,
        "zone": zone,
        "weeks": weeks(openings, zone, now=now(), first=now() + notice),
        "window_rows": row_count(form),
        "ticked": set(form.values.getlist("hour")),
        "professions": list(PROFESSIONS.items()),
        "relations": list(RELATIONS.items()),
    }


def _page(shown: RequestView, form: Form) -> str:
    return render_template("office/talk.html", **talk_fields(shown, form))
