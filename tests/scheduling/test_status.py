"""The one table of what may follow what."""

import pytest

from scheduling.status import TRANSITIONS, Event, check_transition, mermaid
from scheduling.values import Status


def test_what_may_follow_what_is_one_table() -> None:
    for (status, event), afters in TRANSITIONS.items():
        assert status.open, "nothing leads out of a final status"
        assert afters
        for each in afters:
            check_transition(status, event, each)
    with pytest.raises(AssertionError, match="book cannot make booked of cancelled"):
        check_transition(Status.CANCELLED, Event.BOOK, Status.BOOKED)
    reached = {each for afters in TRANSITIONS.values() for each in afters}
    assert reached == set(Status), "every status can be reached"
    assert {event for _, event in TRANSITIONS} == set(Event)


def test_the_table_is_drawn() -> None:
    drawing = mermaid()
    assert drawing.startswith("stateDiagram-v2\n    [*] --> awaiting_information\n")
    assert "    waiting --> booked: accept_peer, book, connect\n" in drawing
    assert "    completed --> [*]\n" in drawing
