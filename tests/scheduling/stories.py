"""Random scenarios: policies, directors and events that a plan might meet in a week."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from scheduling.policy_reader import read_policy
from scheduling.scenario import Do, Expected, Played, Scenario
from scheduling.values import Denial, Director, Hours, Interval, Request, ReviewDecision, Rulebook, Urgency
from tests.scheduling.build import hours

ZONES = ("America/New_York", "America/Los_Angeles", "America/Phoenix", "Asia/Kolkata")
#: Thursday before the clocks go forward in the United States
START = datetime(2026, 3, 5, 14, tzinfo=UTC)
CASES = ("A", "B", "C", "D", "E")

instants = st.integers(min_value=0, max_value=6 * 24 * 4).map(lambda n: START + n * timedelta(minutes=15))
windows = st.lists(
    st.tuples(instants, st.sampled_from([30, 45, 120, 600])).map(
        lambda pair: Interval(pair[0], pair[0] + timedelta(minutes=pair[1]))
    ),
    max_size=2,
).map(tuple)

deadline = st.one_of(
    st.builds(
        lambda n, unit, of: {"within": n, "unit": unit, "of": of},
        st.integers(0, 3),
        st.sampled_from(["calendar_days", "business_days"]),
        st.sampled_from(["request_received", "request_complete", "initial_decision", ["letter", "request_received"]]),
    ),
    st.builds(
        lambda n, unit: {"within": n, "unit": unit, "of": "request_received"},
        st.integers(0, 60),
        st.sampled_from(["hours", "business_day_hours"]),
    ),
    st.just({"before": "discharge"}),
    st.just({"by": "notice_deadline"}),
)


def _table(**keys: Any) -> Any:
    return st.fixed_dictionaries({}, optional=keys)


policies = st.fixed_dictionaries(
    {
        "id": st.just("plan"),
        "name": st.just("The plan"),
        "plan": st.sampled_from(ZONES[:3]).map(lambda zone: {"time_zone": zone}),
        "consult": _table(
            occur_by=st.lists(deadline, max_size=1),
            sla=st.lists(deadline, max_size=1),
            target=st.lists(deadline, max_size=1),
            duration_minutes=st.sampled_from([15, 30, 45]),
            buffer_minutes=st.sampled_from([0, 15]),
            start_every_minutes=st.sampled_from([15, 30, 60]),
            notice_minutes=st.sampled_from([0, 60, 600]),
            hours=st.sampled_from([{}, {"mon": ["09:00-16:00"], "fri": ["00:00-12:00", "12:00-24:00"]}]),
            effect=st.sampled_from(["may_overturn", "only_with_reconsideration", "informational"]),
        ),
        "queue": _table(
            place_from=st.sampled_from(["request_received", "request_complete"]),
            after_office_reschedule=st.sampled_from(["keeps_place", "to_the_back"]),
            urgent_first=st.booleans(),
            move_up=st.sampled_from(["if_agreed", "never"]),
            move_up_notice_minutes=st.sampled_from([0, 240]),
        ),
        "director": _table(
            assignment=st.sampled_from(["same", "same", "any"]),
            fallback=st.sampled_from(["none", "designated_peer", "office_choice"]),
        ),
        "clinical_information": _table(
            rule=st.sampled_from(["required", "optional", "refused", "converts_to_appeal"]),
            review=st.sampled_from(["none", "brief"]),
        ),
        "reconsideration": st.fixed_dictionaries(
            {
                "offered": st.booleans(),
                "emergent": _table(deadline=deadline, consult=st.sampled_from(["meanwhile", "after_review"])),
                "elective": _table(
                    deadline=deadline, consult=st.sampled_from(["meanwhile", "booked_after_due", "after_review"])
                ),
            }
        ),
        "contact": _table(attempts=st.integers(1, 2), missed_consults=st.integers(1, 2)),
    }
).map(lambda mapping: Rulebook(policy=read_policy(mapping), holidays=frozenset({datetime(2026, 3, 10).date()})))  # noqa: DTZ001 -- only its date is taken

weeks = st.sampled_from(
    [
        {"daily": ["09:00-10:00"]},
        {"mon": ["10:00-12:00"], "thu": ["09:00-11:00", "11:00-11:45"]},
        {"fri": ["22:00-24:00"], "sat": ["00:00-03:00"], "sun": ["00:30-04:00"]},
        {"tue": ["09:00-09:30"]},
        {},
    ]
).map(hours)


def directors(count: int) -> st.SearchStrategy[tuple[Director, ...]]:
    """Make some directors, who are designated peers of one another in any order."""

    def one(id_: int, week: Hours, zone: str, peers: list[int], covered: list[str], off: list[Interval]) -> Director:
        others = tuple(peer for peer in peers if peer != id_)
        lines = frozenset(covered)
        return Director(id=id_, zone=ZoneInfo(zone), hours=week, peers=others, lines_of_business=lines, off=tuple(off))

    return st.tuples(
        *(
            st.builds(
                one,
                st.just(id_),
                weeks,
                st.sampled_from(ZONES),
                st.permutations(range(count)),
                st.lists(st.sampled_from(["hmo", "ppo"]), max_size=1),
                windows.map(list),
            )
            for id_ in range(count)
        )
    )


denials = st.builds(
    Denial,
    director=st.sampled_from([0, 0, 1, None]),
    urgency=st.sampled_from(list(Urgency)),
    line_of_business=st.sampled_from(["", "hmo", "ppo"]),
    dates=_table(
        initial_decision=st.just(START - timedelta(hours=20)),
        discharge=instants,
        notice_deadline=instants.map(lambda at: at.date()),
        letter=instants,
    ),
)

requests = st.builds(
    lambda asks, **rest: Request(reconsideration=asks != "talk", talk=asks != "reconsideration", **rest),
    st.sampled_from(["talk", "reconsideration", "both", "talk", "both"]),
    received=st.just(START),
    windows=windows,
    information=st.booleans(),
    move_up=st.booleans(),
)


@st.composite
def events(draw: st.DrawFn) -> Played:
    """Draw one event of one case, or of a director."""
    at, case = draw(instants), draw(st.sampled_from(CASES))
    do = draw(st.sampled_from([Do.REQUEST, *Do, Do.REVIEW]))
    details: dict[str, Any] = {}
    if do is Do.REQUEST:
        details = {"request": draw(requests), "received": at}
    elif do is Do.TALK:
        details = {"request": Request(received=at, windows=draw(windows), move_up=draw(st.booleans()))}
    elif do is Do.REVIEW:
        details = {"decision": draw(st.sampled_from(list(ReviewDecision)))}
    elif do is Do.RESCHEDULE:
        details = {"windows": draw(windows)}
    elif do is Do.DIRECTOR_OFF:
        hours_off = draw(st.sampled_from([2, 30]))
        start = draw(instants)
        details = {"director": draw(st.integers(0, 1)), "during": Interval(start, start + timedelta(hours=hours_off))}
    elif do is Do.OUTCOME:
        details = {"determination": draw(st.sampled_from(["upheld", "discussed", "plan_error"]))}
    elif do is Do.NO_SHOW:
        details = {"by": draw(st.sampled_from(["office", "director"]))}
    elif do is Do.REASSIGN:
        details = {"director": draw(st.integers(0, 1))}
    elif do is Do.DATE:
        name = draw(st.sampled_from(["discharge", "letter", "notice_deadline"]))
        details = {"name": name, "value": draw(instants)}
    return Played(at=at, do=do, case=None if do is Do.DIRECTOR_OFF else case, details=details)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Draw a scenario: each case asks once, and then anything may happen."""
    first = [Played(at=draw(instants), do=Do.REQUEST, case=case, details={"request": draw(requests)}) for case in CASES]
    played = [_received_now(event) for event in [*first, *draw(st.lists(events(), max_size=12))]]
    expects: tuple[Expected, ...] = ()
    return Scenario(
        title="random",
        policy="plan",
        until=None,
        directors=draw(directors(3)),
        director_names=("zero", "one", "two"),
        denials={case: draw(denials) for case in CASES},
        events=tuple(played),
        expects=expects,
        nevers=(),
    )


def _received_now(event: Played) -> Played:
    if event.do is not Do.REQUEST:
        return event
    received = replace(event.details["request"], received=event.at)
    return replace(event, details={"request": received})
