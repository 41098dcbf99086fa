"""What the rules say in one word, as an office reads it: refusals with the next step, reasons for waiting, steps."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a consult cannot be asked for, and what can still be done."""

    title: str
    because: str
    instead: str


_APPEAL = "You can appeal. The last day to appeal is on this page, and this consult does not move it."
_CALL = (
    "If you think this is wrong, call the plan's desk: a coordinator can take the request all the same, with a reason."
)

REFUSALS: Mapping[str, Refusal] = {
    "after_decision_only": Refusal(
        title="The plan has not decided yet",
        because="This plan offers the talk after its decision, and this case is not decided.",
        instead="Come back when you have the decision. Until then send what is missing for it.",
    ),
    "before_decision_only": Refusal(
        title="The plan has already decided",
        because="This plan offers the talk only before its decision.",
        instead=_APPEAL,
    ),
    "decision_not_covered": Refusal(
        title="Not for this kind of decision",
        because="This plan does not offer the talk for this kind of decision.",
        instead=f"{_APPEAL} {_CALL}",
    ),
    "setting_not_covered": Refusal(
        title="Not for this kind of review",
        because="This plan does not offer the talk for a review of this kind, seen from when the care is given.",
        instead=f"{_APPEAL} {_CALL}",
    ),
    "line_of_business_not_covered": Refusal(
        title="Not for this member's plan",
        because="The talk is not part of this member's line of business.",
        instead=f"{_APPEAL} {_CALL}",
    ),
    "reason_excluded": Refusal(
        title="Not for this reason of denial",
        because="The denial rests on a reason that a talk between physicians cannot settle.",
        instead=f"{_APPEAL} {_CALL}",
    ),
    "appeal_filed": Refusal(
        title="An appeal has been filed",
        because="Once an appeal is filed this plan decides there, and no longer in a talk.",
        instead="Send what speaks for the request to the appeal.",
    ),
    "already_requested": Refusal(
        title="Already asked for",
        because="There is a request for this case, or the talks that this plan offers for one denial are used up.",
        instead="Follow the request that there is. Its times can be changed, and information can be added.",
    ),
    "speaker_not_eligible": Refusal(
        title="Somebody else has to talk",
        because="This plan talks with other professions, or with somebody who stands in another relation to the case.",
        instead="Choose another physician on the call, then send the request again.",
    ),
    "reconsideration_not_offered": Refusal(
        title="No reconsideration at this plan",
        because="This plan does not offer reconsideration beside the talk.",
        instead="Ask for the talk alone, or appeal.",
    ),
    "information_refused": Refusal(
        title="No further information at this point",
        because="This plan takes no further clinical information for a consult.",
        instead=f"Send it with an appeal. {_APPEAL}",
    ),
    "too_few_windows": Refusal(
        title="More times are needed",
        because="This plan asks for more times at which the physician can talk.",
        instead="Add times, then send the request again.",
    ),
    "window_closed": Refusal(
        title="The time for a consult has passed",
        because="The last day on which a consult could be asked for, or take place, is over.",
        instead=f"{_APPEAL} {_CALL}",
    ),
    "outcome_not_available": Refusal(
        title="Not possible for this case",
        because="This outcome is not available for this case.",
        instead=_CALL,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A heading, and the sentence that explains it."""

    title: str
    more: str

    def __str__(self) -> str:
        return f"{self.title}. {self.more}"


#: what a request waits for, and for whom
WAITING: Mapping[str, Said] = {
    "awaiting_information": Said(
        title="Waiting for your information", more="A time is looked for as soon as the clinical information is in."
    ),
    "awaiting_review": Said(
        title="Waiting for the nurse", more="A time is looked for as soon as the review is decided."
    ),
    "information_without_call": Said(
        title="Waiting for your information", more="A nurse reviews it as soon as the clinical information is in."
    ),
    "without_call": Said(
        title="Waiting for the nurse",
        more="If the nurse does not approve it, a medical director decides, without a call. You are told either way.",
    ),
    "awaiting_decision": Said(
        title="Waiting for the medical director",
        more="The nurse could not approve it. A medical director decides it now, without a call, and you are told.",
    ),
    "waiting": Said(title="A time is being looked for", more="Usually this takes seconds."),
    "no_opening": Said(
        title="No time found yet",
        more="The medical director has no available time. You keep your place and get the first time that appears.",
    ),
    "no_opening_in_windows": Said(
        title="No time found yet",
        more="There is none inside the times you gave. You keep your place. More times make it likelier.",
    ),
    "no_director": Said(
        title="Waiting for the plan",
        more="The medical director who decided is not known yet. A coordinator is finding out.",
    ),
}

CLOSED: Mapping[str, Said] = {
    "approved_by_nurse": Said(title="Approved", more="A nurse approved the request on review, so no talk is needed."),
    "withdrawn_by_office": Said(title="Withdrawn", more="Your office withdrew the request."),
    "appeal_filed": Said(title="Closed", more="An appeal was filed, and goes its own way from here."),
    "converted_to_appeal": Said(
        title="Closed", more="This plan handles new clinical information as an appeal, and goes on with it there."
    ),
    "upheld": Said(title="The decision stands", more="The medical director upheld it after the talk."),
    "overturned": Said(title="Approved", more="The decision was overturned after the talk."),
    "modified": Said(title="Changed in part", more="The decision was changed in part after the talk."),
    "discussed": Said(
        title="Discussed", more="The decision was explained. The talk was no reconsideration and did not change it."
    ),
    "plan_error": Said(title="An error of the plan", more="The plan made an error and puts it right."),
    "not_reached": Said(title="Closed", more="Nobody could be reached at the booked times."),
}
CLOSED_OTHERWISE = Said(title="Closed", more="The request is closed.")

#: the same, where no talk was asked for
CLOSED_WITHOUT_CALL: Mapping[str, Said] = {
    "approved_by_nurse": Said(title="Approved", more="A nurse approved the request on review."),
    "upheld": Said(title="The decision stands", more="A medical director reconsidered it and upheld it."),
    "overturned": Said(title="Approved", more="A medical director reconsidered the decision and overturned it."),
    "modified": Said(
        title="Changed in part", more="A medical director reconsidered the decision and changed it in part."
    ),
}

#: how a request ends when nothing is left to ask for
SETTLED = ("approved_by_nurse", "overturned")

RETURNED: Mapping[str, str] = {
    "director_off": "the medical director is away at that time",
    "director_declined": "the medical director is not available at that time after all",
    "director_absent": "the medical director did not call",
    "office_absent": "nobody could be reached",
    "office_rescheduled": "you gave other times",
    "office_declined_peer": "you prefer to wait for the medical director who decided",
    "reassigned": "another medical director takes the talk",
}

ESCALATED: Mapping[str, str] = {
    "after_deadline": "The earliest time lies after the deadline. The plan's desk has been alerted.",
    "after_target": "The earliest time lies after the plan's own aim. The plan's desk has been alerted.",
    "no_opening_before_deadline": "No time before the deadline yet. The plan's desk has been alerted.",
    "review_overdue": "The review is overdue. The plan's desk has been alerted.",
    "no_director": "The medical director who decided is not known yet. The plan's desk has been asked.",
    "date_unknown": "A date that a deadline counts from is missing. The plan's desk has been asked.",
}

EFFECTS: Mapping[str, tuple[str, str]] = {
    "may_overturn": (
        "Yes. The medical director can change the decision in this call.",
        "After the call the decision is upheld, overturned or changed in part.",
    ),
    "only_with_reconsideration": (
        "Only if you also ask for reconsideration.",
        "The call alone explains the decision. With reconsideration, with a call or without, a nurse or director can.",
    ),
    "informational": (
        "No. The call explains the decision; it cannot change it.",
        "If you want the decision changed, appeal.",
    ),
}

PROFESSIONS: Mapping[str, str] = {
    "physician": "Physician",
    "nurse_practitioner": "Nurse practitioner",
    "physician_assistant": "Physician assistant",
    "registered_nurse": "Registered nurse",
    "pharmacist": "Pharmacist",
    "dentist": "Dentist",
    "psychologist": "Psychologist",
    "other_doctoral": "Other doctoral-level clinician",
}
RELATIONS: Mapping[str, str] = {
    "treating": "Treating",
    "ordering": "Ordering",
    "servicing": "Servicing",
    "covering": "Covering for the treating physician",
    "attending": "Attending",
    "prescriber": "Prescriber",
    "physician_advisor": "Physician advisor",
    "designee": "Designee of the treating physician",
}
DECISIONS: Mapping[str, str] = {"deny": "Denied", "delay": "Delayed", "modify": "Changed"}
SETTINGS: Mapping[str, str] = {
    "pre_service": "before the service",
    "concurrent": "during the stay or treatment",
    "retrospective": "after the service",
}
URGENCIES: Mapping[str, str] = {"emergent": "Emergent", "elective": "Elective"}


def closed_words(reason: str | None, *, talk: bool) -> Said:
    """Say what a request has come to; `talk`: one was asked for."""
    said = None if talk else CLOSED_WITHOUT_CALL.get(reason or "")
    return said or CLOSED.get(reason or "", CLOSED_OTHERWISE)


def refusal(reason: str) -> Refusal:
    """Find the words for a refusal."""
    return REFUSALS[reason]
