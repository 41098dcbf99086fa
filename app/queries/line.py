"""A line as it stands now: who waits in which place, why, and when a time can be expected. Nothing is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import directors
from app.consults import casefile
from app.consults.casefile import CaseFile
from app.consults.setup import Setup
from app.models import Director, DirectorPeer
from scheduling import fifo
from scheduling.fifo import Queue
from scheduling.values import Booking, ConsultState, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class InLine:
    """A request in a line."""

    #: 1 + those before it without a time; None: it has one
    place: int | None
    reference: str
    case_number: str
    received: datetime
    status: Status
    #: why it has no time, in a word of the rules
    reason: str | None
    booking: Booking | None
    #: the time that planning would give it now, if nothing else came
    expected: Booking | None
    deadline: datetime | None


def line_now(session: Session, queue: Queue, *, setup: Setup, now: datetime) -> list[InLine]:
    """Read a line in its order: a director's, or that of a policy whose consults any director may have."""
    files = _files(session, queue, setup)
    rulebooks = {file.state.rulebook: file.rulebook for file in files}
    planned = fifo.plan(
        [file.state for file in files],
        directors.load(session, _people(session, queue), now=now, lines=[queue if isinstance(queue, int) else None]),
        rulebooks,
        now=now,
        queue=queue,
    )
    after = {step.state.id: step.state for step in planned.changes if step.state is not None}
    files.sort(key=lambda file: fifo.place_key(file.state, file.rulebook))
    places = _places(files)
    return [_in_line(file, places.get(file.state.id), after.get(file.state.id)) for file in files]


def _files(session: Session, queue: Queue, setup: Setup) -> list[CaseFile]:
    line = casefile.load_line(session, [queue if isinstance(queue, int) else None], setup=setup)
    return [file for file in line if fifo.queue_of(file.state, file.rulebook) == queue]


def _people(session: Session, queue: Queue) -> Sequence[int]:
    if not isinstance(queue, int):
        return session.scalars(select(Director.id).where(Director.active)).all()
    peers = session.scalars(select(DirectorPeer.peer_id).where(DirectorPeer.director_id == queue))
    return [queue, *peers]


def _places(files: Sequence[CaseFile]) -> Mapping[int, int]:
    waiting = [file.state.id for file in files if file.booking is None]
    return {id_: place for place, id_ in enumerate(waiting, 1)}


def _in_line(file: CaseFile, place: int | None, after: ConsultState | None) -> InLine:
    state = file.state
    waits = state.unplaced if state.status is Status.WAITING else state.status.value
    return InLine(
        place=place,
        reference=file.consult.reference,
        case_number=file.denial.case_number,
        received=state.received,
        status=state.status,
        reason=None if state.booking is not None else waits,
        booking=state.booking,
        expected=after.booking if after is not None and state.booking is None else None,
        deadline=state.deadlines.binding,
    )
