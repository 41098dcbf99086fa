"""Asking for a consult: one page, a look at the whole before it is sent, and the time it would get, live."""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.consults import documents, intake
from app.consults.intake import NewRequest
from app.history import OFFICE
from app.models import Channel, Role
from app.queries import expectation
from app.queries.office import CaseView
from app.web.access import allow
from app.web.document_words import what_came_of_it
from app.web.edge import db_session, now, nudge_after_commit, setup
from app.web.forms import LONG, Form
from app.web.office.blueprint import must_be_open, office
from app.web.office.documents import take
from app.web.office.looking import options_of, read_case
from app.web.office.windows import read_windows, row_count, weeks
from app.web.office.words import PROFESSIONS, RELATIONS, WAITING, refusal
from app.web.times import known_zone, reader_zone
from app.web.uploads import takes_files
from app.web.ways import WITHOUT_CALL, choices, read_way
from scheduling.values import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A form that was read: the request, if nothing is wrong with it."""

    form: Form
    new: NewRequest
    zone: ZoneInfo


@office.get("/cases/<int:denial_id>/ask")
@allow(Role.OFFICE)
def ask(denial_id: int) -> ResponseReturnValue:
    """Show the form, with what is known already."""
    shown = read_case(denial_id)
    options = options_of(shown)
    if options.refused and not options.without_call:
        return redirect(url_for("office.case", denial_id=denial_id), code=303)
    form = Form(
        {
            "form_key": secrets.token_urlsafe(24),
            "speaker_name": shown.requester_name,
            "speaker_npi": shown.requester_npi,
            "speaker_specialty": shown.requester_specialty,
            "speaker_profession": "physician",
            "speaker_relation": "treating",
            "zone": reader_zone().key,
            "purpose": WITHOUT_CALL if options.refused else "",
        }
    )
    return _form_page(shown, form)


@office.post("/cases/<int:denial_id>/ask")
@allow(Role.OFFICE)
@takes_files
def check(denial_id: int) -> ResponseReturnValue:
    """Read the form: show it whole before it is sent, or again with another row or with what is wrong.

    Files that came with it are kept first, whatever is wrong with the rest.
    """
    must_be_open(denial_id)
    taken = take(denial_id)
    shown = read_case(denial_id)
    form = Form.typed()
    if form.values.get("action") == "add-window":
        form.values["window_rows"] = str(row_count(form) + 1)
        return _form_page(shown, form)
    if form.values.get("action") == "change":
        return _form_page(shown, form)
    reading = read(shown, form)
    if form.errors:
        return _form_page(shown, form), 422
    new = _with_documents(reading.new)
    return render_template(
        "office/check.html",
        case=shown,
        form=form,
        new=new,
        zone=reading.zone,
        **_expected(shown, new),
        said=what_came_of_it(taken) if taken else "",
        professions=PROFESSIONS,
        relations=RELATIONS,
    )


@office.post("/cases/<int:denial_id>/send")
@allow(Role.OFFICE)
def send(denial_id: int) -> ResponseReturnValue:
    """Take the request down. The same form sent twice is one request, and gets the same answer (A7)."""
    shown = read_case(denial_id, with_requests=False)
    form = Form.typed()
    reading = read(shown, form)
    if form.errors:
        return _form_page(shown, form), 422
    asked = intake.request_consult(db_session(), reading.new, setup=setup(), by=OFFICE, now=now())
    if asked.consult is None:
        # answered with 200, so that the refusal stays on record
        return render_template("office/refused.html", case=shown, refused=refusal(asked.refused or ""), form=form)
    nudge_after_commit("assign", "deliver")
    return redirect(url_for("office.follow", reference=asked.consult.reference, sent="yes"), code=303)


@office.post("/cases/<int:denial_id>/expected")
@allow(Role.OFFICE)
def expected(denial_id: int) -> ResponseReturnValue:
    """Say what would come of the form as it stands. Changes nothing; a part of the page asks for it."""
    g.passive = True
    shown = read_case(denial_id)
    new = _with_documents(read(shown, Form.typed()).new)
    return render_template("office/expected.html", case=shown, new=new, **_expected(shown, new))


@office.post("/cases/<int:denial_id>/window-row")
@allow(Role.OFFICE)
def window_row(denial_id: int) -> ResponseReturnValue:
    """Give one more row for a time. Changes nothing."""
    shown = read_case(denial_id)
    form = Form.typed()
    return render_template("office/window_row.html", case=shown, form=Form(), number=row_count(form))


def read(shown: CaseView, form: Form) -> Reading:
    """Read the form into a request; what is wrong is beside its field afterwards."""
    rules = shown.rulebook.policy
    zone = known_zone(form.text("zone"))
    if zone is None:
        form.fail("zone", "Choose the time zone of your times.")
    way = read_way(form, shown, "Choose what you ask for.")
    windows: tuple[Interval, ...] = ()
    if way.talk:
        windows = read_windows(
            form,
            zone or reader_zone(),
            at_least=rules.request.min_windows,
            length=timedelta(minutes=rules.consult.duration_minutes),
            now=now(),
        )
        form.tick("agreed", "Tick this once the physician has agreed to these times.")
    for number, _ in enumerate(rules.request.attest):
        form.tick(f"attest-{number}", "Tick this if it is so. The plan asks for it.")
    new = NewRequest(
        denial_id=shown.id,
        form_key=form.text("form_key", limit=60) or secrets.token_urlsafe(24),
        channel=Channel.ONLINE,
        received=now(),
        windows=windows,
        move_up=way.talk and form.tick("move_up"),
        reconsideration=way.reconsideration,
        talk=way.talk,
        statement=form.text("statement", limit=LONG, lines=True),
        **read_speaker(form, talk=way.talk),
        **_contact(form),
        office_time_zone=(zone or reader_zone()).key,
    )
    return Reading(form=form, new=new, zone=zone or reader_zone())


def _with_documents(new: NewRequest) -> NewRequest:
    """Count what came with it or before; where it is sent, `request_consult` does so."""
    return replace(new, information=bool(documents.early(db_session(), new.denial_id)))


def read_speaker(form: Form, *, talk: bool = True) -> dict[str, Any]:
    """Read who talks, or who asks without a call."""
    number = "Enter the number that the medical director will call." if talk else None
    backup_name = form.text("backup_name")
    missing = "Enter the back-up's number, or leave the name empty." if backup_name else None
    return {
        "speaker_name": form.text("speaker_name", "Enter the name of the physician."),
        "speaker_profession": form.choice("speaker_profession", PROFESSIONS, "Choose the profession."),
        "speaker_relation": form.choice("speaker_relation", RELATIONS, "Choose the relation to the case."),
        "speaker_npi": form.npi("speaker_npi"),
        "speaker_specialty": form.text("speaker_specialty"),
        "speaker_phone": form.phone("speaker_phone", number),
        "backup_name": backup_name,
        "backup_phone": form.phone("backup_phone", missing),
        "how_to_reach": form.text("how_to_reach", limit=500, lines=True),
    }


def _contact(form: Form) -> dict[str, Any]:
    return {
        "office_contact": form.text("office_contact", "Enter your name."),
        "office_email": form.email("office_email", "Enter the mail address for the invitation."),
        "office_phone": form.phone("office_phone"),
        "office_reference": form.text("office_reference", limit=60),
    }


def _form_page(shown: CaseView, form: Form) -> str:
    zone = known_zone(form.values.get("zone", "")) or reader_zone()
    openings = expectation.openings_of(db_session(), shown, setup=setup(), now=now())
    notice = timedelta(minutes=shown.rulebook.policy.consult.notice_minutes)
    options = options_of(shown)
    return render_template(
        "office/ask.html",
        case=shown,
        form=form,
        zone=zone,
        options=options,
        ways=choices(shown, talk=not options.refused, without_call=options.without_call),
        weeks=weeks(openings, zone, now=now(), first=now() + notice),
        window_rows=row_count(form),
        ticked=set(form.values.getlist("hour")),
        professions=list(PROFESSIONS.items()),
        relations=list(RELATIONS.items()),
        filled=request.method == "POST",
    )


def _expected(shown: CaseView, new: NewRequest) -> dict[str, object]:
    """Tell what would come of it, and of the same with or without reconsideration where the plan offers it."""
    found = expectation.if_sent_now(db_session(), shown, new, setup=setup(), now=now())
    other = None
    if shown.rulebook.policy.reconsideration.offered and new.talk and not found.refused:
        turned = replace(new, reconsideration=not new.reconsideration)
        other = expectation.if_sent_now(db_session(), shown, turned, setup=setup(), now=now()).start
    return {
        "expected": found,
        "refused": refusal(found.refused) if found.refused else None,
        "words": WAITING.get(found.waits or ""),
        "better": other if other != found.start else None,
    }
