"""Talks beside the line: put through at once, or already held. They take nobody's turn and are on record as such."""

from dataclasses import replace
from datetime import datetime

from scheduling.places import has_begun
from scheduling.status import Event, became
from scheduling.values import Booking, ConsultState, Denial, Happening, Request, Status, Step, What


def connect(state: ConsultState, booking: Booking, *, now: datetime) -> Step:
    """Put a physician through to a director who is free now: the consult has that time from this instant on.

    The caller has made sure that nobody holds the time. A closed request, or one that has begun, stays as it is.
    """
    if not state.status.open or has_begun(state, now=now):
        return Step(state=state)
    connected = replace(state, status=Status.BOOKED, booking=booking, unplaced=None, attempts=0)
    if not state.talk:
        connected = replace(connected, talk=True, talk_asked=now)
    said = {"director": booking.director, "start": booking.during.start, "end": booking.during.end}
    said = {**said, "outside_queue": True}
    what = What.BOOKED if state.booking is None else What.MOVED
    return Step(
        state=became(state, Event.CONNECT, connected),
        happenings=(Happening(at=now, what=what, consult=state.id, details=said),),
    )


def talk(rulebook: str, denial: Denial, request: Request, booking: Booking, *, id: int, arrival: int) -> ConsultState:
    """Describe a talk that took place outside the queue, as it stands before its outcome is recorded."""
    return ConsultState(
        id=id,
        rulebook=rulebook,
        denial=denial,
        status=Status.BOOKED,
        director=booking.director,
        received=request.received,
        complete=request.received,
        place_at=request.received,
        arrival=arrival,
        reconsideration=request.reconsideration,
        information=request.information,
        booking=booking,
    )
