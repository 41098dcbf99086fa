"""The fields of letters: their names, what they hold, and what to do where one that is needed is not known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Value = str | Sequence[str]
Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: what it holds, for people; and how it becomes known."""

    label: str
    remedy: str = ""
    column: str = ""
    "the column of the denial that a coordinator may fill in for it"


_DATE = "Enter it on the page of the case, under “A date becomes known”."
_DENIAL = "It comes with the denial: have the plan's system send it again, or write it down here."
_LAST_DAY = (
    "Enter the date it counts from under “A date becomes known” on the page of the case, or say it in the plan's"
    " policy file, {key}.deadline or {key}.until."
)
_POLICY = "Add it to the plan's policy file, {key}, and restart the processes that read it."

FIELDS: Mapping[str, Field] = {
    "language": Field(label="Language tag", remedy=_POLICY.format(key="letters.language")),
    "plan_name": Field(label="Name of the plan", remedy=_POLICY.format(key="name")),
    "letterhead": Field(label="Lines under the plan's name", remedy=_POLICY.format(key="letters.letterhead")),
    "letter_date": Field(label="Date of the letter"),
    "case_number": Field(label="Case number"),
    "reference": Field(label="Reference of the request"),
    "pcr_number": Field(label="Number of the reconsideration"),
    "occasion": Field(label="What the decision was looked at again in: the consult, or reconsideration without a call"),
    "office_contact": Field(label="Contact at the office"),
    "office_reference": Field(label="The office's own reference"),
    "speaker_name": Field(label="Physician on the call"),
    "requester_name": Field(
        label="Physician who asked for the service", remedy="It comes with the denial.", column="requester_name"
    ),
    "member_name": Field(label="Member's name"),
    "member_id": Field(label="Member ID"),
    "member_born": Field(label="Member's birth date"),
    "service": Field(label="Service"),
    "decision": Field(label="What was decided: denied, delayed or modified"),
    "decided_on": Field(label="Day of the decision", remedy=_DATE),
    "told": Field(label="How and when the decision was told"),
    "reasons": Field(label="Reason of the decision", remedy=_DENIAL, column="reason_text"),
    "criteria": Field(label="Criteria used", remedy=_DENIAL, column="criteria"),
    "clinical_reasons": Field(label="Clinical reasons", remedy=_DENIAL, column="clinical_reasons"),
    "director_name": Field(
        label="Medical director who decided", remedy="Name the director on the page of the case (BSP-1)."
    ),
    "director_phone": Field(
        label="Telephone of the medical director who decided",
        remedy="Name the director on the page of the case, or add the number to the director's record (BSP-1).",
    ),
    "talked_with": Field(label="Medical director who talked"),
    "talked_on": Field(label="Moment of the talk"),
    "outcome_note": Field(label="What decided it, in the director's words"),
    "after": Field(label="The policy's own words about this outcome", remedy=_POLICY.format(key="after")),
    "tries": Field(label="Calls that reached nobody"),
    "window_end": Field(label="Last day for a consult"),
    "member_phone": Field(label="Whom a member can call", remedy=_POLICY.format(key="letters.member_phone")),
    **{
        f"{who}_appeal_{part}": Field(label=f"{label} of the {who}'s way to appeal", remedy=remedy)
        for who in ("provider", "member")
        for part, label, remedy in (
            ("name", "Name", _POLICY.format(key=f"appeals.{who}.name")),
            ("address", "Address", _POLICY.format(key=f"appeals.{who}.address")),
            ("contact", "Telephone and fax", _POLICY.format(key=f"appeals.{who}.phone")),
            ("until", "Last day", _LAST_DAY.format(key=f"appeals.{who}")),
        )
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A field that a letter needs and that is not known."""

    name: str

    @property
    def field(self) -> Field:
        """What is missing."""
        return FIELDS[self.name]

    def __str__(self) -> str:
        return f"{self.field.label} is not known. {self.field.remedy}".strip()


def complete(values: Values) -> dict[str, Value]:
    """Return values with every field in it; what is not known is empty."""
    unknown = values.keys() - FIELDS.keys()
    assert not unknown, f"no fields: {', '.join(sorted(unknown))}"
    return {name: values.get(name, "") for name in FIELDS}
