"""Random crowded lines: twelve requests in two days for three directors with little time, and much that happens."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from scheduling.scenario import Do, Played, Scenario
from scheduling.values import Denial, Interval, Request, ReviewDecision, Urgency
from tests.scheduling.stories import START, directors

CASES = tuple("ABCDEFGHIJKL")

soon = st.integers(min_value=0, max_value=2 * 24 * 4).map(lambda n: START + n * timedelta(minutes=15))
windows = st.lists(
    st.tuples(soon, st.sampled_from([45, 120, 600, 1440])).map(
        lambda pair: Interval(pair[0], pair[0] + timedelta(minutes=pair[1]))
    ),
    max_size=2,
).map(tuple)
denials = st.builds(
    Denial,
    director=st.sampled_from([0, 0, 0, 1]),
    urgency=st.sampled_from(list(Urgency)),
    line_of_business=st.sampled_from(["", "hmo"]),
    licence_state=st.sampled_from(["", "NC"]),
    dates=st.fixed_dictionaries({}, optional={"discharge": soon}),
)
requests = st.builds(
    Request,
    received=st.just(START),
    windows=windows,
    move_up=st.booleans(),
    reconsideration=st.booleans(),
    information=st.booleans(),
    specialty=st.sampled_from(["", "cardiology"]),
)
people = st.tuples(
    directors(3),
    st.tuples(*[st.sampled_from([None, None, 1, 2])] * 3),
    st.tuples(*[st.sampled_from(["", "cardiology"])] * 3),
    st.tuples(*[st.sampled_from(["", "NC", "VA"])] * 3),
).map(
    lambda drawn: tuple(
        replace(
            each,
            max_a_day=most,
            specialties=frozenset(filter(None, [specialty])),
            licence_states=frozenset(filter(None, [state])),
        )
        for each, most, specialty, state in zip(*drawn, strict=True)
    )
)

_DETAILS: dict[Do, Any] = {
    Do.WITHDRAW: st.just({}),
    Do.INFORMATION: st.just({}),
    Do.RECONSIDERATION: st.just({}),
    Do.DIRECTOR_DECLINES: st.just({}),
    Do.OFFICE_ACCEPTS_PEER: st.just({}),
    Do.OFFICE_DECLINES_PEER: st.just({}),
    Do.OUTCOME: st.just({"determination": "discussed"}),
    Do.RESCHEDULE: st.fixed_dictionaries({"windows": windows}),
    Do.REVIEW: st.fixed_dictionaries({"decision": st.sampled_from(list(ReviewDecision))}),
    Do.NO_SHOW: st.fixed_dictionaries({"by": st.sampled_from(["office", "director"])}),
    Do.REASSIGN: st.fixed_dictionaries({"director": st.integers(0, 2)}),
    Do.DATE: st.fixed_dictionaries({"name": st.just("discharge"), "value": soon}),
    Do.DIRECTOR_OFF: st.tuples(st.integers(0, 1), soon, st.sampled_from([1, 30])).map(
        lambda drawn: {"director": drawn[0], "during": Interval(drawn[1], drawn[1] + timedelta(hours=drawn[2]))}
    ),
}


@st.composite
def crowds(draw: st.DrawFn) -> Scenario:
    """Draw a crowded line."""
    played = []
    for case in CASES:
        at = draw(soon)
        played.append(
            Played(at=at, do=Do.REQUEST, case=case, details={"request": replace(draw(requests), received=at)})
        )
    for do in draw(st.lists(st.sampled_from(sorted(_DETAILS)), max_size=25)):
        case = None if do is Do.DIRECTOR_OFF else draw(st.sampled_from(CASES))
        played.append(Played(at=draw(soon), do=Do(do), case=case, details=draw(_DETAILS[Do(do)])))
    return Scenario(
        title="crowded",
        policy="plan",
        until=None,
        directors=draw(people),
        director_names=("zero", "one", "two"),
        denials={case: draw(denials) for case in CASES},
        events=tuple(played),
        expects=(),
        nevers=(),
    )
