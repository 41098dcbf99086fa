"""The proof for one case: when each of its requests came, its place, who was before it, what overtook it and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.consults.setup import Setup
from app.errors import NotFound
from app.models import Consult, Denial, History
from app.queries.history import lines
from app.queries.proof import Differs, Said, Touched, Verification, Wrong, differences, touched_by
from scheduling import record
from scheduling.proof_values import Arrival, Closed, Decision, Overtaking, Violation
from scheduling.record import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestProof:
    """What the history proves of one request."""

    consult: int
    reference: str
    #: None: it took place beside the line, or was there before rows had standings
    arrival: Arrival | None
    decisions: tuple[Decision, ...]
    overtaken_by: tuple[Overtaking, ...]
    standing: Standing | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseProof:
    """What the history proves of a case."""

    denial: int
    case_number: str
    plan: str
    rows: int
    requests: tuple[RequestProof, ...]
    wrong: tuple[Wrong, ...]


def prove_case(session: Session, denial_id: int, *, setup: Setup, now: datetime) -> CaseProof:
    """Read the history as far as it concerns a case, and gather what it says of it. Raises NotFound."""
    denial = session.get(Denial, denial_id)
    if denial is None:
        raise NotFound("There is no such case.")
    query = select(Consult.id, Consult.reference, Consult.closed_at).where(Consult.denial_id == denial_id)
    consults = session.execute(query.order_by(Consult.id)).all()
    ids = {consult.id for consult in consults}
    last = select(func.max(History.id))
    if all(consult.closed_at is not None for consult in consults):
        last = last.where(History.denial_id == denial_id)
    verification = Verification(session=session, setup=setup, now=now)
    said = [each for each in verification.findings(up_to=session.scalar(last) or 0) if _concerns(each, denial_id, ids)]
    said += verification.standing(ids)
    stand = [each for each in said if isinstance(each, Closed) and each.consult in ids]
    wrong = [each for each in said if isinstance(each, Wrong)]
    known = {each.consult for each in wrong if isinstance(each, Differs)}
    wrong += differences(session, [each for each in stand if each.consult not in known], setup=setup)
    rows = select(func.count(History.id)).where(History.denial_id == denial_id)
    return CaseProof(
        denial=denial_id,
        case_number=denial.case_number,
        plan=denial.plan,
        rows=session.scalars(rows).one(),
        requests=tuple(_proof_of(consult.id, consult.reference, said) for consult in consults),
        wrong=tuple(wrong),
    )


def check_case(session: Session, denial_id: int, *, setup: Setup) -> list[Wrong]:
    """Check the digests of one case's rows, and its requests against the tables; nothing else is read."""
    wrong: list[Wrong] = []
    standings: dict[int, Standing] = {}
    for line in lines(session, denial_id=denial_id):
        if line.touch is not None:
            wrong.append(touched_by(line))
        if line.row.standing is not None and line.row.consult is not None:
            try:
                before = standings.get(line.row.consult)
                standings[line.row.consult] = record.standing(line.row.standing, before)
            except ValueError:
                pass  # a row like that was altered, and its digest says so
    known = [
        Closed(row=0, at=standing.received, consult=id_, queue=None, standing=standing, bookings=(), whole=False)
        for id_, standing in standings.items()
    ]
    return [*wrong, *differences(session, known, setup=setup)]


def _concerns(said: Said, denial_id: int, ids: set[int]) -> bool:
    match said:
        case Touched():
            return said.denial == denial_id
        case Overtaking():
            return said.overtaken in ids
        case Violation():
            return said.consult in ids or said.details.get("by") in ids
        case _:
            return said.consult in ids


def _proof_of(consult: int, reference: str, said: Sequence[Said]) -> RequestProof:
    arrivals = [each for each in said if isinstance(each, Arrival) and each.consult == consult]
    stand = [each for each in said if isinstance(each, Closed) and each.consult == consult]
    standing = stand[-1].standing if stand else None
    return RequestProof(
        consult=consult,
        reference=reference,
        arrival=arrivals[0] if arrivals else None,
        decisions=tuple(each for each in said if isinstance(each, Decision) and each.consult == consult),
        overtaken_by=tuple(each for each in said if isinstance(each, Overtaking) and each.overtaken == consult),
        standing=standing,
        ended_at=stand[-1].at if standing is not None and not standing.status.open else None,
    )
