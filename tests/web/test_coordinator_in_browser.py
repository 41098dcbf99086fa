"""The desk and the administrator in a real browser: accessible, narrow, by keys alone, and a call within a minute."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import utcnow
from app.consults import assignment
from app.consults.wrong_patient import Part, withdraw_case
from app.models import Attention, Consult, Denial, DirectorHours, LateEntry, LeftRequest, StaffRole
from tests.web.conftest import PASSWORD, denial, person
from tests.web.test_in_browser import WIDTHS, address, check, open_page  # noqa: F401 -- fixtures

pytestmark = pytest.mark.browser


@pytest.fixture
def made(db: Session, settings) -> Denial:
    """A case whose director is there around the clock, so that the hour of the test does not matter."""
    always = [DirectorHours(weekday=day, starts=time(0), ends=None) for day in range(7)]
    lee = person(db, hours=always)
    return denial(db, settings, lee, dates={"initial_decision": utcnow().isoformat()}, urgency="emergent")


@pytest.fixture
def sign_in_as(account, open_page) -> Callable[..., Page]:  # noqa: F811 -- the fixture that is imported above
    def sign_in_as(role: StaffRole, width: int) -> Page:
        page = open_page(width=width)
        who = account(role)
        page.goto("/sign-in")
        page.get_by_label("E-mail address").fill(who.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Sign out").or_(page.get_by_role("button", name="Menu")).first.wait_for()
        return page

    return sign_in_as


def plan(app: Flask) -> None:
    running = app.extensions["peerline"].process
    assignment.assign_all(running.sessions, setup=running.setup, now=utcnow())


@pytest.mark.parametrize("width", WIDTHS)
def test_a_call_is_taken_while_the_caller_is_on_the_line(sign_in_as, app, made: Denial, db, width: int) -> None:
    """BSP-4: number, physician, number, caller, any time, put in line; then the time, live."""
    page = sign_in_as(StaffRole.COORDINATOR, width)
    check(page)
    page.get_by_role("main").get_by_role("link", name="New call").click()
    check(page)
    page.get_by_label("Which case is it about?").fill(made.case_number)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"New call: case {made.case_number}").wait_for()
    check(page)
    for hidden in page.locator("main summary").all():
        hidden.click()
    check(page)
    page.get_by_label("Number to call").fill("919-555-0142")
    page.get_by_role("button", name="Put in line").last.click()
    page.get_by_text("answers need your attention").wait_for()
    check(page)
    page.get_by_label("Who is calling").fill("Sam Desk")
    page.get_by_label("Mail address for the invitation").fill("desk@clinic.example")
    page.locator("label[for=any_time]").click()
    page.locator("#statement").fill("Six weeks of therapy without relief.")
    page.locator("#expected").get_by_text("Dana Lee, MD").wait_for()
    check(page)
    page.get_by_role("button", name="Put in line").last.click()
    page.get_by_text("Tell the caller the reference").wait_for()
    check(page)
    plan(app)
    page.locator(".pl-panel--good").wait_for(timeout=15_000)  # live, without anybody's doing
    check(page)
    for action in ("Take down other times", "Take down clinical information", "Give to another director"):
        page.get_by_role("link", name=action).click()
        page.get_by_role("heading", name=action, level=1).wait_for()
        check(page)
        page.go_back()
    for path in ("reconsideration", "withdraw", "date", "appeal", "director"):
        page.goto(f"/coordinator/cases/{made.id}/{path}")
        check(page)
    page.goto("/coordinator/")
    check(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_caller_is_put_through_at_once(sign_in_as, made: Denial, db: Session, width: int) -> None:
    page = sign_in_as(StaffRole.COORDINATOR, width)
    page.goto(f"/coordinator/calls/new/{made.id}")
    page.get_by_label("Number to call").fill("919-555-0142")
    page.get_by_label("Who is calling").fill("Sam Desk")
    page.get_by_role("button", name="Connect now with Dana Lee, MD").click()
    page.get_by_text("Connect them now: Dana Lee, MD, 919-555-0100.").wait_for()
    check(page)
    page.get_by_role("link", name="The call did not take place").click()
    check(page)
    assert db.scalars(select(Consult.outside_queue)).one()


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_of_the_desk_holds(sign_in_as, account, made: Denial, db: Session, settings, width: int) -> None:
    left = LeftRequest(
        reference="P2P-LEFT-0001",
        form_key="left",
        case_number=made.case_number,
        received_at=utcnow(),
        body={"speaker_name": "Rosa Diaz", "speaker_phone": "919-555-0142", "times": "any", "office_contact": "Sam"},
    )
    nameless = denial(db, settings, None, case_number="NC-2002")
    page = sign_in_as(StaffRole.COORDINATOR, width)
    late = LateEntry(
        denial_id=made.id,
        form_key="late",
        received_at=utcnow() - timedelta(days=5),
        entered_at=utcnow(),
        entered_by=account(StaffRole.NURSE).id,
        reason="The fax lay under the printer.",
        body={"channel": "fax", "office_contact": "Sam", "speaker_name": "Rosa Diaz", "speaker_phone": "919-555-0142"},
    )
    db.add_all([left, late])
    db.commit()
    page.goto(f"/coordinator/calls/new/{nameless.id}")
    page.get_by_label("Number to call").fill("919-555-0142")
    page.get_by_label("Who is calling").fill("Sam Desk")
    page.locator("label[for=any_time]").click()
    page.get_by_role("button", name="Put in line").last.click()
    page.get_by_text("there is no mail address", exact=False).first.wait_for()
    check(page)
    task = db.scalars(select(Attention.id)).first()
    for path in (
        "/coordinator/",
        "/coordinator/?day=2026-01-01",
        "/coordinator/attention",
        f"/coordinator/attention/{task}",
        "/coordinator/search",
        "/coordinator/queues",
        f"/coordinator/directors/{made.director_id}/out",
        f"/coordinator/directors/{made.director_id}/left?successor=nobody",
        "/coordinator/late",
        f"/coordinator/late/{late.id}",
        "/reports/?by=director",
        "/coordinator/left",
        "/coordinator/left?show=settled",
        f"/coordinator/left/{left.id}",
        f"/coordinator/calls/new/{made.id}?left={left.id}",
        f"/coordinator/cases/{made.id}",
        f"/coordinator/cases/{made.id}/wrong-patient",
        f"/coordinator/cases/{nameless.id}",
        f"/coordinator/cases/{nameless.id}/director",
        "/coordinator/cases/99",
    ):
        page.goto(path)
        check(page)
    page.goto("/coordinator/search")
    page.get_by_label("Search everything").fill("canary")
    page.get_by_role("button", name="Search").click()
    page.get_by_text("2 cases").wait_for()
    check(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_of_the_administrator_holds(sign_in_as, account, made: Denial, db: Session, width: int) -> None:
    page = sign_in_as(StaffRole.ADMINISTRATOR, width)
    by = account(StaffRole.NURSE).id
    made_id, director_id = made.id, made.director_id
    gone = withdraw_case(db, made_id, Part.CASE, "Two members were mixed up.", account_id=by, now=utcnow())
    db.commit()
    for path in (
        "/admin/",
        "/admin/?show=closed",
        "/admin/people/new",
        "/admin/people/1",
        "/admin/directors",
        "/admin/directors/new",
        f"/admin/directors/{director_id}",
        "/admin/withdrawals",
        f"/admin/withdrawals/{gone.id}",
        "/admin/policies",
        "/admin/policies/blue-cross-nc-commercial",
        "/admin/policies/blue-cross-nc-commercial/requests/none",
        "/admin/messages",
        "/admin/history",
        f"/admin/history/{made_id}",
    ):
        page.goto(path)
        check(page)
    page.goto("/admin/people/new")
    page.get_by_label("Name", exact=True).fill("Kim Park")
    page.get_by_label("Mail address").fill("kim@plan.example")
    page.get_by_text("Coordinator", exact=False).first.click()
    page.get_by_role("button", name="Make the account").click()
    page.get_by_text("Password, shown this once").wait_for()
    check(page)


def test_a_call_goes_by_keys_alone(sign_in_as, made: Denial, db: Session) -> None:
    """N1: half days are ticked with the space bar, and each says its day, its hours and its zone."""
    page = sign_in_as(StaffRole.COORDINATOR, 1280)
    page.goto(f"/coordinator/calls/new/{made.id}")
    page.get_by_label("Number to call").focus()
    for typed in ("919-555-0142", "Sam Desk", "desk@clinic.example"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    box = page.locator("input[name=half]").last
    box.focus()
    page.keyboard.press("Space")
    assert box.is_checked()
    name = box.evaluate("box => box.closest('label').textContent")
    assert "afternoon, 12:00 pm to 5:00 pm Eastern" in name
    page.locator("#statement").focus()
    page.keyboard.type("Six weeks of therapy without relief.")
    page.get_by_label("Number to call").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Tell the caller the reference").wait_for()
    assert len(db.scalars(select(Consult)).one().windows) == 1


def test_a_call_for_any_time_takes_few_keys_besides_what_is_typed(sign_in_as, made: Denial, db: Session) -> None:
    """BSP-4: from the desk's day to a place in line without a mouse, while the caller is on the line."""
    page = sign_in_as(StaffRole.COORDINATOR, 1280)
    page.goto("/coordinator/")
    pressed = 0

    def tab_to(name: str) -> None:
        nonlocal pressed
        where = "(at => at === document.body ? '' : at.id + at.name + at.textContent)(document.activeElement)"
        while name not in page.evaluate(where):
            page.keyboard.press("Tab")
            pressed += 1
            assert pressed <= 16, f"too many keys on the way to {name}"

    tab_to("New call")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="New call").wait_for()
    tab_to("words")
    page.keyboard.type(made.case_number)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"New call: case {made.case_number}").wait_for()
    for field, typed in (
        ("speaker_phone", "919-555-0142"),
        ("office_contact", "Sam Desk"),
        ("office_email", "desk@clinic.example"),
        ("any_time", " "),
        ("statement", "Six weeks of therapy without relief."),
    ):
        tab_to(field)
        page.keyboard.type(typed)
    page.keyboard.press("Control+Enter")
    page.get_by_text("Tell the caller the reference").wait_for()
    assert db.scalars(select(Consult)).one().windows == []
