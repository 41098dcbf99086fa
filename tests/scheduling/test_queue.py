"""How the queue works: the section of that name of the policy format, NC-9, BSP-5, BSP-6, and statements L."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.fifo import expected, place, plan, queue_of
from scheduling.openings import HORIZON
from scheduling.policy_words import SpecialtyMatch
from scheduling.status import TRANSITIONS, Event, check_transition, mermaid
from scheduling.values import ConsultState, Status, Urgency, What
from tests.scheduling.build import (
    MONDAY,
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

SLA = "consult = { sla = [{ within = 1, unit = 'business_days', of = 'request_received' }] }\n"
HOUR = "{ within = 1, unit = 'hours', of = 'request_received' }"


def test_first_come_first_served() -> None:
    """NC-9, L1: by the moment received, not in the order in which they are written down or numbered."""
    rulebook = rules()
    late, early = consult(rulebook, 1), consult(rulebook, 2, received=MONDAY - timedelta(minutes=1))
    assert starts(planned(rulebook, [late, early])) == {2: "Mon 02 Mar 10:00", 1: "Mon 02 Mar 10:30"}


def test_the_order_of_arrival_decides_where_the_moment_is_the_same() -> None:
    rulebook = rules()
    first, second = consult(rulebook, 7), consult(rulebook, 8)
    assert starts(planned(rulebook, [second, first])) == {7: "Mon 02 Mar 10:00", 8: "Mon 02 Mar 10:30"}


def test_emergent_comes_first_only_where_the_policy_says_so() -> None:
    urgent = denial(urgency=Urgency.EMERGENT)
    for toml, first in (("", 1), ("queue = { urgent_first = true }", 2)):
        rulebook = rules(toml)
        line = [consult(rulebook, 1), consult(rulebook, 2, about=urgent)]
        assert min(starts(planned(rulebook, line)).items(), key=lambda row: str(row[1]))[0] == first


def test_who_is_incomplete_stands_behind_all_that_are_complete_whatever_else_moved_it() -> None:
    rulebook = rules(
        "queue = { place_from = 'request_complete', urgent_first = true }\nclinical_information = { rule = 'required' }"
    )
    urgent = consult(rulebook, 1, about=denial(urgency=Urgency.EMERGENT))
    elective = consult(rulebook, 2, information=True)
    books = {"rules": rulebook}
    assert place(urgent, [urgent, elective], books) == 2
    assert place(elective, [urgent, elective], books) == 1
    complete = replace(urgent, complete=MONDAY + timedelta(hours=1))
    assert place(complete, [complete, elective], books) == 1, "complete, it is emergent again"


def test_with_place_from_complete_the_moment_of_completion_counts() -> None:
    rulebook = rules("queue = { place_from = 'request_complete' }")
    first = replace(consult(rulebook, 1), complete=MONDAY + timedelta(minutes=5))
    second = consult(rulebook, 2)
    assert starts(planned(rulebook, [first, second])) == {2: "Mon 02 Mar 10:00", 1: "Mon 02 Mar 10:30"}


def test_the_place_counts_those_before_it_that_are_not_booked() -> None:
    rulebook, books = rules(), {"rules": rules()}
    line = [consult(rulebook, id_) for id_ in range(1, 5)]
    line[0] = booked(line[0], "2026-03-02 10:00", "2026-03-02 10:30")
    elsewhere = consult(rulebook, 9, received=MONDAY - timedelta(days=1), about=denial(director=1))
    closed = replace(consult(rulebook, 8, received=MONDAY - timedelta(days=1)), status=Status.CANCELLED)
    everybody = [*line, elsewhere, closed]
    assert [place(state, everybody, books) for state in line] == [1, 1, 2, 3]
    assert place(consult(rulebook, 5, about=denial(director=None)), everybody, books) is None


def test_with_any_director_there_is_one_queue_for_the_plan() -> None:
    rulebook = rules("director = { assignment = 'any' }")
    one, two = consult(rulebook, 1, about=denial(director=None)), consult(rulebook, 2, about=denial(director=5))
    assert queue_of(one, rulebook) == queue_of(two, rulebook) == "plan"
    assert place(two, [one, two], {"rules": rulebook}) == 2


def test_who_is_not_ready_keeps_the_place_and_blocks_nobody() -> None:
    """L2: and the booking behind it says why it was passed over."""
    rulebook = rules("clinical_information = { rule = 'required' }")
    waiting, ready = consult(rulebook, 1), consult(rulebook, 2, information=True)
    result = planned(rulebook, [waiting, ready])
    assert starts(result) == {2: "Mon 02 Mar 10:00"}
    assert result.happenings[0].details["passed_over"] == ((1, "not_ready"),)


def test_who_fits_nowhere_is_unplaced_and_says_so_once() -> None:
    rulebook, person = rules(), director(week={})
    state = consult(rulebook, 1)
    first = planned(rulebook, [state], [person])
    assert said(first.happenings) == ["unplaced no_opening"]
    again = planned(rulebook, list(after(first, [state]).values()), [person], now=MONDAY + timedelta(days=1))
    assert again.changes == ()


def test_an_unplaced_request_is_first_when_an_opening_appears() -> None:
    """L2."""
    rulebook = rules()
    states = [consult(rulebook, id_) for id_ in (1, 2, 3)]
    full = after(planned(rulebook, states, [director(week={})]), states)
    person = director(week={"mon": ["10:00-10:30"]})
    assert starts(planned(rulebook, list(full.values()), [person]))[1] == "Mon 02 Mar 10:00"


def test_unplaced_in_its_windows_is_another_reason() -> None:
    rulebook = rules()
    state = consult(rulebook, 1, windows=(span("2026-03-02 13:00", "2026-03-02 15:00"),))
    assert said(planned(rulebook, [state]).happenings) == ["unplaced no_opening_in_windows"]


def test_unplaced_with_a_known_deadline_is_escalated_with_its_cause() -> None:
    rulebook = rules(SLA)
    result = planned(rulebook, [consult(rulebook, 1)], [director(week={})])
    assert said(result.happenings) == ["unplaced no_opening", "escalated no_opening_before_deadline plan"]


def test_a_request_that_fits_blocks_nobody_who_can_only_talk_later() -> None:
    rulebook = rules()
    afternoon = consult(rulebook, 1, windows=(span("2026-03-02 11:00", "2026-03-02 12:00"),))
    result = planned(rulebook, [afternoon, consult(rulebook, 2)])
    assert starts(result) == {1: "Mon 02 Mar 11:00", 2: "Mon 02 Mar 10:00"}
    assert result.happenings[1].details["passed_over"] == ((1, "no_consent"),)


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


def peers(fallback: str = "designated_peer", more: str = "") -> str:
    return f"{SLA}director = {{ fallback = '{fallback}' {more} }}"


#: the denying director has time on Wednesday, after the deadline; two peers before it
DENYING = director(0, {"wed": ["09:00-10:00"]}, peers=(2, 1))
FIRST_PEER = director(2, {"tue": ["09:00-10:00"]})
OTHER_PEER = director(1, {"mon": ["11:00-12:00"]})
PEERS = [DENYING, OTHER_PEER, FIRST_PEER]


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


def moved_from(
    rulebook_toml: str = "", *, start: str = "2026-03-04 09:00", **more: object
) -> tuple[list[str], ConsultState]:
    """Plan one consult that is booked later than it need be."""
    rulebook = rules(rulebook_toml)
    end = (at(start) + timedelta(minutes=30)).isoformat()
    state = booked(consult(rulebook, 1), start, end)
    state = replace(state, **{"move_up": True, **more})  # type: ignore[arg-type]
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
    before = replace(before, **more)  # type: ignore[arg-type]
    result = planned(rulebook, [before, consult(rulebook, 2)], [director(week={"mon": ["10:00-10:30"]})])
    assert result.happenings[-1].details["passed_over"] == ((1, reason),)


def test_a_consult_that_has_begun_keeps_its_time_until_an_outcome_is_recorded() -> None:
    """A15: a long one blocks every time it covers, also after its start."""
    rulebook = rules("consult = { notice_minutes = 0, duration_minutes = 60 }")
    running = replace(booked(consult(rulebook, 1), "2026-03-02 08:30", "2026-03-02 09:30"), move_up=True)
    result = planned(rulebook, [running, consult(rulebook, 2)], [director(week={"mon": ["09:00-10:45"]})])
    assert starts(result) == {2: "Mon 02 Mar 09:30"}


def test_any_director_ties_go_to_the_one_with_fewest_bookings_that_day_then_to_the_first() -> None:
    rulebook = rules("director = { assignment = 'any' }")
    week = {"tue": ["09:00-10:00"]}
    people = [director(0, week), director(1, week), director(2, week, lines_of_business=frozenset({"ppo"}))]
    line = [consult(rulebook, id_, about=denial(line_of_business="hmo")) for id_ in range(1, 6)]
    result = planned(rulebook, line, people)
    assert [step.state.booking.director for step in result.changes if step.state and step.state.booking] == [
        0,
        1,
        0,
        1,
        0,
    ]
    assert starts(result)[5] == "Tue 10 Mar 09:00"


def test_any_director_the_earliest_opening_comes_before_who_is_less_busy() -> None:
    rulebook = rules("director = { assignment = 'any' }")
    people = [director(0, {"tue": ["09:00-09:30"]}), director(1, {"mon": ["10:00-12:00"]})]
    result = planned(rulebook, [consult(rulebook, id_) for id_ in (1, 2)], people)
    assert starts(result) == {1: "Mon 02 Mar 10:00", 2: "Mon 02 Mar 10:30"}


def test_any_director_counts_the_bookings_of_the_date_in_the_plans_zone() -> None:
    """Sunday evening in Honolulu is Monday in New York."""
    rulebook = rules("director = { assignment = 'any' }")
    week = {"tue": ["09:00-10:00"]}
    late = span("2026-03-03 00:30", "2026-03-03 01:00")
    people = [director(0, week, taken=(late,)), director(1, week)]
    assert planned(rulebook, [consult(rulebook, 1)], people).happenings[0].details["director"] == 1


def test_any_director_with_the_preferred_specialty_wins_a_tie() -> None:
    rulebook = rules("director = { assignment = 'any', specialty = 'preferred' }")
    week = {"tue": ["09:00-10:00"]}
    people = [director(0, week), director(1, week, specialties=frozenset({"cardiology"}))]
    result = planned(rulebook, [consult(rulebook, 1, specialty="cardiology")], people)
    assert result.happenings[0].details["director"] == 1


def test_after_review_nobody_is_booked_and_booked_after_due_nobody_before_it() -> None:
    """NC-7."""
    for mode, start in (
        ("after_review", None),
        ("booked_after_due", "Thu 05 Mar 09:00"),
        ("meanwhile", "Mon 02 Mar 10:00"),
    ):
        rulebook = rules(
            f"""
            [reconsideration]
            offered = true
            [reconsideration.elective]
            deadline = {{ within = 2, unit = "business_days", of = "request_complete" }}
            consult = "{mode}"
            """
        )
        state = consult(rulebook, 1, reconsideration=True, information=True)
        assert starts(planned(rulebook, [state]), [state]) == {1: start}


def test_planning_one_queue_leaves_the_others_alone() -> None:
    rulebook = rules()
    mine, other = consult(rulebook, 1), consult(rulebook, 2, about=denial(director=1))
    people = {0: director(0), 1: director(1)}
    result = plan([mine, other], people, {"rules": rulebook}, now=MONDAY, queue=1)
    assert starts(result) == {2: "Mon 02 Mar 10:00"}


def test_without_a_director_a_request_is_not_planned() -> None:
    """BSP-1: nothing is guessed."""
    rulebook = rules()
    assert planned(rulebook, [consult(rulebook, 1, about=denial(director=None))]).changes == ()


def test_the_horizon_moves_on_with_the_clock() -> None:
    rulebook, window = rules(), span("2026-06-01 09:00", "2026-06-01 12:00")
    state = consult(rulebook, 1, windows=(window,))
    first = planned(rulebook, [state])
    assert said(first.happenings) == ["unplaced no_opening_in_windows"]
    later = planned(rulebook, list(after(first, [state]).values()), now=window.start - HORIZON)
    assert said(later.happenings) == ["booked"]


def test_what_would_come_of_a_request_can_be_asked_without_changing_anything() -> None:
    """L5: "If you send this now"."""
    rulebook, books, people = rules(), {"rules": rules()}, {0: director()}
    others = list(after(planned(rulebook, [consult(rulebook, 1)]), [consult(rulebook, 1)]).values())
    answer = expected(consult(rulebook, 2), others, people, books, now=MONDAY)
    assert answer is not None
    assert answer.during == span("2026-03-02 10:30", "2026-03-02 11:00")
    assert expected(consult(rulebook, 3, about=denial(director=None)), others, people, books, now=MONDAY) is None
    nowhere = consult(rulebook, 3, windows=(span("2026-03-02 13:00", "2026-03-02 14:00"),))
    assert expected(nowhere, others, people, books, now=MONDAY) is None


offices = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from([None, 9, 10, 11]), st.booleans()), min_size=1, max_size=12
)


def line_of(rows: list[tuple[int, int | None, bool]]) -> list[ConsultState]:
    """Make a line: when each was received, an hour in which its speaker can talk, whether it may be moved up."""
    rulebook = rules()
    return [
        consult(
            rulebook,
            id_,
            received=MONDAY - timedelta(minutes=ago),
            windows=()
            if hour is None
            else tuple(
                span(f"2026-03-{day:02d} {hour:02d}:00", f"2026-03-{day:02d} {hour + 1:02d}:00") for day in (3, 4)
            ),
            move_up=consent,
        )
        for id_, (ago, hour, consent) in enumerate(rows, start=1)
    ]


@given(offices)
def test_nobody_waits_or_is_later_while_one_behind_has_a_time_it_could_have_had(
    rows: list[tuple[int, int | None, bool]],
) -> None:
    """L1, L2: freshly planned, every such pair has the windows of the one before between them."""
    rulebook, line = rules(), line_of(rows)
    standing = sorted(after(planned(rulebook, line), line).values(), key=lambda each: (each.place_at, each.arrival))
    for position, ahead in enumerate(standing):
        for behind in standing[position + 1 :]:
            if behind.booking is None:
                continue
            fits = not ahead.windows or any(window.contains(behind.booking.during) for window in ahead.windows)
            waits = ahead.booking is None or ahead.booking.during.start > behind.booking.during.start
            assert not (fits and waits)


@given(offices)
def test_no_opening_stays_empty_while_somebody_could_have_it(rows: list[tuple[int, int | None, bool]]) -> None:
    """Work-conserving: whoever is unplaced has no free opening in its windows."""
    rulebook, line = rules(), line_of(rows)
    standing = after(planned(rulebook, line), line)
    taken = [state.booking.during for state in standing.values() if state.booking]
    for state in standing.values():
        if state.booking is None:
            for window in state.windows:
                start = window.start
                while start + timedelta(minutes=30) <= window.end:
                    during = replace(window, start=start, end=start + timedelta(minutes=30))
                    assert any(during.overlaps(other) for other in taken)
                    start += timedelta(minutes=15)


@given(offices, st.data())
def test_a_line_without_one_who_leaves_is_never_worse_for_the_others(
    rows: list[tuple[int, int | None, bool]], data: st.DataObject
) -> None:
    """Whoever consented is at the same time or earlier after somebody before it left; the others stay."""
    rulebook, line = rules(), line_of(rows)
    standing = after(planned(rulebook, line), line)
    gone = data.draw(st.sampled_from(sorted(standing)))
    rest = [state for id_, state in standing.items() if id_ != gone]
    then = after(planned(rulebook, rest), rest)
    for before in rest:
        if before.booking is None:
            continue
        now = then[before.id].booking
        assert now is not None
        assert now.during.start <= before.booking.during.start
        assert before.move_up or now == before.booking


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


def test_a_holiday_of_the_plan_is_no_day_for_a_booking() -> None:
    rulebook = rules(holidays=[date(2026, 3, 2)])
    assert starts(planned(rulebook, [consult(rulebook, 1)])) == {1: "Tue 03 Mar 09:00"}
