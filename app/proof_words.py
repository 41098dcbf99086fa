"""What a proof says, in plain words: why a request did not get a time, and what is wrong with what is on record."""

import calendar
from collections.abc import Mapping
from datetime import date, datetime, time, tzinfo
from enum import Enum

from app.queries.history import Touch
from app.queries.proof import Differs, Touched, Wrong
from app.queries.proof_names import Names
from scheduling.proof_values import Fault, Made, Overtaking, Violation
from scheduling.record import Off
from scheduling.values import Booking, Interval

REASONS: Mapping[str, str] = {
    "not_ready": "not ready then: it waited for information or for the nurse's decision",
    "no_consent": "booked for later, and its office had not agreed to be moved",
    "other_director": "it waits for its own director, and this was another's time",
    "outside_windows": "its physician could not talk then",
    "before_review_due": "it takes no time before the nurse's decision is due",
    "within_notice": "its office agreed to be moved, but not at such short notice",
    "does_not_fit": "its consult does not fit into this time under its policy",
    "recorded_later": "it came in earlier, and was put down after this time was given",
    "urgent_first": "elective: its policy lets emergent requests go first",
    "sent_to_back": "its office gave up a time, and its policy sent it to the back",
    "complete_later": "it was complete later, and its policy counts from then",
    "outside_queue": "the call was put through at once, in time that nobody held",
}

#: why the time was not to be had when the request was booked for later
THEN: Mapping[str, str] = {
    "booked": "when it was booked, somebody else had this time",
    "time_off": "when it was booked, the director had this time off",
    "declined": "when it was booked, the director had declined this time",
    "busy": "when it was booked, the director was busy then",
    "outside_hours": "when it was booked, this was outside the director's hours",
    "too_far_ahead": "when it was booked, this was more than 60 days ahead",
    "within_notice": "when it was booked, this was too near",
}

TOUCHED: Mapping[Touch, str] = {
    Touch.ALTERED: "this row, or the digest of one that it names, is not as it was written",
    Touch.ROW_IS_GONE: "row {gone}, which was there when this one was written, is gone",
    Touch.PUT_IN_LATER: "this row was put in later than its number says",
}

_FAULTS: Mapping[Fault, str] = {
    Fault.OVERTAKEN: "{request} stood before {by} and could have had {start}; nothing explains why it did not get it",
    Fault.EARLIER_WAS_FREE: "{request} was given a later time although {start} with {director} was free for it",
    Fault.WAS_NOT_FREE: "{request} was given a time that was taken, outside the hours, or not for it",
    Fault.SOME_TIME_WAS_FREE: "no time was found for {request} although {start} with {director} was free",
    Fault.WRONG_DIRECTOR: "{request} was booked with {director}, who may not have it under its policy",
    Fault.WAS_NOT_READY: "{request} was planned although it was not ready",
    Fault.NO_CONSENT: "{request} was moved without the consent of its office",
    Fault.NOT_EXPLAINED: "{request} stood before {by}, and it is not on record why it did not get this time",
    Fault.WRONGLY_EXPLAINED: "on record for why {request} did not get the time of {by} is: {said}. That is not so",
    Fault.PLACE_DIFFERS: "{request} was told place {said}; by the rows it was {place}",
    Fault.PLACE_MOVED: "{request} has another place, and nothing on record moves it",
    Fault.RECEIPT_CHANGED: "the moment at which {request} was received is another than before",
    Fault.CONTRADICTION: "the row ({what}) about {request} contradicts what is on record before it",
    Fault.UNREADABLE: "the row about {request} cannot be read: it {why}",
}


def why(told: Overtaking) -> str:
    """Say why an earlier request did not get a time."""
    then = f"; {THEN[told.then]}" if told.then is not None and told.then in THEN else ""
    return f"{REASONS.get(told.reason, told.reason)}{then}"


