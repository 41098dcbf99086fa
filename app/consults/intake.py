"""How a request comes in: asked for online or taken down at the desk, same rules, same line (BSP-4)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Sequence, bindparam, func, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import history, outbox
from app.consults import casefile, documents, place
from app.consults.casefile import CaseFile, denial_of
from app.consults.setup import Setup
from app.models import Channel, Consult, Denial, LeftRequest, arrivals
from scheduling import life
from scheduling.values import Interval, Request, Rulebook, Status, Step

#: Crockford's base 32: no letter that is mistaken for a digit when read out on the telephone
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

consult_ids = Sequence("consult_id_seq")

_ENDED = Consult.status.in_((Status.COMPLETED, Status.NOT_REACHED))
_EARLIER = (
    select(
        func.count().filter(Consult.closed_at.is_(None)).label("open"),
        func.count().filter(_ENDED, Consult.talk).label("used"),
    )
    .where(Consult.denial_id == bindparam("denial"))
    .subquery("earlier")
)
#: all that is to be known before the rules are asked, and the numbers that a new request draws
_KNOWN = select(
    _EARLIER.c.open,
    _EARLIER.c.used,
    documents.UNTAKEN.c.untaken,
    documents.UNTAKEN.c.early,
    select(Consult.id).where(Consult.form_key == bindparam("form_key")).scalar_subquery().label("already"),
    consult_ids.next_value().label("id"),
    arrivals.next_value().label("arrival"),
).select_from(_EARLIER.join(documents.UNTAKEN, true()))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """A request as it was asked for, its form already checked."""

    denial_id: int
    #: made with the form; the same form sent twice is one request (A7)
    form_key: str
    channel: Channel
    #: when the call, voicemail, fax or form came in
    received: datetime
    windows: tuple[Interval, ...] = ()
    move_up: bool = False
    reconsideration: bool = False
    #: a talk is asked for; else reconsideration without a call
    talk: bool = True
    statement: str = ""
    #: documents or a fax are there besides the statement
    information: bool = False
    speaker_name: str
    speaker_profession: str = "physician"
    speaker_relation: str = "treating"
    speaker_npi: str = ""
    speaker_specialty: str = ""
    speaker_phone: str
    backup_name: str = ""
    backup_phone: str = ""
    how_to_reach: str = ""
    office_contact: str
    office_email: str
    office_phone: str = ""
    office_reference: str = ""
    office_time_zone: str
    taken_by: int | None = None

    def as_the_rules_see_it(self) -> Request:
        """Reduce the form to what decides."""
        return Request(
            received=self.received,
            windows=self.windows,
            reconsideration=self.reconsideration,
            talk=self.talk,
            information=self.information or bool(self.statement.strip()),
            move_up=self.move_up,
            speaker=self.speaker_profession,
            relation=self.speaker_relation,
            specialty=self.speaker_specialty,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of asking: a consult, or the reason why there is none."""

    consult: Consult | None = None
    refused: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)


def request_consult(
    session: Session, new: NewRequest, *, setup: Setup, by: str, now: datetime, accept_late_reason: str = ""
) -> Asked:
    """Take a request down: decide whether it may be asked for and until when, give it its place, acknowledge it.

    The same `form_key` again gives the consult of the first time, and nothing is sent twice (A7). A refusal is kept in
    the history of the denial. `accept_late_reason`: a coordinator takes it down despite a refusal and says why.
    Raises NotFound.
    """
    denial = casefile.lock_denial(session, new.denial_id)
    known = session.execute(_KNOWN, {"denial": denial.id, "form_key": new.form_key}).one()
    if known.already is not None:
        return Asked(consult=session.get_one(Consult, known.already))
    if denial.early_statement:
        new = replace(new, statement=f"{denial.early_statement}\n\n{new.statement}".strip())
    if known.early:
        new = replace(new, information=True)
    rulebook, step, seen = _ask(session, denial, new, known, setup=setup, now=now, late=bool(accept_late_reason))
    if step.state is None:
        return _refuse(session, denial, step, by=by)
    if denial.early_statement:
        denial.early_statement = ""
    file = _write(session, denial, new, step, rulebook=rulebook, seen=seen, by=by, now=now)
    if known.untaken:
        documents.come_along(session, file.consult)
    if accept_late_reason:
        _remark(session, file, "accepted_despite_refusal", {"reason": accept_late_reason}, by=by, now=now)
    _acknowledge(session, file, step, setup=setup, now=now)
    return Asked(consult=file.consult)


