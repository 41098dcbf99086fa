"""Documents of a case, for whoever may see the case: the list, opening one, taking one out of view.

A document is opened with POST: who looked at what is put down with it. What is given out cannot run anything here: it
is a file to keep, or is looked at in a sandbox of its own.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import history
from app.consults import documents as use_cases
from app.documents.keys import NoKey
from app.documents.store import Damaged
from app.errors import Conflict, NotFound
from app.models import Document, DocumentKind, DocumentState, Role, StaffRole, WithdrawnBecause
from app.queries import documents as queries
from app.queries import office as office_queries
from app.queries.documents import DocumentRow
from app.web.access import allow
from app.web.document_words import KINDS, REFUSED, WITHDRAWN, file_size
from app.web.edge import db_session, now, peerline, setup, visit
from app.web.forms import Form

log = logging.getLogger(__name__)
documents = Blueprint("documents", __name__, url_prefix="/documents")

WHO = (Role.OFFICE, Role.NURSE, Role.DIRECTOR, Role.COORDINATOR)
NOT_THERE = "There is no such document, or it is not yours to see. Open the case to see what there is."

TYPES = {
    DocumentKind.PDF: ("application/pdf", "pdf"),
    DocumentKind.TIFF: ("image/tiff", "tif"),
    DocumentKind.PNG: ("image/png", "png"),
    DocumentKind.JPEG: ("image/jpeg", "jpg"),
}
#: what browsers show by themselves, in a tab of its own
SHOWN = (DocumentKind.PDF, DocumentKind.PNG, DocumentKind.JPEG)
SANDBOX = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The documents of a case, as one reader sees them."""

    rows: list[DocumentRow]
    office: bool
    scanner: bool
    may_withdraw: bool

    @property
    def waiting(self) -> bool:
        """Tell whether the scanner still has to look at one of them."""
        return self.scanner and any(row.state is DocumentState.WAITING and row.may_count for row in self.rows)


def install(app: Flask) -> None:
    """Give templates `documents_of(case id)` and the words for what it returns."""
    app.jinja_env.globals.update(
        documents_of=documents_of, DOCUMENT_KINDS=KINDS, NOT_TAKEN=REFUSED, WITHDRAWN_BECAUSE=WITHDRAWN, SHOWN=SHOWN
    )
    app.jinja_env.filters["file_size"] = file_size


def documents_of(denial_id: int) -> Listing:
    """List the documents of a case that the reader may see."""
    account = visit().account
    rows = queries.of_case(
        db_session(),
        denial_id,
        scanner=_scanner(),
        reader=_actor(),
        office=account is None,
        setup=setup(),
        now=now(),
    )
    may_withdraw = account is None or account.role is StaffRole.COORDINATOR
    return Listing(rows=rows, office=account is None, scanner=_scanner(), may_withdraw=may_withdraw)


@documents.get("/of-case/<int:denial_id>")
@allow(*WHO)
def of_case(denial_id: int) -> ResponseReturnValue:
    """Give the list alone, as it is now."""
    _must_see(denial_id)
    return listing(denial_id)


def listing(denial_id: int, said: str = "") -> str:
    """Make the list alone, with what was just done."""
    return render_template("parts/documents.html", case_id=denial_id, said=said, plain="plain" in request.args)


@documents.post("/<token>/download")
@allow(*WHO)
def download(token: str) -> ResponseReturnValue:
    """Give a document out as a file to keep."""
    return _give_out(token, inline=False)


@documents.post("/<token>/show")
@allow(*WHO)
def show(token: str) -> ResponseReturnValue:
    """Give a document out to be looked at, in a tab of its own."""
    return _give_out(token, inline=True)


@documents.get("/<token>/withdraw")
@allow(Role.OFFICE, Role.COORDINATOR)
def withdrawing(token: str) -> ResponseReturnValue:
    """Ask why a document is to be taken out of view."""
    return _withdraw_page(_to_withdraw(token), Form())