def wrong(names: Names, told: Wrong, zone: tzinfo) -> str:
    """Say what must not be, and where."""
    match told:
        case Violation():
            return f"row {told.row}, {moment(told.at, zone)}: {violation(names, told, zone)}"
        case Touched():
            return f"row {told.row}, {moment(told.at, zone)}: {touched(names, told)}"
        case _:
            return differs(names, told, zone)


def violation(names: Names, told: Violation, zone: tzinfo) -> str:
    """Say what is wrong with a row."""
    details = {key: in_words(names, value, zone) for key, value in told.details.items()}
    with_whom = told.details.get("director", told.director)
    if isinstance(with_whom, int):
        details["director"] = names.director(with_whom).name
    if told.fault is Fault.NOT_ON_RECORD:
        return _not_on_record(names, told, details)
    by = told.details.get("by")
    details["by"] = names.request(by) if isinstance(by, int) else ""
    details["said"] = REASONS.get(str(told.details.get("said")), details.get("said", ""))
    details["request"] = names.request(told.consult) if told.consult is not None else "a director's time"
    return _FAULTS[told.fault].format_map(details)


def _not_on_record(names: Names, told: Violation, details: Mapping[str, str]) -> str:
    if "director" in details:
        return f"what was booked with {details['director']} cannot be checked: no hours of his are on record by then"
    request = names.request(told.consult) if told.consult is not None else "a request"
    return f"a row ({details.get('what', '')}) about {request}, whose receipt is not on record"


def touched(names: Names, told: Touched) -> str:
    """Say what is wrong with a row that was touched."""
    about = names.request(told.consult) if told.consult is not None else ""
    if told.director is not None:
        about = f"the time of {names.director(told.director).name}"
    elif not about and told.denial is not None:
        about = f"case {names.case(told.denial)}"
    return f"{about} ({told.what}): {TOUCHED[told.touch].format(gone=told.gone)}"


def differs(names: Names, told: Differs, zone: tzinfo) -> str:
    """Say what the tables say otherwise than the history."""
    if told.director is not None:
        who = names.director(told.director)
        if not told.name:
            return f"{who.name}: no hours on record. Save them once: peerline directors hours {who.npi} --help"
        about = f"the time of {who.name}"
    else:
        about = names.request(told.consult or 0)
        if not told.name:
            known, unknown = ("history", "tables") if told.history else ("tables", "history")
            return f"{about} is in the {known} and not in the {unknown}"
    then, now = (in_words(names, value, zone) for value in (told.history, told.table))
    return f"{about}, {told.name.replace('_', ' ')}: the history says {then}, the table {now}"


def in_words(names: Names, value: object, zone: tzinfo) -> str:
    """Write a value of the rules as it is read."""
    match value:
        case None | "":
            return "nothing"
        case tuple() | list() | frozenset() | Mapping() if not value:
            return "nothing"
        case datetime():
            return moment(value, zone)
        case Interval():
            return f"{moment(value.start, zone)} to {moment(value.end, zone)}"
        case Booking():
            return f"{in_words(names, value.during, zone)} with {names.director(value.director).name}"
        case Made():
            end = f", given up {moment(value.released_at, zone)}" if value.released_at else ""
            return f"{in_words(names, value.booking, zone)}, made {moment(value.made_at, zone)}{end}"
        case Off():
            return f"{in_words(names, value.during, zone)} ({value.kind})"
        case Enum():
            return str(value.value)
        case Mapping():
            return "; ".join(f"{_day(day)} {in_words(names, spans, zone)}" for day, spans in value.items())
        case (time() as start, time() | None as end):
            return f"{start:%H:%M}-{'24:00' if end is None else f'{end:%H:%M}'}"
        case date():
            return value.isoformat()
        case tuple() | list() | frozenset():
            return ", ".join(in_words(names, each, zone) for each in value)
        case _:
            return str(value)


def _day(day: object) -> str:
    return calendar.day_abbr[day].lower() if isinstance(day, int) else str(day)


def moment(at: datetime, zone: tzinfo) -> str:
    """Write an instant with its day and zone, seconds where there are any."""
    return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M:%S %Z" if at.second else "%a %Y-%m-%d %H:%M %Z")
