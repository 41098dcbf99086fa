"""Letters as files: one address for everybody who may read one."""

from collections.abc import Mapping

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from app.models import LetterKind, Role, StaffRole
from app.queries import letters as queries
from app.queries.letters import Reader
from app.web.access import allow
from app.web.edge import db_session, visit

letters = Blueprint("letters", __name__)

TITLES: Mapping[LetterKind, str] = {
    LetterKind.UPHELD: "The decision stands",
    LetterKind.OVERTURNED: "The service is approved",
    LetterKind.MODIFIED: "The decision was changed in part",
    LetterKind.DISCUSSED: "The decision was discussed",
    LetterKind.PLAN_ERROR: "An error of the plan",
    LetterKind.APPROVED: "The service is approved on review",
    LetterKind.NOT_REACHED: "Nobody was reached",
    LetterKind.WINDOW_CLOSED: "The time for a consult has passed",
    LetterKind.MEMBER_APPROVED: "To the member: approved",
    LetterKind.MEMBER_MODIFIED: "To the member: changed in part",
}

#: what a browser may do with a file of ours that it shows by itself: nothing but show it
NO_MORE_THAN_SHOWN = "default-src 'none'; object-src 'self'; frame-ancestors 'none'"


@letters.get("/letters/<int:letter_id>.pdf")
@allow(Role.OFFICE, Role.NURSE, Role.DIRECTOR, Role.COORDINATOR, Role.ADMINISTRATOR)
def letter(letter_id: int) -> ResponseReturnValue:
    """Give a letter to its office, to the directors of its case and to the plan's staff, as it was made."""
    found = queries.read(db_session(), letter_id, _reader())
    return pdf(found.content, f"letter-{found.id}")


def pdf(content: bytes, name: str, *, shown: bool = True) -> Response:
    """Answer with a PDF, shown in the browser or kept as a file."""
    response = Response(content, content_type="application/pdf")
    response.headers["Content-Security-Policy"] = NO_MORE_THAN_SHOWN
    how = "inline" if shown else "attachment"
    response.headers["Content-Disposition"] = f'{how}; filename="{name}.pdf"'
    return response


def _reader() -> Reader:
    account = visit().account
    if account is None:
        return Reader(opened=visit().denials)
    return Reader(director_id=account.director_id if account.role is StaffRole.DIRECTOR else None)
