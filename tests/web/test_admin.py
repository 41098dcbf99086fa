"""The administrator: people, policies in force, mail that leaves, one case to the last row."""

import re

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.config import Settings
from app.models import Account, Denial, Message, Role, StaffRole, WebSession
from app.passwords import verify
from app.web.access import allowed
from tests.web.conftest import CANARIES, NOW, PASSWORD, Client, csrf_token, denial, person
from tests.web.desk import act, call, consult, counted


@pytest.fixture
def admin(sign_in) -> Client:
    return sign_in(StaffRole.ADMINISTRATOR)


PERSON = {"name": "Kim Park", "email": "Kim.Park@plan.example", "role": "nurse", "time_zone": "America/Chicago"}


def password_of(page: str) -> str:
    found = re.search(r'class="pl-password">([^<]+)<', page)
    assert found
    return found[1]


def made_account(db: Session, email: str) -> Account:
    db.rollback()
    query = select(Account).where(Account.email == email).execution_options(populate_existing=True)
    return db.scalars(query).one()


def test_every_page_is_the_administrators(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("administrator."):
            more = {Role.COORDINATOR} if rule.endpoint == "administrator.send_message_again" else set()
            assert allowed(app, rule.endpoint) == {Role.ADMINISTRATOR, *more}, rule.endpoint


@pytest.mark.parametrize("role", [StaffRole.NURSE, StaffRole.DIRECTOR, StaffRole.COORDINATOR])
def test_nobody_else_gets_in(sign_in, role: StaffRole) -> None:
    client = sign_in(role)
    for path in ("/admin/", "/admin/policies", "/admin/messages", "/admin/history"):
        assert client.get(path).status_code == 403


def test_a_person_is_added_and_signs_in_with_the_password_shown_once(admin: Client, db: Session, app: Flask) -> None:
    answer = act(admin, "/admin/people", PERSON, page="/admin/people/new")
    assert answer.status_code == 200
    password = password_of(answer.text)
    assert "kim.park@plan.example" in answer.text
    account = made_account(db, "kim.park@plan.example")
    assert (account.role, account.time_zone) == (StaffRole.NURSE, "America/Chicago")
    assert password not in account.password_hash
    assert password not in str(db.scalars(select(WebSession.data)).all())
    client = app.test_client()
    signed_in = client.send("/sign-in", {"email": "kim.park@plan.example", "password": password})
    assert signed_in.status_code == 303
    assert "Kim Park" in admin.get("/admin/").text


def test_what_cannot_be_used_stands_beside_its_field(admin: Client, db: Session) -> None:
    answer = act(admin, "/admin/people", {"name": "", "email": "x", "role": ""}, page="/admin/people/new")
    assert answer.status_code == 422
    for field in ("name", "email", "role", "time_zone"):
        assert f'href="#{field}"' in answer.text
    twice = {**PERSON, "email": "administrator@plan.example"}
    answer = act(admin, "/admin/people", twice, page="/admin/people/new")
    assert answer.status_code == 422
    assert "There is an account with this address" in answer.text
    answer = act(admin, "/admin/people", {**PERSON, "role": "director"}, page="/admin/people/new")
    assert "Choose whose day this account sees" in answer.text


def test_a_second_press_makes_no_second_account(admin: Client, db: Session) -> None:
    """A6."""
    page = admin.get("/admin/people/new")
    data = {**PERSON, "csrf_token": csrf_token(page)}
    assert admin.post("/admin/people", data=data).status_code == 200
    assert admin.post("/admin/people", data=data).status_code == 422
    assert made_account(db, "kim.park@plan.example").active


def test_a_director_gets_an_account_for_the_own_day(admin: Client, db: Session) -> None:
    lee = person(db)
    director = {**PERSON, "role": "director", "director": str(lee.id)}
    assert act(admin, "/admin/people", director, page="/admin/people/new").status_code == 200
    assert made_account(db, "kim.park@plan.example").director_id == lee.id
    assert "Every medical director has an account already." in admin.get("/admin/people/new").text


def test_a_new_password_ends_the_old_one_and_every_visit(admin: Client, sign_in, db: Session) -> None:
    nurse = sign_in(StaffRole.NURSE)
    account = made_account(db, "nurse@plan.example")
    answer = act(admin, f"/admin/people/{account.id}/password", page=f"/admin/people/{account.id}")
    password = password_of(answer.text)
    stored = made_account(db, "nurse@plan.example").password_hash
    assert verify(stored, password)
    assert not verify(stored, PASSWORD)
    assert nurse.get("/me").status_code == 303


def test_an_account_is_closed_and_opened_again(admin: Client, sign_in, db: Session) -> None:
    nurse = sign_in(StaffRole.NURSE)
    account = made_account(db, "nurse@plan.example")
    page = admin.get(f"/admin/people/{account.id}")
    token = {"csrf_token": csrf_token(page)}
    assert admin.post(f"/admin/people/{account.id}/close", data=token).status_code == 303
    assert nurse.get("/me").status_code == 303
    assert "Some Nurse" not in admin.get("/admin/?format=csv").text
    assert "Some Nurse" in admin.get("/admin/?show=closed").text
    assert admin.post(f"/admin/people/{account.id}/close", data=token).status_code == 409
    assert admin.post(f"/admin/people/{account.id}/open", data=token).status_code == 303
    assert admin.post(f"/admin/people/{account.id}/open", data=token).status_code == 409
    assert made_account(db, "nurse@plan.example").active
    assert admin.post("/admin/people/99/close", data=token).status_code == 404
    assert admin.get("/admin/people/99").status_code == 404


def test_nobody_closes_the_own_account(admin: Client, db: Session) -> None:
    own = made_account(db, "administrator@plan.example")
    page = admin.get(f"/admin/people/{own.id}")
    assert "Close the account" not in page.text
    answer = admin.post(f"/admin/people/{own.id}/close", data={"csrf_token": csrf_token(page)})
    assert answer.status_code == 409
    assert made_account(db, "administrator@plan.example").active


def test_policies_in_force_are_said_in_plain_english_with_hash_and_examples(
    admin: Client, sign_in, db, settings
) -> None:
    desk = sign_in(StaffRole.COORDINATOR)
    call(desk, denial(db, settings, person(db)))
    listed = admin.get("/admin/policies").text
    assert "Blue Cross and Blue Shield of North Carolina, Commercial" in listed
    assert f"1 request under {consult(db).policy_hash[:12]}" in listed
    page = admin.get("/admin/policies/blue-cross-nc-commercial").text
    assert consult(db).policy_hash in page
    assert "1 request</a> decided under this version" in page
    decided = f"/admin/policies/blue-cross-nc-commercial/requests/{consult(db).policy_hash}"
    assert decided in page
    for path in (decided, f"{decided}?format=csv"):
        assert consult(db).reference in admin.get(path).text
    assert re.search(r"All \d+ hold\.", page)
    assert admin.get("/admin/policies/none").status_code == 404
    promise = admin.get("/admin/policies/blue-shield-promise-medi-cal").text
    assert "asked Sunday 8 March, 12:00 am Pacific" in promise
    assert "Refused: The time for a consult has passed" in promise
    assert "talk before Sunday 8 March, 12:00 am Pacific" in promise


@pytest.fixture
def failed(sign_in, db: Session, settings: Settings) -> Message:
    call(sign_in(StaffRole.COORDINATOR), denial(db, settings, person(db)))
    message = db.query(Message).one()
    message.failed_at, message.attempts, message.last_error = NOW, 1, "550 no such user"
    db.commit()
    return message


def test_mail_that_failed_is_shown_with_what_the_server_said_and_sent_again(admin, failed: Message, db) -> None:
    """J6."""
    page = admin.get("/admin/messages")
    for words in ("550 no such user", "desk@clinic.example", "1 try", "Send again"):
        assert words in page.text, words
    assert not any(word in page.text for word in CANARIES)
    assert "550 no such user" in admin.get("/admin/messages?format=csv").text
    path, token = f"/admin/messages/{failed.id}/send-again", {"csrf_token": csrf_token(page)}
    assert admin.post(path, data=token).location == "/admin/messages"
    assert "Every message arrived" in admin.get("/admin/messages").text
    db.refresh(failed)
    assert failed.failed_at is None
    assert admin.post("/admin/messages/99/send-again", data=token).status_code == 404
    assert "desk@clinic.example" in admin.get("/admin/messages?state=waiting").text


def test_one_cases_history_is_there_to_the_last_row(admin: Client, failed: Message, db: Session) -> None:
    """M8."""
    reference = consult(db).reference
    for words in ("NC-1001", reference.lower()):
        answer = act(admin, "/admin/history", {"words": words}, page="/admin/history")
        assert answer.status_code == 303
    page = admin.get(answer.location).text
    assert "received" in page
    assert "Some Coordinator (account:" in page
    assert "rows is as it was written, and the tables say the same" in page
    assert f"blue-cross-nc-commercial@{consult(db).policy_hash[:12]}" in page
    assert not any(word in page for word in CANARIES)
    assert reference in admin.get(f"{answer.location}?format=csv").text
    assert admin.get(f"/admin/consults/{reference}").location == answer.location
    wrong = act(admin, "/admin/history", {"words": "nothing"}, page="/admin/history")
    assert wrong.status_code == 422
    assert act(admin, "/admin/history", {"words": ""}, page="/admin/history").status_code == 422
    assert admin.get("/admin/history/99").status_code == 404
    assert admin.get("/admin/consults/P2P-0000-0000").status_code == 404


def test_cases_of_two_plans_with_one_number_are_both_offered(admin: Client, db: Session, settings: Settings) -> None:
    denial(db, settings, None)
    denial(db, settings, None, plan="blue-shield-promise-medi-cal")
    answer = act(admin, "/admin/history", {"words": "nc-1001"}, page="/admin/history")
    assert answer.text.count("of the database") == 2


def test_a_history_that_was_touched_says_so(admin: Client, failed: Message, db: Session) -> None:
    """M8."""
    asked = consult(db)
    made = asked.denial_id
    db.execute(text("alter table history disable trigger user"))
    row = db.execute(text("update history set actor = 'office' where what = 'received' returning id")).scalar_one()
    db.execute(text("alter table history enable trigger user"))
    db.execute(text("update consult set arrival = -1"))
    db.commit()
    page = admin.get(f"/admin/history/{made}").text
    assert "This history was touched" in page
    assert f"<li>Row {row}, " in page
    assert f"{asked.reference}, arrival: the history says" in page
    assert "Altered after it was written" in admin.get(f"/admin/history/{made}?format=csv").text


@pytest.mark.parametrize("path, most", [("/admin/", 3), ("/admin/messages", 3), ("/admin/policies", 3)])
def test_a_page_takes_a_bounded_number_of_statements(admin, failed, app: Flask, path: str, most: int) -> None:
    with counted(app) as statements:
        assert admin.get(path).status_code == 200
    assert len(statements) <= most, statements


def test_a_cell_that_a_spreadsheet_would_calculate_is_text(admin: Client, db: Session) -> None:
    act(admin, "/admin/people", {**PERSON, "name": "=HYPERLINK(1)"}, page="/admin/people/new")
    assert "'=HYPERLINK(1)" in admin.get("/admin/?format=csv").text


def test_nothing_of_a_patient_stands_in_a_title(admin: Client, failed: Message, db: Session) -> None:
    made = db.scalars(select(Denial)).one()
    title = admin.get(f"/admin/history/{made.id}").text.partition("</title>")[0]
    assert not any(word in title for word in (*CANARIES, made.case_number))
