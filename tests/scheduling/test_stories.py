"""Properties that hold in every story (statements L1, L2, C2, and point 3 of the queue)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import given

from scheduling.fifo import Plan, plan
from scheduling.places import with_buffer
from scheduling.scenario import Scenario
from scheduling.simulation import Simulation, run
from scheduling.status import OPEN
from scheduling.values import ConsultState, Director, ReviewDecision, Rulebook, Status
from tests.scheduling.naive import Line, Naive
from tests.scheduling.stories import policies, scenarios


def lines(planned: Plan) -> list[Line]:
    """Return what a plan says, in the form of the naive planner."""
    keys = ("reason", "cause", "director", "start", "end")
    told: list[Line] = []
    for step in planned.changes:
        for each in step.happenings:
            assert each.consult is not None
            details = tuple(each.details[key] for key in keys if key in each.details)
            told.append((each.consult, each.what.value, details))
    return told


class Watched(Simulation):
    """A simulation that looks at every planning: before it, at what it says, and after it."""

    def _plan(self, now: datetime) -> None:
        open_ = [case.open for case in self._cases.values() if case.open is not None]
        planned = check_plan(open_, dict(self._planner.directors), self.rulebook, now)
        said = len(self.told)
        super()._plan(now)
        assert [each.what for each in self.told[said:]] == [each.what for each in planned.happenings]
        after = {state.id: state for state in open_} | {
            step.state.id: step.state for step in planned.changes if step.state
        }
        assert self._planner.states == after, "what is kept is planned as if from the beginning"
        check_standing([case.consult for case in self._cases.values() if case.consult is not None], self.rulebook)


def check_plan(states: list[ConsultState], directors: dict[int, Director], rulebook: Rulebook, now: datetime) -> Plan:
    """Compare with the naive planner; then plan once more, and the other way round."""
    planned = plan(states, directors, {"scenario": rulebook}, now=now)
    naive = Naive(rulebook, directors, now, {state.id: state for state in states})
    assert lines(planned) == naive.plan()
    backwards = plan(list(reversed(states)), directors, {"scenario": rulebook}, now=now)
    assert backwards == planned, "the order in which consults are handed in decides nothing"
    standing = {state.id: state for state in states}
    standing |= {step.state.id: step.state for step in planned.changes if step.state}
    assert not plan(list(standing.values()), directors, {"scenario": rulebook}, now=now).changes, "planning is done"
    return planned


def check_standing(states: list[ConsultState], rulebook: Rulebook) -> None:
    """No time is given twice, and a status says what is so."""
    taken = [(state.booking.director, with_buffer(state.booking.during, rulebook)) for state in states if state.booking]
    for one, other in combinations(taken, 2):
        assert one[0] != other[0] or not one[1].overlaps(other[1]), "an opening is given once"
    for state in states:
        assert (state.status is Status.BOOKED) == (state.booking is not None)
        assert state.status in OPEN or state.closed_reason is not None
        if state.status is Status.AWAITING_INFORMATION:
            assert state.complete is None
        if state.status in OPEN and not state.talk:
            assert state.booking is None, "without a call nobody's time is taken"
            assert state.status is not Status.WAITING
        if state.status is Status.AWAITING_DECISION:
            assert not state.talk
            assert state.review is not None
            assert state.review.decision is ReviewDecision.NOT_APPROVED, "only after the nurse"


@given(policies, scenarios())
def test_every_planning_is_what_the_format_says(rulebook: Rulebook, scenario: Scenario) -> None:
    watched = Watched(scenario, rulebook)
    watched.play()
    assert watched.told == run(scenario, rulebook), "the same story comes out the same"


@given(policies, scenarios())
def test_a_story_does_not_depend_on_the_zone_in_which_instants_are_written(
    rulebook: Rulebook, scenario: Scenario
) -> None:
    zone = next(iter(scenario.directors)).zone
    events = tuple(replace(event, at=event.at.astimezone(zone)) for event in scenario.events)
    elsewhere = run(replace(scenario, events=events), rulebook)
    assert elsewhere == run(scenario, rulebook)


@given(policies, scenarios())
def test_what_happens_comes_in_order_of_time_and_concerns_known_cases(rulebook: Rulebook, scenario: Scenario) -> None:
    told = run(scenario, rulebook)
    assert [each.at for each in told] == sorted(each.at for each in told)
    assert {each.case for each in told} <= set(scenario.denials)
    for each in told:
        if "start" in each.details:
            start = each.details["start"]
            assert isinstance(start, datetime)
            assert each.at <= start <= each.at + timedelta(days=60)
            assert start.utcoffset() == UTC.utcoffset(None)
