"""What happens where a deadline is at risk: escalations with their cause, designated peers (BSP-5, BSP-6)."""

from dataclasses import replace

import pytest

from scheduling.policy_words import SpecialtyMatch
from scheduling.values import Status
from tests.scheduling.build import (
    after,
    at,
    consult,
    denial,
    director,
    planned,
    rules,
    said,
    span,
    starts,
)
from tests.scheduling.plans import DENYING, FIRST_PEER, HOUR, OTHER_PEER, PEERS, SLA, peers


@pytest.mark.parametrize(
    "start, reason",
    [
        ("2026-03-03 16:59", None),
        ("2026-03-03 17:00", "escalated after_deadline plan"),
        ("2026-03-03 17:15", "escalated after_deadline plan"),
    ],
)
def test_in_time_means_before_the_deadline(start: str, reason: str | None) -> None:
    """BSP-6: one business day from Monday ends on Tuesday at five."""
    rulebook = rules(SLA.replace("}] }", "}], start_every_minutes = 1, notice_minutes = 30 }"))
    person = director(week={"tue": [f"{start[-5:]}-18:00"]})
    told = said(planned(rulebook, [consult(rulebook, 1)], [person]).happenings)
    assert told == (["booked"] if reason is None else ["booked", reason])


@pytest.mark.parametrize(
    "toml, reason",
    [
        (f"target = [{HOUR}]", "after_target"),
        (
            f"target = [{HOUR}], sla = [{HOUR.replace('1', '9')}]",
            "after_target",
        ),
        (
            f"target = [{HOUR}], occur_by = [{HOUR.replace('1', '2')}]",
            "after_deadline",
        ),
        ("sla = [{ within = 1, unit = 'hours', of = 'request_received', binding = false }]", None),
    ],
)
def test_a_target_is_passed_but_never_missed_and_advice_escalates_nothing(toml: str, reason: str | None) -> None:
    rulebook = rules(f"consult = {{ {toml} }}")
    result = planned(rulebook, [consult(rulebook, 1)], [director(week={"mon": ["14:00-15:00"]})])
    assert said(result.happenings)[1:] == ([f"escalated {reason} plan"] if reason else [])


def test_the_first_designated_peer_who_has_time_before_the_deadline_stands_in() -> None:
    """BSP-5: in the order in which they are listed, not the one who is free first; and he stays in his line."""
    rulebook = rules(peers())
    states = [consult(rulebook, 1)]
    result = planned(rulebook, states, PEERS)
    assert said(result.happenings) == ["booked"]
    standing = after(result, states)[1]
    assert standing.booking is not None
    assert (standing.booking.director, standing.director) == (2, 0)
    assert starts(result) == {1: "Tue 03 Mar 09:00"}


def test_no_peer_stands_in_while_the_denying_director_has_time_or_there_is_no_deadline() -> None:
    rulebook = rules(peers())
    in_time = replace(DENYING, hours=director(week={"tue": ["15:00-16:00"]}).hours)
    assert starts(planned(rulebook, [consult(rulebook, 1)], [in_time, OTHER_PEER, FIRST_PEER])) == {
        1: "Tue 03 Mar 15:00"
    }
    without = rules("director = { fallback = 'designated_peer' }")
    assert starts(planned(without, [consult(without, 1)], PEERS)) == {1: "Wed 04 Mar 09:00"}


def test_who_declined_a_peer_is_planned_with_the_denying_director_alone() -> None:
    rulebook = rules(peers())
    state = replace(consult(rulebook, 1), peer_declined=True)
    result = planned(rulebook, [state], PEERS)
    assert said(result.happenings) == ["booked", "escalated after_deadline office_choice"]
    assert starts(result) == {1: "Wed 04 Mar 09:00"}


def test_a_peer_may_be_offered_and_nothing_is_held() -> None:
    rulebook = rules(peers("office_choice"))
    states = [consult(rulebook, 1)]
    result = planned(rulebook, states, PEERS)
    assert said(result.happenings) == ["peer_offered", "booked", "escalated after_deadline plan"]
    assert result.happenings[0].details == {"director": 2, "start": at("2026-03-03 09:00")}
    offered = after(result, states)[1]
    other = consult(rulebook, 2, about=denial(director=2))
    assert starts(planned(rulebook, [offered, other], PEERS))[2] == "Tue 03 Mar 09:00"


