"""May this be asked for, what does it need, and what can it change."""

from datetime import datetime, time

from scheduling.business_time import deadlines, start_at
from scheduling.policy_words import DenialDate, Effect, InformationRule, MoveUp, ReconsiderationConsult, Timing
from scheduling.values import ConsultState, Denial, Request, Rulebook

#: what a decision may come to where it is reconsidered
OUTCOMES = ("upheld", "overturned", "modified")


def refusal(
    rulebook: Rulebook, denial: Denial, request: Request, *, open_request: bool = False, used: int = 0
) -> str | None:
    """Return why the request is refused, the first reason in the order of the policy format; None: it is accepted.

    `open_request`: one for this denial is open. `used`: how many talks were completed or closed as not reached.
    Everything is judged by the moment the request was received. What concerns the talk refuses nothing where none is
    asked for.
    """
    return (
        _wrong_time(rulebook, denial, request)
        or _not_covered(rulebook, denial)
        or _used_up(rulebook, denial, request, open_request, used)
        or _cannot_be_had(rulebook, denial, request)
    )


def is_decided(rulebook: Rulebook, denial: Denial, *, now: datetime) -> bool:
    """Tell whether the plan has decided; a denial that carries no date of its decision counts as decided."""
    decision = denial.dates.get(DenialDate.INITIAL_DECISION)
    if decision is None:
        return True
    zone = rulebook.policy.plan.time_zone
    return (decision if isinstance(decision, datetime) else start_at(decision, time(0), zone)) <= now


def _wrong_time(rulebook: Rulebook, denial: Denial, request: Request) -> str | None:
    timing = rulebook.policy.eligibility.timing
    if timing is Timing.BOTH:
        return None
    decided = is_decided(rulebook, denial, now=request.received)
    if timing is Timing.POST_DENIAL:
        return None if decided else "after_decision_only"
    return "before_decision_only" if decided else None


def _not_covered(rulebook: Rulebook, denial: Denial) -> str | None:
    plan, rules = rulebook.policy.plan, rulebook.policy.eligibility
    if denial.decision not in rules.decisions:
        return "decision_not_covered"
    if denial.setting not in rules.settings:
        return "setting_not_covered"
    if denial.line_of_business and plan.lines_of_business and denial.line_of_business not in plan.lines_of_business:
        return "line_of_business_not_covered"
    if denial.reason in rules.excluded_reasons or (rules.only_reasons and denial.reason not in rules.only_reasons):
        return "reason_excluded"
    return None


def _used_up(rulebook: Rulebook, denial: Denial, request: Request, open_request: bool, used: int) -> str | None:
    rules = rulebook.policy.eligibility
    if denial.appeal_filed and not rules.after_appeal:
        return "appeal_filed"
    if open_request or (request.talk and rules.per_denial and used >= rules.per_denial):
        return "already_requested"
    return None


def _cannot_be_had(rulebook: Rulebook, denial: Denial, request: Request) -> str | None:
    policy = rulebook.policy
    if request.talk and not _may_speak(rulebook, request):
        return "speaker_not_eligible"
    if request.reconsideration and not policy.reconsideration.offered:
        return "reconsideration_not_offered"
    if request.information and policy.clinical_information.rule is InformationRule.REFUSED:
        return "information_refused"
    if request.talk and len(request.windows) < policy.request.min_windows:
        return "too_few_windows"
    known = deadlines(rulebook, denial, received=request.received, complete=complete_at(rulebook, denial, request))
    closes = known.closes if request.talk else known.without_talk().closes
    if closes is not None and request.received >= closes:
        return "window_closed"
    return None


def _may_speak(rulebook: Rulebook, request: Request) -> bool:
    who = rulebook.policy.eligibility
    return (not who.speakers or request.speaker in who.speakers) and (
        not who.relations or request.relation in who.relations
    )


def information_needed(rulebook: Rulebook, denial: Denial, *, reconsideration: bool) -> bool:
    """Tell whether clinical information has to be in first (NC-7, NC-8).

    It is needed where the policy requires it and, whatever it says, for a reconsideration the consult waits for.
    """
    if rulebook.policy.clinical_information.rule is InformationRule.REQUIRED:
        return True
    return reconsideration and waits_for_review(rulebook, denial)


def waits_for_review(rulebook: Rulebook, denial: Denial) -> bool:
    """Tell whether the consult of a reconsideration is held until the nurse decided, or booked after that is due."""
    return rulebook.policy.reconsideration.of(denial).consult is not ReconsiderationConsult.MEANWHILE


def complete_at(rulebook: Rulebook, denial: Denial, request: Request) -> datetime | None:
    """Return when a new request is complete: at once, unless information is needed and not there."""
    missing = information_needed(rulebook, denial, reconsideration=request.reconsideration) and not request.information
    return None if missing else request.received


def outcomes(rulebook: Rulebook, *, reconsideration: bool, talk: bool = True) -> tuple[str, ...]:
    """Return the determinations that this request may end with (NC-2, NC-3); a plan error always.

    What a talk can change is the policy's; a reconsideration without a call (`talk` False) always decides.
    """
    effect = rulebook.policy.consult.effect
    decides = (
        not talk or effect is Effect.MAY_OVERTURN or (effect is Effect.ONLY_WITH_RECONSIDERATION and reconsideration)
    )
    return (*(OUTCOMES if decides else ("discussed",)), "plan_error")


def is_ready(rulebook: Rulebook, state: ConsultState) -> bool:
    """Tell whether nothing that a person has to do first keeps the request from being booked."""
    return state.talk and state.complete is not None and not is_held_for_review(rulebook, state)


def is_held_for_review(rulebook: Rulebook, state: ConsultState) -> bool:
    """Tell whether the consult has to wait for the nurse's decision (`after_review`)."""
    rule = rulebook.policy.reconsideration.of(state.denial).consult
    decided = state.review is not None and state.review.decision is not None
    return state.reconsideration and rule is ReconsiderationConsult.AFTER_REVIEW and not decided


def not_before(rulebook: Rulebook, state: ConsultState) -> datetime | None:
    """Return the review's due time, before which no opening is taken until the nurse decided (`booked_after_due`)."""
    if not state.reconsideration or state.review is None or state.review.decision is not None:
        return None
    rule = rulebook.policy.reconsideration.of(state.denial).consult
    return state.review.due if rule is ReconsiderationConsult.BOOKED_AFTER_DUE else None


def may_be_moved_up(state: ConsultState, rulebook: Rulebook) -> bool:
    """Tell whether a booked consult may be moved to an earlier time: the policy lets it, and the office agreed."""
    return state.move_up and rulebook.policy.queue.move_up is MoveUp.IF_AGREED
