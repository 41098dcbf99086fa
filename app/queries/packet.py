"""One case as a packet for auditors: everything that was told, asked, decided and sent, when and by whom.

It names the member and the staff. Words that somebody typed about the patient stand in it only where they decided:
the reasons of the denial, the nurse's note, the director's sentence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import history
from app.errors import NotFound
from app.mail import times
from app.models import Account, Consult, Denial, Director, History
from app.queries import packet_parts as parts
from app.queries import packet_request
from app.queries.packet_parts import Section, Table, Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """A case, section by section, and the figure that its history can be checked with."""

    case_number: str
    plan_name: str
    zone: str
    history_sha256: str
    history_rows: int
    sections: tuple[Section, ...]


def read(session: Session, denial_id: int, *, plan_name: str, zone: str) -> Packet:
    """Collect a case. Raises NotFound. A fixed number of statements, and some for each request."""
    denial = session.get(Denial, denial_id)
    if denial is None:
        raise NotFound("There is no such case.")
    rows = session.scalars(select(History).where(History.denial_id == denial_id).order_by(History.id)).all()
    consults = session.scalars(select(Consult).where(Consult.denial_id == denial_id).order_by(Consult.id)).all()
    told = Told(session=session, denial=denial, zone=zone, history=rows, people=_people(session, rows))
    sections: list[Section | None] = [parts.decision(told), parts.notice(told)]
    for consult in consults:
        sections += packet_request.of_request(told, consult)
    sections += [parts.documents(told), parts.letters(told), parts.messages(told), _history(told, consults)]
    return Packet(
        case_number=denial.case_number,
        plan_name=plan_name,
        zone=zone,
        history_sha256=rows[-1].digest.hex() if rows else "",
        history_rows=len(rows),
        sections=tuple(section for section in sections if section is not None),
    )


def _history(told: Told, consults: Sequence[Consult]) -> Section:
    references = {consult.id: consult.reference for consult in consults}
    names = dict(told.session.execute(select(Director.id, Director.name)).all())
    return Section(
        title="Everything that happened",
        text="Every row of the case's history, in order. Rows are only ever added.",
        table=Table(
            head=("Row", "When", "Who", "What", "Request"),
            widths=(1, 3, 3, 5, 3),
            rows=tuple(
                (
                    str(row.id),
                    times.moment(row.at, told.zone),
                    told.who(row.actor),
                    _in_words(row.what, row.details, names, told.zone),
                    references.get(row.consult_id or 0, ""),
                )
                for row in told.history
            ),
        ),
    )


def _in_words(what: str, details: Mapping[str, Any], names: Mapping[int, str], zone: str) -> str:
    said = [
        f"{name.replace('_', ' ')} {_value(name, value, names, zone)}"
        for name, value in details.items()
        if value not in (None, "", [])
    ]
    return f"{what.replace('_', ' ')}{': ' + ', '.join(said) if said else ''}"


def _value(name: str, value: object, names: Mapping[int, str], zone: str) -> str:
    if name == "director" and isinstance(value, int):
        return names.get(value, str(value))
    if isinstance(value, str) and value[:4].isdigit() and value[4:5] == "-":
        try:
            is_day = len(value) == len("2026-03-02")
            return times.day(date.fromisoformat(value)) if is_day else times.moment(datetime.fromisoformat(value), zone)
        except ValueError:
            return value
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _people(session: Session, rows: Sequence[History]) -> Mapping[str, str]:
    ids = {history.account_of(row.actor) for row in rows} - {None}
    found = session.execute(select(Account.id, Account.name, Account.role).where(Account.id.in_(ids)))
    staff = {history.account_actor(id_): f"{name} ({role})" for id_, name, role in found}
    return {history.OFFICE: "The office", history.SYSTEM: "Peerline", **staff}


def find(session: Session, typed: str) -> int:
    """Find the case of a request's reference or of a case number. Raises NotFound where there is none, or several."""
    by_reference = select(Consult.denial_id).where(Consult.reference == typed.upper())
    found = session.scalars(by_reference).all()
    found = found or session.scalars(select(Denial.id).where(Denial.case_number.in_({typed, typed.upper()}))).all()
    if not found:
        raise NotFound(f"There is no request {typed}, and no case with this number. Check it once more.")
    if len(found) > 1:
        raise NotFound(f"Several plans have a case {typed}. Give the reference of a request about it instead.")
    return found[0]
