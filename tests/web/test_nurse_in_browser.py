"""The nurse's pages in a real browser: accessible in every state, narrow, by keys alone, live, and without scripts."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy.orm import Session

from app.clock import utcnow
from app.models import Consult, DirectorHours
from scheduling.values import Status
from tests.web.clinic import ask, fresh
from tests.web.conftest import PASSWORD, denial, person
from tests.web.test_in_browser import WIDTHS, address, check, open_page  # noqa: F401 -- fixtures

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", WIDTHS)
def test_every_state_of_the_worklist_and_a_case_is_accessible(nora: Callable[..., Page], asked: Consult, width) -> None:
    """N1: axe finds nothing, and nothing is wider than the screen."""
    page = nora(width=width)
    check(page)
    page.goto("/nurse/?kind=brief&held=mine")
    check(page)
    page.goto("/nurse/")
    page.get_by_role("link", name=asked.reference).click()
    check(page)
    page.get_by_role("button", name="Take this case").click()
    check(page)
    page.get_by_role("button", name="Not approved").click()
    page.get_by_text("One answer needs your attention").wait_for()
    check(page)
    page.get_by_role("link", name="Approve ...").click()
    check(page)
    page.get_by_label("What shows that the criterion is met").fill("The new imaging meets it.")
    page.get_by_role("button", name="Approve and cancel the consult").click()
    page.get_by_text("Approved. Both sides are told.").wait_for()
    page.goto(f"/nurse/consults/{asked.reference}")
    page.get_by_role("heading", name="Note for the director").wait_for()
    check(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_asking_for_more_and_taking_down_are_accessible(nora: Callable[..., Page], asked: Consult, width) -> None:
    """N1: closed, open, with errors, and while it waits for the office."""
    page = nora(width=width)
    page.goto(f"/nurse/consults/{asked.reference}")
    page.get_by_text("Something is missing").click()
    page.get_by_text("The office is on the telephone").click()
    check(page)
    page.get_by_role("button", name="Take it down").click()
    page.get_by_text("One answer needs your attention").wait_for()
    check(page)
    page.get_by_label("What was said, or what the fax holds").fill("No relief in May.")
    page.get_by_role("button", name="Take it down").click()
    page.get_by_text("Taken down.").wait_for()
    page.get_by_text("Something is missing").click()
    page.get_by_label("What you need").fill("The imaging of May.")
    page.get_by_role("button", name="Ask the office").click()
    page.get_by_text("The office is asked.").wait_for()
    check(page)
    page.goto(f"/nurse/consults/{asked.reference}")
    page.get_by_role("heading", name="The office was asked for more").wait_for()
    check(page)


def test_a_case_is_approved_by_keys_alone(nora, asked: Consult, db: Session) -> None:
    page = nora()
    press_to(page, page.get_by_role("link", name=asked.reference))
    page.keyboard.press("Enter")
    press_to(page, page.get_by_role("link", name="Approve ..."))
    page.keyboard.press("Enter")
    press_to(page, page.get_by_label("What shows that the criterion is met"))
    page.keyboard.type("The new imaging meets it.")
    press_to(page, page.get_by_role("button", name="Approve and cancel the consult"))
    page.keyboard.press("Enter")
    page.get_by_text("Approved. Both sides are told.").wait_for()
    assert fresh(db, asked.id).status is Status.CANCELLED


def test_it_works_without_scripts(nora, asked: Consult, db: Session) -> None:
    """The confirm step is a page of its own."""
    page = nora(java_script_enabled=False)
    page.get_by_role("link", name=asked.reference).click()
    page.get_by_role("link", name="Approve ...").click()
    page.get_by_text("is cancelled in both calendars").wait_for()
    page.get_by_label("What shows that the criterion is met").fill("It does.")
    page.get_by_role("button", name="Approve and cancel the consult").click()
    page.get_by_text("Approved. Both sides are told.").wait_for()
    assert fresh(db, asked.id).status is Status.CANCELLED


def test_the_list_shows_by_itself_what_comes_in(nora, app: Flask, db, settings, asked: Consult) -> None:
    page = nora()
    own_clock(page)
    assert page.locator("tbody tr").count() == 1
    new = ask(
        app, db, denial(db, settings, None, case_number="NC-9", urgency="emergent"), now=utcnow(), reconsideration=True
    ).reference
    db.rollback()
    page.clock.fast_forward("00:16")
    page.get_by_role("link", name=new).wait_for()
    assert page.locator("tbody tr").count() == 2


def test_what_is_typed_stays_when_the_case_changes_meanwhile(nora, db, asked: Consult) -> None:
    page = nora()
    page.goto(f"/nurse/consults/{asked.reference}")
    own_clock(page)
    page.get_by_label("Note for the director").fill("Half a thought")
    db.execute(Consult.__table__.update().values(statement="Later findings", version=Consult.version + 1))
    db.commit()
    page.clock.fast_forward("00:11")
    page.get_by_text("has changed since you opened it").wait_for()
    check(page)
    assert page.get_by_label("Note for the director").input_value() == "Half a thought"
    page.get_by_role("link", name="See how it stands now").click()
    page.get_by_text("Later findings").wait_for()
    assert page.get_by_label("Note for the director").input_value() == "Half a thought"


def own_clock(page: Page) -> None:
    """Open the page again with a clock that a test can turn on, so that nobody waits for the page to ask by itself."""
    page.clock.install()
    page.reload()


def press_to(page: Page, wanted) -> None:
    """Move the focus with the keyboard until it is on an element."""
    wanted.wait_for()
    for _ in range(60):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail("the keyboard does not lead there")


@pytest.fixture
def nora(account, open_page) -> Callable[..., Page]:  # noqa: F811 -- the fixture that is imported above
    """A nurse, signed in, on her worklist."""
    account(email="nora@plan.example", name="Nora Quinn, RN")

    def sign_in(**more: object) -> Page:
        page = open_page(**more)
        page.goto("/sign-in")
        page.get_by_label("E-mail address").fill("nora@plan.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Worklist").wait_for()
        return page

    return sign_in


@pytest.fixture
def asked(app: Flask, db: Session, settings) -> Consult:
    """An emergent reconsideration that is booked, whatever the hour of the test."""
    always = [DirectorHours(weekday=day, starts=time(0), ends=None) for day in range(7)]
    about = denial(
        db,
        settings,
        person(db, hours=always),
        urgency="emergent",
        dates={"initial_decision": (utcnow() - timedelta(days=1)).isoformat()},
    )
    return ask(app, db, about, now=utcnow(), reconsideration=True)
