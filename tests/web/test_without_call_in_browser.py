"""Reconsideration without a call in a real browser: what is only for a talk goes, and comes back with it."""

import pytest
from playwright.sync_api import Page, expect

from app.models import Denial
from tests.web.test_in_browser import WIDTHS, address, check, find, made, open_page  # noqa: F401 -- fixtures

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", WIDTHS)
def test_an_office_asks_without_a_call_and_then_for_a_talk(open_page, made: Denial, width: int) -> None:  # noqa: F811 -- fixtures
    """NC-4, N1."""
    page: Page = open_page(width=width)
    find(page, made)
    page.get_by_role("link", name="Ask for a consult").click()
    number, times = page.get_by_label("Number that will be called"), page.get_by_text("When can the physician talk?")
    expect(times).to_be_visible()
    page.locator("label", has_text="Reconsider without a call").click()
    expect(number).to_be_hidden()
    expect(times).to_be_hidden()
    expect(page.get_by_role("heading", name="The physician who asks")).to_be_visible()
    page.locator("#expected").get_by_text("Nobody's time is booked").wait_for()
    check(page)
    page.locator("#statement").fill("Six weeks of therapy without relief.")
    page.get_by_label("Your name").fill("Sam Desk")
    page.get_by_label("Mail address for the invitation").fill("desk@clinic.example")
    page.locator(".pl-send").get_by_role("button", name="Check and send").click()
    page.get_by_role("heading", name="Check your request").wait_for()
    check(page)
    page.get_by_role("button", name="Send the request").click()
    page.get_by_role("heading", name="Waiting for the nurse").wait_for()
    check(page)
    page.get_by_role("link", name="Ask for a talk as well").click()
    check(page)
    page.get_by_role("button", name="Ask for the talk").last.click()
    page.get_by_text("answers need your attention").wait_for()
    check(page)
    page.get_by_label("Number that will be called").fill("919-555-0142")
    for name in ("any_time", "agreed"):  # the design system draws the box itself, beside its label
        page.locator(f"label[for={name}]").click()
    page.get_by_role("button", name="Ask for the talk").last.click()
    page.get_by_text("The talk is asked for.").wait_for()
    check(page)
