"""Answers by mail, end to end: sent to the running stack's mail server, read by its worker, seen in a browser."""

import smtplib
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.clock import utcnow
from app.config import Settings
from app.models import Consult, Message, Recipient
from app.process import Process, make_process
from app.sweep import sweep
from tests.e2e.test_journey import PATIENCE, ask, find, new_page, no_findings, page, sign_in, stack
from tests.support.answers import answer, invitation
from tests.support.stack import Stack

QUESTION = b"From: pat@ortho.example\r\nTo: consults@plan.example\r\nSubject: A question\r\n\r\nCan we move this?\r\n"

__all__ = ["new_page", "page", "stack"]
pytestmark = pytest.mark.browser


@pytest.fixture
def running(stack: Stack) -> Iterator[Process]:
    process = make_process(Settings.from_environment(stack.environment))
    yield process
    process.engine.dispose()


@pytest.fixture
def send(stack: Stack) -> Callable[[bytes, str], None]:
    """Send a mail as anybody can: through the mail server of the stack."""
    server = urlsplit(stack.environment["SMTP_URL"])

    def send(content: bytes, sender: str) -> None:
        to = str(message_from_bytes(content, policy=policy.default)["To"])
        with smtplib.SMTP(str(server.hostname), int(server.port or 0), local_hostname="localhost", timeout=10) as smtp:
            smtp.sendmail(sender, [to], content)

    return send


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + 2 * PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it does not come to it"
        time.sleep(0.2)


def test_a_directors_no_by_mail_moves_the_consult_and_the_office_sees_it(
    page: Page, new_page: Callable[[], Page], running: Process, send: Callable[[bytes, str], None]
) -> None:
    """I1, I5, F18: declined in the calendar, kept for fifteen minutes, then back in line and booked anew."""
    send(QUESTION, "pat@ortho.example")
    find(page, "NC-2001")
    reference = ask(page, "discuss").rsplit("/", 1)[1].partition("?")[0]
    expect(page.get_by_text("Booked").first).to_be_visible(timeout=PATIENCE * 1000)
    before = page.locator("h2#now").inner_text()
    with running.sessions() as session:
        consult_id = session.scalars(select(Consult.id).where(Consult.reference == reference)).one()
        asked = invitation(session, Recipient.DIRECTOR, consult_id)
    send(answer(asked, "DECLINED", at=utcnow(), signed=None), str(asked["To"]))
    running.nudger.nudge("inbox")  # beat rings twice a minute

    director = new_page()
    sign_in(director, "dana.lee@plan.example")
    declined = director.get_by_role("heading", name="You declined")
    until(lambda: bool(director.reload()) and declined.count() > 0)
    no_findings(director)
    director.set_viewport_size({"width": 320, "height": 900})
    no_findings(director)
    assert director.evaluate("document.documentElement.scrollWidth") <= 320
    expect(page.locator("h2#now")).to_have_text(before)

    sweep(running, now=utcnow() + timedelta(minutes=16))
    expect(page.locator("h2#now")).not_to_have_text(before, timeout=PATIENCE * 1000)
    expect(page.get_by_text("The booked time was given up", exact=False)).to_be_visible()
    no_findings(page)
    with running.sessions() as session:
        numbers = session.scalars(
            select(Message.calendar_sequence).where(
                Message.consult_id == consult_id, Message.calendar_sequence.is_not(None)
            )
        ).all()
        assert sorted(numbers) == [0, 0, 1, 1]

    # the question that was sent meanwhile
    desk = new_page()
    sign_in(desk, "casey.moore@plan.example")
    desk.goto("/coordinator/mail?kind=letter")
    expect(desk.get_by_text("Somebody wrote", exact=False)).to_be_visible()
    no_findings(desk)
    desk.get_by_role("link", name="Read mail").first.click()
    expect(desk.get_by_text("Can we move this?")).to_be_visible()
    no_findings(desk)
    desk.get_by_role("link", name="What to do about it").click()
    expect(desk.get_by_role("heading", name="Mail to read")).to_be_visible()
    no_findings(desk)
