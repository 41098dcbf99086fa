"""The administrator's pages: people, policies in force, mail that leaves, one case's full history."""

import json

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import accounts
from app import proof_words as words
from app.errors import Invalid, NotFound
from app.history import account_actor
from app.mail.delivery import send_again
from app.models import Role, StaffRole
from app.queries import admin as queries
from app.queries.admin import HistoryRow, MailState
from app.queries.case_proof import check_case
from app.queries.history import Touch
from app.queries.proof_names import Names
from app.web import exports
from app.web.access import account, allow
from app.web.edge import db_session, now, nudge_after_commit, setup
from app.web.forms import Form
from app.web.times import reader_zone

administrator = Blueprint("administrator", __name__, url_prefix="/admin")

ROLES = {
    StaffRole.NURSE: ("Nurse", "Reviews what offices send. May approve, never deny."),
    StaffRole.DIRECTOR: ("Medical director", "Sees the own day, records what a talk has come to."),
    StaffRole.COORDINATOR: ("Coordinator", "Takes calls, watches the lines, reassigns."),
    StaffRole.ADMINISTRATOR: ("Administrator", "Makes accounts, sees policies, mail and history."),
}
MAIL = {
    MailState.FAILED: "Failed",
    MailState.WAITING: "To be sent",
    MailState.SENT: "Sent",
    MailState.SUPERSEDED: "Not sent, a newer one says more",
}
#: how a row gives away that somebody was at it
TOUCHES = {
    Touch.ALTERED: "Altered after it was written",
    Touch.ROW_IS_GONE: "A row that it names is gone",
    Touch.PUT_IN_LATER: "Put in later",
}


@administrator.get("/")
@allow(Role.ADMINISTRATOR)
def people() -> ResponseReturnValue:
    """List the accounts."""
    closed = request.args.get("show") == "closed"
    rows = queries.accounts(db_session(), closed=closed)
    if exports.wanted():
        head = ("name", "address", "role", "medical director", "time zone", "since")
        lines = ([r.name, r.email, ROLES[r.role][0], r.director_name, r.time_zone, r.created_at] for r in rows)
        return exports.as_csv("people", head, lines)
    return render_template("admin/people.html", rows=rows, closed=closed, roles=ROLES)


@administrator.get("/people/new")
@allow(Role.ADMINISTRATOR)
def new_person() -> ResponseReturnValue:
    """Ask who it is."""
    values = {"time_zone": reader_zone().key}
    for_director = request.args.get("director", "")
    people = dict(queries.directors_without_account(db_session()))
    if for_director in map(str, people):
        values |= {"role": StaffRole.DIRECTOR.value, "director": for_director, "name": people[int(for_director)]}
    return _new_page(Form(values))


@administrator.post("/people")
@allow(Role.ADMINISTRATOR)
def add_person() -> ResponseReturnValue:
    """Make an account and show its password, this once."""
    form = Form.typed()
    name = form.text("name", "Enter the person's name.")
    email = form.email("email", "Enter the person's mail address.")
    role = form.choice("role", [str(role) for role in StaffRole], "Choose what the person does.")
    director = form.choice("director", [str(id_) for id_, _ in queries.directors_without_account(db_session())])
    zone = form.text("time_zone", "Choose a time zone.")
    if form.errors:
        return _new_page(form), 422
    password = accounts.make_password()
    try:
        made = accounts.create_account(
            db_session(),
            email=email,
            name=name,
            role=StaffRole(role),
            time_zone=zone,
            password=password,
            director_id=int(director) if director and role == StaffRole.DIRECTOR else None,
            now=now(),
        )
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        return _new_page(form), 422
    return _password_page(made.id, password, "The account is made")


@administrator.get("/people/<int:account_id>")
@allow(Role.ADMINISTRATOR)
def person(account_id: int) -> ResponseReturnValue:
    """Show an account, and what can be done about it."""
    return render_template("admin/person.html", row=queries.account(db_session(), account_id), roles=ROLES)


@administrator.post("/people/<int:account_id>/password")
@allow(Role.ADMINISTRATOR)
def new_password(account_id: int) -> ResponseReturnValue:
    """Give an account another password and show it, this once. The account is signed out everywhere."""
    password = accounts.make_password()
    accounts.set_password(db_session(), account_id, password)
    return _password_page(account_id, password, "The password is changed")


@administrator.post("/people/<int:account_id>/close")
@allow(Role.ADMINISTRATOR)
def close(account_id: int) -> ResponseReturnValue:
    """Close an account; it is signed out everywhere."""
    closed = accounts.deactivate(db_session(), account_id, by=account().id)
    flash(f"The account of {closed.name} is closed and signed out everywhere.", "success")
    return redirect(url_for("administrator.people"), code=303)


