"""The administrator's pages of the medical directors."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.config import Settings
from app.models import Director, StaffRole
from app.queries import roster
from tests.web.conftest import Client, Clock, csrf_token, denial, person
from tests.web.desk import act, call, consult, counted, plan, second_director

NEW = {
    "npi": "1043000128",
    "name": "Ada Example, MD",
    "phone": "919-555-0100",
    "email": "ada@plan.example",
    "time_zone": "America/New_York",
    "licence_states": "nc, SC",
    "max_a_day": "6",
}


@pytest.fixture
def admin(sign_in) -> Client:
    return sign_in(StaffRole.ADMINISTRATOR)


def stored(db: Session, npi: str = "1043000128") -> Director:
    db.rollback()
    query = select(Director).where(Director.npi == npi).options(selectinload(Director.hours))
    return db.scalars(query.execution_options(populate_existing=True)).one()


def submit(client: Client, path: str, page: str, data: dict[str, str]):
    """Send a form of a page with the mark of what it showed."""
    shown = client.get(page)
    marks = {
        name: value.partition('"')[0].replace("&#39;", "'")
        for name in ("was", "was_week")
        if (value := shown.text.partition(f'name="{name}" value="')[2])
    }
    return client.post(path, data={"csrf_token": csrf_token(shown), **marks, **data})


def test_a_director_is_added_given_hours_peers_and_an_account(admin: Client, db: Session) -> None:
    """Issue 2: no SQL is needed."""
    answer = act(admin, "/admin/directors", NEW, page="/admin/directors/new")
    assert answer.status_code == 303
    ada, omar = stored(db), second_director(db)
    assert (ada.licence_states, ada.max_a_day, ada.active) == (["NC", "SC"], 6, True)
    page = f"/admin/directors/{ada.id}"
    week = {f"day-{day}": "" for day in range(7)} | {"day-0": "9:00-12:00, 13:00-24:00"}
    assert submit(admin, f"{page}/hours", page, week).status_code == 303
    assert submit(admin, f"{page}/peers", page, {"peer-0": str(omar.id), "peer-1": ""}).status_code == 303
    (row,) = roster.roster(db, ada.id)
    assert (row.week[0], row.peers) == ("09:00-12:00, 13:00-24:00", (omar.npi,))
    shown = admin.get(page).text
    assert f"/admin/people/new?director={ada.id}" in shown
    assert 'value="director" checked' in admin.get(f"/admin/people/new?director={ada.id}").text
    assert "Ada Example, MD" in admin.get("/admin/directors").text
    csv = admin.get("/admin/directors?format=csv").text
    assert '1043000128,"Ada Example, MD",919-555-0100,ada@plan.example' in csv


def test_what_cannot_be_stands_beside_its_field_and_what_was_typed_stays(admin: Client, db: Session) -> None:
    wrong = {**NEW, "npi": "1043000129", "phone": "1", "licence_states": "Carolina", "max_a_day": "six"}
    answer = act(admin, "/admin/directors", wrong, page="/admin/directors/new")
    assert answer.status_code == 422
    for field in ("npi", "phone", "max_a_day"):
        assert f'href="#{field}"' in answer.text
    assert 'value="Carolina"' in answer.text
    answer = act(admin, "/admin/directors", {**NEW, "licence_states": "Carolina"}, page="/admin/directors/new")
    assert "CAROLINA: no state" in answer.text
    lee = person(db)
    page = f"/admin/directors/{lee.id}"
    answer = submit(admin, f"{page}/hours", page, {f"day-{day}": "12-9" for day in range(7)})
    assert answer.status_code == 422
    assert 'href="#day-6"' in answer.text
    answer = submit(admin, f"{page}/peers", page, {"peer-0": str(lee.id)})
    assert "Nobody stands in for himself" in answer.text


def test_a_page_that_has_become_old_changes_nothing(admin: Client, db: Session) -> None:
    """A12."""
    lee = person(db)
    page = f"/admin/directors/{lee.id}"
    data = {**NEW, "npi": lee.npi, "active": "yes", "was": "something else"}
    assert submit(admin, page, page, data).status_code == 409
    assert stored(db, lee.npi).name == "Dana Lee, MD"
    week = {f"day-{day}": "" for day in range(7)} | {"was_week": "old"}
    assert submit(admin, f"{page}/hours", page, week).status_code == 409


def test_hours_that_touch_calls_ask_first_what_becomes_of_them(
    admin: Client, sign_in, db: Session, app: Flask, clock: Clock, settings: Settings
) -> None:
    """C8."""
    lee = person(db)
    made = denial(db, settings, lee)
    assert call(sign_in(StaffRole.COORDINATOR), made).status_code == 303
    assert plan(app, clock.now) == 1
    page, week = f"/admin/directors/{lee.id}", {f"day-{day}": "" for day in range(7)}
    asked = submit(admin, f"{page}/hours", page, week)
    assert asked.status_code == 200
    assert "1 call is booked outside the new hours" in asked.text
    assert len(stored(db, lee.npi).hours) == 5
    seen = str(consult(db).id)
    for more, status in (({}, 422), ({"calls": "return", "seen": ""}, 409), ({"calls": "return", "seen": seen}, 303)):
        assert submit(admin, f"{page}/hours", page, {**week, "action": "save", **more}).status_code == status
    assert consult(db).status.value == "waiting"
    data = {**NEW, "npi": lee.npi}
    refused = submit(admin, page, page, data)
    assert refused.status_code == 409
    assert "Say first who takes them" in refused.text


def test_the_list_costs_the_same_however_long_it_is(admin: Client, db: Session, app: Flask) -> None:
    for number, npi in enumerate(("1234567893", "1093817465", "1043000128")):
        person(db, npi=npi, name=f"Director {number}")
    with counted(app) as statements:
        assert admin.get("/admin/directors").status_code == 200
    assert len([each for each in statements if each.startswith("SELECT")]) <= 5
