"""What the history keeps of a consult and of a director, so that every decision can be checked from it alone.

A consult is put on record in full when it comes in, and from then on whatever changed of it; a director in full each
time. What is written holds values of JSON only; `Standing` and `Person` are what is read from it again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from scheduling.values import Booking, ConsultState, Director, Interval, ReviewDecision, Status, Urgency

Record = Mapping[str, Any]
Spans = tuple[tuple[time, time | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a consult stands, as far as its place, its readiness and its time go."""

    status: Status
    rulebook: str
    director: int | None
    urgency: Urgency
    received: datetime
    complete: datetime | None
    place_at: datetime
    arrival: int
    windows: tuple[Interval, ...]
    move_up: bool
    reconsideration: bool
    #: a talk is asked for; without one it stands in no line
    talk: bool = True
    #: of the nurse's task: until when she is to decide, and what she decided
    review_due: datetime | None
    review_decision: ReviewDecision | None
    #: the binding one
    deadline: datetime | None
    booking: Booking | None
    unplaced: str | None
    peer_offer: int | None
    peer_answer: str | None
    peer_declined: bool
    specialty: str
    line_of_business: str
    licence_state: str
    closed_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Off:
    """Time that a director is not to be had, and why: time_off, declined, busy."""

    during: Interval
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A director as he was on record from some moment on."""

    zone: ZoneInfo
    week: Mapping[int, Spans]
    exceptions: Mapping[date, Spans]
    off: tuple[Off, ...] = ()
    peers: tuple[int, ...] = ()
    lines_of_business: frozenset[str] = field(default_factory=frozenset)
    specialties: frozenset[str] = field(default_factory=frozenset)
    licence_states: frozenset[str] = field(default_factory=frozenset)
    max_a_day: int | None = None
    active: bool = True


def of_consult(state: ConsultState) -> dict[str, Any]:
    """Write down how a consult stands."""
    review, offer, booking = state.review, state.peer_offer, state.booking
    return {
        "status": state.status.value,
        "rulebook": state.rulebook,
        "director": state.director,
        "urgency": state.denial.urgency.value,
        "received": _instant(state.received),
        "complete": _instant(state.complete),
        "place_at": _instant(state.place_at),
        "arrival": state.arrival,
        "windows": [_span(window) for window in state.windows],
        "move_up": state.move_up,
        "reconsideration": state.reconsideration,
        "talk": state.talk,
        "review_due": _instant(review.due) if review else None,
        "review_decision": review.decision.value if review and review.decision else None,
        "deadline": _instant(state.deadlines.binding),
        "booking": [booking.director, *_span(booking.during)] if booking else None,
        "unplaced": state.unplaced,
        "peer_offer": offer.director if offer else None,
        "peer_answer": offer.answer if offer else None,
        "peer_declined": state.peer_declined,
        "specialty": state.specialty,
        "line_of_business": state.denial.line_of_business,
        "licence_state": state.denial.licence_state,
        "closed_reason": state.closed_reason,
    }


def changed(before: ConsultState | None, after: ConsultState) -> dict[str, Any]:
    """Write down what is another than before; all of it where there was nothing before."""
    now = of_consult(after)
    if before is None:
        return now
    then = of_consult(before)
    return {name: value for name, value in now.items() if value != then[name]}


def of_director(director: Director, off: Sequence[Off]) -> dict[str, Any]:
    """Write down a director's time and what else decides which consults he may have; `off` with its reasons."""
    return {
        "zone": director.zone.key,
        "week": {str(weekday): _day(spans) for weekday, spans in sorted(director.hours.spans.items()) if spans},
        "exceptions": {day.isoformat(): _day(spans) for day, spans in sorted(director.exceptions.items())},
        "off": sorted([*_span(each.during), each.kind] for each in off),
        "peers": list(director.peers),
        "lines_of_business": sorted(director.lines_of_business),
        "specialties": sorted(director.specialties),
        "licence_states": sorted(director.licence_states),
        "max_a_day": director.max_a_day,
        "active": director.active,
    }


def standing(record: Record, before: Standing | None = None) -> Standing:
    """Read how a consult stands, from all of it or from what changed since `before`.

    Raises ValueError for what is no such record.
    """
    try:
        known: dict[str, Any] = {name: _READ[name](value) for name, value in record.items()}
        return Standing(**known) if before is None else replace(before, **known)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"is no record of a consult: {error}") from None


def person(record: Record) -> Person:
    """Read what is on record of a director. Raises ValueError for what is no such record."""
    try:
        return Person(
            zone=ZoneInfo(record["zone"]),
            week={int(weekday): _read_day(spans) for weekday, spans in record["week"].items()},
            exceptions={date.fromisoformat(day): _read_day(spans) for day, spans in record["exceptions"].items()},
            off=tuple(Off(during=_read_span(each[:2]), kind=str(each[2])) for each in record["off"]),
            peers=tuple(record["peers"]),
            lines_of_business=frozenset(record["lines_of_business"]),
            specialties=frozenset(record["specialties"]),
            licence_states=frozenset(record["licence_states"]),
            max_a_day=record["max_a_day"],
            active=record["active"],
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ValueError(f"is no record of a director: {error}") from None


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _span(during: Interval) -> list[Any]:
    return [during.start.isoformat(), during.end.isoformat()]


def _day(spans: Spans) -> list[list[str | None]]:
    return [[start.isoformat(), None if end is None else end.isoformat()] for start, end in spans]


def _read_instant(value: Any) -> datetime | None:
    return None if value is None else _read_known_instant(value)


def _read_known_instant(value: Any) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(f"{value} has no offset")
    return at


def _read_span(value: Any) -> Interval:
    start, end = value
    return Interval(_read_known_instant(start), _read_known_instant(end))


def _read_day(value: Any) -> Spans:
    return tuple((time.fromisoformat(start), None if end is None else time.fromisoformat(end)) for start, end in value)


def _read_booking(value: Any) -> Booking | None:
    return None if value is None else Booking(director=int(value[0]), during=_read_span(value[1:]))


_READ: Mapping[str, Callable[[Any], object]] = {
    **{each.name: lambda value: value for each in fields(Standing)},
    "status": Status,
    "urgency": Urgency,
    "received": _read_known_instant,
    "complete": _read_instant,
    "place_at": _read_known_instant,
    "windows": lambda value: tuple(map(_read_span, value)),
    "review_due": _read_instant,
    "review_decision": lambda value: None if value is None else ReviewDecision(value),
    "deadline": _read_instant,
    "booking": _read_booking,
}
