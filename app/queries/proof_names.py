"""The names behind the ids of a proof: references of requests, directors. Labels only; nothing is judged by them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Consult, Denial, Director
from scheduling.proof_values import Queue

#: names that are kept at once
KEPT = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A director, as a proof names him."""

    id: int
    npi: str
    name: str
    zone: ZoneInfo


@dataclass(slots=True)
class Names:
    """Looks names up as they are needed, several at once."""

    session: Session
    _references: dict[int, str] = field(default_factory=dict)
    _directors: dict[int, Named] = field(default_factory=dict)

    def learn(self, consult_ids: Collection[int]) -> None:
        """Look up the references of requests that will be named."""
        missing = [id_ for id_ in consult_ids if id_ not in self._references]
        if not missing:
            return
        if len(self._references) > KEPT:
            self._references.clear()
            missing = list(consult_ids)
        found = self.session.execute(select(Consult.id, Consult.reference).where(Consult.id.in_(missing)))
        self._references.update(dict(found.all()))

    def request(self, consult_id: int) -> str:
        """Return the reference of a request, or its number where it has none any more."""
        self.learn([consult_id])
        return self._references.get(consult_id, f"request {consult_id}")

    def case(self, denial_id: int) -> str:
        """Return the number of a case."""
        return self.session.scalar(select(Denial.case_number).where(Denial.id == denial_id)) or f"case {denial_id}"

    def director(self, director_id: int) -> Named:
        """Return a director; one who is gone is named by his number."""
        if director_id not in self._directors:
            row = self.session.get(Director, director_id)
            npi, name, zone = (row.npi, row.name, row.time_zone) if row else ("", f"director {director_id}", "UTC")
            self._directors[director_id] = Named(id=director_id, npi=npi, name=name, zone=ZoneInfo(zone))
        return self._directors[director_id]

    def line(self, queue: Queue | None) -> str:
        """Say whose line it is."""
        if isinstance(queue, int):
            return f"the line of {self.director(queue).name}"
        return f"the line of the plan {queue}" if queue else "no line: nobody is named yet"
