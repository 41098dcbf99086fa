"""Letters as files: one address for everybody who may read one."""

from collections.abc import Mapping

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from app.consults import disclosure
from app.errors import Conflict, NotFound
from app.history import account_actor
from app.letters.packet import render
from app.letters.render import LetterError
from app.models import Denial, LetterKind, Role, StaffRole
from app.queries import letters as queries
from app.queries import packet as packets
from app.queries.letters import Reader
from app.queries.packet import Packet
from app.web.access import account, allow
from app.web.edge import db_session, now, setup, visit

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


@letters.post("/cases/<int:denial_id>/packet")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def packet(denial_id: int) -> ResponseReturnValue:
    """Give one case as a packet for auditors, and put down that it was made."""
    shown = read_packet(denial_id)
    try:
        content = render(shown, setup().templates, now=now())
    except LetterError as error:
        raise Conflict(f"The packet cannot be made. {error}") from None
    disclosure.note_packet(db_session(), denial_id, content, by=account_actor(account().id), now=now())
    return pdf(content, f"case-{denial_id}", shown=False)


def read_packet(denial_id: int) -> Packet:
    """Read a case for its packet, under its plan's name and in its zone."""
    denial = db_session().get(Denial, denial_id)
    if denial is None:
        raise NotFound("There is no such case.")
    policy = setup().policies.current(denial.plan).policy
    return packets.read(db_session(), denial_id, plan_name=policy.name, zone=policy.plan.time_zone.key)


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
