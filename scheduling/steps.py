"""What the events of `life` are made of: completing, dating, reviewing, returning, closing, and saying so."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from scheduling.business_time import deadlines, review_date_unknown, review_due
from scheduling.eligibility import information_needed, is_held_for_review
from scheduling.places import queue_of
from scheduling.policy_words import AfterReschedule, Assignment, BriefRule
from scheduling.status import Event, became
from scheduling.values import (
    ConsultState,
    Denial,
    Happening,
    Review,
    ReviewKind,
    Rulebook,
    Status,
    Step,
    What,
)


def told(what: What, state: ConsultState, now: datetime, **details: object) -> Happening:
    """Say what happened to a consult."""
    return Happening(at=now, what=what, consult=state.id, details=details)


def refused(state: ConsultState, reason: str, *, now: datetime) -> Step:
    """Change nothing, and say why."""
    return Step(state=state, happenings=(told(What.REFUSED, state, now, reason=reason),))


def then(happenings: Sequence[Happening], step: Step) -> Step:
    """Put what happened first before a step."""
    return Step(state=step.state, happenings=(*happenings, *step.happenings))


def status_in_line(rulebook: Rulebook, state: ConsultState) -> Status:
    """Return the status of a request without a time: what it waits for."""
    if state.complete is None:
        return Status.AWAITING_INFORMATION
    if not state.talk:
        decided = state.review is not None and state.review.decision is not None
        return Status.AWAITING_DECISION if decided else Status.AWAITING_REVIEW
    return Status.AWAITING_REVIEW if is_held_for_review(rulebook, state) else Status.WAITING


def status(rulebook: Rulebook, state: ConsultState) -> Status:
    """Return the status of an open consult: booked, or what it waits for."""
    return Status.BOOKED if state.booking is not None else status_in_line(rulebook, state)


def completed(rulebook: Rulebook, state: ConsultState) -> ConsultState:
    """Date the request complete: when the needed information was first there, or as received if none is needed."""
    complete: datetime | None = state.received
    if information_needed(rulebook, state.denial, reconsideration=state.reconsideration):
        complete = (state.information_at or state.received) if state.information else None
    return redated(rulebook, replace(state, complete=complete))


def redated(rulebook: Rulebook, state: ConsultState) -> ConsultState:
    """Compute the deadlines, and an open review's due time, from the dates that are known now."""
    review = state.review
    if review is not None and review.kind is ReviewKind.RECONSIDERATION and runs(state):
        due = review_due(rulebook, state.denial, received=state.received, complete=state.complete)
        review = replace(review, due=due)
    known = deadlines(rulebook, state.denial, received=state.talk_received, complete=state.complete)
    return replace(state, review=review, deadlines=known if state.talk else known.without_talk())


def runs(state: ConsultState) -> bool:
    """Tell whether the review's clock runs: the nurse has not decided, or a director decides without a call."""
    review = state.review
    return review is not None and (review.decision is None or state.status is Status.AWAITING_DECISION)


def open_review(
    rulebook: Rulebook, state: ConsultState, *, now: datetime
) -> tuple[ConsultState, tuple[Happening, ...]]:
    """Open the review that is due to be opened: one a request, and a reconsideration takes the place of a brief.

    A review that opens at or after its due time is overdue when it opens.
    """
    review = _to_open(rulebook, state, now)
    if review is None:
        return state, ()
    opened = replace(state, review=review)
    happenings = [told(What.REVIEW_OPENED, state, now, kind=review.kind.value, due=review.due)]
    if review.overdue:
        happenings += overdue(rulebook, state, now=now)
    return opened, tuple(happenings)


def _to_open(rulebook: Rulebook, state: ConsultState, now: datetime) -> Review | None:
    if not state.information and (state.talk or state.complete is None):
        return None
    if state.reconsideration:
        if state.review is not None and state.review.kind is ReviewKind.RECONSIDERATION:
            return None
        due = review_due(rulebook, state.denial, received=state.received, complete=state.complete)
        return Review(kind=ReviewKind.RECONSIDERATION, opened=now, due=due, overdue=due is not None and due <= now)
    has_briefs = rulebook.policy.clinical_information.review is BriefRule.BRIEF
    return Review(kind=ReviewKind.BRIEF, opened=now) if has_briefs and state.review is None else None


def overdue(rulebook: Rulebook, state: ConsultState, *, now: datetime) -> list[Happening]:
    """Say that the nurse is late; a deadline that is only advice escalates nothing."""
    happenings = [told(What.REVIEW_OVERDUE, state, now)]
    if not silent(rulebook, state):
        happenings.append(told(What.ESCALATED, state, now, reason="review_overdue", cause=None))
    return happenings


def silent(rulebook: Rulebook, state: ConsultState) -> bool:
    """Tell whether the review's due time is only advice: nobody is called for it."""
    rule = rulebook.policy.reconsideration.of(state.denial).deadline
    return rule is not None and not rule.binding


def asked(rulebook: Rulebook, state: ConsultState, *, now: datetime) -> list[Happening]:
    """Ask a coordinator for what the denial does not say: a date that a deadline counts from, its director (BSP-1)."""
    return asked_for(lacks(rulebook, state), state, now=now)


def asked_for(reasons: Sequence[str], state: ConsultState, *, now: datetime) -> list[Happening]:
    """Say that a coordinator is asked for what a denial does not say."""
    return [told(What.ESCALATED, state, now, reason=reason, cause=None) for reason in reasons]


def lacks(rulebook: Rulebook, state: ConsultState) -> list[str]:
    """List what a coordinator has to be asked for."""
    reasons = []
    of_review = state.reconsideration and review_date_unknown(
        rulebook, state.denial, received=state.received, complete=state.complete
    )
    if state.deadlines.unknown or of_review:
        reasons.append("date_unknown")
    if (queue_of(state, rulebook) if state.talk else state.director) is None:
        reasons.append("no_director")
    return reasons


def moved_back(rulebook: Rulebook, state: ConsultState, *, arrival: int, now: datetime) -> ConsultState:
    """Give the place that the policy gives after the office gave up a time: its own, or as if it had arrived now."""
    if rulebook.policy.queue.after_office_reschedule is AfterReschedule.KEEPS_PLACE:
        return state
    return replace(state, place_at=now, arrival=arrival)


def returned(rulebook: Rulebook, state: ConsultState, event: Event, reason: str, *, now: datetime) -> Step:
    """Put a booked consult back in line."""
    back = replace(state, booking=None, attempts=0)
    after = became(state, event, replace(back, status=status_in_line(rulebook, back)))
    return Step(state=after, happenings=(told(What.RETURNED, state, now, reason=reason),))


def whose(rulebook: Rulebook, denial: Denial, *, talk: bool) -> int | None:
    """Return the director of a request: whose line it stands in, or who decides where no talk is asked for."""
    return None if talk and rulebook.policy.director.assignment is Assignment.ANY else denial.director


def closed(state: ConsultState, event: Event, end: Status, reason: str) -> ConsultState:
    """Close a request; what was booked is free again."""
    return became(state, event, replace(state, status=end, booking=None, attempts=0, closed_reason=reason))


def cancelled(state: ConsultState, event: Event, reason: str, *, now: datetime) -> Step:
    """Close a request without a talk."""
    after = closed(state, event, Status.CANCELLED, reason)
    return Step(state=after, happenings=(told(What.CANCELLED, state, now, reason=reason),))
