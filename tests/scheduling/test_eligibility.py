"""What is refused, in which order; what a request needs; what a consult can change."""

from datetime import date, timedelta
from typing import Any

import pytest

from scheduling.eligibility import information_needed, outcomes, refusal
from scheduling.values import Decision, Request, Setting, Urgency
from tests.scheduling.build import MONDAY, at, denial, rules, span

YESTERDAY, TOMORROW = MONDAY - timedelta(days=1), MONDAY + timedelta(days=1)

#: all that can be wrong with a request, in the order of the format: the policy that minds, the denial, the request, why
REFUSALS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (
        'eligibility = { timing = "post_denial" }',
        {"dates": {"initial_decision": TOMORROW}},
        {},
        "after_decision_only",
    ),
    ('eligibility = { decisions = ["deny"] }', {"decision": Decision.MODIFY}, {}, "decision_not_covered"),
    ('eligibility = { settings = ["concurrent"] }', {"setting": Setting.RETROSPECTIVE}, {}, "setting_not_covered"),
    ('plan = { lines_of_business = ["hmo"] }', {"line_of_business": "ppo"}, {}, "line_of_business_not_covered"),
    ('eligibility = { excluded_reasons = ["benefit"] }', {"reason": "benefit"}, {}, "reason_excluded"),
    ("eligibility = { after_appeal = false }", {"appeal_filed": True}, {}, "appeal_filed"),
    ("", {}, {"open_request": True}, "already_requested"),
    ('eligibility = { speakers = ["physician"] }', {}, {"speaker": "dentist"}, "speaker_not_eligible"),
    ("reconsideration = { offered = false }", {}, {"reconsideration": True}, "reconsideration_not_offered"),
    ('clinical_information = { rule = "refused" }', {}, {"information": True}, "information_refused"),
    ("request.min_windows = 1", {}, {"windows": ()}, "too_few_windows"),
    ('consult.occur_by = [{ before = "discharge" }]', {"dates": {"discharge": YESTERDAY}}, {}, "window_closed"),
]


def why_not(toml: str, about: dict[str, Any] | None = None, ask: dict[str, Any] | None = None) -> str | None:
    """Return why a request is refused."""
    given = dict(ask or {})
    open_request, used = given.pop("open_request", False), given.pop("used", 0)
    request = Request(**{"received": MONDAY, **given})
    return refusal(rules(toml), denial(**(about or {})), request, open_request=open_request, used=used)


@pytest.mark.parametrize("toml, about, ask, reason", REFUSALS, ids=[row[3] for row in REFUSALS])
def test_each_refusal_rests_on_its_key_and_a_silent_policy_refuses_nothing(
    toml: str, about: dict[str, Any], ask: dict[str, Any], reason: str
) -> None:
    assert why_not(toml, about, ask) == reason
    if reason not in ("already_requested", "reconsideration_not_offered"):
        assert why_not("", about, ask) is None


@pytest.mark.parametrize("first", range(len(REFUSALS)))
def test_the_first_reason_in_the_order_of_the_format_is_given(first: int) -> None:
    """Everything from this one on is wrong at once."""
    tables: dict[str, list[str]] = {}
    about: dict[str, Any] = {}
    ask: dict[str, Any] = {}
    for toml, facts, asked, _ in REFUSALS[first:]:
        for line in _flat(toml):
            table, assignment = line.split(".", 1)
            tables.setdefault(table, []).append(assignment)
        dates = {**about.get("dates", {}), **facts.get("dates", {})}
        about |= {**facts, "dates": dates}
        ask |= asked
    toml = "\n".join(f"{table}.{line}" for table, lines in tables.items() for line in lines)
    assert why_not(toml, about, ask) == REFUSALS[first][3]


def _flat(toml: str) -> list[str]:
    """Write `queue = { a = 1 }` as `queue.a = 1`, so that several can be put together."""
    if not toml:
        return []
    head, _, rest = toml.partition(" = ")
    return [toml] if "." in head else [f"{head}.{rest.removeprefix('{ ').removesuffix(' }')}"]


def test_a_denial_without_a_decision_date_counts_as_decided() -> None:
    assert why_not('eligibility = { timing = "post_denial" }') is None
    assert why_not('eligibility = { timing = "pre_denial" }') == "before_decision_only"


@pytest.mark.parametrize(
    "decided, reason",
    [
        (MONDAY, "before_decision_only"),
        (MONDAY + timedelta(seconds=1), None),
        (date(2026, 3, 2), "before_decision_only"),
        (date(2026, 3, 3), None),
    ],
)
def test_the_decision_lies_in_the_future_or_it_does_not(decided: date, reason: str | None) -> None:
    toml = 'eligibility = { timing = "pre_denial" }'
    assert why_not(toml, {"dates": {"initial_decision": decided}}) == reason


def test_a_request_by_telephone_is_judged_by_the_moment_of_the_call() -> None:
    """BSP-4: the call came before the deadline, the entry after it."""
    toml = 'request = { deadlines = [{ by = "notice_deadline" }] }'
    about = {"dates": {"notice_deadline": MONDAY}}
    assert why_not(toml, about, {"received": MONDAY - timedelta(seconds=1)}) is None
    assert why_not(toml, about, {"received": MONDAY}) == "window_closed"


