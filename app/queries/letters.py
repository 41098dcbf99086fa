"""The letters of a case, each for whom it is: offices read their own, never the member's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, undefer

from app import history
from app.errors import NotFound
from app.models import WITHDRAWN, Account, BookingRow, Consult, Denial, Letter, LetterKind

MEMBERS = [kind for kind in LetterKind if kind.for_member]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRow:
    """A letter, without its content."""

    id: int
    kind: LetterKind
    reference: str | None
    made_at: datetime
    made_by: str
    "a name, or Peerline"
    template: str
    template_hash: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who asks, and what of it is for him."""

    opened: Sequence[int] | None = None
    "an office: the denials whose case is open in its visit"
    director_id: int | None = None
    "a medical director: his own denials and consults"


def of_case(session: Session, denial_id: int, *, members: bool) -> list[LetterRow]:
    """List the letters of a case, the last one first; `members`: the member's too. Two statements."""
    query = (
        select(Letter, Consult.reference)
        .outerjoin(Consult, Consult.id == Letter.consult_id)
        .where(Letter.denial_id == denial_id, _in_view())
        .order_by(Letter.id.desc())
    )
    if not members:
        query = query.where(Letter.kind.not_in(MEMBERS))
    rows = session.execute(query).all()
    ids = {history.account_of(letter.made_by) for letter, _ in rows} - {None}
    names = dict(session.execute(select(Account.id, Account.name).where(Account.id.in_(ids))).all()) if ids else {}
    return [
        LetterRow(
            id=letter.id,
            kind=letter.kind,
            reference=reference,
            made_at=letter.made_at,
            made_by=names.get(history.account_of(letter.made_by) or 0, "Peerline"),
            template=letter.template,
            template_hash=letter.template_hash,
            sha256=letter.sha256,
        )
        for letter, reference in rows
    ]


def read(session: Session, letter_id: int, reader: Reader) -> Letter:
    """Read a letter with its content. Raises NotFound for one that is not there, or not for who asks (M4)."""
    query = select(Letter).where(Letter.id == letter_id, _in_view(), *_for(reader)).options(undefer(Letter.content))
    letter = session.scalars(query).one_or_none()
    if letter is None:
        raise NotFound("There is no such letter among the cases that are open to you.")
    return letter


def _in_view() -> ColumnElement[bool]:
    """Make the condition "its case is not withdrawn from view"; the letter itself is never changed."""
    gone = select(Denial.id).where(Denial.id == Letter.denial_id, Denial.member_name == WITHDRAWN)
    return ~gone.correlate(Letter).exists()


def _for(reader: Reader) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if reader.opened is not None:
        conditions += [Letter.denial_id.in_(reader.opened), Letter.kind.not_in(MEMBERS)]
    if reader.director_id is not None:
        decided = select(Denial.id).where(Denial.id == Letter.denial_id, Denial.director_id == reader.director_id)
        booked = (
            select(BookingRow.id)
            .join(Consult, Consult.id == BookingRow.consult_id)
            .where(Consult.denial_id == Letter.denial_id, BookingRow.director_id == reader.director_id)
        )
        conditions.append(or_(decided.correlate(Letter).exists(), booked.correlate(Letter).exists()))
    return conditions
