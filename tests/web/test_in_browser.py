"""The office's pages in a real browser: accessible, narrow, live, and without scripts."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from app.clock import utcnow
from app.consults import assignment, office
from app.db import transaction
from app.models import Consult, Denial
from tests.web.conftest import CODE, PASSWORD, denial, person

pytestmark = pytest.mark.browser

WIDTHS = [1280, 320]


@pytest.fixture
def address(app: Flask, db: Session) -> Iterator[str]:
    """The application behind a real server, at the present time."""
    app.extensions["peerline"] = replace(app.extensions["peerline"], clock=utcnow)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open pages that fail the test when the browser complains: scripts, styles and files of ours, nothing else."""
    complaints: list[str] = []
    contexts = []

    def open_page(**more: Any) -> Page:
        width = more.pop("width", 1280)
        context = browser.new_context(
            base_url=address, viewport={"width": width, "height": 900}, timezone_id="America/Chicago", **more
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: _note(complaints, message.type, message.text))
        page.on("request", lambda request: _note_foreign(complaints, address, request.url))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _note(complaints: list[str], kind: str, text: str) -> None:
    # a page that answers with an error status is what some of these tests are about
    if kind in ("error", "warning") and "the server responded with a status of 4" not in text:
        complaints.append(text)


def _note_foreign(complaints: list[str], address: str, url: str) -> None:
    if not url.startswith((address, "data:")):
        complaints.append(f"asked for {url}")


def check(page: Page) -> None:
    """Hold what holds for every page: axe finds nothing, and nothing is wider than the screen."""
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], page.url


@pytest.fixture
def made(db: Session, settings) -> Denial:
    return denial(db, settings, person(db), dates={"initial_decision": utcnow().isoformat()}, urgency="emergent")


def find(page: Page, made: Denial) -> None:
    page.goto("/")
    page.get_by_label("Case number").fill(made.case_number)
    page.get_by_label("Member's birth date").fill("3/14/1962")
    page.get_by_label("Access code").fill(CODE)
    page.get_by_role("button", name="Open the case").click()


def fill(page: Page) -> None:
    page.get_by_label("Number that will be called").fill("919-555-0142")
    for name in ("any_time", "agreed", "purpose-1"):  # the design system draws the box itself, beside its label
        page.locator(f"label[for={name}]").click()
    page.locator("#statement").fill("Six weeks of therapy without relief.")
    page.get_by_label("Your name").fill("Sam Desk")
    page.get_by_label("Mail address for the invitation").fill("desk@clinic.example")


@pytest.mark.parametrize("width, scripts", [(1280, True), (320, True), (320, False)])
def test_an_office_asks_and_follows(open_page, app, made, settings, width: int, scripts: bool) -> None:
    """The whole way, also without scripts; every page in every state on it is checked."""
    page = open_page(width=width, java_script_enabled=scripts)
    checked = check if scripts else (lambda page: None)  # axe is a script itself
    find(page, made)
    checked(page)
    page.get_by_role("link", name="Ask for a consult").click()
    checked(page)
    page.locator(".pl-send").get_by_role("button", name="Check and send").click()
    page.get_by_text("answers need your attention").wait_for()
    checked(page)
    fill(page)
    if scripts:
        page.locator("#expected").get_by_text("Dana Lee, MD").wait_for()
    page.locator(".pl-send").get_by_role("button", name="Check and send").click()
    page.get_by_role("heading", name="Check your request").wait_for()
    checked(page)
    page.get_by_role("button", name="Send the request").click()
    page.get_by_text("Your request is received.").first.wait_for()
    checked(page)
    running = app.extensions["peerline"].process
    assignment.assign_all(running.sessions, setup=running.setup, now=utcnow())
    if scripts:
        page.locator(".pl-panel--good").wait_for(timeout=15_000)  # live, without the reader's doing
    else:
        page.reload()
    assert page.get_by_text("The call comes from").is_visible()
    checked(page)
    for link in ("Change the times", "Send clinical information", "Withdraw the request"):
        page.get_by_role("link", name=link).click()
        checked(page)
        page.go_back()
    page.get_by_role("link", name="Your cases").first.click() if width > 1000 else page.goto("/cases")
    checked(page)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "path",
    ["/", "/sign-in", "/leave-request", "/request-left", "/time-zone", "/nothing-here", "/?next=/c/P2P-0000-0000"],
)
def test_pages_for_anyone(open_page, width: int, path: str) -> None:
    page = open_page(width=width)
    page.goto(path)
    check(page)


def test_signing_in_and_out(open_page, account) -> None:
    who = account()
    page = open_page()
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("answers need your attention").wait_for()
    check(page)
    page.get_by_label("E-mail address").fill(who.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()
    check(page)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Staff sign-in").wait_for()


def test_the_first_key_leads_past_the_menu_and_a_form_goes_by_keys_alone(open_page, made: Denial) -> None:
    page = open_page()
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    for typed in (made.case_number, "3/14/1962", CODE):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="You can talk with the medical director").wait_for()
    page.goto(page.url + "/ask")
    page.locator(".pl-send").get_by_role("button", name="Check and send").click()
    page.locator("#errors:focus").wait_for()  # reading goes on at the summary
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") in ("purpose", "speaker_phone", "windows")


def test_what_was_typed_is_there_again_until_the_cases_are_closed(open_page, made: Denial, db: Session) -> None:
    page = open_page()
    find(page, made)
    ask = page.url + "/ask"
    page.goto(ask)
    fill(page)
    page.goto("/cases")
    page.goto(ask)
    assert page.locator("#statement").input_value() == "Six weeks of therapy without relief."
    assert page.get_by_label("Reconsider the decision").is_checked()
    page.get_by_role("button", name="Close my cases").click()
    page.get_by_role("heading", name="Find the case").wait_for()
    assert page.evaluate("sessionStorage.length") == 0
    assert db.scalars(select(Consult)).all() == []


def test_a_row_for_another_time_comes_without_a_new_page(open_page, made: Denial) -> None:
    page = open_page()
    find(page, made)
    page.get_by_role("link", name="Ask for a consult").click()
    page.get_by_label("Your name").fill("Sam Desk")
    page.get_by_text("Times to the minute").click()
    page.get_by_role("button", name="Add another time").click()
    page.locator("#window-2-date").wait_for()
    page.get_by_role("button", name="Add another time").click()
    page.locator("#window-3-date").wait_for()
    assert page.get_by_label("Your name").input_value() == "Sam Desk"
    check(page)


def test_other_times_are_shown_live_after_a_change(open_page, app, made: Denial, db: Session) -> None:
    """Somebody else's doing appears on an open page."""
    page = open_page()
    find(page, made)
    page.get_by_role("link", name="Ask for a consult").click()
    fill(page)
    page.locator(".pl-send").get_by_role("button", name="Check and send").click()
    page.get_by_role("button", name="Send the request").click()
    page.locator("#live").wait_for()
    running = app.extensions["peerline"].process
    with transaction(running.sessions) as session:
        consult_id = session.scalars(select(Consult.id)).one()
        office.withdraw(session, consult_id, setup=running.setup, by="account:1", now=utcnow())
    page.get_by_role("heading", name="Withdrawn").wait_for(timeout=15_000)
    assert page.get_by_role("link", name="Change the times").count() == 0
    assert page.locator("#live").get_attribute("hx-get") is None


def test_the_zone_is_the_browsers(open_page, made: Denial) -> None:
    """D5: Chicago's, and the plan's beside it where a deadline is meant."""
    page = open_page()
    find(page, made)
    page.goto("/cases")
    assert "Central" in page.locator("footer").inner_text()
