"""Rows that tests begin with. Every value that a test does not name is plain and valid."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import lru_cache
from itertools import count

from sqlalchemy.orm import Session

from app.config import POLICIES_DIR
from app.consults.intake import NewRequest
from app.consults.setup import Setup
from app.lane import Desk
from app.mail.reply_address import ReplyAddress
from app.models import Account, Channel, Denial, Director, DirectorHours, DirectorPeer, StaffRole
from app.policies import load_policies
from scheduling.values import Decision, Setting, Urgency

#: a Monday, 9:00 in New York
NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)

DESK = Desk(
    address="consults@plan.example",
    name="P2P Consults",
    uid_domain="plan.example",
    base_url="https://p2p.plan.example",
    answers=ReplyAddress.keyed("consults+{}@plan.example", "s" * 32),
    authserv_id="mx.plan.example",
)

EVERY_WEEKDAY = {weekday: [(time(9), time(17))] for weekday in range(5)}

_numbers = count(1)


@lru_cache(maxsize=1)
def setup() -> Setup:
    """Give the shipped policies and a desk."""
    return Setup(policies=load_policies(POLICIES_DIR), desk=DESK)


def director(
    session: Session,
    *,
    name: str = "Dana Lee, MD",
    hours: Mapping[int, list[tuple[time, time | None]]] = EVERY_WEEKDAY,
    peers: tuple[Director, ...] = (),
    **more: object,
) -> Director:
    """Add a director; without more, there on weekdays from 9 to 5 New York time."""
    number = next(_numbers)
    values = {
        "npi": f"{1000000000 + number}",
        "name": name,
        "phone": "919-555-0100",
        "email": f"director{number}@plan.example",
        "time_zone": "America/New_York",
        "hours": [
            DirectorHours(weekday=weekday, starts=starts, ends=ends)
            for weekday, spans in hours.items()
            for starts, ends in spans
        ],
    }
    made = Director(**{**values, **more})
    session.add(made)
    session.flush()
    for rank, peer in enumerate(peers):
        session.add(DirectorPeer(director_id=made.id, peer_id=peer.id, rank=rank))
    session.flush()
    return made


def denial(session: Session, who: Director | None, **more: object) -> Denial:
    """Add an elective pre-service denial of Friday, 27 February 2026 under Blue Cross NC's policy."""
    values = {
        "plan": "blue-cross-nc-commercial",
        "case_number": f"CASE-{next(_numbers)}",
        "director_id": who.id if who else None,
        "decision": Decision.DENY,
        "setting": Setting.PRE_SERVICE,
        "urgency": Urgency.ELECTIVE,
        "line_of_business": "aso",
        "dates": {"initial_decision": "2026-02-27T09:00:00-05:00"},
        "member_name": "Canary Wren",
        "member_id": "CANARYMEMBER77",
        "member_birth_date": date(1962, 3, 14),
        "service": "canaryectomy",
        "created_at": NOW,
    }
    made = Denial(**{**values, **more})
    session.add(made)
    session.flush()
    return made


def nurse(session: Session) -> Account:
    """Add a nurse who cannot sign in."""
    number = next(_numbers)
    made = Account(
        email=f"nurse{number}@plan.example",
        name="Noor Nurse, RN",
        role=StaffRole.NURSE,
        password_hash="!",
        time_zone="America/New_York",
        created_at=NOW,
    )
    session.add(made)
    session.flush()
    return made


def request(about: Denial, **more: object) -> NewRequest:
    """Make a request as an office sends it, with a clinical statement."""
    values: dict[str, object] = {
        "denial_id": about.id,
        "form_key": f"form-{next(_numbers)}",
        "channel": Channel.ONLINE,
        "received": NOW,
        "statement": "MRI of last week shows progression.",
        "speaker_name": "Dr Anil Rao",
        "speaker_specialty": "orthopedics",
        "speaker_phone": "984-555-0142",
        "office_contact": "Pat Doe",
        "office_email": "pat@ortho.example",
        "office_reference": "chart 88",
        "office_time_zone": "America/New_York",
    }
    return NewRequest(**{**values, **more})  # type: ignore[arg-type]  # the values above fit
