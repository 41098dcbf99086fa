"""What the commands on lines say, as JSON: references and NPIs instead of ids, instants in ISO 8601 with offset."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time
from enum import Enum
from zoneinfo import ZoneInfo

from app import proof_words as words
from app.queries.case_proof import CaseProof, RequestProof
from app.queries.line import InLine
from app.queries.proof import Touched, Wrong
from app.queries.proof_names import Names
from scheduling.proof_values import Overtaking, Violation
from scheduling.values import Booking

Json = dict[str, object]


def line(names: Names, row: InLine) -> Json:
    """Return a request in a line."""
    return {
        "place": row.place,
        "request": row.reference,
        "case": row.case_number,
        "received": plain(row.received),
        "status": row.status.value,
        "reason": row.reason,
        "booked": booking(names, row.booking),
        "expected": booking(names, row.expected),
        "deadline": plain(row.deadline),
    }


def booking(names: Names, given: Booking | None) -> Json | None:
    """Return a time with somebody."""
    if given is None:
        return None
    during = {"start": plain(given.during.start), "end": plain(given.during.end)}
    return {"director": names.director(given.director).npi or given.director, **during}


def overtaking(names: Names, told: Overtaking) -> Json:
    """Return a booking that an earlier request did not get."""
    return {
        "kind": "overtaking",
        "row": told.row,
        "at": plain(told.at),
        "request": names.request(told.consult),
        "got": booking(names, Booking(director=told.director, during=told.during)),
        "earlier": names.request(told.overtaken),
        "reason": told.reason,
        "then": told.then,
    }


def wrong(names: Names, told: Wrong) -> Json:
    """Return an exception, with its sentence."""
    known: Json = {"kind": "exception", "at": plain(told.at)}
    known["request"] = names.request(told.consult) if told.consult is not None else None
    known["director"] = names.director(told.director).npi if told.director is not None else None
    match told:
        case Violation():
            known |= {"fault": told.fault.value, "row": told.row, "details": plain(told.details)}
        case Touched():
            known |= {"fault": told.touch.value, "row": told.row}
        case _:
            tells = {"name": told.name, "history": plain(told.history), "table": plain(told.table)}
            known |= {"fault": "tables_differ", "row": None, **tells}
    return {**known, "says": words.wrong(names, told, UTC)}


def case(names: Names, proof: CaseProof) -> Json:
    """Return the proof for one case."""
    return {
        "case": proof.case_number,
        "plan": proof.plan,
        "rows": proof.rows,
        "requests": [_request(names, request) for request in proof.requests],
        "exceptions": [wrong(names, each) for each in proof.wrong],
    }


def _request(names: Names, request: RequestProof) -> Json:
    arrival, standing = request.arrival, request.standing
    came: Json = {}
    if arrival is not None:
        came = {
            "received": plain(arrival.standing.received),
            "put_down": plain(arrival.at),
            "line": arrival.queue,
            "place": arrival.place,
            "before": [names.request(id_) for id_ in arrival.before],
        }
    return {
        "request": request.reference,
        "came": came or None,
        "given": [
            {
                "row": each.row,
                "at": plain(each.at),
                "moved": each.moved,
                "outside_queue": each.outside_queue,
                "time": booking(names, Booking(director=each.director, during=each.during)),
            }
            for each in request.decisions
        ],
        "overtaken_by": [overtaking(names, each) for each in request.overtaken_by],
        "status": standing.status.value if standing else None,
        "closed_reason": standing.closed_reason if standing else None,
        "ended": plain(request.ended_at),
    }


def plain(value: object) -> object:
    """Turn a value of the rules into one of JSON."""
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case ZoneInfo():
            return value.key
        case Enum():
            return value.value
        case Mapping():
            return {str(plain(key)): plain(each) for key, each in value.items()}
        case list() | tuple() | frozenset():
            return [plain(each) for each in value]
        case _ if is_dataclass(value):
            return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
        case _:
            return value
