"""Documents in a real browser: chosen and dropped, progress shown, one refused, and the request is kept."""

# ruff: noqa: F811 -- a fixture that is asked for has the name of the one that is imported

import base64

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Consult, Denial, Document, DocumentState
from tests.documents.files import image, pdf
from tests.web.conftest import PASSWORD
from tests.web.test_in_browser import address, check, fill, find, made, open_page  # noqa: F401 -- fixtures

pytestmark = pytest.mark.browser

DROP = """
([selector, name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type: type }));
  document.querySelector(selector).dispatchEvent(
    new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}
"""


def drop(page: Page, name: str, kind: str, content: bytes) -> None:
    """Let a file fall onto the place for documents."""
    page.evaluate(DROP, ["[data-upload]", name, kind, base64.b64encode(content).decode()])


def chosen(name: str, kind: str, content: bytes) -> dict:
    return {"name": name, "mimeType": kind, "buffer": content}


@pytest.mark.parametrize("width", [1280, 320])
def test_two_files_are_chosen_one_is_refused_and_the_request_is_kept(
    open_page, made: Denial, db: Session, width
) -> None:
    """Section 3.5: the upload failing must not block the request."""
    page = open_page(width=width)
    find(page, made)
    page.get_by_role("link", name="Ask for a consult").click()
    fill(page)
    page.locator("#files").set_input_files(
        [
            chosen("MRI of last week.pdf", "application/pdf", pdf(pages=2)),
            chosen("letter.docx", "text/plain", b"PK letter"),
        ]
    )
    page.get_by_text("It is neither PDF, TIFF, PNG nor JPEG.").wait_for()
    page.get_by_text("PDF, 2 pages").wait_for()
    assert page.locator("#files").input_value() == "", "they are not sent once more with the form"
    assert page.get_by_label("Your name").input_value() == "Sam Desk"
    check(page)
    drop(page, "knee.png", "image/png", image("PNG"))
    page.get_by_text("PNG picture").wait_for()
    page.locator(".pl-send").get_by_role("button", name="Check and send").click()
    page.get_by_role("heading", name="Check your request").wait_for()
    page.get_by_text("MRI of last week.pdf").wait_for()
    check(page)
    page.get_by_role("button", name="Send the request").click()
    page.locator("#live").wait_for()
    consult = db.scalars(select(Consult)).one()
    assert consult.information
    states = {row.name: row.state for row in db.scalars(select(Document))}
    assert states == {
        "MRI of last week.pdf": DocumentState.WAITING,
        "letter.docx": DocumentState.REFUSED,
        "knee.png": DocumentState.WAITING,
    }
    check(page)


def test_documents_of_a_request_are_sent_opened_and_taken_out_of_view(open_page, made: Denial, db: Session) -> None:
    page = open_page()
    find(page, made)
    page.get_by_role("link", name="Ask for a consult").click()
    fill(page)
    page.locator(".pl-send").get_by_role("button", name="Check and send").click()
    page.get_by_role("button", name="Send the request").click()
    page.get_by_role("heading", name="Send documents").wait_for()
    drop(page, "scan.pdf", "application/pdf", pdf())
    page.locator("#files").set_input_files([chosen("knee.png", "image/png", image("PNG", (300, 200)))])
    page.get_by_text("PNG picture").wait_for()
    page.get_by_text("scan.pdf").wait_for()
    check(page)
    for _ in range(2):  # the same button again: it leads nowhere, so it is never used up
        with page.expect_download() as started:
            page.get_by_role("button", name="Download document 1").click()
        assert started.value.suggested_filename == "case-NC-1001-document-1.pdf"
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Open document 2 in a new tab").click()
    picture = opened.value
    picture.wait_for_load_state()
    assert picture.evaluate("document.images[0].naturalWidth") == 300
    picture.close()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Open document 1 in a new tab").click()
    assert opened.value.url.endswith("/show"), "it is shown, not kept"
    opened.value.close()
    page.get_by_role("link", name="Take out of view: document 2").click()
    check(page)
    page.get_by_text("It was sent by mistake").click()
    page.get_by_role("button", name="Take it out of view").click()
    page.get_by_text("The document is out of view.").wait_for()
    assert page.get_by_text("knee.png").count() == 0


def test_a_form_that_is_sent_meanwhile_waits_for_its_files(open_page, made: Denial, db: Session) -> None:
    page = open_page()
    find(page, made)
    page.get_by_role("link", name="Ask for a consult").click()
    fill(page)
    under_way = []
    page.route("**/documents?plain=yes", lambda route: under_way.append(route))
    with page.expect_request("**/documents?plain=yes"):
        drop(page, "scan.pdf", "application/pdf", pdf())
    page.locator(".pl-send").get_by_role("button", name="Check and send").click()
    page.get_by_text("The form is sent as soon as the files are there.").wait_for(state="attached")
    under_way[0].continue_()
    page.get_by_role("heading", name="Check your request").wait_for()
    page.get_by_text("scan.pdf").wait_for()
    assert len(db.scalars(select(Document)).all()) == 1


def test_the_desk_attaches_a_fax(open_page, app: Flask, made: Denial, account, db: Session) -> None:
    page = open_page()
    casey = account("coordinator")
    page.goto("/sign-in")
    page.get_by_label("Mail address").fill(casey.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"/coordinator/cases/{made.id}/documents")
    check(page)
    page.locator("#files").set_input_files([chosen("fax.tif", "image/tiff", image("TIFF", frames=3))])
    page.get_by_text("TIFF, 3 pages").wait_for()
    check(page)
