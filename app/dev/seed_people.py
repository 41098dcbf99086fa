"""The made-up people of a trial: directors, staff, and how they sign in. None of them exists."""

from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy.orm import Session

from app import history
from app.directors import note_change
from app.models import Account, Director, DirectorHours, DirectorPeer, StaffRole
from app.passwords import hash_password

NC, PROMISE = "blue-cross-nc-commercial", "blue-shield-promise-medi-cal"
EASTERN, PACIFIC = "America/New_York", "America/Los_Angeles"

#: for trial and development only; `peerline dev` prints it
PASSWORD = "trial-and-error-7"  # noqa: S105 -- meant to be known: it opens made-up data on one's own machine

Spans = tuple[tuple[time, time], ...]
MORNING_AND_AFTERNOON: Spans = ((time(9), time(12)), (time(13), time(16, 30)))
MORNING: Spans = ((time(8, 30), time(12)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedDirector:
    """A director, his plan and his week."""

    name: str
    npi: str
    plan: str
    zone: str
    phone: str
    specialty: str
    states: tuple[str, ...]
    spans: Spans

    @property
    def email(self) -> str:
        """The mailbox, made of the name."""
        first, last = self.name.removesuffix(", MD").lower().split()
        return f"{first}.{last}@plan.example"


DIRECTORS = (
    SeedDirector(
        name="Dana Lee, MD",
        npi="1003000126",
        plan=NC,
        zone=EASTERN,
        phone="919-555-0110",
        specialty="orthopedics",
        states=("NC", "SC"),
        spans=MORNING_AND_AFTERNOON,
    ),
    SeedDirector(
        name="Marcus Okafor, MD",
        npi="1013000124",
        plan=NC,
        zone="America/Chicago",
        phone="919-555-0111",
        specialty="cardiology",
        states=("NC",),
        spans=MORNING,
    ),
    SeedDirector(
        name="Ama Osei, MD",
        npi="1023000122",
        plan=PROMISE,
        zone=PACIFIC,
        phone="213-555-0120",
        specialty="internal medicine",
        states=("CA",),
        spans=MORNING_AND_AFTERNOON,
    ),
    SeedDirector(
        name="Marta Ruiz, MD",
        npi="1033000120",
        plan=PROMISE,
        zone=PACIFIC,
        phone="213-555-0121",
        specialty="family medicine",
        states=("CA", "AZ"),
        spans=MORNING,
    ),
)

STAFF = (
    ("nora.quinn@plan.example", "Nora Quinn, RN", StaffRole.NURSE, EASTERN),
    ("luis.ortega@plan.example", "Luis Ortega, RN", StaffRole.NURSE, PACIFIC),
    ("casey.moore@plan.example", "Casey Moore", StaffRole.COORDINATOR, EASTERN),
    ("ines.farah@plan.example", "Ines Farah", StaffRole.ADMINISTRATOR, EASTERN),
)


def add_directors(session: Session, now: datetime) -> dict[str, Director]:
    """Add the directors with their hours and designated peers; return them by name."""
    added = {}
    for who in DIRECTORS:
        added[who.name] = director = Director(
            npi=who.npi,
            name=who.name,
            phone=who.phone,
            email=who.email,
            time_zone=who.zone,
            specialties=[who.specialty],
            licence_states=list(who.states),
            hours=[
                DirectorHours(weekday=weekday, starts=starts, ends=ends)
                for weekday in range(5)
                for starts, ends in who.spans
            ],
        )
        session.add(director)
    session.flush()
    osei, ruiz = added["Ama Osei, MD"], added["Marta Ruiz, MD"]
    session.add(DirectorPeer(director_id=osei.id, peer_id=ruiz.id, rank=0))
    session.add(DirectorPeer(director_id=ruiz.id, peer_id=osei.id, rank=0))
    for director in added.values():
        note_change(session, director.id, by=history.SYSTEM, now=now)
    return added


def add_staff(session: Session, directors: dict[str, Director], now: datetime) -> list[Account]:
    """Add an account for each person; all have the same password."""
    hashed = hash_password(PASSWORD)
    accounts = [
        Account(email=email, name=name, role=role, password_hash=hashed, time_zone=zone, created_at=now)
        for email, name, role, zone in STAFF
    ]
    accounts += [
        Account(
            email=director.email,
            name=director.name,
            role=StaffRole.DIRECTOR,
            password_hash=hashed,
            time_zone=director.time_zone,
            director_id=director.id,
            created_at=now,
        )
        for director in directors.values()
    ]
    session.add_all(accounts)
    session.flush()
    return accounts
