"""Moved up by consent, once; whoever is passed over is explained."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduling.values import ConsultState, Status, What
from tests.scheduling.build import (
    after,
    at,
    booked,
    consult,
    denial,
    director,
    planned,
    rules,
    said,
    span,
    starts,
)
from tests.scheduling.plans import DENYING, FIRST_PEER, OTHER_PEER, PEERS, peers


def moved_from(
    rulebook_toml: str = "", *, start: str = "2026-03-04 09:00", **more: object
) -> tuple[list[str], ConsultState]:
    """Plan one consult that is booked later than it need be."""
    rulebook = rules(rulebook_toml)
    end = (at(start) + timedelta(minutes=30)).isoformat()
    state = booked(consult(rulebook, 1), start, end)
    state = replace(state, **{"move_up": True, **more})  # type: ignore[arg-type]  # names of fields with their values
    result = planned(rulebook, [state])
    return said(result.happenings), after(result, [state])[1]


def test_a_booked_consult_is_moved_up_once_by_consent() -> None:
    told, state = moved_from(start="2026-03-05 09:00")
    assert told == ["moved"]
    assert state.booking is not None
    assert state.booking.during.start == at("2026-03-03 09:00"), "Monday is too near: four hours' notice"
    assert state.move_up is False


@pytest.mark.parametrize(
    "toml, more",
    [
        ("", {"move_up": False}),
        ("queue = { move_up = 'never' }", {}),
        ("queue = { move_up_notice_minutes = 10080 }", {}),
        ("", {"complete": None}),
        ("", {"windows": (span("2026-03-04 09:00", "2026-03-04 12:00"),)}),
    ],
)
def test_a_booked_consult_stays(toml: str, more: dict[str, object]) -> None:
    told, state = moved_from(toml, **more)
    assert told == []
    assert state.booking is not None
    assert state.booking.during.start == at("2026-03-04 09:00")


def test_the_time_that_a_move_leaves_is_open_to_those_before_and_behind() -> None:
    rulebook = rules()
    person = director(week={"tue": ["09:00-09:30"], "wed": ["09:00-09:30"], "thu": ["09:00-09:30"]})
    first = replace(booked(consult(rulebook, 1), "2026-03-04 09:00", "2026-03-04 09:30"), move_up=True)
    second = booked(consult(rulebook, 2), "2026-03-05 09:00", "2026-03-05 09:30")
    third = replace(second, id=3, arrival=3, status=Status.WAITING, booking=None)
    result = planned(rulebook, [first, replace(second, move_up=True), third], [person])
    assert [(step.state and step.state.id, step.happenings[0].what) for step in result.changes] == [
        (1, What.MOVED),
        (2, What.MOVED),
        (3, What.BOOKED),
    ]
    assert starts(result) == {1: "Tue 03 Mar 09:00", 2: "Wed 04 Mar 09:00", 3: "Thu 05 Mar 09:00"}


def test_a_move_may_overlap_the_time_it_leaves() -> None:
    """Its own booking does not count."""
    rulebook = rules()
    state = replace(booked(consult(rulebook, 1), "2026-03-03 09:15", "2026-03-03 09:45"), move_up=True)
    person = director(week={"tue": ["09:00-09:45"]})
    assert starts(planned(rulebook, [state], [person])) == {1: "Tue 03 Mar 09:00"}


def test_a_consult_with_a_peer_is_moved_up_only_to_its_denying_director() -> None:
    rulebook = rules(peers())
    state = replace(booked(consult(rulebook, 1), "2026-03-03 09:30", "2026-03-03 10:00", director=2), move_up=True)
    assert planned(rulebook, [state], PEERS).changes == (), "the peer himself has an earlier time"
    back = replace(DENYING, hours=director(week={"mon": ["15:00-16:00"]}).hours)
    result = planned(rulebook, [state], [back, OTHER_PEER, FIRST_PEER])
    assert result.happenings[0].details["director"] == 0


def test_the_time_that_a_move_leaves_with_a_peer_is_planned_in_the_peers_line_too() -> None:
    """A lap over all queues is made again until it changes nothing."""
    rulebook = rules(peers())
    denying = director(5, {"mon": ["15:00-16:00"]}, peers=(2,))
    given = replace(
        booked(consult(rulebook, 1, about=denial(director=5)), "2026-03-03 09:00", "2026-03-03 09:30", director=2),
        move_up=True,
    )
    waiting = consult(rulebook, 2, about=denial(director=2), windows=(span("2026-03-03 09:00", "2026-03-03 09:30"),))
    result = planned(rulebook, [given, waiting], [FIRST_PEER, denying])
    assert starts(result) == {1: "Mon 02 Mar 15:00", 2: "Tue 03 Mar 09:00"}


def test_without_consent_nobody_is_moved_and_the_log_says_who_was_passed_over() -> None:
    rulebook = rules()
    stays = booked(consult(rulebook, 1), "2026-03-04 09:00", "2026-03-04 09:30")
    result = planned(rulebook, [stays, consult(rulebook, 2)])
    assert starts(result) == {2: "Mon 02 Mar 10:00"}
    assert result.happenings[0].details["passed_over"] == ((1, "no_consent"),)


@pytest.mark.parametrize(
    "more, reason",
    [
        ({"windows": (span("2026-03-04 09:00", "2026-03-04 12:00"),)}, "outside_windows"),
        ({"complete": None, "status": Status.AWAITING_INFORMATION}, "not_ready"),
        ({"move_up": True}, "within_notice"),
        ({}, "no_consent"),
    ],
)
def test_whoever_is_passed_over_is_explained(more: dict[str, object], reason: str) -> None:
    rulebook = rules()
    before = booked(consult(rulebook, 1), "2026-03-03 09:00", "2026-03-03 09:30")
    if "windows" in more:
        before = replace(before, move_up=True)
    before = replace(before, **more)  # type: ignore[arg-type]  # names of fields with their values
    result = planned(rulebook, [before, consult(rulebook, 2)], [director(week={"mon": ["10:00-10:30"]})])
    assert result.happenings[-1].details["passed_over"] == ((1, reason),)


def test_a_time_with_another_director_was_not_to_be_had() -> None:
    """It is explained all the same: whoever stands before it in line sees why."""
    rulebook = rules("director = { assignment = 'any' }")
    mine = replace(booked(consult(rulebook, 1), "2026-03-04 09:00", "2026-03-04 09:30"), move_up=True)
    mine = replace(mine, denial=denial(line_of_business="hmo"))
    people = [
        director(0, {"wed": ["09:00-09:30"]}),
        director(1, {"tue": ["09:00-09:30"]}, lines_of_business=frozenset({"ppo"})),
    ]
    result = planned(rulebook, [mine, consult(rulebook, 2, about=denial(line_of_business="ppo"))], people)
    assert result.happenings[0].details["passed_over"] == ((1, "other_director"),)


def test_a_director_who_is_not_handed_in_has_no_time() -> None:
    rulebook = rules()
    state = consult(rulebook, 1, about=denial(director=9))
    assert said(planned(rulebook, [state]).happenings) == ["unplaced no_opening"]
