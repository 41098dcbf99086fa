"""Which of several policies governs a denial."""

from collections.abc import Mapping, Sequence
from datetime import date

from scheduling.policy import Policy


class NoPolicyError(LookupError):
    """No policy governs a denial, or more than one does."""


def governing(
    policies: Sequence[Policy],
    *,
    decided_on: date,
    line_of_business: str = "",
    state: str = "",
    service: str = "",
    place: str = "",
) -> Policy:
    """Return the policy that governs a denial: the most specific one, of those the later effective one.

    An empty word is one that the denial does not name. Raises NoPolicyError where none governs or two tie.
    """
    facts = {"states": state, "services": service, "places": place}
    ranked = sorted(
        (
            (_specificity(policy, line_of_business, facts), policy.effective or date.min, policy)
            for policy in policies
            if _covers(policy, line_of_business, facts, decided_on)
        ),
        key=lambda row: row[:2],
        reverse=True,
    )
    if not ranked:
        raise NoPolicyError("no policy covers this denial; add one, or correct its line of business and date")
    if len(ranked) > 1 and ranked[0][:2] == ranked[1][:2]:
        names = " and ".join(sorted(row[2].id for row in ranked if row[:2] == ranked[0][:2]))
        raise NoPolicyError(
            f"{names} cover this denial equally; one must say more in applies_to, or be effective later"
        )
    return ranked[0][2]


def _covers(policy: Policy, line_of_business: str, facts: Mapping[str, str], decided_on: date) -> bool:
    lines = policy.plan.lines_of_business
    if line_of_business and lines and line_of_business not in lines:
        return False
    for name, word in facts.items():
        allowed = getattr(policy.plan.applies_to, name)
        if word and allowed and word not in allowed:
            return False
    return policy.effective is None or policy.effective <= decided_on


def _specificity(policy: Policy, line_of_business: str, facts: Mapping[str, str]) -> tuple[int, int, int]:
    """Rank by how much of the denial a file names; where the denial is silent, the file that asks less comes first."""
    lists = [(getattr(policy.plan.applies_to, name), word) for name, word in facts.items()]
    met = sum(1 for allowed, word in lists if allowed and word)
    open_ = sum(1 for allowed, word in lists if allowed and not word)
    return met, -open_, int(bool(policy.plan.lines_of_business and line_of_business))
