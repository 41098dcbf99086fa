"""Runs the worked examples of a policy: what its owners expect, against what the rules say."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from scheduling.business_time import deadlines, review_due
from scheduling.eligibility import refusal
from scheduling.policy import Example, Policy
from scheduling.reading import shown
from scheduling.values import Denial, Request, Rulebook


def failures(rulebook: Rulebook) -> list[str]:
    """Return a line for each expectation of an example that does not hold: its place, what was expected, what came."""
    return [
        f"example[{position}] ({example.title}): expect.{what}"
        for position, example in enumerate(rulebook.policy.examples)
        for what in _failures(rulebook, example)
    ]


def _failures(rulebook: Rulebook, example: Example) -> Iterator[str]:
    came = outcome(rulebook, example)
    for name, value in came.items():
        expected = getattr(example.expect, name)
        if expected is not None and expected != value:
            yield f"{name}: {_written(expected, rulebook)} is expected, {_written(value, rulebook)} comes out"


def outcome(rulebook: Rulebook, example: Example) -> dict[str, object]:
    """Return what the rules say of an example, under the names of its `expect`."""
    denial, asked = denial_of(rulebook.policy, example), example.request
    complete = asked.complete or asked.received
    request = Request(
        received=asked.received,
        windows=asked.windows,
        reconsideration=asked.reconsideration,
        information=asked.information,
        speaker=asked.speaker,
        relation=asked.relation,
    )
    reason = refusal(rulebook, denial, request)
    known = deadlines(rulebook, denial, received=asked.received, complete=complete)
    return {
        "accepted": reason is None,
        "reason": reason,
        "request_by": known.request_by,
        "occur_by": known.occur_by,
        "sla": known.sla,
        "target": known.target,
        "review_due": review_due(rulebook, denial, received=asked.received, complete=complete),
    }


def denial_of(policy: Policy, example: Example) -> Denial:
    """Return the denial of an example; left out: the first decision and setting that the policy allows, elective."""
    denial, given = example.denial.facts, example.denial.given
    if "decision" not in given:
        denial = replace(denial, decision=policy.eligibility.decisions[0])
    if "setting" not in given:
        denial = replace(denial, setting=policy.eligibility.settings[0])
    return denial


def _written(value: object, rulebook: Rulebook) -> str:
    if isinstance(value, datetime):
        return value.astimezone(rulebook.policy.plan.time_zone).isoformat()
    return "nothing" if value is None else shown(value)
