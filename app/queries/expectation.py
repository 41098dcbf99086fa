"""What would come of a request if it were sent now, and when one that waits can expect its time. Nothing is changed.

It asks the same rules that plan, without locks: what somebody else sends meanwhile can change the answer, and the pages
say so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import directors
from app.consults import casefile
from app.consults.casefile import CaseFile
from app.consults.intake import NewRequest
from app.consults.setup import Setup
from app.models import Director, DirectorPeer
from app.queries.office import CaseView, Person, RequestView
from scheduling import eligibility, fifo, life, openings, values
from scheduling.values import Booking, ConsultState, Interval, Rulebook, Status

#: how far ahead the openings of a director are shown
SHOWN = timedelta(days=14)

#: stands for a request that is not there yet: behind all others in the order of arrival
LAST = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What would come of a request: a time with somebody, or a word of the rules why there is none yet."""

    start: datetime | None = None
    person: Person | None = None
    place: int | None = None
    late: bool = False
    "the time lies at or after the deadline"
    refused: str | None = None
    waits: str | None = None
    if_complete: datetime | None = None
    "the time if the information that is needed came with it"
    after_review: datetime | None = None
    "no time before this is taken, because the nurse's review is due then"
    decided_by: datetime | None = None
    "without a call: when the review is due"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line and the directors who may get a booking when it is planned."""

    files: Sequence[CaseFile]
    people: dict[int, values.Director]
    names: dict[int, Person]

    def expected(self, state: ConsultState, rulebook: Rulebook, now: datetime) -> Booking | None:
        others = [file.state for file in self.files if file.consult.id != state.id]
        rulebooks = {file.state.rulebook: file.rulebook for file in self.files}
        return fifo.expected(state, others, self.people, {**rulebooks, state.rulebook: rulebook}, now=now)

    def place(self, state: ConsultState, rulebook: Rulebook) -> int | None:
        rulebooks = {file.state.rulebook: file.rulebook for file in self.files}
        return fifo.place(state, [file.state for file in self.files], {**rulebooks, state.rulebook: rulebook})


def if_sent_now(session: Session, shown: CaseView, new: NewRequest, *, setup: Setup, now: datetime) -> Expected:
    """Tell what would come of a form if it were sent now."""
    rulebook = shown.rulebook
    line = _line(session, shown.facts.director, rulebook, setup=setup, now=now)
    step = life.ask(
        rulebook,
        rulebook.policy.key,
        shown.facts,
        new.as_the_rules_see_it(),
        id=LAST,
        arrival=LAST,
        open_request=shown.open_request is not None,
        used=shown.used,
        queue=[file.state for file in line.files],
        rulebooks={file.state.rulebook: file.rulebook for file in line.files},
        now=now,
    )
    if step.state is None:
        return Expected(refused=str(step.happenings[0].details["reason"]))
    return _expected(line, step.state, rulebook, now)


def standing(session: Session, shown: RequestView, *, setup: Setup, now: datetime) -> Expected:
    """Tell how an open request stands: its place and, before it is booked, the time it can expect."""
    state = shown.state
    if state.booking is not None:
        return Expected(start=state.booking.during.start, person=shown.talks_with)
    line = _line(session, state.director, shown.rulebook, setup=setup, now=now)
    return _expected(line, state, shown.rulebook, now)


def openings_of(session: Session, shown: CaseView, *, setup: Setup, now: datetime) -> list[Interval]:
    """List when a director of the case has time in the next two weeks, for a page that marks it."""
    ids = _of_line(session, shown.facts.director, shown.rulebook, peers=False)
    people = directors.load(session, ids, now=now)
    until = now + SHOWN
    found: set[Interval] = set()
    for person in people.values():
        coming = openings.openings(person, shown.rulebook, now=now, until=until)
        found.update(takewhile(lambda opening: opening.start < until, coming))
    return sorted(found)


def _expected(line: _Line, state: ConsultState, rulebook: Rulebook, now: datetime) -> Expected:
    if not state.talk:
        return Expected(waits=_without_call(state), decided_by=state.review.due if state.review else None)
    booking = line.expected(state, rulebook, now)
    place = line.place(state, rulebook)
    if booking is not None:
        deadline = state.deadlines.owed
        return Expected(
            start=booking.during.start,
            person=line.names.get(booking.director),
            place=place,
            late=deadline is not None and booking.during.start >= deadline,
            after_review=eligibility.not_before(rulebook, state),
        )
    if eligibility.is_ready(rulebook, state):
        waits = "no_director" if fifo.queue_of(state, rulebook) is None else _nothing(state)
        return Expected(place=place, waits=waits, after_review=eligibility.not_before(rulebook, state))
    later = None
    if state.complete is None:
        informed = life.add_information(state, rulebook, now=now).state
        booking = line.expected(informed, rulebook, now) if informed is not None else None
        later = booking.during.start if booking else None
    return Expected(place=place, waits=state.status.value, if_complete=later)


def _without_call(state: ConsultState) -> str:
    """Say what a reconsideration without a call waits for, in a word of the rules."""
    if state.status is Status.AWAITING_DECISION and state.director is None:
        return "no_director"
    words = {Status.AWAITING_INFORMATION: "information_without_call", Status.AWAITING_REVIEW: "without_call"}
    return words.get(state.status, state.status.value)


def _nothing(state: ConsultState) -> str:
    return "no_opening_in_windows" if state.windows else "no_opening"


def _line(session: Session, director_id: int | None, rulebook: Rulebook, *, setup: Setup, now: datetime) -> _Line:
    queue = None if rulebook.policy.director.assignment == "any" else director_id
    if queue is None and rulebook.policy.director.assignment != "any":
        return _Line(files=(), people={}, names={})
    ids = _of_line(session, director_id, rulebook, peers=rulebook.policy.director.fallback != "none")
    people = directors.load(session, ids, now=now, lines=[queue])
    rows = session.scalars(select(Director).where(Director.id.in_(ids)))
    names = {row.id: Person(id=row.id, name=row.name, phone=row.phone, time_zone=row.time_zone) for row in rows}
    return _Line(files=casefile.load_line(session, [queue], setup=setup), people=people, names=names)


def _of_line(session: Session, director_id: int | None, rulebook: Rulebook, *, peers: bool) -> list[int]:
    if rulebook.policy.director.assignment == "any":
        return list(session.scalars(select(Director.id).where(Director.active)))
    if director_id is None:
        return []
    if not peers:
        return [director_id]
    found = session.scalars(select(DirectorPeer.peer_id).where(DirectorPeer.director_id == director_id))
    return [director_id, *found]
