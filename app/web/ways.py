"""The three ways to ask: a talk, reconsideration without a call, both (NC-4). The office and the desk have them."""

from dataclasses import dataclass

from app.queries.office import CaseView
from app.web.forms import Form

TALK, BOTH, WITHOUT_CALL = "discuss", "reconsider", "without_call"
NURSE = "A nurse first looks at your clinical information and can approve."


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What is asked for."""

    reconsideration: bool
    talk: bool


WAYS = {
    TALK: Way(reconsideration=False, talk=True),
    BOTH: Way(reconsideration=True, talk=True),
    WITHOUT_CALL: Way(reconsideration=True, talk=False),
}


def read_way(form: Form, shown: CaseView, missing: str | None = None) -> Way:
    """Read what is asked for; a talk where the plan offers nothing else, and where nothing is chosen."""
    if not shown.rulebook.policy.reconsideration.offered:
        return WAYS[TALK]
    return WAYS[form.choice("purpose", WAYS, missing) or TALK]


def choices(shown: CaseView, *, talk: bool, without_call: bool) -> list[tuple[str, str, str]]:
    """List what can be asked for, each with what it means, before anybody's time is booked (NC-3).

    `talk`, `without_call`: which of them the rules do not refuse now.
    """
    explains = "The medical director explains the decision; the call cannot change it."
    if shown.rulebook.policy.consult.effect != "only_with_reconsideration":
        explains = "The physician and the medical director talk about the decision."
    all_of_them = {
        BOTH: (
            "Reconsider the decision, and a talk",
            f"{NURSE} If not, the medical director can change the decision in the talk.",
        ),
        WITHOUT_CALL: (
            "Reconsider without a call",
            f"{NURSE} If not, the medical director decides. No time is booked; until then you can ask for a talk.",
        ),
        TALK: ("Discuss it only, in a talk", explains),
    }
    possible = {BOTH: talk, WITHOUT_CALL: without_call, TALK: talk}
    return [(way, *words) for way, words in all_of_them.items() if possible[way]]
