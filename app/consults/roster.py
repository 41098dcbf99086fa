"""The plan's medical directors: who they are, who stands in for whom, and whether they take consults."""

import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import directors, outbox
from app.consults import casefile, desk
from app.consults.setup import Setup
from app.errors import Conflict, Invalid
from app.mail.compose import is_mail_address
from app.models import Attention, AttentionReason, BookingRow, Consult, Director, DirectorPeer
from app.npi import is_npi
from scheduling.values import Interval

#: the postal codes of the states, the District of Columbia and the territories that license physicians
STATES = frozenset(
    state
    for row in (
        "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK",
        "OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR GU VI AS MP",
    )
    for state in row.split()
)
MOST_A_DAY = 100

#: nothing is booked further ahead
AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Who a medical director is, as somebody wrote it."""

    npi: str
    name: str
    phone: str
    email: str
    time_zone: str
    specialties: tuple[str, ...] = ()
    licence_states: tuple[str, ...] = ()
    lines_of_business: tuple[str, ...] = ()
    max_a_day: int | None = None
    active: bool = True


#: what an invitation shows of a director
SHOWN = ("name", "phone", "email")


def facts_of(director: Director) -> Facts:
    """Read who a director is from the row."""
    return Facts(
        npi=director.npi,
        name=director.name,
        phone=director.phone,
        email=director.email,
        time_zone=director.time_zone,
        specialties=tuple(director.specialties),
        licence_states=tuple(director.licence_states),
        lines_of_business=tuple(director.lines_of_business),
        max_a_day=director.max_a_day,
        active=director.active,
    )


def faults(session: Session, facts: Facts, *, lines: Collection[str], director_id: int | None = None) -> dict[str, str]:
    """Say what is wrong with what was written, by field; nothing if it is sound.

    `lines`: the lines of business that the plans know; where they name none, any will do.
    """
    wrong = _wrong_identity(session, facts, director_id)
    if len(re.sub(r"\D", "", facts.phone)) < 10:
        wrong["phone"] = "Enter the number that letters and invitations give, with area code: 919-555-0142."
    if not is_mail_address(facts.email):
        wrong["email"] = "Enter the mail address of the director's calendar, such as lee@plan.example."
    if "/" not in facts.time_zone or facts.time_zone not in available_timezones():
        wrong["time_zone"] = "Choose the zone in which the hours are meant, such as America/New_York."
    if unknown := [state for state in facts.licence_states if state not in STATES]:
        wrong["licence_states"] = f"{', '.join(unknown)}: no state. Write two letters each, such as NC, SC."
    if lines and (foreign := [line for line in facts.lines_of_business if line not in lines]):
        wrong["lines_of_business"] = (
            f"{', '.join(foreign)}: no plan has this line of business. There are {', '.join(sorted(lines))}."
        )
    if facts.max_a_day is not None and not 1 <= facts.max_a_day <= MOST_A_DAY:
        wrong["max_a_day"] = f"Enter a number from 1 to {MOST_A_DAY}, or leave it empty for no limit."
    return wrong


def _wrong_identity(session: Session, facts: Facts, director_id: int | None) -> dict[str, str]:
    wrong = {}
    if not is_npi(facts.npi):
        wrong["npi"] = "Check the NPI: it has ten digits, and one of these is not right."
    else:
        other = session.scalar(select(Director).where(Director.npi == facts.npi, Director.id != (director_id or 0)))
        if other is not None:
            wrong["npi"] = f"This is the NPI of {other.name}, who is here already. Change that entry instead."
    if not facts.name:
        wrong["name"] = "Enter the name with credentials, as letters give it: Dana Lee, MD."
    return wrong


def lines_of(setup: Setup) -> frozenset[str]:
    """List the lines of business that the plans in force know."""
    rulebooks = setup.policies.current_by_id.values()
    return frozenset(line for rulebook in rulebooks for line in rulebook.policy.plan.lines_of_business)


def add(session: Session, facts: Facts, *, setup: Setup, by: str, now: datetime) -> Director:
    """Add a medical director, without hours yet. Raises Invalid with every fault by its field."""
    if wrong := faults(session, facts, lines=lines_of(setup)):
        raise Invalid(wrong)
    director = Director(**_columns(facts))
    session.add(director)
    session.flush()
    directors.note_change(session, director.id, by=by, now=now)
    return director


def change(
    session: Session, director_id: int, facts: Facts, *, setup: Setup, by: str, now: datetime
) -> tuple[Director, int]:
    """Change who a director is; calls that are booked get new invitations where these show it (F4).

    Booked calls keep their instant, whatever the zone (D6). Returns the director and how many calls were told of anew.
    Raises NotFound, Invalid; Conflict for a director who takes no consults any more while requests stand in the line.
    """
    directors.lock(session, [director_id])
    director = directors.get(session, director_id)
    session.refresh(director)  # it may have been read before the lock was waited for
    if wrong := faults(session, facts, lines=lines_of(setup), director_id=director_id):
        raise Invalid(wrong)
    before = facts_of(director)
    if before.active and not facts.active and has_open_requests(session, director_id):
        raise Conflict(f"Requests stand in the line of {director.name}. Say first who takes them, with “Has left”.")
    for name, value in _columns(facts).items():
        setattr(director, name, value)
    directors.note_change(session, director_id, by=by, now=now)
    if facts.active:
        _settle_left(session, director_id, now)
    if all(getattr(before, name) == getattr(facts, name) for name in SHOWN):
        return director, 0
    return director, _renew_invitations(session, director_id, setup=setup, now=now)


def has_open_requests(session: Session, director_id: int) -> bool:
    """Tell whether an open request stands in a director's line, or has a time with that director."""
    booked = select(BookingRow.consult_id).where(
        BookingRow.director_id == director_id, BookingRow.released_at.is_(None)
    )
    query = select(Consult.id).where(
        Consult.closed_at.is_(None), (Consult.director_id == director_id) | Consult.id.in_(booked)
    )
    return session.scalars(query.limit(1)).first() is not None


