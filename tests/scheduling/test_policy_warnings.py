"""Warnings of a policy: told where something cannot work as it is written, and true wherever they are told."""

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from app.cli_rules import policies
from scheduling import life
from scheduling.business_time import deadlines, review_due
from scheduling.eligibility import is_ready, refusal
from scheduling.policy_warnings import warnings
from scheduling.values import Request, Rulebook, Status
from tests.scheduling.build import MONDAY, consult, denial, director, planned, rules

MAKES_AN_APPEAL = "clinical_information = { rule = 'converts_to_appeal' }\n"
RECONSIDERED = "[reconsideration]\noffered = true\n"
DUE = "{ within = 2, unit = 'business_days', of = 'request_complete' }"


def told(toml: str) -> list[str]:
    """Return the keys that are warned of, but for missing examples."""
    found = [each for each in warnings(rules(toml).policy) if "no example" not in each]
    return [each.partition(": ")[0] for each in found]


@pytest.mark.parametrize(
    "toml, keys",
    [
        ("", []),
        ("consult = { hours = { mon = ['09:00-09:20'] } }", ["consult.hours"]),
        ("consult = { hours = { mon = ['09:00-09:20', '10:00-10:30'] } }", []),
        (
            f"clinical_information = {{ rule = 'refused' }}\n{RECONSIDERED}",
            ["reconsideration.offered", "reconsideration.elective.consult"],
        ),
        (
            f"{MAKES_AN_APPEAL}{RECONSIDERED}elective = {{ consult = 'meanwhile' }}",
            ["reconsideration.offered"],
        ),
        ("clinical_information = { rule = 'refused' }", []),
        (
            "request = { deadlines = [{ within = 2, unit = 'hours', of = 'request_received' }] }",
            ["request.deadlines[0]"],
        ),
        ("request = { deadlines = [{ within = 2, unit = 'hours', of = 'letter' }] }", []),
        (
            "consult = { occur_by = [{ within = 0, unit = 'hours', of = 'request_received' }] }",
            ["consult.occur_by[0]"] * 2,
        ),
        ("consult = { occur_by = [{ within = 0, unit = 'calendar_days', of = 'request_received' }] }", []),
        (
            """
            request = { deadlines = [{ within = 14, unit = 'calendar_days', of = 'letter' }] }
            consult = { occur_by = [{ within = 7, unit = 'calendar_days', of = 'letter' }] }
            """,
            ["request.deadlines[0]"],
        ),
        (
            """
            request = { deadlines = [{ within = 14, unit = 'calendar_days', of = 'letter' }] }
            consult = { occur_by = [{ within = 7, unit = 'calendar_days', of = 'letter', urgency = ['emergent'] }] }
            """,
            [],
        ),
        ("consult = { sla = [{ within = 60, unit = 'minutes', of = 'request_received' }] }", ["consult.sla[0]"]),
        ("consult = { sla = [{ within = 61, unit = 'minutes', of = 'request_received' }] }", []),
        (
            """
            consult.notice_minutes = 4320
            consult.target = [{ within = 1, unit = 'calendar_days', of = 'request_complete' }]
            """,
            ["consult.target[0]"],
        ),
        (
            "consult = { notice_minutes = 600, occur_by = [{ within = 9, unit = 'hours', of = 'initial_decision' }] }",
            [],
        ),
        (
            """
            eligibility = { timing = 'post_denial' }
            consult = { notice_minutes = 600, occur_by = [{ within = 9, unit = 'hours', of = 'initial_decision' }] }
            """,
            ["consult.occur_by[0]"],
        ),
        ("director = { assignment = 'any', fallback = 'designated_peer' }", ["director.fallback"]),
        (
            """
            eligibility = { settings = ['pre_service'] }
            consult = { sla = [{ within = 2, unit = 'calendar_days', of = 'letter', settings = ['concurrent'] }] }
            """,
            ["consult.sla[0].settings"],
        ),
        ("consult = { effect = 'only_with_reconsideration' }", ["consult.effect"]),
        (f"reconsideration = {{ emergent = {{ deadline = {DUE} }} }}", ["reconsideration.emergent.deadline"]),
    ],
)
def test_what_cannot_work_is_told_with_its_key(toml: str, keys: list[str]) -> None:
    assert told(toml) == keys


@pytest.mark.parametrize(
    "review, talk, late",
    [
        (DUE, "sla = [{ within = 2, unit = 'business_days', of = 'request_received' }]", True),
        (DUE, "sla = [{ within = 3, unit = 'business_days', of = 'request_received' }]", False),
        (DUE, "occur_by = [{ within = 2, unit = 'business_days', of = 'request_received' }]", False),
        (DUE, "occur_by = [{ within = 1, unit = 'calendar_days', of = 'request_received' }]", True),
        (DUE, "sla = [{ within = 1, unit = 'calendar_days', of = 'letter' }]", False),
        (DUE, "sla = [{ within = 2, unit = 'business_days', of = 'request_received', urgency = ['emergent'] }]", False),
        (DUE, "sla = [{ within = 2, unit = 'business_days', of = 'request_received', binding = false }]", False),
        (
            "{ within = 48, unit = 'hours', of = 'request_complete' }",
            "sla = [{ within = 2880, unit = 'minutes', of = 'request_complete' }]",
            True,
        ),
        (
            "{ within = 48, unit = 'hours', of = 'request_received' }",
            "sla = [{ within = 24, unit = 'hours', of = 'request_complete' }]",
            False,
        ),
    ],
)
def test_a_review_that_is_due_after_the_talk_must_have_been_is_told(review: str, talk: str, late: bool) -> None:
    for mode in ("booked_after_due", "after_review"):
        way = f"elective = {{ consult = '{mode}', deadline = {review} }}"
        found = told(f"consult = {{ {talk} }}\n{RECONSIDERED}{way}")
        assert found == (["reconsideration.elective.deadline"] if late else [])
    meanwhile = f"consult = {{ {talk} }}\n{RECONSIDERED}elective = {{ consult = 'meanwhile', deadline = {review} }}"
    assert told(meanwhile) == []


