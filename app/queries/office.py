"""What an office reads: the cases it opened with the letter's access code, and nothing of anybody else's.

Every function takes the denials that were opened in the visit; what is not among them is not there (M4).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, aliased

from app.consults import casefile
from app.consults.casefile import CaseFile
from app.consults.setup import Setup
from app.consults.wanted import open_question
from app.denials import access_code
from app.errors import NotFound
from app.models import Consult, Denial, Director, History
from scheduling import life
from scheduling.values import ConsultState, Rulebook, Status
from scheduling.values import Denial as DenialFacts

#: cases of one number that are looked at; numbers are given by each plan for itself
SAME_NUMBER = 10

NOT_FOUND = "There is no such request among the cases that are open in your visit."


_FOLLOWS = aliased(Director)
_CASE = (
    select(Denial, Director, _FOLLOWS)
    .outerjoin(Director, Director.id == Denial.director_id)
    .outerjoin(_FOLLOWS, _FOLLOWS.id == Denial.successor_id)
    .where(Denial.id == bindparam("denial"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A medical director, as an office may know him."""

    id: int
    name: str
    phone: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """A request about a case, in one line."""

    reference: str
    status: Status
    received_at: datetime
    closed_at: datetime | None
    closed_reason: str | None
    talk: bool
    "a talk was asked for; else reconsideration without a call"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A denial, as its office reads it. Member id and birth date are cut to what serves recognition."""

    id: int
    plan_name: str
    zone: ZoneInfo
    case_number: str
    member_name: str
    member_id_end: str
    birth_year: int | None
    service: str
    line_of_business: str
    reason_text: str
    criteria: str
    clinical_reasons: str
    requester_name: str
    requester_npi: str
    requester_specialty: str
    told_at: datetime | None
    told_how: str
    appeal_filed_at: datetime | None
    created_at: datetime
    director: Person | None
    "who decided"
    successor: Person | None
    "who takes requests about it, since the one who decided has left"
    facts: DenialFacts
    rulebook: Rulebook
    requests: tuple[RequestRow, ...]

    @property
    def open_request(self) -> RequestRow | None:
        """The request that is open; there is one at the most."""
        return next((request for request in self.requests if request.status.open), None)

    @property
    def used(self) -> int:
        """How many talks were completed or closed as not reached."""
        ended = (Status.COMPLETED, Status.NOT_REACHED)
        return sum(request.talk and request.status in ended for request in self.requests)

    @property
    def decided(self) -> datetime | date | None:
        """When the plan decided, if that is known."""
        return self.facts.dates.get("initial_decision")

    @property
    def last_day_to_appeal(self) -> datetime | date | None:
        """The last day to appeal, if the denial carries it."""
        return self.facts.dates.get("appeal_deadline")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A case in the list of those that are open in a visit."""

    id: int
    case_number: str
    member_name: str
    service: str
    request: RequestRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One step of a request."""

    id: int
    at: datetime
    what: str
    details: Mapping[str, Any]
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedView:
    """What a nurse still wants, in her words, and since when."""

    items: str
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """A request with all that its office may know of it."""

    case: CaseView
    consult: Consult
    state: ConsultState
    rulebook: Rulebook
    review_number: str | None
    review_note: str
    people: Mapping[int, Person]
    steps: tuple[Happened, ...]
    wanted: WantedView | None
    "what the nurse still wants from the office"
    late_minutes: int | None
    "how late the director says he will call"

    @property
    def talks_with(self) -> Person | None:
        """The director of the booking, or the one whose line the request stands in."""
        who = self.state.booking.director if self.state.booking else self.state.director
        return self.people.get(who) if who is not None else None

    @property
    def may_wait_for(self) -> Person | None:
        """Whom the office may wait for instead of the designated peer it was given (BSP-5); None: nobody."""
        if self.state.peer_declined or not life.is_given_a_peer(self.rulebook, self.state):
            return None
        return self.people.get(self.state.director or 0)


def find_case(session: Session, *, case_number: str, birth_date: date, code: str, key: str) -> int | None:
    """Find the denial that number, birth date and access code belong to; None whatever of them is wrong.

    The code decides. A denial that came without a birth date is found without it.
    """
    typed = {case_number, case_number.upper()}
    columns = (Denial.id, Denial.case_number, Denial.member_birth_date, Denial.access_code_hash)
    rows = session.execute(select(*columns).where(Denial.case_number.in_(typed)).limit(SAME_NUMBER)).all()
    found = None
    access_code.matches(None, key, case_number, code)
    for row in rows:
        right = access_code.matches(row.access_code_hash, key, row.case_number, code)
        if right and row.member_birth_date in (None, birth_date):
            found = row.id
    return found


def cases(session: Session, opened: Sequence[int]) -> list[CaseRow]:
    """List the cases of a visit, the last one opened first, each with its open or else its last request."""
    denials = session.scalars(select(Denial).where(Denial.id.in_(opened))).all()
    requests = _requests(session, opened)
    rows = [
        CaseRow(
            id=denial.id,
            case_number=denial.case_number,
            member_name=denial.member_name,
            service=denial.service,
            request=next(iter(requests.get(denial.id, ())), None),
        )
        for denial in denials
    ]
    return sorted(rows, key=lambda row: -list(opened).index(row.id))


def case(
    session: Session, denial_id: int, opened: Sequence[int], *, setup: Setup, with_requests: bool = True
) -> CaseView:
    """Read a case. Raises NotFound. Two statements; one without what has been asked for about it."""
    if denial_id not in opened:
        raise NotFound(NOT_FOUND)
    row = session.execute(_CASE, {"denial": denial_id}).one_or_none()
    if row is None:
        raise NotFound(NOT_FOUND)
    denial, director, successor = row
    requests = tuple(_requests(session, [denial_id]).get(denial_id, ())) if with_requests else ()
    decided = _person(director) if director else None
    following = _person(successor) if successor else None
    return _case(denial, decided, following, requests, setup.policies.current(denial.plan))


def request(
    session: Session, reference: str, opened: Sequence[int], *, setup: Setup, lock: bool = False
) -> RequestView:
    """Read a request; with `lock` nobody else changes it until the transaction ends. Raises NotFound.

    A fixed number of statements. What has been asked for earlier about the case is left out.
    """
    found = select(Consult.id).where(Consult.reference == reference, Consult.denial_id.in_(opened))
    consult_id = session.scalar(found)
    if consult_id is None:
        raise NotFound(NOT_FOUND)
    file = casefile.load(session, consult_id, setup=setup, lock=lock)
    steps = _steps(session, consult_id)
    people = _people(session, file, steps)
    decided, successor = people.get(file.denial.director_id or 0), people.get(file.denial.successor_id or 0)
    return RequestView(
        case=_case(file.denial, decided, successor, (_request_row(file.consult),), file.rulebook),
        consult=file.consult,
        state=file.state,
        rulebook=file.rulebook,
        review_number=file.review.pcr_number if file.review else None,
        review_note=file.review.note if file.review else "",
        people=people,
        steps=steps,
        wanted=_wanted(session, consult_id, steps),
        late_minutes=file.booking.late_minutes if file.booking else None,
    )


def news(session: Session, reference: str, opened: Sequence[int]) -> str:
    """Name the state of a request in a word that is another as soon as anything has happened. Raises NotFound.

    One small statement, since a page that is open asks for it every few seconds.
    """
    last = select(func.max(History.id)).where(History.consult_id == Consult.id).scalar_subquery()
    row = session.execute(
        select(Consult.version, last.label("last")).where(Consult.reference == reference, Consult.denial_id.in_(opened))
    ).one_or_none()
    if row is None:
        raise NotFound(NOT_FOUND)
    return f"{row.version}.{row.last or 0}"


def is_open(session: Session, reference: str, opened: Sequence[int]) -> bool:
    """Tell whether a reference belongs to a case that was opened."""
    found = select(Consult.id).where(Consult.reference == reference, Consult.denial_id.in_(opened))
    return session.scalar(found) is not None


def _case(
    denial: Denial,
    decided: Person | None,
    successor: Person | None,
    requests: tuple[RequestRow, ...],
    rulebook: Rulebook,
) -> CaseView:
    return CaseView(
        id=denial.id,
        plan_name=rulebook.policy.name,
        zone=rulebook.policy.plan.time_zone,
        case_number=denial.case_number,
        member_name=denial.member_name,
        member_id_end=denial.member_id[-4:],
        birth_year=denial.member_birth_date.year if denial.member_birth_date else None,
        service=denial.service,
        line_of_business=denial.line_of_business,
        reason_text=denial.reason_text,
        criteria=denial.criteria,
        clinical_reasons=denial.clinical_reasons,
        requester_name=denial.requester_name,
        requester_npi=denial.requester_npi,
        requester_specialty=denial.requester_specialty,
        told_at=denial.told_at,
        told_how=denial.told_how,
        appeal_filed_at=denial.appeal_filed_at,
        created_at=denial.created_at,
        director=decided,
        successor=successor,
        facts=casefile.denial_of(denial),
        rulebook=rulebook,
        requests=requests,
    )


def _requests(session: Session, denial_ids: Sequence[int]) -> dict[int, list[RequestRow]]:
    found: dict[int, list[RequestRow]] = {}
    query = select(Consult).where(Consult.denial_id.in_(denial_ids))
    for consult in session.scalars(query.order_by(Consult.closed_at.is_(None).desc(), Consult.id.desc())):
        found.setdefault(consult.denial_id, []).append(_request_row(consult))
    return found


def _request_row(consult: Consult) -> RequestRow:
    return RequestRow(
        reference=consult.reference,
        status=consult.status,
        received_at=consult.received_at,
        closed_at=consult.closed_at,
        closed_reason=consult.closed_reason,
        talk=consult.talk,
    )


def _steps(session: Session, consult_id: int) -> tuple[Happened, ...]:
    rows = session.scalars(select(History).where(History.consult_id == consult_id).order_by(History.id))
    return tuple(Happened(id=row.id, at=row.at, what=row.what, details=row.details, actor=row.actor) for row in rows)


def _wanted(session: Session, consult_id: int, steps: Sequence[Happened]) -> WantedView | None:
    if not any(step.what == "more_wanted" for step in steps):
        return None
    wanted = open_question(session, consult_id)
    return WantedView(items=wanted.items, asked_at=wanted.asked_at) if wanted else None


def _people(session: Session, file: CaseFile, steps: Sequence[Happened]) -> dict[int, Person]:
    ids = {file.denial.director_id, file.denial.successor_id, file.state.director}
    ids |= {file.state.booking.director if file.state.booking else None}
    ids |= {file.state.peer_offer.director if file.state.peer_offer else None}
    ids |= {step.details.get("director") for step in steps}
    known = [director_id for director_id in ids if isinstance(director_id, int)]
    return {person.id: _person(person) for person in session.scalars(select(Director).where(Director.id.in_(known)))}


def _person(director: Director) -> Person:
    return Person(id=director.id, name=director.name, phone=director.phone, time_zone=director.time_zone)