def test_all_nine_combinations_of_decision_and_setting_may_be_talked_about() -> None:
    """BSP-9."""
    for decision in Decision:
        for setting in Setting:
            assert why_not("", {"decision": decision, "setting": setting}) is None


def test_a_line_of_business_that_is_left_out_is_covered() -> None:
    assert why_not('plan = { lines_of_business = ["hmo"] }', {"line_of_business": ""}) is None


def test_with_only_reasons_any_other_is_excluded_also_none() -> None:
    toml = 'eligibility = { only_reasons = ["medical_necessity"] }'
    assert why_not(toml, {"reason": "medical_necessity"}) is None
    assert why_not(toml, {"reason": "benefit"}) == "reason_excluded"
    assert why_not(toml) == "reason_excluded"


def test_consults_for_one_denial_are_counted_where_the_policy_counts_them() -> None:
    assert why_not("eligibility = { per_denial = 2 }", {}, {"used": 1}) is None
    assert why_not("eligibility = { per_denial = 2 }", {}, {"used": 2}) == "already_requested"
    assert why_not("", {}, {"used": 9}) is None


def test_who_may_speak_is_asked_by_profession_and_by_relation() -> None:
    """BSP-10."""
    toml = 'eligibility = { speakers = ["physician", "nurse_practitioner"], relations = ["treating", "covering"] }'
    assert why_not(toml, {}, {"speaker": "nurse_practitioner", "relation": "covering"}) is None
    assert why_not(toml, {}, {"speaker": "physician", "relation": "ordering"}) == "speaker_not_eligible"
    assert why_not(toml, {}, {"speaker": "dentist", "relation": "treating"}) == "speaker_not_eligible"


def test_windows_are_counted() -> None:
    toml = "request = { min_windows = 2 }"
    one, two = span("2026-03-03 09:00", "2026-03-03 10:00"), span("2026-03-04 09:00", "2026-03-04 10:00")
    assert why_not(toml, {}, {"windows": (one,)}) == "too_few_windows"
    assert why_not(toml, {}, {"windows": (one, two)}) is None


@pytest.mark.parametrize(
    "rule, reason",
    [
        ('{ within = 5, unit = "calendar_days", of = "initial_decision" }', "window_closed"),
        ('{ within = 5, unit = "calendar_days", of = "initial_decision", binding = false }', None),
        ('{ within = 5, unit = "calendar_days", of = "letter" }', None),
        ('{ within = 5, unit = "calendar_days", of = "initial_decision", urgency = ["emergent"] }', None),
    ],
)
def test_only_a_deadline_that_binds_and_is_known_closes_the_window(rule: str, reason: str | None) -> None:
    about = {"dates": {"initial_decision": at("2026-02-20 09:00")}}
    assert why_not(f"consult = {{ occur_by = [{rule}] }}", about) == reason
    assert why_not(f"request = {{ deadlines = [{rule}] }}", about) == reason


def test_a_passed_sla_or_target_refuses_nothing() -> None:
    rule = '[{ before = "discharge" }]'
    about = {"dates": {"discharge": YESTERDAY}}
    assert why_not(f"consult = {{ sla = {rule}, target = {rule} }}", about) is None


@pytest.mark.parametrize(
    "rule, mode, reconsideration, needed",
    [
        ("required", "meanwhile", False, True),
        ("optional", "meanwhile", True, False),
        ("optional", "after_review", False, False),
        ("optional", "after_review", True, True),
        ("refused", "booked_after_due", True, True),
        ("converts_to_appeal", "booked_after_due", False, False),
    ],
)
def test_when_information_is_needed(rule: str, mode: str, reconsideration: bool, needed: bool) -> None:
    """NC-7, NC-8."""
    rulebook = rules(
        f'clinical_information = {{ rule = "{rule}" }}\nreconsideration = {{ elective = {{ consult = "{mode}" }} }}'
    )
    assert information_needed(rulebook, denial(), reconsideration=reconsideration) is needed
    assert information_needed(rulebook, denial(urgency=Urgency.EMERGENT), reconsideration=True) is (rule == "required")


@pytest.mark.parametrize(
    "effect, reconsideration, allowed",
    [
        ("may_overturn", False, ("upheld", "overturned", "modified", "plan_error")),
        ("may_overturn", True, ("upheld", "overturned", "modified", "plan_error")),
        ("only_with_reconsideration", False, ("discussed", "plan_error")),
        ("only_with_reconsideration", True, ("upheld", "overturned", "modified", "plan_error")),
        ("informational", True, ("discussed", "plan_error")),
    ],
)
def test_which_outcomes_a_case_allows(effect: str, reconsideration: bool, allowed: tuple[str, ...]) -> None:
    """NC-2, NC-3: without a reconsideration nothing is overturned, and a plan's error can always be put right."""
    assert outcomes(rules(f'consult = {{ effect = "{effect}" }}'), reconsideration=reconsideration) == allowed
