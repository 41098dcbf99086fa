"""A plan's rules, as data. Each class is a table of the policy file (format 1), each field a key of it.

The classes are the format: `policy_reader` checks a file against them and nothing else knows the keys.
"""
# ruff: noqa: RUF009 -- `key` and `must` return fields, which is what dataclasses want

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.policy_after import After, Appeals, FollowUp, Letters
from scheduling.policy_parts import MINUTES_A_DAY, Contradictions, Deadline, key, must
from scheduling.policy_words import (
    AfterReschedule,
    Assignment,
    BriefRule,
    Effect,
    Fallback,
    InformationRule,
    MoveUp,
    PlaceFrom,
    Profession,
    ReconsiderationConsult,
    Relation,
    SpecialtyMatch,
    Timing,
    Weekday,
)
from scheduling.values import Decision, Denial, Hours, Interval, Setting, Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliesTo:
    """The denials a file is for, beyond its lines of business."""

    states: tuple[str, ...] = key((), "states; []: all")
    services: tuple[str, ...] = key((), "services; []: all")
    places: tuple[str, ...] = key((), "places of service; []: all")


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessHours:
    """When the desk is staffed. `to` is None at 24:00."""

    from_: time = time(8)
    to: time | None = time(17)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Whose rules these are, and how the plan counts days."""

    time_zone: ZoneInfo = must("the zone in which the plan counts days")
    lines_of_business: tuple[str, ...] = key((), "free words; []: all")
    applies_to: AppliesTo = key(AppliesTo(), "a denial that names one must match")
    business_days: tuple[Weekday, ...] = key(tuple(Weekday)[:5], "the days of the desk")
    business_hours: BusinessHours = key(BusinessHours(), "of the desk; they end duties")
    holidays: str | tuple[date, ...] = key("US", "code of a holiday calendar, or a list of dates")

    def contradictions(self) -> Contradictions:
        """A plan that never works cannot keep a promise in business days."""
        if not self.business_days:
            yield "business_days", f"is empty; at least one of {', '.join(Weekday)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """What may be asked for, and by whom."""

    decisions: tuple[Decision, ...] = key(tuple(Decision), "decisions that may be talked about")
    settings: tuple[Setting, ...] = key(tuple(Setting), "settings that may be talked about")
    timing: Timing = key(Timing.BOTH, "before or after the decision")
    speakers: tuple[Profession, ...] = key((), "who may talk, by profession; []: any")
    relations: tuple[Relation, ...] = key((), "who may talk, by relation; []: any")
    after_appeal: bool = key(True, "may a consult be asked for, and go on, once an appeal is filed")
    per_denial: int = key(0, "consults for one denial; 0: no limit", least=0, most=1000)
    excluded_reasons: tuple[str, ...] = key((), "reasons of a denial that are not talked about")
    only_reasons: tuple[str, ...] = key((), "the only reasons that are; []: any")

    def contradictions(self) -> Contradictions:
        """Name what nobody could ever meet."""
        for name, words in (("decisions", Decision), ("settings", Setting)):
            if not getattr(self, name):
                yield name, f"is empty, so nothing could be asked for; at least one of {', '.join(words)}"
        for reason in self.only_reasons:
            if reason in self.excluded_reasons:
                yield "only_reasons", f"{reason!r} is among excluded_reasons too; it can be in one of them"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRules:
    """How the office asks."""

    deadlines: tuple[Deadline, ...] = key((), "until when the office may ask")
    min_windows: int = key(0, "windows the office must offer; 0: any time is allowed", least=0, most=100)
    how: str = key("", "shown to the office")
    attest: tuple[str, ...] = key((), "sentences that must be ticked")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultRules:
    """The talk itself."""

    occur_by: tuple[Deadline, ...] = key((), "until when the office may have its talk")
    sla: tuple[Deadline, ...] = key((), "how fast the plan owes it after the request")
    target: tuple[Deadline, ...] = key((), "the plan's own aim")
    duration_minutes: int = key(30, "length of a consult", least=1, most=MINUTES_A_DAY)
    buffer_minutes: int = key(0, "kept free after each consult", least=0, most=MINUTES_A_DAY)
    start_every_minutes: int = key(15, "consults start on multiples of it past the hour; divides 60", least=1, most=60)
    notice_minutes: int = key(60, "no consult starts sooner than this from now", least=0, most=60 * MINUTES_A_DAY)
    hours: Hours = key(Hours(), "openings only inside, in the plan's zone; {}: any")
    effect: Effect = key(Effect.MAY_OVERTURN, "what a consult can change")

    @property
    def duration(self) -> timedelta:
        """The length of a consult."""
        return timedelta(minutes=self.duration_minutes)

    @property
    def buffer(self) -> timedelta:
        """What is kept free after each consult."""
        return timedelta(minutes=self.buffer_minutes)

    @property
    def notice(self) -> timedelta:
        """No consult starts sooner than this from now."""
        return timedelta(minutes=self.notice_minutes)

    def contradictions(self) -> Contradictions:
        """The grid of starts has to fit the hour."""
        if self.start_every_minutes and 60 % self.start_every_minutes:
            allowed = ", ".join(str(n) for n in range(1, 61) if 60 % n == 0)
            yield "start_every_minutes", f"{self.start_every_minutes} does not divide 60; one of {allowed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRules:
    """The order of the line."""

    place_from: PlaceFrom = key(PlaceFrom.REQUEST_RECEIVED, "what gives a request its place")
    after_office_reschedule: AfterReschedule = key(AfterReschedule.KEEPS_PLACE, "place after the office gave up a time")
    urgent_first: bool = key(False, "true: emergent before elective")
    move_up: MoveUp = key(MoveUp.IF_AGREED, "whether a booked consult may be moved to an earlier time")
    move_up_notice_minutes: int = key(240, "nobody is moved to a start nearer than this", least=0, most=86400)

    @property
    def move_up_notice(self) -> timedelta:
        """Nobody is moved to a start nearer than this."""
        return timedelta(minutes=self.move_up_notice_minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectorRules:
    """With whom the consult is."""

    assignment: Assignment = key(Assignment.SAME, "the denying director, or any who covers the line of business")
    fallback: Fallback = key(Fallback.NONE, "where the denying director has no time before a deadline")
    specialty: SpecialtyMatch = key(SpecialtyMatch.NONE, "the requester's among the director's")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicalInformation:
    """What clinical information means for a request."""

    rule: InformationRule = key(InformationRule.OPTIONAL, "required, optional, refused, or it makes an appeal of it")
    review: BriefRule = key(BriefRule.NONE, "brief: UM staff prepare the director's brief; never a gate")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergentReconsideration:
    """The nurse's decision on an emergent case."""

    deadline: Deadline | None = key(None, "when the nurse's decision is due")
    consult: ReconsiderationConsult = key(ReconsiderationConsult.MEANWHILE, "how the consult goes with it")


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectiveReconsideration:
    """The nurse's decision on an elective case."""

    deadline: Deadline | None = key(None, "when the nurse's decision is due")
    consult: ReconsiderationConsult = key(ReconsiderationConsult.AFTER_REVIEW, "how the consult goes with it")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconsiderationRules:
    """Whether the office may ask that the decision be changed, and how a nurse looks at it first."""

    offered: bool = key(False, "may it be asked for")
    emergent: EmergentReconsideration = key(EmergentReconsideration(), "for emergent cases")
    elective: ElectiveReconsideration = key(ElectiveReconsideration(), "for elective cases")

    def of(self, denial: Denial) -> EmergentReconsideration | ElectiveReconsideration:
        """Return the rules for a case of this urgency."""
        return self.emergent if denial.urgency is Urgency.EMERGENT else self.elective


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """When both sides are reminded of a booked talk."""

    minutes_before: tuple[int, ...] = key(
        (MINUTES_A_DAY, 60),
        "minutes before the talk, moved into the reader's working hours; []: never",
        least=5,
        most=10080,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How the director tries to reach the speaker."""

    attempts: int = key(2, "calls for one booked time", least=1, most=100)
    minutes_between: int = key(15, "shown to the director", least=0, most=MINUTES_A_DAY)
    missed_consults: int = key(2, "booked times the office may miss before it is closed", least=1, most=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """Who approved the file, and when."""

    by: str = must("who approved the file")
    on: date = must("the day of the approval")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleDenial:
    """The denial of a worked example, and which of its keys are given."""

    facts: Denial
    given: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleRequest:
    """The request of a worked example."""

    received: datetime = must("when it was received")
    complete: datetime | None = key(None, "when the information was there; left out: as received")
    speaker: Profession = key(Profession.PHYSICIAN, "the speaker's profession")
    relation: Relation = key(Relation.TREATING, "what the speaker is to the case")
    windows: tuple[Interval, ...] = key((), "when the speaker can talk; []: any time")
    reconsideration: bool = key(False, "a reconsideration is asked for")
    information: bool = key(False, "clinical information comes with it")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleExpect:
    """What must come of a worked example; what is left out is not checked."""

    accepted: bool | None = key(None, "is the request accepted")
    reason: str | None = key(None, "why it is refused")
    request_by: datetime | None = key(None, "until when the office may ask")
    occur_by: datetime | None = key(None, "until when the office may have its talk")
    sla: datetime | None = key(None, "until when the plan owes it")
    target: datetime | None = key(None, "the plan's own aim")
    review_due: datetime | None = key(None, "when a nurse's decision is due")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A worked example of a policy: the tests and `peerline policies check` run each."""

    title: str = must("what it shows")
    denial: ExampleDenial = must("a denial as in a scenario; the first decision and setting allowed, elective")
    request: ExampleRequest = must("the request")
    expect: ExampleExpect = must("what must come of it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A plan's rules."""

    id: str = must("short and stable: the name of the file", word=True)
    name: str = must("as people know it")
    source: str = key("", "where the rules are published")
    effective: date | None = key(None, "from when; left out: always")
    approved: Approved | None = key(None, "left out: shown as not approved")
    plan: Plan = must("whose rules these are")
    eligibility: Eligibility = key(Eligibility(), "what may be asked for, and by whom")
    request: RequestRules = key(RequestRules(), "how the office asks")
    consult: ConsultRules = key(ConsultRules(), "the talk itself")
    queue: QueueRules = key(QueueRules(), "the order of the line")
    director: DirectorRules = key(DirectorRules(), "with whom the consult is")
    clinical_information: ClinicalInformation = key(ClinicalInformation(), "what information means for a request")
    reconsideration: ReconsiderationRules = key(ReconsiderationRules(), "may the decision be changed")
    contact: Contact = key(Contact(), "how the speaker is reached")
    reminders: Reminders = key(Reminders(), "when both sides are reminded of a booked talk")
    after: After = key(After(), "words for the notice")
    appeals: Appeals = key(Appeals(), "where a decision that stands can be disputed or appealed, and until when")
    follow_up: FollowUp = key(FollowUp(), "what is done after a decision was changed, and how fast")
    letters: Letters = key(Letters(), "what the plan's letters carry")
    examples: tuple[Example, ...] = key((), "worked examples", name="example")
    #: SHA-256 in hex of what the file says; not a key of the file
    hash: str = field(default="", metadata={"computed": True})

    @property
    def key(self) -> str:
        """Name the file to the byte: what a consult keeps of the policy that decided it."""
        return f"{self.id}@{self.hash[:12]}"
