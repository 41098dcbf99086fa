"""What the measurements work on: directors with all week, and as many denials as they need."""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from app.db import transaction
from app.models import Denial, Director
from tests.support import factories

#: a stretch without end, so that each director has room for a thousand consults
ALL_WEEK: dict[int, list[tuple[time, time | None]]] = {weekday: [(time(0), None)] for weekday in range(7)}


def add_denials(sessions: sessionmaker[Session], *, directors: int, each: int) -> list[Denial]:
    """Add directors with a number of denials each, decided yesterday."""
    decided = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    with transaction(sessions) as session:
        people = [bench_director(session) for _ in range(directors)]
        return [
            factories.denial(session, who, dates={"initial_decision": decided}) for who in people for _ in range(each)
        ]


def bench_director(session: Session) -> Director:
    """Add a director with an NPI that no other run has used."""
    number = session.scalars(text("select 2000000000 + coalesce(max(id), 0) from director")).one()
    return factories.director(session, hours=ALL_WEEK, npi=str(number), email=f"bench{number}@plan.example")