units = st.sampled_from(["minutes", "hours", "business_day_hours", "calendar_days", "business_days"])
counts = st.builds(
    "{{ within = {}, unit = '{}', of = '{}' }}".format,
    st.integers(0, 60),
    units,
    st.sampled_from(["request_received", "request_complete"]),
)
moments = st.integers(0, 14 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes))


@given(counts, counts, st.sampled_from(["occur_by", "sla"]), moments, st.integers(0, 3000))
def test_whatever_is_told_of_a_review_is_so(review: str, talk: str, name: str, received, wait: int) -> None:
    rulebook = rules(
        f"""
        consult = {{ notice_minutes = 0, {name} = [{talk}] }}
        [reconsideration]
        offered = true
        elective = {{ consult = 'booked_after_due', deadline = {review} }}
        """
    )
    if any("until the nurse has decided" in each for each in warnings(rulebook.policy)):
        times = {"received": received, "complete": received + timedelta(minutes=wait)}
        due, ends = review_due(rulebook, denial(), **times), deadlines(rulebook, denial(), **times).binding
        assert due is not None
        assert ends is not None
        assert due >= ends


@given(counts, st.integers(0, 6000), moments)
def test_whatever_is_told_of_the_notice_is_so(talk: str, notice: int, received) -> None:
    rulebook = rules(f"consult = {{ notice_minutes = {notice}, sla = [{talk}] }}")
    if any("earliest start" in each for each in warnings(rulebook.policy)):
        ends = deadlines(rulebook, denial(), received=received, complete=received).sla
        assert ends is not None
        assert ends <= received + timedelta(minutes=notice)


def test_what_is_told_of_refused_information_is_so() -> None:
    rulebook = rules(f"clinical_information = {{ rule = 'refused' }}\n{RECONSIDERED}")
    state = consult(rulebook, reconsideration=True)
    assert state.status is Status.AWAITING_INFORMATION
    sent = life.add_information(state, rulebook, now=MONDAY).state
    assert sent is not None
    assert not is_ready(rulebook, sent)


def test_what_is_told_of_hours_and_of_asking_is_so() -> None:
    short = rules("consult = { hours = { mon = ['09:00-09:20'], tue = ['10:00-10:20'] } }")
    assert [each.what for each in planned(short, [consult(short)], [director()]).happenings] == ["unplaced"]
    at_once = rules("consult = { occur_by = [{ within = 0, unit = 'hours', of = 'request_received' }] }")
    assert refusal(at_once, denial(), Request(received=MONDAY)) == "window_closed"


def test_each_deadline_that_binds_wants_an_example_that_would_notice() -> None:
    missing = rules(f"{SLA_FOR_BOTH}\n{EXAMPLE.format('emergent', 'accepted = true, sla = 2026-03-03T17:00:00-05:00')}")
    assert only_examples(missing) == ["consult.sla[1]"]
    both = rules(
        SLA_FOR_BOTH
        + EXAMPLE.format("emergent", "sla = 2026-03-03T17:00:00-05:00")
        + EXAMPLE.format("elective", "sla = 2026-03-04T17:00:00-05:00")
    )
    assert only_examples(both) == []
    review = rules(f"{RECONSIDERED}emergent = {{ deadline = {DUE} }}")
    assert only_examples(review) == ["reconsideration.emergent.deadline"]


def test_a_warning_is_printed_and_fails_nothing(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        """
        id = "mine"
        name = "Mine"
        plan = { time_zone = "America/New_York" }
        clinical_information = { rule = "refused" }
        reconsideration = { offered = true, elective = { consult = "meanwhile" } }
        """,
        encoding="utf-8",
    )
    result = CliRunner().invoke(policies, ["check", str(file)])
    assert result.exit_code == 0
    first, last = result.output.splitlines()
    assert first.startswith(
        f"{file}: warning: reconsideration.offered: a review opens with information, which is refused"
    )
    assert last == f"{file}: good, 0 examples hold"


def only_examples(rulebook: Rulebook) -> list[str]:
    """Return the keys for which an example is missing."""
    return [each.partition(": ")[0] for each in warnings(rulebook.policy) if "no example" in each]


SLA_FOR_BOTH = """
[consult]
sla = [
    { within = 1, unit = "business_days", of = "request_received", urgency = ["emergent"] },
    { within = 2, unit = "business_days", of = "request_received", urgency = ["elective"] },
]
"""
EXAMPLE = """
[[example]]
title = "one"
denial = {{ urgency = "{}" }}
request = {{ received = 2026-03-02T10:00:00-05:00 }}
expect = {{ {} }}
"""