@administrator.post("/people/<int:account_id>/open")
@allow(Role.ADMINISTRATOR)
def open_again(account_id: int) -> ResponseReturnValue:
    """Open a closed account again."""
    opened = accounts.reactivate(db_session(), account_id)
    flash(f"{opened.name} can sign in again, with the password of before.", "success")
    return redirect(url_for("administrator.person", account_id=account_id), code=303)


@administrator.get("/messages")
@allow(Role.ADMINISTRATOR)
def messages() -> ResponseReturnValue:
    """List mail by how it stands; first what failed."""
    wanted = request.args.get("state", "")
    state = MailState(wanted) if wanted in set(MailState) else MailState.FAILED
    rows = queries.messages(db_session(), state)
    if exports.wanted():
        head = ("number", "since", "kind", "to", "address", "request", "tries", "error")
        lines = (
            [r.id, r.changed_at, r.kind, r.recipient, r.address, r.reference, r.attempts, r.last_error] for r in rows
        )
        return exports.as_csv(f"messages-{state}", head, lines)
    return render_template("admin/messages.html", rows=rows, state=state, states=MAIL)


@administrator.post("/messages/<int:message_id>/send-again")
@allow(Role.ADMINISTRATOR, Role.COORDINATOR)
def send_message_again(message_id: int) -> ResponseReturnValue:
    """Put a message back among those to be sent (J6)."""
    message = send_again(db_session(), message_id, by=account_actor(account().id), now=now())
    nudge_after_commit("deliver")
    flash(f"Message {message.id} is sent again now.", "success")
    if account().role == StaffRole.COORDINATOR:
        return redirect(url_for("coordinator.attention", about="mail"), code=303)
    return redirect(url_for("administrator.messages"), code=303)


@administrator.get("/history")
@allow(Role.ADMINISTRATOR)
def history() -> ResponseReturnValue:
    """Ask for the case."""
    return render_template("admin/find.html", form=Form(), found=())


@administrator.post("/history")
@allow(Role.ADMINISTRATOR)
def find_history() -> ResponseReturnValue:
    """Find the case by its number or the reference of a request."""
    form = Form.typed()
    typed = form.text("words", "Enter a case number or the reference of a request.", limit=60)
    found = queries.cases_called(db_session(), typed) if typed else ()
    if typed and not found:
        form.fail("words", "There is no case with this number and no request with this reference. Check it once more.")
    if form.errors:
        return render_template("admin/find.html", form=form, found=()), 422
    if len(found) == 1:
        return redirect(url_for("administrator.case_history", denial_id=found[0]), code=303)
    return render_template("admin/find.html", form=form, found=found)


@administrator.get("/consults/<reference>")
@allow(Role.ADMINISTRATOR)
def consult(reference: str) -> ResponseReturnValue:
    """Lead from the reference of a request to the history of its case."""
    found = queries.cases_called(db_session(), reference)
    if not found:
        raise NotFound("There is no request with this reference.")
    return redirect(url_for("administrator.case_history", denial_id=found[0]), code=303)


@administrator.get("/history/<int:denial_id>")
@allow(Role.ADMINISTRATOR)
def case_history(denial_id: int) -> ResponseReturnValue:
    """Show one case's history to the last row, as it is stored, and whether it is as it was written."""
    shown = queries.case_history(db_session(), denial_id)
    if exports.wanted():
        head = ("row", "at", "request", "what", "who", "details", "policy", "checked")
        return exports.as_csv(f"history-{denial_id}", head, map(_history_line, shown.rows))
    names = Names(db_session())
    wrong = [words.wrong(names, each, reader_zone()) for each in check_case(db_session(), denial_id, setup=setup())]
    return render_template("admin/history.html", shown=shown, wrong=wrong)


def _history_line(row: HistoryRow) -> list[object]:
    details = json.dumps(dict(row.details), ensure_ascii=False)
    checked = TOUCHES[row.touch] if row.touch else "as written"
    return [row.id, row.at, row.reference, row.what, row.actor, details, row.policy, checked]


def _new_page(form: Form) -> str:
    return render_template(
        "admin/new_person.html", form=form, roles=ROLES, people=queries.directors_without_account(db_session())
    )


def _password_page(account_id: int, password: str, title: str) -> str:
    row = queries.account(db_session(), account_id)
    return render_template("admin/password.html", row=row, password=password, title=title, roles=ROLES)
