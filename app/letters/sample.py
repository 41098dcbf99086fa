"""Made-up values for every field, to show and to check templates with. Nobody in them exists."""

from datetime import UTC, date, datetime

from app.letters.facts import appeals, of_policy
from app.letters.fields import Values
from app.letters.render import LetterError, Templates
from app.models import LetterKind
from scheduling.values import Decision, Denial, Rulebook, Setting, Urgency

#: what the outcomes are called where the policy has words of its own for them
OUTCOME = {LetterKind.APPROVED: "approved_by_nurse", LetterKind.MEMBER_MODIFIED: "modified"}

MADE_UP: Values = {
    "letter_date": "Friday 6 March 2026",
    "case_number": "SAMPLE-1001",
    "reference": "P2P-7F3K-9Q2M",
    "pcr_number": "PCR-000042",
    "occasion": "the peer-to-peer consult",
    "office_contact": "Pat Doe",
    "office_reference": "chart 88",
    "speaker_name": "Dr Anil Rao",
    "requester_name": "Anil Rao, MD",
    "member_name": "June Sample",
    "member_id": "SAMPLE0001",
    "member_born": "April 12, 1961",
    "service": "MRI of the lumbar spine, 72148",
    "decision": "denied",
    "decided_on": "Monday 2 March 2026",
    "told": "by telephone on Monday 2 March 2026, 9:30 am by Casey Moore",
    "reasons": "Not medically necessary",
    "criteria": "InterQual 2026, Imaging, Spine",
    "clinical_reasons": "The records that were sent do not show six weeks of conservative treatment.",
    "director_name": "Dana Lee, MD",
    "director_phone": "919-555-0110",
    "talked_with": "Dana Lee, MD, telephone 919-555-0110",
    "talked_on": "Thursday 5 March 2026, 10:15 am",
    "outcome_note": "The new records were discussed against the criterion: physical therapy since January.",
    "tries": (
        "Wednesday 4 March 2026, 10:17 am: no answer at 984-555-0142",
        "Wednesday 4 March 2026, 10:32 am: no answer at 984-555-0142",
    ),
    "window_end": "Saturday 7 March 2026",
}


def values(rulebook: Rulebook, kind: LetterKind) -> Values:
    """Fill a letter of a plan with made-up values, and with what its policy says of itself."""
    policy = rulebook.policy
    facts = Denial(
        director=1,
        decision=Decision.DENY,
        setting=Setting.PRE_SERVICE,
        urgency=Urgency.ELECTIVE,
        dates={"initial_decision": date(2026, 3, 2), "appeal_deadline": date(2026, 8, 29)},
    )
    of_plan = of_policy(rulebook, outcome=OUTCOME.get(kind, kind.value))
    phone = policy.letters.member_phone or ("800-555-0100" if not policy.letters.member else "")
    received = datetime(2026, 3, 3, tzinfo=UTC)
    return {**MADE_UP, **of_plan, **appeals(rulebook, facts, received=received), "member_phone": phone}


def faults(templates: Templates, rulebook: Rulebook, kind: LetterKind) -> list[str]:
    """Say what keeps a plan's letter of a kind from being made: its template, or what its policy does not say."""
    try:
        templates.set(
            templates.find(rulebook.policy.id, kind), values(rulebook, kind), now=datetime(2026, 3, 6, tzinfo=UTC)
        )
    except LetterError as error:
        return str(error).splitlines()
    return []
