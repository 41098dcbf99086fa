"""Signing in and out, and the zone in which a reader sees times."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.models import Account, Role
from app.passwords import verify
from app.throttle import account_limit, address_limit, try_once
from app.web.access import allow, local_path
from app.web.edge import db_session, now, peerline, settings, visit
from app.web.forms import Form
from app.web.navigation import home
from app.web.sessions import reader
from app.web.times import CHOSEN_COOKIE, known_zone, reader_zone

session = Blueprint("session", __name__)

WRONG = "The e-mail address or the password is not right."
TOO_MANY = "Too many wrong tries. Wait 15 minutes, then try again, or ask an administrator for a new password."


@session.get("/sign-in")
@allow(Role.ANYONE)
def sign_in() -> ResponseReturnValue:
    """Show the form."""
    if (account := visit().account) is not None:
        return redirect(url_for(home(account.role)))
    return _sign_in_page(Form({"next": local_path(request.args.get("next", "")) or ""}))


@session.post("/sign-in")
@allow(Role.ANYONE)
def sign_in_with_password() -> ResponseReturnValue:
    """Check the password and begin the visit of the account. Unknown and wrong look the same."""
    form = Form.typed()
    email = form.text("email", "Enter your e-mail address.").lower()
    password = form.values.get("password", "")
    if not password or len(password) > 1000:
        form.fail("password", "Enter your password.")
    if form.errors:
        return _sign_in_page(form, 422)
    limits = (account_limit(email), address_limit(request.remote_addr or ""))
    counted = try_once(peerline().process.sessions, settings().secret_key, limits, now())
    if counted is None:
        form.fail("password", TOO_MANY)
        return _sign_in_page(form, 429)
    account = db_session().execute(select(Account).where(Account.email == email, Account.active)).scalar_one_or_none()
    if not verify(account.password_hash if account else None, password) or account is None:
        form.fail("email", WRONG)
        return _sign_in_page(form, 422)
    counted.was_right(db_session())
    visit().sign_in(reader(account))
    target = local_path(form.values.get("next", "")) or url_for(home(account.role))
    return redirect(target, code=303)


@session.post("/sign-out")
@allow(Role.ANYONE)
def sign_out() -> ResponseReturnValue:
    """End the visit: of an account, or of an office with the cases it opened."""
    target = "session.sign_in" if visit().account else "office.start"
    visit().end()
    return redirect(url_for(target), code=303)


@session.get("/me")
@allow(Role.SIGNED_IN)
def me() -> ResponseReturnValue:
    """Show who is signed in."""
    return render_template("session/me.html")


@session.get("/time-zone")
@allow(Role.ANYONE)
def time_zone() -> ResponseReturnValue:
    """Show the zones a reader can choose from."""
    form = Form({"zone": reader_zone().key, "back": local_path(request.args.get("back", "")) or "/"})
    return render_template("session/time_zone.html", form=form)


@session.post("/time-zone")
@allow(Role.ANYONE)
def choose_time_zone() -> ResponseReturnValue:
    """Keep the zone in which this browser shows times. It moves no instant (D6)."""
    form = Form.typed()
    zone = known_zone(form.text("zone"))
    if zone is None:
        form.fail("zone", "Choose a time zone from the list.")
        return render_template("session/time_zone.html", form=form), 422
    response = make_response(redirect(local_path(form.values.get("back", "")) or "/", code=303))
    secure = settings().base_url.startswith("https://")
    response.set_cookie(CHOSEN_COOKIE, zone.key, max_age=31536000, secure=secure, httponly=True, samesite="Lax")
    return response


def _sign_in_page(form: Form, status: int = 200) -> ResponseReturnValue:
    form.values.pop("password", None)
    return render_template("session/sign_in.html", form=form, ended=visit().ended), status
