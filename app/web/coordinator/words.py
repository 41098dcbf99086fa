"""What the rules say in one word, as the plan's desk reads it: tasks and what solves them, the policy's keys."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.models import AttentionReason
from app.web.office.words import Refusal, Said


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDo:
    """A task: what is wrong, what settles it, and which pages of the case help."""

    title: str
    remedy: str
    actions: tuple[tuple[str, str], ...] = ()
    "(label, endpoint of a page about the case)"
    about_director: tuple[tuple[str, str], ...] = ()
    "(label, endpoint of a page about the director)"
    after_the_end: bool = False
    "the pages help when the request is closed, too"


_TIMES = ("Take down other times", "coordinator.times")
_REASSIGN = ("Give to another director", "coordinator.reassigning")
_CONNECT = ("Connect now", "coordinator.connecting")
_NUMBERS = ("Change numbers and addresses", "coordinator.numbers")
_FOLLOWS = ("What follows", "coordinator.what_follows_of")

TASKS: Mapping[AttentionReason, ToDo] = {
    AttentionReason.NO_DIRECTOR: ToDo(
        title="No director known",
        remedy="Name the medical director who decided. Until then the request stands in nobody's line.",
        actions=(("Name the director", "coordinator.naming"),),
    ),
    AttentionReason.DATE_UNKNOWN: ToDo(
        title="A date is missing",
        remedy="A deadline counts from a date that the denial does not carry. Enter it when you know it.",
        actions=(("Enter the date", "coordinator.dating"),),
    ),
    AttentionReason.NO_OPENING_BEFORE_DEADLINE: ToDo(
        title="No time before the deadline",
        remedy="Call the office for more times, or give the request to a director who has time.",
        actions=(_TIMES, _REASSIGN, _CONNECT),
    ),
    AttentionReason.AFTER_DEADLINE: ToDo(
        title="Booked after the deadline",
        remedy="Call the office for other times, or give the request to a director who has time sooner.",
        actions=(_TIMES, _REASSIGN, _CONNECT),
    ),
    AttentionReason.AFTER_TARGET: ToDo(
        title="Booked after the plan's aim",
        remedy="Nobody's right is touched. Other times, or another director, may be sooner.",
        actions=(_TIMES, _REASSIGN, _CONNECT),
    ),
    AttentionReason.REVIEW_OVERDUE: ToDo(
        title="Nurse's review overdue",
        remedy="Ask the nurses to decide it now. The consult goes on as the policy says.",
    ),
    AttentionReason.REVIEW_NEAR: ToDo(
        title="Review due soon, not decided",
        remedy="The last hour of the desk before it is due has begun. Ask whoever reviews it to decide it now.",
    ),
    AttentionReason.TELL_BY_TELEPHONE: ToDo(
        title="Tell by telephone",
        remedy="A mail may be read too late, or cannot be sent. Call, then write down whom you reached.",
    ),
    AttentionReason.UPDATE_THE_CASE: ToDo(
        title="Update the case",
        remedy="The decision was changed. Work off what follows from it; this settles itself with the last item.",
        actions=(_FOLLOWS,),
        after_the_end=True,
    ),
    AttentionReason.FOLLOW_UP_DUE: ToDo(
        title="What follows is due soon",
        remedy="Something that follows from a changed decision is due within hours. Do it, then tick it off.",
        actions=(_FOLLOWS,),
        after_the_end=True,
    ),
    AttentionReason.LETTER_INCOMPLETE: ToDo(
        title="A letter is not complete",
        remedy="Something that the letter has to say is not known, so none was made. Complete it.",
        after_the_end=True,
    ),
    AttentionReason.REPLY_UNTRUSTED: ToDo(
        title="An answer that cannot be trusted",
        remedy="It may not be from whom it names, so nothing was changed. Call and ask, then take it or leave it.",
        actions=(_TIMES, _REASSIGN),
    ),
    AttentionReason.TIME_PROPOSED: ToDo(
        title="Another time is proposed",
        remedy="The booked time stands until you act. If the other side agrees, take the time down; if not, call back.",
        actions=(_TIMES,),
    ),
    AttentionReason.MAIL_BOUNCED: ToDo(
        title="A mail came back",
        remedy="Tell by telephone what it said, and ask for an address that works.",
        actions=(_NUMBERS,),
    ),
    AttentionReason.DECLINED_BY_MAIL: ToDo(
        title="Declined by mail",
        remedy="The booked time stands until you act. Call, then take other times down or find another director.",
        actions=(_TIMES, _REASSIGN, ("Withdraw the request", "coordinator.withdrawing")),
    ),
    AttentionReason.MAIL_TO_READ: ToDo(
        title="Mail to read",
        remedy="Somebody wrote to the service's mailbox. Nothing is answered by itself: read it and call.",
    ),
    AttentionReason.CALENDAR_CONFLICT: ToDo(
        title="Booked over something else",
        remedy="The director's own calendar has something then. The call stands until you act: ask the director.",
        actions=(_REASSIGN, _TIMES),
        about_director=(("Take the director out", "coordinator.out"),),
    ),
    AttentionReason.DIRECTOR_LEFT: ToDo(
        title="The director has left",
        remedy="Find another director who may take it, and say why.",
        actions=(_REASSIGN,),
    ),
    AttentionReason.DEADLINE_NEAR: ToDo(
        title="A deadline is at risk",
        remedy="It comes near, and there is no time before it. Hurry on what it waits for, or find another way.",
        actions=(_TIMES, _REASSIGN, _CONNECT),
    ),
    AttentionReason.DOCUMENT_INFECTED: ToDo(
        title="A document was refused by the virus scanner",
        remedy="The office believes that it is there. Call, and ask for it once more from a clean machine or by fax.",
        actions=(("Documents", "coordinator.documents"),),
    ),
    AttentionReason.DOCUMENT_WITHDRAWN: ToDo(
        title="A document about another patient",
        remedy="It was taken out of view. Report it as your plan's privacy rules ask, then write down to whom.",
        actions=(("Documents", "coordinator.documents"),),
    ),
}

#: what helps where a deadline comes near, by what the request waits for
BY_WAITING: Mapping[str, tuple[tuple[str, str], ...]] = {
    "awaiting_information": (
        ("Take down the information", "coordinator.informing"),
        ("Go on without it", "coordinator.waiving"),
    ),
    "no_director": (("Name the director", "coordinator.naming"),),
    "awaiting_review": (),
}

#: why a director cannot take a consult that is not his own, by the word of the rules
CANNOT: Mapping[str, str] = {
    "inactive": "Takes no consults",
    "line_of_business": "Does not take this line of business",
    "licence_state": "Has no licence in this state",
    "specialty": "Does not have the specialty that the policy asks for",
}

CAUSES: Mapping[str, str] = {
    "plan": "counts against the plan",
    "unavoidable": "could not be avoided",
    "office_choice": "the office chose to wait",
    "office_windows": "the office's times leave no room",
}

WAITING: Mapping[str, Said] = {
    "awaiting_information": Said(
        title="Waits for clinical information", more="From the office; you can take it down by telephone."
    ),
    "awaiting_review": Said(title="Waits for the nurse", more="A time is looked for once the review is decided."),
    "information_without_call": Said(
        title="Waits for clinical information", more="A nurse reviews it then; you can take it down by telephone."
    ),
    "without_call": Said(
        title="Waits for the nurse", more="No talk is asked for. What the nurse does not approve a director decides."
    ),
    "awaiting_decision": Said(
        title="Waits for the director", more="The nurse did not approve it; the director decides without a call."
    ),
    "waiting": Said(title="A time is being looked for", more="Usually this takes seconds."),
    "no_opening": Said(
        title="No time found", more="The director has no opening. The request keeps its place and gets the first one."
    ),
    "no_opening_in_windows": Said(
        title="No time found", more="The director has none inside the office's times. More times make it likelier."
    ),
    "no_director": Said(title="No director known", more="Name the medical director who decided."),
}


def for_the_caller(refusal: Refusal) -> str:
    """Say what an office can still do, without the advice to call the desk: it is on the line."""
    return refusal.instead.partition("If you think this is wrong")[0].strip()


#: the key of the policy file that a refusal rests on
KEYS: Mapping[str, str] = {
    "after_decision_only": "eligibility.timing",
    "before_decision_only": "eligibility.timing",
    "decision_not_covered": "eligibility.decisions",
    "setting_not_covered": "eligibility.settings",
    "line_of_business_not_covered": "plan.lines_of_business",
    "reason_excluded": "eligibility.excluded_reasons, eligibility.only_reasons",
    "appeal_filed": "eligibility.after_appeal",
    "already_requested": "eligibility.per_denial",
    "speaker_not_eligible": "eligibility.speakers, eligibility.relations",
    "reconsideration_not_offered": "reconsideration.offered",
    "information_refused": "clinical_information.rule",
    "too_few_windows": "request.min_windows",
    "window_closed": "request.deadlines, consult.occur_by",
    "outcome_not_available": "consult.effect",
}

CHANNELS: Mapping[str, str] = {
    "online": "online",
    "phone": "by telephone",
    "voicemail": "by voicemail",
    "fax": "by fax",
}

OUTCOMES: Mapping[str, str] = {
    "upheld": "Upheld: the denial stands",
    "overturned": "Overturned: the request is approved",
    "modified": "Changed in part",
    "discussed": "Discussed: the rationale was explained",
    "plan_error": "An error of the plan, to be corrected",
}

#: the dates that a denial may carry, as the desk says them
DATES: Mapping[str, str] = {
    "initial_decision": "Initial decision",
    "letter": "Letter",
    "verbal_notice": "Told by telephone or fax",
    "written_notice": "Told in writing",
    "discharge": "Discharge",
    "service": "Service",
    "authorization_received": "Authorization request received",
    "decision_due": "Decision due",
    "notice_deadline": "Last day that the notice names",
    "appeal_deadline": "Last day to appeal",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One item of what follows a changed decision, and what proves it."""

    title: str
    todo: str
    proof: str
    hint: str


#: what follows a decision that was changed (BSP-7), by `FollowUpItem`
FOLLOW_UPS: Mapping[str, Step] = {
    "authorization_changed": Step(
        title="Authorization changed",
        todo="Change the authorization in the plan's own system.",
        proof="Number of the authorization",
        hint="As the plan's system gave it back.",
    ),
    "provider_told": Step(
        title="Provider told",
        todo="Tell the office that the decision was changed. A mail that was sent ticks this off by itself.",
        proof="To whom, and at which number or address",
        hint="For example: Pat Doe, 984-555-0140.",
    ),
    "member_notice": Step(
        title="Member's notice sent",
        todo="Send the member's notice.",
        proof="Which notice, and its number in the plan's system",
        hint="No name, no address, nothing about the patient.",
    ),
    "appeals_told": Step(
        title="Appeals told",
        todo="Tell Appeals and Grievances that the decision was changed, so that no appeal goes on about it.",
        proof="Whom you told, and how",
        hint="Also where no appeal is pending: who confirmed that.",
    ),
}

#: how somebody can be told
HOW_TOLD: Mapping[str, str] = {
    "phone": "By telephone",
    "fax": "By fax",
    "post": "By post",
    "portal": "In the plan's portal",
    "in_person": "In person",
}
