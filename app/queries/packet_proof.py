"""The proof of a packet: the whole history read up to the case's last row, and what it shows of the case's requests.

It takes as long as the history is, so that the command makes it and the pages do not.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import proof_words
from app.consults.setup import Setup
from app.mail import times
from app.models import Consult, History
from app.queries.packet_parts import Section, Table
from app.queries.proof import Said, Touched, Verification
from app.queries.proof_names import Names
from scheduling.proof_values import Arrival, Decision, Overtaking, Violation

Concerning = Arrival | Decision | Overtaking | Violation | Touched


def prove(session: Session, denial_id: int, *, setup: Setup, zone: str, now: datetime) -> Section:
    """Replay every decision up to the case's last row and tell what concerns it (NC-9)."""
    last = select(History.id).where(History.denial_id == denial_id).order_by(History.id.desc()).limit(1)
    mine = set(session.scalars(select(Consult.id).where(Consult.denial_id == denial_id)))
    verification = Verification(session=session, setup=setup, now=now)
    up_to = session.scalars(last).one()
    about = (_about(said, mine) for said in verification.findings(up_to=up_to))
    found = [said for said in about if said is not None]
    names = Names(session=session)
    rows = [(str(said.row), times.moment(said.at, zone), _in_words(said, names, zone)) for said in found]
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


def _in_words(said: Concerning, names: Names, zone: str) -> str:
    match said:
        case Arrival():
            before = ", ".join(map(names.request, said.before)) or "nobody"
            return f"{names.request(said.consult)} came in. Before it without a time: {before}."
        case Decision():
            what = "moved to" if said.moved else "booked for"
            start = times.moment(said.during.start, zone)
            beside = ", outside the queue" if said.outside_queue else ""
            with_whom = names.director(said.director).name
            return f"{names.request(said.consult)} {what} {start} with {with_whom}{beside}."
        case Overtaking():
            before, after = names.request(said.overtaken), names.request(said.consult)
            return f"{before} stood before {after} in line: {proof_words.why(said)}."
        case Violation():
            return f"Against the order: {proof_words.violation(names, said, ZoneInfo(zone))}."
        case Touched():
            return f"This row is not as it was written: {proof_words.touched(names, said)}."
