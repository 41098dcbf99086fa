"""What an administrator reads of the medical directors."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from app import directors
from app.consults import hours
from app.models import Account, Consult, Director, DirectorPeer


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectorRow:
    """A medical director as the plan's list shows one."""

    id: int
    npi: str
    name: str
    phone: str
    email: str
    time_zone: str
    specialties: tuple[str, ...]
    licence_states: tuple[str, ...]
    lines_of_business: tuple[str, ...]
    max_a_day: int | None
    active: bool
    week: tuple[str, ...]
    "the hours of Monday to Sunday, as they are typed; empty: closed"
    peers: tuple[str, ...]
    "NPIs of the designated peers, first who is asked first"
    account_id: int | None
    account_email: str | None
    waiting: int
    "open requests in the line"

    @property
    def has_hours(self) -> bool:
        """Tell whether there are any weekly hours: without them nothing can be booked."""
        return any(self.week)


def roster(session: Session, director_id: int | None = None) -> list[DirectorRow]:
    """List the medical directors, first those who take consults, by name; or one of them. Five statements."""
    waiting = (
        select(func.count())
        .select_from(Consult)
        .where(Consult.director_id == Director.id, Consult.closed_at.is_(None))
        .scalar_subquery()
    )
    query = (
        select(Director, Account.id, Account.email, waiting)
        .outerjoin(Account, Account.director_id == Director.id)
        .options(selectinload(Director.hours))
        .order_by(Director.active.desc(), Director.name, Director.id)
        .execution_options(populate_existing=True)
    )
    if director_id is not None:
        query = query.where(Director.id == director_id)
    peers = _peers(session)
    return [
        _row(director, account_id, email, count, peers.get(director.id, ()))
        for director, account_id, email, count in session.execute(query)
    ]


def _peers(session: Session) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for director_id, npi in session.execute(
        select(DirectorPeer.director_id, Director.npi)
        .join(Director, Director.id == DirectorPeer.peer_id)
        .order_by(DirectorPeer.director_id, DirectorPeer.rank)
    ):
        found[director_id] = (*found.get(director_id, ()), npi)
    return found


def _row(
    director: Director, account_id: int | None, email: str | None, waiting: int, peers: tuple[str, ...]
) -> DirectorRow:
    week = directors.weekly(director.hours)
    return DirectorRow(
        id=director.id,
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
        week=tuple(hours.in_words(week.get(weekday, ())) for weekday in range(7)),
        peers=peers,
        account_id=account_id,
        account_email=email,
        waiting=waiting,
    )
