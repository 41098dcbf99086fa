"""The director's pages in a real browser: accessible in every state, narrow, by keys alone, live, no scripts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.clock import utcnow
from app.consults import prereview
from app.models import BookingRow, BusyCalendar, Consult, Director, DirectorHours, History, StaffRole
from scheduling.values import Status
from tests.support import factories
from tests.web.clinic import ask, fresh
from tests.web.conftest import PASSWORD, denial
from tests.web.test_in_browser import WIDTHS, address, check, open_page  # noqa: F401 -- fixtures
from tests.web.test_nurse_in_browser import own_clock, press_to

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", WIDTHS)
def test_every_state_of_a_call_is_accessible(dana: Callable[..., Page], booked: Consult, during, width: int) -> None:
    """N1: axe finds nothing, and nothing is wider than the screen."""
    page = dana(width=width)
    check(page)
    page.get_by_role("link", name="Open the brief").click()
    page.get_by_text("I cannot take this time").click()
    check(page)
    during()
    page = dana(width=width)
    check(page)
    page.get_by_role("link", name=f"Record {booked.reference}").click()
    page.get_by_text("I was not there").click()
    check(page)
    page.get_by_role("button", name="No answer: record call 1 of 2").click()
    page.get_by_text("Call again at").wait_for()
    check(page)
    page.get_by_role("button", name="The office asks for reconsideration now").click()
    page.locator("label", has_text="Overturned").wait_for()
    page.get_by_role("button", name="See what the office will read").click()
    page.get_by_text("2 answers need your attention").wait_for()
    check(page)
    page.locator("label", has_text="Overturned").click()
    page.get_by_label("What decided it").fill("The new imaging decides it.")
    page.get_by_role("button", name="See what the office will read").click()
    page.get_by_role("heading", name="This is what the office will read").wait_for()
    check(page)
    page.get_by_role("button", name="Record and send").click()
    page.get_by_role("heading", name="What the office read").wait_for()
    check(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_deciding_without_a_call_is_accessible(dana: Callable[..., Page], on_paper: Consult, width: int) -> None:
    page = dana(width=width)
    page.get_by_role("heading", name="To decide without a call (1)").wait_for()
    check(page)
    page.get_by_role("link", name=on_paper.reference).click()
    page.get_by_role("heading", name="Decide without a call").wait_for()
    check(page)
    page.locator("label", has_text="Modified").click()
    page.get_by_label("What decided it").fill("Half of the stay meets the criterion.")
    page.get_by_role("button", name="See what the office will read").click()
    page.get_by_text("Outcome of your request for reconsideration").wait_for()
    check(page)
    page.get_by_role("button", name="Record and send").click()
    page.get_by_role("heading", name="What the office read").wait_for()
    check(page)


def test_running_late_is_said_by_keys_alone(dana, soon: Consult, db: Session) -> None:
    page = dana()
    press_to(page, page.get_by_role("button", name="10 minutes late: tell the office"))
    page.keyboard.press("Enter")
    page.get_by_text("The office is told that you call about 10 minutes later.").wait_for()
    check(page)
    db.rollback()
    assert db.scalars(select(BookingRow.late_minutes)).one() == 10


@pytest.mark.parametrize("width", WIDTHS)
def test_every_state_of_ones_time_is_accessible(dana: Callable[..., Page], booked: Consult, width: int) -> None:
    page = dana(width=width)
    page.goto("/director/time")
    check(page)
    page.get_by_label("Monday", exact=True).fill("13:00-09:00")
    page.get_by_role("button", name="Change the week").click()
    page.get_by_text("One answer needs your attention").wait_for()
    check(page)
    page.goto("/director/time")
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"):
        page.get_by_label(day, exact=True).fill("")
    page.get_by_role("button", name="Change the week").click()
    page.get_by_role("heading", name="1 call is booked outside the new hours").wait_for()
    check(page)
    page.locator("label", has_text="They go back to the line").click()
    page.get_by_role("button", name="Change the hours").click()
    page.get_by_text("1 call goes back to the line").wait_for()
    check(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_calendars_are_accessible(dana: Callable[..., Page], db: Session, lee: Director, width: int) -> None:
    page = dana(width=width)
    page.goto("/director/calendars")
    check(page)
    page.get_by_label("Address of your calendar").fill("my calendar")
    page.get_by_role("button", name="Read this calendar").click()
    page.get_by_text("One answer needs your attention").wait_for()
    check(page)
    page.get_by_label("Address of your calendar").fill("https://calendar.clinic.example/secret.ics")
    page.get_by_role("button", name="Read this calendar").click()
    page.get_by_text("It is read within a minute").wait_for()
    named = db.get_one(BusyCalendar, lee.id)
    named.read_at = named.failed_since = utcnow()
    named.fault = "The server is too slow."
    db.commit()
    page.get_by_role("button", name="Make a private address").click()
    page.get_by_role("heading", name="Your private address").wait_for()
    page.get_by_text("Not read since").wait_for()
    check(page)


def test_an_outcome_is_recorded_by_keys_alone(dana, booked: Consult, during, db: Session) -> None:
    during()
    page = dana()
    press_to(page, page.get_by_role("link", name=f"Record {booked.reference}"))
    page.keyboard.press("Enter")
    press_to(page, page.locator("#outcome-1"))
    page.keyboard.press("Space")
    press_to(page, page.get_by_label("What decided it"))
    page.keyboard.type("Criterion 2b explained.")
    press_to(page, page.get_by_role("button", name="See what the office will read"))
    page.keyboard.press("Enter")
    press_to(page, page.get_by_role("button", name="Record and send"))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What the office read").wait_for()
    assert fresh(db, booked.id).closed_reason == "discussed"


def test_it_works_without_scripts(dana, booked: Consult, during, db: Session) -> None:
    during()
    page = dana(java_script_enabled=False)
    page.get_by_role("link", name=f"Record {booked.reference}").click()
    page.get_by_text("I was not there").click()
    page.get_by_role("button", name="Record that I did not call").click()
    page.get_by_text("On record: you were not there").wait_for()
    assert fresh(db, booked.id).status is Status.WAITING


def test_that_the_brief_was_opened_is_noted_by_the_page_itself(dana, booked: Consult, db: Session) -> None:
    """BSP-5."""
    page = dana()
    with page.expect_response("**/opened") as noted:
        page.get_by_role("link", name="Open the brief").click()
    assert noted.value.status == 204
    db.rollback()
    assert db.scalars(select(History.what).where(History.what == "brief_opened")).all() == ["brief_opened"]


def test_the_day_shows_by_itself_what_is_booked(dana, app: Flask, db, settings, lee: Director, booked) -> None:
    page = dana()
    own_clock(page)
    about = denial(db, settings, lee, case_number="NC-9", dates={"initial_decision": utcnow().isoformat()})
    reference = ask(app, db, about, now=utcnow()).reference
    db.rollback()
    page.clock.fast_forward("00:31")
    page.get_by_role("link", name=reference).wait_for()


@pytest.fixture
def lee(db: Session, account) -> Director:
    """A director with an account, there around the clock."""
    made = account(StaffRole.DIRECTOR, email="dana@plan.example", name="Dana Lee, MD")
    found = db.get_one(Director, made.director_id)
    db.execute(delete(DirectorHours))
    db.add_all(DirectorHours(director_id=found.id, weekday=day, starts=time(0), ends=None) for day in range(7))
    db.commit()
    return found


@pytest.fixture
def dana(lee: Director, open_page) -> Callable[..., Page]:  # noqa: F811 -- the fixture that is imported above
    def sign_in(**more: object) -> Page:
        page = open_page(**more)
        page.goto("/sign-in")
        page.get_by_label("E-mail address").fill("dana@plan.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Today,").wait_for()
        return page

    return sign_in


@pytest.fixture
def booked(app: Flask, db: Session, settings, lee: Director) -> Consult:
    about = denial(db, settings, lee, dates={"initial_decision": (utcnow() - timedelta(days=1)).isoformat()})
    return ask(app, db, about, now=utcnow())


@pytest.fixture
def soon(app: Flask, booked: Consult, db: Session) -> Consult:
    """Let it be ten minutes before the call."""
    start = db.scalars(select(BookingRow.during).where(BookingRow.consult_id == booked.id)).one().lower
    db.rollback()
    at: datetime = start - timedelta(minutes=10)
    app.extensions["peerline"] = replace(app.extensions["peerline"], clock=lambda: at)
    return booked


@pytest.fixture
def on_paper(app: Flask, db: Session, settings, lee: Director) -> Consult:
    """A reconsideration without a call that a nurse left to the director."""
    about = denial(db, settings, lee, dates={"initial_decision": (utcnow() - timedelta(days=1)).isoformat()})
    consult = ask(app, db, about, now=utcnow(), reconsideration=True, talk=False)
    nurse = factories.nurse(db)
    setup = app.extensions["peerline"].process.setup
    prereview.do_not_approve(db, consult.id, account_id=nurse.id, note="Part two is open.", setup=setup, now=utcnow())
    db.commit()
    return fresh(db, consult.id)


@pytest.fixture
def during(app: Flask, db: Session, booked: Consult) -> Callable[[], None]:
    """Let it be two minutes into the call."""

    def move() -> None:
        start = db.scalars(select(BookingRow.during).where(BookingRow.consult_id == booked.id)).one().lower
        db.rollback()
        at: datetime = start + timedelta(minutes=2)
        app.extensions["peerline"] = replace(app.extensions["peerline"], clock=lambda: at)

    return move
