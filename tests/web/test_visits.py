"""Visits: what the cookie holds, when it is another, and when it is over."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.models import Account, Role, StaffRole, WebSession
from app.web.sessions import IDLE_OFFICE, IDLE_STAFF, LONGEST, NOTED_EVERY
from tests.web.conftest import PASSWORD, Client, denial, open_case, person


def cookie(client: Client) -> str:
    found = client.get_cookie("peerline")
    assert found is not None
    return found.value


def test_the_cookie_is_a_secret_that_the_database_does_not_know(client: Client, db: Session) -> None:
    answer = client.get("/sign-in")
    line = answer.headers["Set-Cookie"]
    assert "HttpOnly" in line
    assert "SameSite=Lax" in line
    assert "Path=/" in line
    assert len(cookie(client)) >= 43  # 256 bits
    stored = db.scalars(select(WebSession.secret_hash)).one()
    assert cookie(client).encode() not in stored


def test_on_https_no_other_host_of_the_domain_can_set_it(settings, clock, db: Session) -> None:
    from dataclasses import replace

    from app import create_app

    app = create_app(replace(settings, base_url="https://p2p.plan.example"), clock=clock)
    answer = app.test_client().get("/sign-in", base_url="https://p2p.plan.example")
    assert answer.headers["Set-Cookie"].startswith("__Host-peerline=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "Domain" not in answer.headers["Set-Cookie"]
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    app.extensions["peerline"].process.engine.dispose()


def test_signing_in_changes_the_secret(client: Client, account) -> None:
    who: Account = account()
    client.get("/sign-in")
    before = cookie(client)
    client.send("/sign-in", {"email": who.email, "password": PASSWORD})
    after = cookie(client)
    assert after != before
    client.set_cookie("peerline", before)
    assert client.get("/me").location.startswith("/sign-in")


def test_opening_the_first_case_changes_the_secret(client: Client, db: Session, settings) -> None:
    made = denial(db, settings, person(db))
    client.get("/")
    before = cookie(client)
    assert open_case(client, made).status_code == 303
    assert cookie(client) != before


def test_signing_out_ends_the_visit_for_good(sign_in, db: Session) -> None:
    client = sign_in(Role.NURSE)
    secret = cookie(client)
    assert client.send("/sign-out", page="/me").status_code == 303
    assert client.get_cookie("peerline") is None
    client.set_cookie("peerline", secret)
    assert client.get("/me").status_code == 303


@pytest.mark.parametrize("idle, still_there", [(IDLE_STAFF - timedelta(seconds=1), True), (IDLE_STAFF, False)])
def test_staff_are_out_after_a_quarter_of_an_hour(sign_in, clock, idle: timedelta, still_there: bool) -> None:
    client = sign_in(Role.NURSE)
    clock.now += idle
    assert (client.get("/me").status_code == 200) is still_there


def test_who_was_out_is_told_why(sign_in, clock) -> None:
    client = sign_in(Role.NURSE)
    clock.now += IDLE_STAFF
    assert "signed out because nothing was done" in client.get("/sign-in").text


@pytest.mark.parametrize("idle, still_there", [(IDLE_OFFICE - timedelta(seconds=1), True), (IDLE_OFFICE, False)])
def test_an_office_has_an_hour(client, db: Session, settings, clock, idle: timedelta, still_there: bool) -> None:
    open_case(client, denial(db, settings, person(db)))
    clock.now += idle
    assert (client.get("/cases").status_code == 200) is still_there


def test_activity_keeps_a_visit_until_the_longest_time(sign_in, clock) -> None:
    client = sign_in(Role.NURSE)
    began = clock.now
    while clock.now + timedelta(minutes=10) < began + LONGEST:
        clock.forward(minutes=10)
        assert client.get("/me").status_code == 200
    clock.now = began + LONGEST
    assert client.get("/me").status_code == 303


def test_a_page_that_looks_for_news_by_itself_keeps_no_visit(sign_in, clock) -> None:
    client = sign_in(Role.NURSE)
    client.get("/me")
    for _ in range(2):
        clock.now += IDLE_STAFF / 2
        answer = client.get("/me", headers={"HX-Request": "true"})
    assert "HX-Redirect" in answer.headers


def test_an_account_that_is_closed_is_out_at_once(sign_in, db: Session) -> None:
    client = sign_in(Role.NURSE)
    db.execute(update(Account).values(active=False))
    db.commit()
    assert client.get("/me").status_code == 303


def test_an_account_may_only_use_what_its_role_may(sign_in, app) -> None:
    client = sign_in(StaffRole.NURSE)
    for rule in app.url_map.iter_rules():
        roles = getattr(app.view_functions[rule.endpoint], "allowed", ())
        if roles & {Role.ANYONE, Role.SIGNED_IN, Role.NURSE} or rule.endpoint.startswith("mailbox."):
            continue
        path = rule.rule.replace("<int:", "<").replace("<path:", "<")
        for argument in rule.arguments:
            path = path.replace(f"<{argument}>", "1")
        method = "GET" if "GET" in rule.methods else "POST"
        answer = client.get(path) if method == "GET" else client.send(path, page="/me")
        wanted = (303, 404) if Role.OFFICE in roles else (403,)
        assert answer.status_code in wanted, rule.endpoint


def test_a_visit_is_written_down_at_most_once_a_minute(sign_in, clock, db: Session) -> None:
    client = sign_in(Role.NURSE)
    client.get("/me")
    before = db.scalars(select(WebSession.seen_at)).one()
    clock.now += NOTED_EVERY - timedelta(seconds=1)
    client.get("/me")
    db.rollback()
    assert db.scalars(select(WebSession.seen_at)).one() == before
    clock.forward(seconds=1)
    client.get("/me")
    db.rollback()
    assert db.scalars(select(WebSession.seen_at)).one() == clock.now


def test_static_files_and_health_need_no_visit(client: Client, db: Session) -> None:
    client.get("/static/peerline/peerline.css")
    client.get("/healthz")
    assert db.scalar(select(func.count()).select_from(WebSession)) == 0