@documents.post("/<token>/withdraw")
@allow(Role.OFFICE, Role.COORDINATOR)
def withdraw(token: str) -> ResponseReturnValue:
    """Take a document out of view: sent by mistake, or about another patient."""
    document, form = _to_withdraw(token), Form.typed()
    because = form.choice("because", [each.value for each in WITHDRAWN], "Choose why.")
    if form.errors:
        return _withdraw_page(document, form), 422
    use_cases.withdraw_from_view(db_session(), token, WithdrawnBecause(because), by=_actor(), now=now())
    flash("The document is out of view. Nobody can open it any more; that it was there stays on record.", "success")
    return redirect(_back(document.denial_id), code=303)


def _withdraw_page(document: Document, form: Form) -> str:
    back = _back(document.denial_id)
    return render_template("documents/withdraw.html", document=document, form=form, back=back)


def _to_withdraw(token: str) -> Document:
    """Find a document that the reader may take out of view: an office what it sent itself, the desk all."""
    document = use_cases.find(db_session(), token)
    _must_see(document.denial_id)
    theirs = visit().account is not None or document.sent_by == history.OFFICE
    if document.withdrawn_at is not None or document.state is DocumentState.REFUSED or not theirs:
        raise NotFound(NOT_THERE)
    return document


def _give_out(token: str, *, inline: bool) -> ResponseReturnValue:
    case = queries.case_of(db_session(), token)
    if case is None:
        raise NotFound(NOT_THERE)
    denial_id, case_number = case
    _must_see(denial_id)
    document = use_cases.open_document(db_session(), token, scanner=_scanner(), by=_actor(), now=now())
    if document.kind is None or (inline and document.kind not in SHOWN):
        raise NotFound(NOT_THERE)
    kind, ending = TYPES[document.kind]
    response = Response(_content(document), content_type=kind)
    response.content_length = document.size
    # a name of ours: the office's tells of a patient, and would stay in a folder and in the list of downloads
    response.headers.set(
        "Content-Disposition",
        "inline" if inline else "attachment",
        filename=f"case-{re.sub('[^A-Za-z0-9]+', '-', case_number)}-document-{document.number}.{ending}",
    )
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


def _content(document: Document) -> Iterator[bytes]:
    """Give the content of a document that has been proven whole. Raises Conflict where it is not."""
    try:
        return peerline().process.store.read(use_cases.stored(document))
    except (Damaged, NoKey) as error:
        log.error("document %d cannot be given out: %s", document.id, error)
        raise Conflict(
            "This document cannot be opened: its file is damaged or missing. Nothing of it was given out."
            " Ask the office to send it again, and tell whoever runs Peerline."
        ) from None


def _must_see(denial_id: int) -> None:
    """Raise NotFound for a case that is not the reader's: it looks as if there were none (M4)."""
    account = visit().account
    if account is None:
        sees = denial_id in visit().denials
    elif account.role is StaffRole.COORDINATOR:
        sees = True
    elif account.role is StaffRole.NURSE:
        sees = queries.nurse_may_see(db_session(), denial_id)
    else:
        sees = account.director_id is not None and queries.director_may_see(
            db_session(), denial_id, account.director_id
        )
    if not sees:
        raise NotFound(NOT_THERE)


def _back(denial_id: int) -> str:
    """Return where documents of a case are worked on."""
    if visit().account is not None:
        return url_for("coordinator.documents", denial_id=denial_id)
    shown = office_queries.case(db_session(), denial_id, visit().denials, setup=setup())
    if shown.open_request is not None:
        return url_for("office.follow", reference=shown.open_request.reference)
    return url_for("office.case", denial_id=denial_id)


def _actor() -> str:
    account = visit().account
    return history.account_actor(account.id) if account is not None else history.OFFICE


def _scanner() -> bool:
    return peerline().process.clamd is not None
