"""The statuses of a consult, the events, and the one table of what may follow what.

`life` and `fifo` change a status only through `became`, which looks here. `mermaid` draws the table for docs/states.md.
"""

from collections.abc import Mapping
from enum import StrEnum

from scheduling.values import ConsultState, Status


class Event(StrEnum):
    """What can be done to a consult, by people, by the planner or by the clock."""

    INFORMATION = "information"
    WAIVE_INFORMATION = "waive_information"
    RECONSIDERATION = "reconsideration"
    ASK_FOR_TALK = "ask_for_talk"
    DECIDE_REVIEW = "decide_review"
    REVIEW_DUE = "review_due"
    LEARN_DATE = "learn_date"
    BOOK = "book"
    MOVE = "move"
    FIND_NOTHING = "find_nothing"
    OFFER_PEER = "offer_peer"
    ACCEPT_PEER = "accept_peer"
    DECLINE_PEER = "decline_peer"
    REASSIGN = "reassign"
    RESCHEDULE = "reschedule"
    WITHDRAW = "withdraw"
    FILE_APPEAL = "file_appeal"
    DIRECTOR_OFF = "director_off"
    DIRECTOR_DECLINES = "director_declines"
    CONNECT = "connect"
    RECORD_OUTCOME = "record_outcome"
    NO_SHOW = "no_show"


_NEEDS, _HELD, _WAITS = Status.AWAITING_INFORMATION, Status.AWAITING_REVIEW, Status.WAITING
_BOOKED, _DONE, _OFF, _MISSED = Status.BOOKED, Status.COMPLETED, Status.CANCELLED, Status.NOT_REACHED
#: a director decides without a call
_DECIDES = Status.AWAITING_DECISION

#: the statuses of a request that has no time and gets one
IN_LINE = frozenset({_NEEDS, _HELD, _WAITS})
OPEN = IN_LINE | {_BOOKED, _DECIDES}


def _stays(*statuses: Status) -> dict[Status, frozenset[Status]]:
    return {status: frozenset({status}) for status in statuses}


def _table() -> Mapping[tuple[Status, Event], frozenset[Status]]:
    closes = {status: frozenset({_OFF}) for status in OPEN}
    returned: dict[Status, frozenset[Status]] = {_BOOKED: IN_LINE}
    rows: dict[Event, Mapping[Status, frozenset[Status]]] = {
        Event.INFORMATION: {
            _NEEDS: frozenset({_HELD, _WAITS, _OFF}),
            _HELD: frozenset({_HELD, _OFF}),
            _DECIDES: frozenset({_DECIDES, _OFF}),
            _WAITS: frozenset({_WAITS, _OFF}),
            _BOOKED: frozenset({_BOOKED, _OFF}),
        },
        Event.WAIVE_INFORMATION: {_NEEDS: frozenset({_WAITS}), _BOOKED: frozenset({_BOOKED})},
        Event.RECONSIDERATION: {_NEEDS: frozenset({_NEEDS}), _WAITS: IN_LINE, _BOOKED: frozenset({_BOOKED})},
        Event.ASK_FOR_TALK: {
            _NEEDS: frozenset({_NEEDS}),
            _HELD: frozenset({_HELD, _WAITS}),
            _DECIDES: frozenset({_WAITS}),
        },
        Event.DECIDE_REVIEW: {
            _NEEDS: frozenset({_NEEDS}),
            _HELD: frozenset({_WAITS, _DECIDES, _OFF}),
            _WAITS: frozenset({_WAITS, _OFF}),
            _BOOKED: frozenset({_BOOKED, _OFF}),
        },
        Event.REVIEW_DUE: _stays(*OPEN),
        Event.LEARN_DATE: _stays(*OPEN),
        Event.BOOK: {_WAITS: frozenset({_BOOKED})},
        Event.MOVE: {_BOOKED: frozenset({_BOOKED})},
        Event.FIND_NOTHING: _stays(_WAITS),
        Event.OFFER_PEER: _stays(_WAITS),
        Event.ACCEPT_PEER: {_WAITS: frozenset({_WAITS, _BOOKED}), _BOOKED: frozenset({_BOOKED})},
        Event.DECLINE_PEER: {**_stays(*IN_LINE), _BOOKED: IN_LINE | {_BOOKED}},
        Event.REASSIGN: {**_stays(*IN_LINE, _DECIDES), _BOOKED: IN_LINE | {_BOOKED}},
        Event.RESCHEDULE: {**_stays(*IN_LINE), _BOOKED: IN_LINE},
        Event.WITHDRAW: closes,
        Event.FILE_APPEAL: {status: frozenset({status, _OFF}) for status in OPEN},
        Event.DIRECTOR_OFF: returned,
        Event.DIRECTOR_DECLINES: returned,
        Event.CONNECT: {status: frozenset({_BOOKED}) for status in OPEN},
        Event.RECORD_OUTCOME: {status: frozenset({_DONE}) for status in OPEN},
        Event.NO_SHOW: {_BOOKED: IN_LINE | {_BOOKED, _MISSED}},
    }
    return {(before, event): after for event, row in rows.items() for before, after in row.items()}


#: (status, event) -> the statuses that may follow; what is not here does not happen
TRANSITIONS = _table()


def check_transition(before: Status, event: Event, after: Status) -> None:
    """Raise AssertionError if the table does not know the transition."""
    if after not in TRANSITIONS.get((before, event), frozenset()):
        raise AssertionError(f"{event} cannot make {after} of {before}")


def became(before: ConsultState, event: Event, after: ConsultState) -> ConsultState:
    """Return `after`, having checked that the event may make it of `before`."""
    check_transition(before.status, event, after.status)
    return after


def mermaid() -> str:
    """Draw the table as a Mermaid state diagram; events that leave the status as it is are left out."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (before, event), afters in TRANSITIONS.items():
        for after in sorted(afters):
            if after is not before:
                arrows.setdefault((before, after), []).append(event)
    starts = [f"    [*] --> {status}" for status in sorted(IN_LINE)]
    lines = [f"    {before} --> {after}: {', '.join(sorted(events))}" for (before, after), events in arrows.items()]
    ends = [f"    {status} --> [*]" for status in Status if not status.open]
    return "\n".join(["stateDiagram-v2", *starts, *sorted(lines), *ends]) + "\n"
