"""Finding a case with what the letter says, and leaving a request where the code is not at hand."""

import secrets
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.consults import intake
from app.denials import access_code
from app.models import Role
from app.queries import office as queries
from app.throttle import address_limit, case_limit, left_limit, try_once
from app.web.access import allow, local_path
from app.web.edge import db_session, now, peerline, settings, visit
from app.web.forms import Form
from app.web.office.blueprint import office, opened

WRONG = (
    "We cannot open a case with these three. Check the number, the birth date and the access code against the letter."
)
TOO_MANY = (
    "Too many tries for this case. Wait an hour, or leave a request now: it gets its time of receipt all the same."
)


@office.get("/")
@allow(Role.ANYONE)
def start() -> ResponseReturnValue:
    """Ask for number, birth date and code."""
    form = Form({"next": local_path(request.args.get("next", "")) or ""})
    return render_template("office/find.html", form=form, ended=visit().ended)


@office.post("/find")
@allow(Role.ANYONE)
def find() -> ResponseReturnValue:
    """Open a case. What is wrong of the three is not told."""
    form = Form.typed()
    number = form.text("case_number", "Enter the case number. It is at the top of the denial letter.", limit=60)
    born = form.day("birth_date", "Enter the member's birth date, as month/day/year.")
    code = form.text("access_code", "Enter the access code of the letter, or leave a request without it.", limit=40)
    if code and not access_code.is_code(code):
        form.fail("access_code", f"The access code has ten letters and digits, such as {access_code.EXAMPLE}.")
    if form.errors or born is None:
        return render_template("office/find.html", form=form), 422
    limits = (case_limit(number.upper()), address_limit(request.remote_addr or ""))
    counted = try_once(peerline().process.sessions, settings().secret_key, limits, now())
    if counted is None:
        form.fail("access_code", TOO_MANY)
        return render_template("office/find.html", form=form), 429
    denial_id = queries.find_case(
        db_session(), case_number=number, birth_date=born, code=code, key=settings().access_code_key
    )
    if denial_id is None:
        form.fail("case_number", WRONG)
        return render_template("office/find.html", form=form), 422
    counted.was_right(db_session())
    visit().open_case(denial_id)
    return redirect(local_path(form.values.get("next", "")) or url_for("office.case", denial_id=denial_id), code=303)


@office.get("/cases")
@allow(Role.OFFICE)
def cases() -> ResponseReturnValue:
    """List the cases that are open in this visit."""
    return render_template("office/cases.html", cases=queries.cases(db_session(), opened()))


@office.get("/leave-request")
@allow(Role.ANYONE)
def leaving() -> ResponseReturnValue:
    """Ask what a coordinator has to know to go on without the code."""
    return render_template("office/leave.html", form=Form({"form_key": secrets.token_urlsafe(24)}))


@office.post("/leave-request")
@allow(Role.ANYONE)
def leave() -> ResponseReturnValue:
    """Keep a request that came without the code. Nothing is read back, and the answer is always the same."""
    form = Form.typed()
    number = form.text("case_number", "Enter the case number, or write that you have none.", limit=60)
    body = _left(form)
    form_key = form.text("form_key", limit=60) or secrets.token_urlsafe(24)
    if form.errors:
        return render_template("office/leave.html", form=form), 422
    limits = (left_limit(request.remote_addr or ""),)
    if try_once(peerline().process.sessions, settings().secret_key, limits, now()) is None:
        form.fail("case_number", "Too many requests from your address. Call the number on the letter instead.")
        return render_template("office/leave.html", form=form), 429
    left = intake.leave_request(db_session(), form_key=form_key, case_number=number, body=body, now=now())
    flash(f"Received. Your number is {left.reference}.", "success")
    return redirect(url_for("office.left"), code=303)


@office.get("/request-left")
@allow(Role.ANYONE)
def left() -> ResponseReturnValue:
    """Say what happens next."""
    return render_template("office/left.html")


def _left(form: Form) -> dict[str, Any]:
    born = form.day("birth_date", "Enter the member's birth date, as month/day/year.")
    return {
        "member_name": form.text("member_name"),
        "birth_date": born.isoformat() if born else "",
        "speaker_name": form.text("speaker_name", "Enter the name of the physician who will talk."),
        "speaker_npi": form.npi("speaker_npi"),
        "speaker_phone": form.phone("speaker_phone", "Enter the number on which the physician can be reached."),
        "times": form.text("times", limit=1000, lines=True),
        "statement": form.text("statement", limit=10_000, lines=True),
        "office_contact": form.text("office_contact", "Enter your name."),
        "office_email": form.email("office_email"),
        "office_phone": form.phone("office_phone", "Enter the number on which a coordinator can call you back."),
    }
