"""What a policy says that cannot work as it is written: told, never forbidden, and told only where it is certain."""

from collections.abc import Iterator
from datetime import timedelta

from scheduling.business_time import ONE_DAY
from scheduling.policy import ElectiveReconsideration, EmergentReconsideration, Policy
from scheduling.policy_examples import denial_of
from scheduling.policy_parts import Deadline
from scheduling.policy_words import (
    Anchor,
    Assignment,
    Effect,
    Fallback,
    InformationRule,
    ReconsiderationConsult,
    Timing,
    Unit,
)
from scheduling.reading import minutes_of
from scheduling.values import Urgency

#: (key, why)
Warnings = Iterator[tuple[str, str]]

_OF_THE_REQUEST = {Anchor.REQUEST_RECEIVED, Anchor.REQUEST_COMPLETE}
_DAYS = (Unit.CALENDAR_DAYS, Unit.BUSINESS_DAYS)
#: how much longer than 24 hours each a span of days can be because the clocks change
_CLOCKS_CHANGE = timedelta(hours=2)
_EXPECTED = {
    "request.deadlines": "request_by",
    "consult.occur_by": "occur_by",
    "consult.sla": "sla",
    "consult.target": "target",
}


def warnings(policy: Policy) -> list[str]:
    """Return a line for each: its key and why."""
    found = [
        *_never_opens(policy),
        *_never_reviewed(policy),
        *_asking(policy),
        *_sooner_than_the_notice(policy),
        *_reviewed_too_late(policy),
        *_never_comes_into_play(policy),
        *_without_example(policy),
    ]
    return [f"{key}: {why}" for key, why in found]


def _lists(policy: Policy) -> dict[str, tuple[Deadline, ...]]:
    return {
        "request.deadlines": policy.request.deadlines,
        "consult.occur_by": policy.consult.occur_by,
        "consult.sla": policy.consult.sla,
        "consult.target": policy.consult.target,
    }


def _binding(policy: Policy, *names: str) -> Iterator[tuple[str, Deadline]]:
    """Give the deadlines of these lists that bind, each with its key."""
    lists = _lists(policy)
    for name in names or lists:
        for position, rule in enumerate(lists[name]):
            if rule.binding:
                yield f"{name}[{position}]", rule


def _reviews(policy: Policy) -> Iterator[tuple[Urgency, EmergentReconsideration | ElectiveReconsideration]]:
    yield Urgency.EMERGENT, policy.reconsideration.emergent
    yield Urgency.ELECTIVE, policy.reconsideration.elective


def _never_opens(policy: Policy) -> Warnings:
    spans = [span for day in policy.consult.hours.spans.values() for span in day]
    longest = max((minutes_of(end) - minutes_of(start) for start, end in spans), default=None)
    if longest is not None and longest < policy.consult.duration_minutes:
        why = f"no span is as long as a consult, {policy.consult.duration_minutes} minutes; no time can ever be booked"
        yield "consult.hours", why


def _never_reviewed(policy: Policy) -> Warnings:
    """A review opens when information is there; where that is not taken, none ever does."""
    ends = {
        InformationRule.REFUSED: ("is refused", "waits for information for ever"),
        InformationRule.CONVERTS_TO_APPEAL: ("makes an appeal of the request", "never comes to a talk"),
    }
    rule = policy.clinical_information.rule
    if not policy.reconsideration.offered or rule not in ends:
        return
    what, so = ends[rule]
    yield "reconsideration.offered", f'a review opens with information, which {what} (rule = "{rule}"); none ever does'
    for urgency, rules in _reviews(policy):
        if rules.consult is not ReconsiderationConsult.MEANWHILE:
            yield f"reconsideration.{urgency}.consult", f'"{rules.consult}" needs information, which {what}; it {so}'


def _asking(policy: Policy) -> Warnings:
    """A right to ask that counts from the request refuses nobody, or everybody; one may close before another does."""
    for key, rule in _binding(policy, "request.deadlines", "consult.occur_by"):
        at_once = rule.within == 0 and rule.unit not in _DAYS
        if at_once and rule.of == (Anchor.REQUEST_RECEIVED,):
            yield key, "ends at the moment of the request, so every request is refused (window_closed)"
        elif rule.of and set(rule.of) <= _OF_THE_REQUEST and not at_once and key.startswith("request"):
            yield key, "counts from the request itself, so it refuses nobody"
    for key, rule in _binding(policy, "request.deadlines"):
        for other_key, other in _binding(policy, "consult.occur_by"):
            same = (rule.of, rule.unit, rule.unknown) == (other.of, other.unit, other.unknown) and len(rule.of) == 1
            for_all = not other.settings and not other.urgency
            if same and for_all and (rule.within or 0) > (other.within or 0):
                yield key, f"is later than {other_key}, which closes asking before it"


