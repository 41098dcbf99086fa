"""Signing in, and what stands against guessing."""

import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import FailedTry, WebSession
from app.throttle import address_limit
from tests.web.conftest import CODE, PASSWORD, Client, denial, open_case, person


def test_a_form_without_token_does_nothing(client: Client, account, db: Session) -> None:
    who = account()
    answer = client.post("/sign-in", data={"email": who.email, "password": PASSWORD})
    assert answer.status_code == 400
    assert "Nothing was sent" in answer.text
    assert db.scalar(select(func.count()).where(WebSession.account_id.is_not(None))) == 0


def test_the_token_of_another_visit_does_nothing(client: Client, app, account) -> None:
    who = account()
    other = app.test_client()
    other.get("/sign-in")
    answer = client.send("/sign-in", {"email": who.email, "password": PASSWORD})
    assert answer.status_code == 303
    stolen = other.post("/sign-out", data={"csrf_token": "forged"})
    assert stolen.status_code == 400


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}]
)
def test_a_form_from_another_site_does_nothing(client: Client, account, headers: dict[str, str]) -> None:
    who = account()
    answer = client.send("/sign-in", {"email": who.email, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": "null"}, {"Origin": "http://localhost"}]
)
def test_a_form_of_ours_passes_as_browsers_send_it(client: Client, account, headers: dict[str, str]) -> None:
    """Under no-referrer a browser sends the origin "null" with forms of ours."""
    who = account()
    answer = client.send("/sign-in", {"email": who.email, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 303


def test_unknown_and_wrong_look_the_same(client: Client, account) -> None:
    who = account()
    wrong = client.send("/sign-in", {"email": who.email, "password": "wrong"})
    unknown = client.send("/sign-in", {"email": "nobody@plan.example", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 422
    token = re.compile(r'name="csrf_token" value="[^"]+"')  # has the time in it
    pages = [token.sub("", answer.text) for answer in (wrong, unknown)]
    assert pages[0].replace(who.email, "") == pages[1].replace("nobody@plan.example", "")
    assert "is not right" in wrong.text


def test_five_wrong_passwords_close_an_account_for_a_while(client: Client, account, clock) -> None:
    who = account()
    for _ in range(5):
        assert client.send("/sign-in", {"email": who.email, "password": "wrong"}).status_code == 422
    assert client.send("/sign-in", {"email": who.email, "password": PASSWORD}).status_code == 429
    clock.forward(minutes=15)
    assert client.send("/sign-in", {"email": who.email, "password": PASSWORD}).status_code == 303


def test_guessing_at_many_accounts_closes_the_address(client: Client, account, db: Session) -> None:
    who = account()
    for number in range(20):
        data = {"email": f"guess{number}@plan.example", "password": "wrong"}
        assert client.send("/sign-in", data).status_code == 422
    assert client.send("/sign-in", {"email": who.email, "password": PASSWORD}).status_code == 429


def test_a_right_password_forgets_the_wrong_ones(client: Client, account, db: Session) -> None:
    who = account()
    for _ in range(4):
        client.send("/sign-in", {"email": who.email, "password": "wrong"})
    assert client.send("/sign-in", {"email": who.email, "password": PASSWORD}).status_code == 303
    tries = select(func.count()).where(FailedTry.key.like("account:%"))
    assert db.scalar(tries) == 0


def test_what_was_tried_cannot_be_read_in_the_database(client: Client, db: Session, settings) -> None:
    open_case(client, denial(db, settings, person(db)), code="AAAAA-AAAAA")
    keys = db.scalars(select(FailedTry.key)).all()
    assert keys
    assert not any("NC-1001" in key or "127.0.0.1" in key for key in keys)


def test_a_wrong_code_and_an_unknown_case_look_the_same(client: Client, db: Session, settings) -> None:
    made = denial(db, settings, person(db))
    wrong = open_case(client, made, code="AAAAA-AAAAA")
    data = {"case_number": "NC-9999", "birth_date": "3/14/1962", "access_code": CODE}
    unknown = client.send("/find", data, page="/")
    born = client.send("/find", {**data, "case_number": "NC-1001", "birth_date": "3/15/1962"}, page="/")
    assert wrong.status_code == unknown.status_code == born.status_code == 422
    for answer in (wrong, unknown, born):
        assert "We cannot open a case with these three" in answer.text


def test_five_wrong_codes_close_a_case_for_an_hour_and_say_what_to_do(client, db: Session, settings, clock) -> None:
    made = denial(db, settings, person(db))
    for _ in range(5):
        assert open_case(client, made, code="AAAAA-AAAAA").status_code == 422
    closed = open_case(client, made)
    assert closed.status_code == 429
    assert "leave a request now" in closed.text
    clock.forward(hours=1)
    assert open_case(client, made).status_code == 303


def test_a_code_is_read_as_people_type_it(client: Client, db: Session, settings) -> None:
    made = denial(db, settings, person(db))
    assert open_case(client, made, code=" 7f3k9q2m4x ").status_code == 303


def test_a_sign_in_leads_back_to_the_page_that_was_asked_for(client: Client, account) -> None:
    who = account()
    data = {"email": who.email.upper(), "password": PASSWORD, "next": "/me"}
    assert client.send("/sign-in", data).location == "/me"


def test_a_sign_in_leads_nowhere_else(client: Client, account) -> None:
    who = account()
    data = {"email": who.email, "password": PASSWORD, "next": "//evil.example"}
    assert client.send("/sign-in", data).location.startswith("/")
    assert "evil" not in client.get("/sign-in?next=//evil.example", follow_redirects=True).text


def test_the_addresses_of_one_ipv6_network_are_one() -> None:
    assert address_limit("2001:db8::1").key == address_limit("2001:db8::2").key
    assert address_limit("2001:db8::1").key != address_limit("2001:db8:0:1::1").key
    assert address_limit("192.0.2.1").key != address_limit("192.0.2.2").key