def set_peers(session: Session, director_id: int, peer_ids: Sequence[int], *, by: str, now: datetime) -> None:
    """Say who stands in for a director where the policy lets somebody, in the order in which they are asked (BSP-5).

    Raises NotFound; Invalid (field peers) for the director himself, or one who is named twice.
    """
    directors.lock(session, [director_id])
    directors.get(session, director_id)
    for peer_id in peer_ids:
        directors.get(session, peer_id)
    if director_id in peer_ids:
        raise Invalid({"peers": "Nobody stands in for himself. Choose another director."})
    if len(set(peer_ids)) < len(peer_ids):
        raise Invalid({"peers": "One director is named twice. Name each once, in the order in which they are asked."})
    session.execute(delete(DirectorPeer).where(DirectorPeer.director_id == director_id))
    session.add_all(
        DirectorPeer(director_id=director_id, peer_id=peer_id, rank=rank) for rank, peer_id in enumerate(peer_ids)
    )
    directors.note_change(session, director_id, by=by, now=now)


def peers_of(session: Session, director_id: int) -> list[Director]:
    """List a director's designated peers, in the order in which they are asked."""
    query = (
        select(Director)
        .join(DirectorPeer, DirectorPeer.peer_id == Director.id)
        .where(DirectorPeer.director_id == director_id)
        .order_by(DirectorPeer.rank)
    )
    return list(session.scalars(query))


def _columns(facts: Facts) -> dict[str, object]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(facts).items()}


def _settle_left(session: Session, director_id: int, now: datetime) -> None:
    for task in session.scalars(
        select(Attention).where(
            Attention.director_id == director_id,
            Attention.reason == AttentionReason.DIRECTOR_LEFT,
            Attention.settled_at.is_(None),
        )
    ):
        task.settled_at = now


def _renew_invitations(session: Session, director_id: int, *, setup: Setup, now: datetime) -> int:
    coming = desk.booked_in(session, director_id, Interval(now, now + AHEAD), now=now)
    for consult_id in coming:
        file = casefile.load(session, consult_id, setup=setup)
        name = file.rulebook.policy.name
        outbox.announce(
            session, file.consult, file.booking, desk=setup.desk, plan_name=name, reason="", now=now, changed=True
        )
    return len(coming)