def _sooner_than_the_notice(policy: Policy) -> Warnings:
    known_by_then: set[str] = {*_OF_THE_REQUEST}
    if policy.eligibility.timing is Timing.POST_DENIAL:
        known_by_then.add(Anchor.INITIAL_DECISION)
    for key, rule in _binding(policy, "consult.occur_by", "consult.sla", "consult.target"):
        longest = _longest(rule)
        if longest is not None and set(rule.of) <= known_by_then and longest <= policy.consult.notice:
            notice = f"consult.notice_minutes = {policy.consult.notice_minutes}"
            yield key, f"is over before the earliest start ({notice}), so nothing that is booked can keep it"


def _longest(rule: Deadline) -> timedelta | None:
    """Return how long after what it counts from a deadline ends at most; None where weekends and holidays decide."""
    if rule.within is None:
        return None
    if rule.unit is Unit.MINUTES:
        return timedelta(minutes=rule.within)
    if rule.unit is Unit.HOURS:
        return timedelta(hours=rule.within)
    return (rule.within + 1) * ONE_DAY + _CLOCKS_CHANGE if rule.unit is Unit.CALENDAR_DAYS else None


def _reviewed_too_late(policy: Policy) -> Warnings:
    """A talk that waits for a nurse cannot be held by a deadline that her own due time does not come before."""
    for urgency, rules in _reviews(policy):
        review, mode = rules.deadline, rules.consult
        if not policy.reconsideration.offered or review is None or mode is ReconsiderationConsult.MEANWHILE:
            continue
        for key, rule in _binding(policy, "consult.occur_by", "consult.sla", "consult.target"):
            if _meet(review, rule, urgency) and _not_before(review, rule, right=key.startswith("consult.occur_by")):
                yield f"reconsideration.{urgency}.deadline", _TOO_LATE[mode].format(key=key)


_TOO_LATE = {
    ReconsiderationConsult.BOOKED_AFTER_DUE: (
        "is not before {key}: until the nurse has decided, every consult is booked after that"
    ),
    ReconsiderationConsult.AFTER_REVIEW: (
        "is not before {key}: a decision at its due time leaves no time for a consult that keeps that"
    ),
}


def _meet(review: Deadline, rule: Deadline, urgency: Urgency) -> bool:
    """Tell whether both may hold for one case of this urgency."""
    of_urgency = all(not each.urgency or urgency in each.urgency for each in (review, rule))
    return of_urgency and (not review.settings or not rule.settings or bool({*review.settings} & {*rule.settings}))


def _not_before(review: Deadline, rule: Deadline, *, right: bool) -> bool:
    """Tell whether a review is due at or after a deadline of the talk, whatever the days. `right`: it lasts all day."""
    if review.within is None or rule.within is None or len(review.of) != 1 or len(rule.of) != 1:
        return False
    if not {review.of[0], rule.of[0]} <= _OF_THE_REQUEST:
        return False
    if review.of != rule.of and review.of[0] is not Anchor.REQUEST_COMPLETE:
        return False  # the request may be complete long after it was received
    if review.unit in _DAYS and rule.unit in _DAYS:
        comparable = review.unit is rule.unit or review.unit is Unit.BUSINESS_DAYS
        return comparable and review.within >= rule.within + right
    longest = _longest(rule)
    return longest is not None and review.unit not in _DAYS and (_shortest(review) or timedelta()) >= longest


def _shortest(rule: Deadline) -> timedelta | None:
    if rule.within is None:
        return None
    return timedelta(minutes=rule.within) if rule.unit is Unit.MINUTES else timedelta(hours=rule.within)


def _never_comes_into_play(policy: Policy) -> Warnings:
    director, allowed = policy.director, policy.eligibility.settings
    if director.assignment is Assignment.ANY and director.fallback is not Fallback.NONE:
        yield "director.fallback", 'with assignment = "any" every director is asked already; there is no fallback'
    for key, rule in _binding(policy):
        if rule.settings and not set(rule.settings) & set(allowed):
            yield f"{key}.settings", "none of them may be asked about (eligibility.settings), so it holds for no case"
    if policy.reconsideration.offered:
        return
    if policy.consult.effect is Effect.ONLY_WITH_RECONSIDERATION:
        yield "consult.effect", "reconsideration is not offered, so a talk never decides anything; write informational"
    for urgency, rules in _reviews(policy):
        if rules.deadline is not None:
            yield f"reconsideration.{urgency}.deadline", "reconsideration is not offered, so nothing is ever due"


def _without_example(policy: Policy) -> Warnings:
    """Each deadline that binds has an example that would notice if it changed."""
    examples = [(denial_of(policy, example), example.expect) for example in policy.examples]
    for key, rule in _binding(policy):
        expected = _EXPECTED[key.partition("[")[0]]
        if not any(rule.holds_for(denial) and getattr(expect, expected) for denial, expect in examples):
            yield key, f"no example of a case that it holds for expects {expected}, so nobody would see it change"
    for urgency, rules in _reviews(policy):
        offered = policy.reconsideration.offered and rules.deadline is not None
        if offered and not any(denial.urgency is urgency and expect.review_due for denial, expect in examples):
            yield f"reconsideration.{urgency}.deadline", "no example of such a case expects review_due"
