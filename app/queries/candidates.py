"""Who else may take a request: designated peers first, with the first time each has, and why somebody may not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import directors
from app.models import Director, DirectorPeer
from app.queries.office import RequestView
from scheduling import choice, openings, values
from scheduling.values import Interval, Rulebook

#: so far ahead a first time is looked for
AHEAD = timedelta(days=21)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A director who might take a request."""

    id: int
    name: str
    is_peer: bool
    "designated by the director in whose line it stands (BSP-5)"
    why_not: str | None
    "a word of the rules: line_of_business, licence_state, specialty; None: he may"
    first: Interval | None
    "the first opening inside the office's times; whoever waits in that line before it may take it"
    in_time: bool
    "it begins before the deadline that binds; true without one"


def candidates(session: Session, shown: RequestView, *, now: datetime) -> list[Candidate]:
    """List the directors who take consults, without the present one: whoever can help most first."""
    state, present = shown.state, shown.state.director or shown.case.facts.director
    names = dict(
        session.execute(select(Director.id, Director.name).where(Director.active).order_by(Director.name)).all()
    )
    names.pop(present or 0, None)
    peers = session.scalars(
        select(DirectorPeer.peer_id).where(DirectorPeer.director_id == present).order_by(DirectorPeer.rank)
    ).all()
    people = directors.load(session, list(names), now=now)
    found = []
    for id_, name in names.items():
        first = _first(people[id_], shown.rulebook, state.windows, now)
        due = state.deadlines.binding
        found.append(
            Candidate(
                id=id_,
                name=name,
                is_peer=id_ in peers,
                why_not=choice.why_not(state, shown.rulebook, people[id_]),
                first=first,
                in_time=first is not None and (due is None or first.start < due),
            )
        )
    return sorted(found, key=_order)


def _order(candidate: Candidate) -> tuple[bool, bool, bool, float]:
    start = candidate.first.start.timestamp() if candidate.first else float("inf")
    return candidate.why_not is not None, not candidate.in_time, not candidate.is_peer, start


def _first(
    person: values.Director, rulebook: Rulebook, windows: tuple[Interval, ...], now: datetime
) -> Interval | None:
    coming = openings.openings(person, rulebook, now=now, until=now + AHEAD)
    return next(
        (opening for opening in coming if not windows or any(window.contains(opening) for window in windows)), None
    )
