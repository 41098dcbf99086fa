"""The proof of a packet: the whole history read up to the case's last row, and what it shows of the case's requests.

It takes as long as the history is, so that the command makes it and the pages do not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consults.setup import Setup
from app.mail import times
from app.models import Consult, Director, History
from app.queries.packet_parts import Section, Table
from app.queries.proof import Said, Touched, Verification
from scheduling.proof_values import Arrival, Decision, Overtaking, Violation

#: why an earlier request did not have a time, in words
WHY = {
    "not_ready": "it still waited for information or a nurse",
    "no_consent": "it had a time and had not agreed to be moved up",
    "other_director": "its consult was not with this director",
    "outside_windows": "the time lay outside its windows",
    "before_review_due": "its review was due only after that time",
    "within_notice": "it was too late to move it there",
    "does_not_fit": "the time was too short for it",
}


Concerning = Arrival | Decision | Overtaking | Violation | Touched


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    requests: Mapping[int, str]
    directors: Mapping[int, str]
    zone: str


def prove(session: Session, denial_id: int, *, setup: Setup, zone: str, now: datetime) -> Section:
    """Replay every decision up to the case's last row and tell what concerns it (NC-9)."""
    last = select(History.id).where(History.denial_id == denial_id).order_by(History.id.desc()).limit(1)
    mine = set(session.scalars(select(Consult.id).where(Consult.denial_id == denial_id)))
    verification = Verification(session=session, setup=setup, now=now)
    up_to = session.scalars(last).one()
    about = (_about(said, mine) for said in verification.findings(up_to=up_to))
    found = [said for said in about if said is not None]
    names = _Names(
        requests=dict(session.execute(select(Consult.id, Consult.reference)).all()),
        directors=dict(session.execute(select(Director.id, Director.name)).all()),
        zone=zone,
    )
    rows = [(str(said.row), times.moment(said.at, zone), _in_words(said, names)) for said in found]
    wrong = sum(isinstance(said, Violation | Touched) for said in found)
    judged = f"{verification.rows} rows were read and {verification.decisions} decisions judged again."
    said_of_it = "None of it is against the order." if not wrong else f"{wrong} of it must be looked into."
    return Section(
        title="The proof of the order of service",
        text=f"{judged} {said_of_it}",
        facts=(("SHA-256 over all rows read", verification.seal),),
        table=Table(head=("Row", "When", "What it shows"), widths=(1, 3, 8), rows=tuple(rows)) if rows else None,
    )


def _about(said: Said, mine: set[int]) -> Concerning | None:
    """Return a finding if it is about one of these requests."""
    if not isinstance(said, Arrival | Decision | Overtaking | Violation | Touched):
        return None
    overtaken = said.overtaken if isinstance(said, Overtaking) else None
    return said if {said.consult, overtaken} & mine else None


def _in_words(said: Concerning, names: _Names) -> str:
    match said:
        case Arrival():
            before = ", ".join(names.requests[each] for each in said.before) or "nobody"
            return f"{names.requests[said.consult]} came in. Before it without a time: {before}."
        case Decision():
            what = "moved to" if said.moved else "booked for"
            start = times.moment(said.during.start, names.zone)
            beside = ", outside the queue" if said.outside_queue else ""
            return f"{names.requests[said.consult]} {what} {start} with {names.directors[said.director]}{beside}."
        case Overtaking():
            before, after = names.requests[said.overtaken], names.requests[said.consult]
            then = f" When that was booked: {_why(said.then)}." if said.then else ""
            return f"{before} stood before {after} in line: {_why(said.reason)}.{then}"
        case Violation():
            return f"Against the order: {said.fault.replace('_', ' ')}."
        case Touched():
            return f"This row is not as it was written: {said.touch}."


def _why(reason: str) -> str:
    return WHY.get(reason, reason.replace("_", " "))
