"""How the queue works: order, places, who fits nowhere, any director (NC-9, statements L)."""

from dataclasses import replace
from datetime import date, timedelta

from scheduling.fifo import expected, place, plan, queue_of
from scheduling.openings import HORIZON
from scheduling.values import Status, Urgency
from tests.scheduling.build import (
    MONDAY,
    after,
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
from tests.scheduling.plans import SLA


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


def test_a_holiday_of_the_plan_is_no_day_for_a_booking() -> None:
    rulebook = rules(holidays=[date(2026, 3, 2)])
    assert starts(planned(rulebook, [consult(rulebook, 1)])) == {1: "Tue 03 Mar 09:00"}
