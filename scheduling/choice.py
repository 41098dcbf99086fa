"""Which directors a consult may be with, besides the one who decided."""

from collections.abc import Mapping, Sequence

from scheduling.policy_words import SpecialtyMatch
from scheduling.values import ConsultState, Director, Rulebook


def suitable(
    state: ConsultState, rulebook: Rulebook, directors: Mapping[int, Director], ids: Sequence[int]
) -> list[int]:
    """Leave out who is not active, does not cover the line of business, lacks the licence or a required specialty.

    Where the requester's specialty is preferred, those who have it come first; otherwise the order stays.
    """
    fit = [id_ for id_ in ids if id_ in directors and _covers(directors[id_], state)]
    if rulebook.policy.director.specialty is SpecialtyMatch.REQUIRED and state.specialty:
        return [id_ for id_ in fit if state.specialty in directors[id_].specialties]
    return sorted(fit, key=lambda id_: lacks_preferred_specialty(state, rulebook, directors[id_]))


def lacks_preferred_specialty(state: ConsultState, rulebook: Rulebook, director: Director) -> bool:
    """Tell whether another director would be preferred for his specialty."""
    if rulebook.policy.director.specialty is not SpecialtyMatch.PREFERRED or not state.specialty:
        return False
    return state.specialty not in director.specialties


def _covers(director: Director, state: ConsultState) -> bool:
    denial, lines, states = state.denial, director.lines_of_business, director.licence_states
    return (
        director.active
        and (not lines or not denial.line_of_business or denial.line_of_business in lines)
        and (not states or not denial.licence_state or denial.licence_state in states)
    )
