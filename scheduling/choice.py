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
    fit = [id_ for id_ in ids if id_ in directors and why_not(state, rulebook, directors[id_]) is None]
    return sorted(fit, key=lambda id_: lacks_preferred_specialty(state, rulebook, directors[id_]))


def lacks_preferred_specialty(state: ConsultState, rulebook: Rulebook, director: Director) -> bool:
    """Tell whether another director would be preferred for his specialty."""
    if rulebook.policy.director.specialty is not SpecialtyMatch.PREFERRED or not state.specialty:
        return False
    return state.specialty not in director.specialties


def why_not(state: ConsultState, rulebook: Rulebook, director: Director) -> str | None:
    """Say in a word why a director cannot take a consult that is not his own; None: he can.

    The words: inactive, line_of_business, licence_state, specialty.
    """
    denial, lines, states = state.denial, director.lines_of_business, director.licence_states
    if not director.active:
        return "inactive"
    if lines and denial.line_of_business and denial.line_of_business not in lines:
        return "line_of_business"
    if states and denial.licence_state and denial.licence_state not in states:
        return "licence_state"
    required = rulebook.policy.director.specialty is SpecialtyMatch.REQUIRED and state.specialty
    return "specialty" if required and state.specialty not in director.specialties else None
