"""The page of the report: for the desk and administrators, its period in the address, its pictures beside numbers."""

import csv
import io

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.config import Settings
from app.models import Role, StaffRole
from app.queries.reports import Kept
from app.web.access import allowed
from app.web.reports import bar
from tests.web.conftest import Clock, denial, person
from tests.web.desk import act, call, counted, plan, sign_in_again


def test_coordinators_and_administrators_may_read_it(app: Flask, sign_in) -> None:
    assert allowed(app, "reports.show") == {Role.ADMINISTRATOR, Role.COORDINATOR}
    assert sign_in(StaffRole.NURSE).get("/reports/").status_code == 403


def test_a_period_that_nobody_has_chosen_is_four_weeks_and_nothing_is_said_plainly(sign_in) -> None:
    page = sign_in(StaffRole.ADMINISTRATOR).get("/reports/").text
    assert 'value="2026-02-02"' in page
    assert 'value="2026-03-03"' in page
    assert "Nothing was received in this period." in page


@pytest.mark.parametrize("address", ["from=x&to=y&by=z", "from=2026-03-09&to=2026-03-01", "from=0001-01-01"])
def test_an_address_that_makes_no_sense_shows_something_that_does(sign_in, address: str) -> None:
    assert sign_in(StaffRole.ADMINISTRATOR).get(f"/reports/?{address}").status_code == 200


@pytest.mark.parametrize("by", ["plan", "director", "week"])
def test_what_was_counted_is_drawn_beside_its_number_and_comes_as_csv(
    sign_in, db: Session, settings: Settings, app: Flask, clock: Clock, by: str
) -> None:
    desk = sign_in(StaffRole.COORDINATOR)
    made = denial(db, settings, person(db, name="=Dana Lee, MD"))
    assert call(desk, made, half="2026-03-03.am").status_code == 303
    plan(app, clock.now)
    clock.forward(hours=1, minutes=5)
    sign_in_again(desk)
    act(desk, f"/coordinator/cases/{made.id}/missed", {"who": "office"})
    with counted(app) as statements:
        page = desk.get(f"/reports/?by={by}").text
    assert len(statements) <= 7
    assert "1 request received" in page
    assert "style=" not in page
    name = {
        "plan": "Blue Cross and Blue Shield of",
        "director": "=Dana Lee, MD",
        "week": "Week of Monday 2 March",
    }[by]
    assert name in page
    rows = list(csv.reader(io.StringIO(desk.get(f"/reports/?by={by}&format=csv").text.lstrip("\ufeff"))))
    assert len(rows) == 3
    assert {len(row) for row in rows} == {len(rows[0])}
    assert rows[1][rows[0].index("office absent")] == "1"
    assert not rows[1][0].startswith("=")


def test_a_bar_is_as_long_as_its_parts() -> None:
    parts = bar(Kept(in_time=6, late={"plan": 3, "office_choice": 0, "office_windows": 1, "unavoidable": 0}))
    assert [(part.kind, part.start, part.length) for part in parts] == [
        ("in-time", 0, 60),
        ("plan", 60, 30),
        ("other", 90, 10),
    ]
    assert bar(Kept()) == []