def _ask(
    session: Session, denial: Denial, new: NewRequest, known: Row[Any], *, setup: Setup, now: datetime, late: bool
) -> tuple[Rulebook, Step, str | None]:
    rulebook = rulebook_for(denial, setup=setup)
    step = life.ask(
        rulebook,
        rulebook.policy.key,
        denial_of(denial),
        new.as_the_rules_see_it(),
        id=known.id,
        arrival=known.arrival,
        open_request=known.open > 0,
        used=known.used,
        now=now,
        accept_late=late,
    )
    return rulebook, *place.told(session, step, rulebook, setup=setup)


def draw_id(session: Session) -> int:
    """Draw the id of the next consult; the rules want it before there is a row."""
    return session.scalars(select(consult_ids.next_value())).one()


def draw_arrival(session: Session) -> int:
    """Draw the next number in the order of arrival."""
    return session.scalars(select(arrivals.next_value())).one()


def rulebook_for(denial: Denial, *, setup: Setup) -> Rulebook:
    """Find the policy that governs a new request about this denial, as its file stands today."""
    return setup.policies.current(denial.plan)


def earlier_requests(session: Session, denial_id: int) -> tuple[bool, int]:
    """Tell whether a request for this denial is open, and how many talks were completed or closed as not reached."""
    found = session.execute(select(_EARLIER), {"denial": denial_id}).one()
    return found.open > 0, found.used


def _refuse(session: Session, denial: Denial, step: Step, *, by: str) -> Asked:
    refusal = step.happenings[0]
    history.write(
        session,
        denial_id=denial.id,
        consult_id=None,
        what=refusal.what,
        details=refusal.details,
        by=by,
        now=refusal.at,
    )
    return Asked(refused=str(refusal.details["reason"]), details=refusal.details)


def _write(
    session: Session,
    denial: Denial,
    new: NewRequest,
    step: Step,
    *,
    rulebook: Rulebook,
    seen: str | None,
    by: str,
    now: datetime,
) -> CaseFile:
    assert step.state is not None
    row = columns_of(new, step.state.id, rulebook)
    consult = casefile.insert_consult(session, row, step.state, now)
    file = CaseFile(
        consult=consult, denial=denial, booking=None, review=None, rulebook=rulebook, state=step.state, seen=seen
    )
    casefile.apply(session, file, step, by=by, now=now, first=True)
    return file


def columns_of(new: NewRequest, consult_id: int, rulebook: Rulebook) -> dict[str, Any]:
    """Write a request as the columns of its row, without those that say how it stands."""
    return {
        "id": consult_id,
        "reference": make_reference(),
        "denial_id": new.denial_id,
        "policy_id": rulebook.policy.id,
        "policy_hash": rulebook.policy.hash,
        "received_at": new.received,
        "channel": new.channel,
        "taken_by": new.taken_by,
        "form_key": new.form_key,
        "statement": new.statement,
        "speaker_name": new.speaker_name,
        "speaker_profession": new.speaker_profession,
        "speaker_relation": new.speaker_relation,
        "speaker_npi": new.speaker_npi,
        "speaker_specialty": new.speaker_specialty,
        "speaker_phone": new.speaker_phone,
        "backup_name": new.backup_name,
        "backup_phone": new.backup_phone,
        "how_to_reach": new.how_to_reach,
        "office_contact": new.office_contact,
        "office_email": new.office_email,
        "office_phone": new.office_phone,
        "office_reference": new.office_reference,
        "office_time_zone": new.office_time_zone,
    }


def _acknowledge(session: Session, file: CaseFile, step: Step, *, setup: Setup, now: datetime) -> None:
    where = step.happenings[0].details.get("place")
    outbox.acknowledge(
        session,
        file.consult,
        desk=setup.desk,
        plan_name=file.rulebook.policy.name,
        place=where if isinstance(where, int) else None,
        awaiting=file.state.status.value,
        now=now,
    )


def _remark(session: Session, file: CaseFile, what: str, details: dict[str, object], *, by: str, now: datetime) -> None:
    history.write(
        session, denial_id=file.denial.id, consult_id=file.consult.id, what=what, details=details, by=by, now=now
    )


def make_reference() -> str:
    """Draw a reference that can be read out on the telephone and not be guessed: P2P-7F3K-9Q2M."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"P2P-{letters[:4]}-{letters[4:]}"


def leave_request(
    session: Session, *, form_key: str, case_number: str, body: dict[str, Any], now: datetime
) -> LeftRequest:
    """Keep a request that came without the letter's access code; the answer is the same whether the case is known.

    The same form sent twice is one request.
    """
    session.execute(
        insert(LeftRequest)
        .values(reference=make_reference(), form_key=form_key, case_number=case_number, body=body, received_at=now)
        .on_conflict_do_nothing(index_elements=["form_key"])
    )
    return session.scalars(select(LeftRequest).where(LeftRequest.form_key == form_key)).one()