def test_a_peer_is_offered_once() -> None:
    rulebook = rules(peers("office_choice"))
    states = [consult(rulebook, 1)]
    offered = after(planned(rulebook, states, PEERS), states)[1]
    back = replace(offered, status=Status.WAITING, booking=None)
    assert said(planned(rulebook, [back], PEERS).happenings) == ["booked", "escalated after_deadline plan"]


def test_an_unplaced_request_is_offered_a_peer_too() -> None:
    rulebook = rules(peers("office_choice"))
    nobody = replace(DENYING, hours=director(week={}).hours)
    told = said(planned(rulebook, [consult(rulebook, 1)], [nobody, OTHER_PEER, FIRST_PEER]).happenings)
    assert told == ["peer_offered", "unplaced no_opening", "escalated no_opening_before_deadline plan"]


def test_peers_are_those_who_cover_the_line_and_are_licensed_and_active() -> None:
    rulebook = rules(peers())
    case = denial(line_of_business="hmo", licence_state="NC")
    for unfit in (
        replace(FIRST_PEER, lines_of_business=frozenset({"ppo"})),
        replace(FIRST_PEER, licence_states=frozenset({"VA"})),
        replace(FIRST_PEER, active=False),
    ):
        result = planned(rulebook, [consult(rulebook, 1, about=case)], [DENYING, OTHER_PEER, unfit])
        assert starts(result) == {1: "Mon 02 Mar 11:00"}


@pytest.mark.parametrize(
    "match, start", [("required", "Mon 02 Mar 11:00"), ("preferred", "Mon 02 Mar 11:00"), ("none", "Tue 03 Mar 09:00")]
)
def test_the_requesters_specialty_may_be_asked_of_a_peer(match: SpecialtyMatch, start: str) -> None:
    rulebook = rules(peers(more=f", specialty = '{match}'"))
    cardiologist = replace(OTHER_PEER, specialties=frozenset({"cardiology"}))
    state = consult(rulebook, 1, specialty="cardiology")
    assert starts(planned(rulebook, [state], [DENYING, cardiologist, FIRST_PEER])) == {1: start}


def test_a_required_specialty_that_nobody_has_leaves_the_denying_director() -> None:
    rulebook = rules(peers(more=", specialty = 'required'"))
    state = consult(rulebook, 1, specialty="cardiology")
    assert starts(planned(rulebook, [state], PEERS)) == {1: "Wed 04 Mar 09:00"}


WINDOW_CAUSES = [
    # received on Monday 9:00; the deadline is Tuesday 17:00; the notice an hour
    (("2026-03-03 17:00", "2026-03-06 17:00"), "office_windows"),
    (("2026-03-03 16:59", "2026-03-06 17:00"), "plan"),
    (("2026-03-02 08:00", "2026-03-02 10:29"), "office_windows"),
    (("2026-03-02 08:00", "2026-03-02 10:30"), "plan"),
]


@pytest.mark.parametrize("window, why", WINDOW_CAUSES)
def test_windows_that_leave_no_room_before_the_deadline_are_the_offices(window: tuple[str, str], why: str) -> None:
    rulebook = rules(SLA)
    state = consult(rulebook, 1, windows=(span(*window), span("2026-03-05 09:00", "2026-03-05 10:00")))
    result = planned(rulebook, [state], [director(week={"thu": ["09:00-10:00"]})])
    assert said(result.happenings) == ["booked", f"escalated after_deadline {why}"]


def test_the_first_cause_that_holds_is_given() -> None:
    """No business hours between the request and the deadline: nobody could have helped it."""
    rulebook = rules("consult = { occur_by = [{ within = 0, unit = 'calendar_days', of = 'request_received' }] }")
    saturday = at("2026-03-07 10:00")
    state = consult(rulebook, 1, now=saturday, windows=(span("2026-03-09 09:00", "2026-03-09 12:00"),))
    declined = replace(state, peer_declined=True)
    assert said(planned(rulebook, [declined], now=saturday).happenings)[1] == "escalated after_deadline unavoidable"


def test_where_the_windows_are_the_cause_no_peer_is_asked() -> None:
    rulebook = rules(peers("office_choice"))
    state = consult(rulebook, 1, windows=(span("2026-03-04 09:00", "2026-03-04 12:00"),))
    assert said(planned(rulebook, [state], PEERS).happenings) == ["booked", "escalated after_deadline office_windows"]
