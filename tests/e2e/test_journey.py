"""The main job, end to end: a real browser, gunicorn, worker, mailer and mailbox, as `make run` starts them."""

import re
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.request import urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from app.dev.seed import CODE, PASSWORD
from tests.support.smtp import calendar_of
from tests.support.stack import Stack
from tests.support.stack import stack as started_stack

pytestmark = pytest.mark.browser

OFFICE = "journey@office.example"
PATIENCE = 30


def test_from_a_denial_to_two_calendars(page: Page, stack: Stack, mails: Callable[..., list[EmailMessage]]) -> None:
    """The office finds the case, asks, and both sides have the time; the page shows it by itself (NC-8, NC-9)."""
    find(page, "NC-2001")
    expect(page.get_by_role("heading", name="You can talk with the medical director")).to_be_visible()
    no_findings(page)

    follow = ask(page, "discuss")

    expect(page.get_by_text("Booked").first).to_be_visible(timeout=PATIENCE * 1000)
    no_findings(page)
    reference = follow.rsplit("/", 1)[1].partition("?")[0]
    office, director = mails(reference, 2)
    assert {str(office["To"]), str(director["To"])} == {OFFICE, "dana.lee@plan.example"}
    for mail in (office, director):
        calendar = calendar_of(mail)
        assert calendar is not None
        assert calendar["METHOD"] == "REQUEST"


def test_a_nurse_approves_and_both_calendars_are_cleared(
    page: Page, other_page: Page, stack: Stack, mails: Callable[..., list[EmailMessage]]
) -> None:
    """NC-6: an emergent reconsideration is booked at once; approved, it is cancelled on both sides."""
    find(page, "NC-2012")
    follow = ask(page, "reconsider")
    reference = follow.rsplit("/", 1)[1].partition("?")[0]
    expect(page.get_by_text("Booked").first).to_be_visible(timeout=PATIENCE * 1000)
    mails(reference, 2)

    sign_in(other_page, "nora.quinn@plan.example")
    no_findings(other_page)
    other_page.get_by_role("link", name=reference).click()
    no_findings(other_page)
    other_page.get_by_role("link", name="Approve ...").click()
    expect(other_page.get_by_role("heading", name="What follows at once")).to_be_visible()
    no_findings(other_page)
    other_page.get_by_label("What shows that the criterion is met").fill("The new imaging meets the criterion.")
    other_page.get_by_role("button", name="Approve").click()
    expect(other_page.get_by_text(re.compile(r"^Approved\."))).to_be_visible()

    told = mails(reference, 4)
    methods = sorted(str(calendar["METHOD"]) for mail in told if (calendar := calendar_of(mail)) is not None)
    assert methods == ["CANCEL", "CANCEL", "REQUEST", "REQUEST"]
    expect(page.get_by_text("approved", exact=False).first).to_be_visible(timeout=PATIENCE * 1000)


@pytest.mark.parametrize(
    ("email", "path"),
    [
        ("dana.lee@plan.example", "/director/"),
        ("dana.lee@plan.example", "/director/time"),
        ("nora.quinn@plan.example", "/nurse/"),
        ("casey.moore@plan.example", "/coordinator/"),
        ("ines.farah@plan.example", "/admin/"),
    ],
)
def test_staff_pages_are_accessible_and_fit_a_telephone(page: Page, stack: Stack, email: str, path: str) -> None:
    """N1: axe finds nothing, at 320 px too, and nothing scrolls sideways."""
    sign_in(page, email)
    page.goto(path)
    no_findings(page)
    page.set_viewport_size({"width": 320, "height": 900})
    no_findings(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_director_opens_the_brief_of_the_next_call(page: Page, stack: Stack) -> None:
    """BSP-5: whom to call, what was denied, what is new, on one screen."""
    sign_in(page, "dana.lee@plan.example")
    page.get_by_role("link", name="Open the brief").click()
    expect(page.get_by_role("heading", name="The call", exact=True)).to_be_visible()
    no_findings(page)


def find(page: Page, case_number: str) -> None:
    """Open a case with what stands on the letter."""
    page.goto("/")
    page.get_by_label("Case number").fill(case_number)
    page.get_by_label("birth", exact=False).first.fill("4/12/1961")
    page.get_by_label("Access code").fill(CODE)
    page.locator("main button[type=submit]").first.click()
    expect(page.get_by_role("heading", name=f"Case {case_number}")).to_be_visible()


def ask(page: Page, purpose: str) -> str:
    """Ask for a consult at any time; return the address of its page."""
    page.get_by_role("link", name="Ask for a", exact=False).first.click()
    page.get_by_label("Number that will be called").fill("984-555-0142")
    page.locator("label", has_text="Any time").click()
    page.locator("label", has_text="The physician has agreed").click()
    page.locator(
        "label[for]", has_text="Reconsider the decision" if purpose == "reconsider" else "Discuss it only"
    ).click()
    page.get_by_role("textbox", name="Clinical information").fill(
        "New imaging shows progression after six weeks of therapy."
    )
    page.get_by_label("Your name").fill("Pat Doe")
    page.get_by_label("Mail address for the invitation").fill(OFFICE)
    page.get_by_role("button", name="Check and send").last.click()
    no_findings(page)
    page.get_by_role("button", name=re.compile("^Send")).click()
    page.wait_for_url("**/c/P2P-*")
    return page.url


def sign_in(page: Page, email: str) -> None:
    """Sign in as staff."""
    page.goto("/sign-in")
    page.get_by_label("mail", exact=False).first.fill(email)
    page.get_by_label("Password").first.fill(PASSWORD)
    page.locator("main button[type=submit]").first.click()
    expect(page.get_by_role("button", name="Sign out")).to_be_attached()


def no_findings(page: Page) -> None:
    """Let axe look at the page as it is."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The whole of it, with the data of a trial."""
    with started_stack() as started:
        yield started


@pytest.fixture
def new_page(browser: Browser, stack: Stack) -> Iterator[Callable[[], Page]]:
    """Open pages, each a visit of its own."""
    contexts = []

    def new_page() -> Page:
        context = browser.new_context(base_url=stack.base_url, timezone_id="America/New_York")
        contexts.append(context)
        return context.new_page()

    yield new_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Page:
    return new_page()


@pytest.fixture
def other_page(new_page: Callable[[], Page]) -> Page:
    return new_page()


@pytest.fixture
def mails(stack: Stack) -> Callable[..., list[EmailMessage]]:
    """Read the calendar mails about one consult from the mailbox, once there are as many as expected."""

    def mails(reference: str, count: int) -> list[EmailMessage]:
        deadline = time.monotonic() + PATIENCE
        while True:
            about_it = [_read(stack, mail["id"]) for mail in stack.mails() if reference in mail["subject"]]
            found = [mail for mail in about_it if calendar_of(mail) is not None]
            if len(found) >= count or time.monotonic() > deadline:
                return found
            time.sleep(0.2)

    return mails


def _read(stack: Stack, number: int) -> EmailMessage:
    with urlopen(f"{stack.base_url}/dev/mailbox/{number}.eml") as answer:  # noqa: S310 -- our own address
        return message_from_bytes(answer.read(), policy=policy.default)
