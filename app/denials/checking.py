"""Records are checked against what is known here: the plans, the directors, and the other records of their file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from app.denials.records import NewDenial, Problem, Record, suggestion
from app.policies import Policies
from scheduling.governing import NoPolicyError

WITHOUT_DIRECTOR = "leave it empty, and a coordinator names one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a file may refer to."""

    policies: Policies
    directors: Mapping[str, int]
    "NPI -> id"


@dataclass(slots=True, kw_only=True)
class Checked:
    """What can be stored of a file, and what is wrong with the rest."""

    denials: list[tuple[str, NewDenial]] = field(default_factory=list)
    "place and denial; no key twice"
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    repeated: int = 0
    "rows that say what an earlier row of the file says"
    without_denial: int = 0
    "records that tell of no denial"
    faulty: int = 0
    "records with a problem"


def check(records: Iterable[Record], known: Known, *, today: date) -> Checked:
    """Check all records. `today` stands in for the day of a decision that has none, to find its policy."""
    checked = Checked()
    seen: dict[tuple[str, str], tuple[str, NewDenial]] = {}
    for record in records:
        checked.notes += record.notes
        denial, problems = _placed(record, known, today=today)
        if denial and not problems:
            key = denial.plan, denial.case_number
            earlier = seen.get(key)
            if earlier is None:
                seen[key] = record.place, denial
                checked.denials.append((record.place, denial))
            elif names := differing(earlier[1], denial):
                problems.append(
                    Problem(record.place, f"has plan and case number of {earlier[0]}, but another {', '.join(names)}")
                )
            else:
                checked.repeated += 1
                checked.notes.append(Problem(record.place, f"says the same as {earlier[0]}; it counts once"))
        elif not problems:
            checked.without_denial += 1
        checked.problems += problems
        checked.faulty += bool(problems)
    return checked


def differing(first: NewDenial, second: NewDenial) -> list[str]:
    """Name the fields in which two denials differ."""
    return [name for name in NewDenial.__slots__ if getattr(first, name) != getattr(second, name)]


def _placed(record: Record, known: Known, *, today: date) -> tuple[NewDenial | None, list[Problem]]:
    """Give a denial its plan, and check plan and director."""
    denial, faults = record.denial, [*record.problems]
    if denial is None:
        return None, faults
    if denial.director_npi and denial.director_npi not in known.directors:
        remedy = f"add the director first, or {WITHOUT_DIRECTOR}"
        faults.append(Problem(record.place, f"director_npi: no director is known by this NPI; {remedy}"))
    try:
        return replace(denial, plan=_plan(denial, known.policies, today=today)), faults
    except NoPolicyError as error:
        return None, [*faults, Problem(record.place, str(error))]


def _plan(denial: NewDenial, policies: Policies, *, today: date) -> str:
    """Return the id of the policy that governs. Raises NoPolicyError with the remedy."""
    plans = sorted(policies.current_by_id)
    listed = ", ".join(plans) or "none; add its file to the folder of policies"
    if denial.plan:
        if denial.plan not in policies.current_by_id:
            raise NoPolicyError(f"plan: there is no such plan{suggestion_of(denial.plan, plans)}; known are: {listed}")
        return denial.plan
    if not denial.line_of_business and len(plans) > 1:
        raise NoPolicyError(f"plan: neither plan nor line of business is named; give --plan with one of: {listed}")
    try:
        return policies.governing(
            decided_on=_decided_on(denial, today), line_of_business=denial.line_of_business, **denial.applies_to
        ).policy.id
    except NoPolicyError as error:
        raise NoPolicyError(f"plan: {error}; or give --plan with one of: {listed}") from None


def suggestion_of(plan: str, plans: Sequence[str]) -> str:
    """Name the plan that was probably meant, whose id is written with dashes."""
    by_word = {known.replace("-", "_"): known for known in plans}
    found = suggestion(plan, by_word)
    return next((found.replace(word, known) for word, known in by_word.items() if f" {word}?" in found), "")


def _decided_on(denial: NewDenial, today: date) -> date:
    text = denial.dates.get("initial_decision")
    return datetime.fromisoformat(text).date() if text else today
