"""What follows, letters and their pages in a real browser: accessible, narrow, an item ticked off by keys alone."""

from datetime import time, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import utcnow
from app.config import Settings
from app.consults import determination
from app.models import Attention, AttentionReason, Consult, Denial, DirectorHours, FollowUp, StaffRole
from tests.web.clinic import ask, process
from tests.web.conftest import CODE, denial, person
from tests.web.test_coordinator_in_browser import sign_in_as  # noqa: F401 -- a fixture
from tests.web.test_in_browser import WIDTHS, address, check, open_page  # noqa: F401 -- fixtures

pytestmark = pytest.mark.browser


@pytest.fixture
def changed(app: Flask, db: Session, settings: Settings) -> Consult:
    """A decision that was changed in part a quarter of an hour ago; its letter lacks the clinical reasons."""
    began = utcnow() - timedelta(hours=4)
    always = [DirectorHours(weekday=day, starts=time(0), ends=None) for day in range(7)]
    dates = {"initial_decision": began.isoformat(), "appeal_deadline": "2099-01-01"}
    made = denial(db, settings, person(db, hours=always), dates=dates, urgency="emergent")
    consult = ask(app, db, made, now=began, reconsideration=True)
    setup, now = process(app).setup, utcnow() - timedelta(minutes=15)
    determination.record_outcome(db, consult.id, "modified", "Six visits.", setup=setup, by="system", now=now)
    db.commit()
    return consult


@pytest.mark.parametrize("width", WIDTHS)
def test_what_follows_is_worked_off_by_keys_and_every_page_holds(
    sign_in_as,  # noqa: F811 -- the fixture that is imported above
    changed: Consult,
    db: Session,
    width: int,
) -> None:
    """BSP-7, and BSP-2 for the letter: axe finds nothing, nothing runs over the edge."""
    page: Page = sign_in_as(StaffRole.COORDINATOR, width)
    for path in ("/coordinator/", "/coordinator/what-follows", f"/coordinator/cases/{changed.denial_id}"):
        page.goto(path)
        check(page)
    page.goto(f"/coordinator/cases/{changed.denial_id}/what-follows")
    check(page)
    page.get_by_role("link", name="Tick off Authorization changed").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Authorization changed").wait_for()
    check(page)
    page.get_by_label("Number of the authorization").focus()
    page.keyboard.press("Enter")
    page.get_by_text("One answer needs your attention").wait_for()
    check(page)
    page.get_by_label("Number of the authorization").fill("AUTH-77")
    page.keyboard.press("Enter")
    page.get_by_text("Authorization changed: ticked off, with its proof.").wait_for()
    check(page)
    for item in db.scalars(select(FollowUp.id)):
        page.goto(f"/coordinator/what-follows/{item}")
        check(page)
    query = select(Attention.id).where(Attention.reason == AttentionReason.LETTER_INCOMPLETE)
    page.goto(f"/coordinator/attention/{db.scalars(query).one()}/letter")
    check(page)
    page.get_by_role("button", name="Make the letter").click()
    page.get_by_text("One answer needs your attention").wait_for()
    check(page)
    page.get_by_label("Clinical reasons").fill("Six weeks of treatment are not documented.")
    page.get_by_role("button", name="Make the letter").click()
    page.get_by_text("The letter is made.", exact=False).wait_for()
    check(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_letters_hold(sign_in_as, changed: Consult, open_page, db: Session, width: int) -> None:  # noqa: F811 -- fixtures
    page: Page = sign_in_as(StaffRole.ADMINISTRATOR, width)
    for path in ("/admin/letters", f"/admin/history/{changed.denial_id}"):
        page.goto(path)
        check(page)
    office: Page = open_page(width=width)
    made = db.get_one(Denial, changed.denial_id)
    office.goto("/")
    office.get_by_label("Case number").first.fill(made.case_number)
    office.get_by_label("birth", exact=False).first.fill("3/14/1962")
    office.get_by_label("code", exact=False).first.fill(CODE)
    office.keyboard.press("Enter")
    office.get_by_role("heading", name=f"Case {made.case_number}").wait_for()
    check(office)
    office.goto(f"/c/{changed.reference}")
    check(office)
