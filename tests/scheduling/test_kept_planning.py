"""A line that is kept and planned again comes to what planning from the beginning comes to."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scheduling.fifo import Planner, plan
from scheduling.openings import HORIZON
from scheduling.values import ConsultState, Director, Interval, Rulebook, Status
from tests.scheduling.build import MONDAY, consult, director, rules

KEY = "rules"
WEEKDAYS = {day: ["09:00-10:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


def kept(rulebook: Rulebook, people: list[Director], states: list[ConsultState], now: datetime) -> Planner:
    """Keep a line that has been planned once."""
    planner = Planner(states, {person.id: person for person in people}, {KEY: rulebook}, now=now)
    planner.plan()
    return planner


def plan_both(planner: Planner, now: datetime) -> None:
    """Plan what is kept, and the same from the beginning; both must come to the same."""
    before = list(planner.states.values())
    planner.advance(now)
    changed = {step.state.id: step.state for step in planner.plan() if step.state}
    afresh = plan(before, planner.directors, planner.rulebooks, now=now)
    assert changed == {step.state.id: step.state for step in afresh.changes if step.state}


def test_who_found_nothing_is_looked_at_as_soon_as_the_days_reach_an_opening() -> None:
    """Whatever the step of the clock: the first event at which the sixty days reach it is the one that books."""
    rulebook = rules()
    away = director(0, WEEKDAYS, off=(Interval(MONDAY, MONDAY + HORIZON + timedelta(days=3)),))
    for step in (timedelta(minutes=7), timedelta(hours=5), timedelta(days=2)):
        planner = kept(rulebook, [away], [consult(rulebook, n, move_up=True) for n in (1, 2, 3)], MONDAY)
        now = MONDAY
        while now < MONDAY + timedelta(days=5):
            now += step
            plan_both(planner, now)
        assert all(state.booking for state in planner.states.values())


def test_windows_beyond_the_sixty_days_are_looked_at_when_the_days_reach_them() -> None:
    """Also behind one who was seen to have nothing to hope for from the days to come."""
    rulebook = rules()
    person = director(0, WEEKDAYS, off=(Interval(MONDAY, MONDAY + timedelta(days=20)),))
    far = (Interval(MONDAY + timedelta(days=61), MONDAY + timedelta(days=64)),)
    near = (Interval(MONDAY, MONDAY + timedelta(days=5)),)
    planner = kept(rulebook, [person], [consult(rulebook, 1, windows=near)], MONDAY)
    plan_both(planner, MONDAY + timedelta(hours=1))
    planner.put(consult(rulebook, 2, received=MONDAY + timedelta(hours=2), windows=far))
    for hours in range(2, 100, 5):
        plan_both(planner, MONDAY + timedelta(hours=hours))
    assert planner.states[2].booking is not None


@pytest.mark.parametrize("most", [None, 1])
def test_a_time_that_is_given_back_goes_to_whom_planning_from_the_beginning_gives_it(most: int | None) -> None:
    rulebook = rules("consult = { buffer_minutes = 10 }")
    person = replace(director(0, WEEKDAYS), max_a_day=most)
    planner = kept(rulebook, [person], [consult(rulebook, n, move_up=n % 2 == 0) for n in range(1, 9)], MONDAY)
    now = MONDAY
    for leaves in (1, 4, 3):
        now += timedelta(hours=3)
        planner.put(replace(planner.states[leaves], status=Status.CANCELLED, booking=None))
        plan_both(planner, now)


def test_what_is_past_is_forgotten_and_changes_nothing() -> None:
    rulebook = rules()
    person = director(0, WEEKDAYS, off=(Interval(MONDAY, MONDAY + timedelta(hours=1)),))
    planner = kept(rulebook, [person], [consult(rulebook, n) for n in (1, 2, 3)], MONDAY)
    for day in range(1, 30):
        now = MONDAY + timedelta(days=day)
        plan_both(planner, now)
        planner.forget_the_past()
        assert not planner.directors[0].off
        planner.put(consult(rulebook, 100 + day, received=now))
        plan_both(planner, now)
