"""Sending documents: before there is a request, and beside one."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.consults.documents import Taken
from app.errors import Conflict
from app.history import OFFICE
from app.models import Role
from app.web import uploads
from app.web.access import allow
from app.web.document_words import what_came_of_it
from app.web.documents import listing
from app.web.office.blueprint import must_be_open, office, opened
from app.web.office.following import read_request
from app.web.uploads import takes_files

CLOSED = "This request is closed, so nothing was taken. Ask anew, or send the documents with the appeal."


@office.post("/cases/<int:denial_id>/documents")
@allow(Role.OFFICE)
@takes_files
def send_early_documents(denial_id: int) -> ResponseReturnValue:
    """Take documents that come before the request; they count for it (NC-7, NC-8)."""
    must_be_open(denial_id)
    return _answer(denial_id, take(denial_id), url_for("office.ask", denial_id=denial_id))


@office.post("/c/<reference>/documents")
@allow(Role.OFFICE)
@takes_files
def send_documents(reference: str) -> ResponseReturnValue:
    """Take documents for a request: they are clinical information (NC-8)."""
    denial_id = open_request(reference)
    return _answer(denial_id, take(denial_id), url_for("office.follow", reference=reference))


def take(denial_id: int) -> Taken | None:
    """Take the files of this form down beside a case; None: it has none."""
    return uploads.receive(denial_id, by=OFFICE, others=opened())


def open_request(reference: str) -> int:
    """Return the case of a request that is open. Raises NotFound, Conflict."""
    shown = read_request(reference)
    if not shown.state.status.open:
        raise Conflict(CLOSED)
    return shown.case.id


def _answer(denial_id: int, taken: Taken | None, page: str) -> ResponseReturnValue:
    said = what_came_of_it(taken) if taken else "Choose a file first."
    if request.headers.get("HX-Request"):
        return listing(denial_id, said)
    flash(said, "success" if taken and not taken.refused and not taken.left_out else "warning")
    return redirect(page, code=303)
