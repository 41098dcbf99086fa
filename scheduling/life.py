"""What one event does to one consult.

Every function is total: given any consult in any state it returns a `Step`. Where the state does not allow the event,
the step holds the consult unchanged and nothing has happened. Planning comes afterwards and is `fifo`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from scheduling.eligibility import complete_at, is_ready, outcomes, refusal, waits_for_review
from scheduling.fifo import Planner
from scheduling.places import has_begun, place
from scheduling.policy_words import Assignment, Fallback, InformationRule
from scheduling.status import Event, became
from scheduling.steps import (
    asked,
    cancelled,
    closed,
    completed,
    moved_back,
    open_review,
    overdue,
    redated,
    refused,
    returned,
    runs,
    status,
    then,
    told,
    whose,
)
from scheduling.values import (
    ConsultState,
    Denial,
    Director,
    Happening,
    Interval,
    Request,
    ReviewDecision,
    ReviewKind,
    Rulebook,
    Status,
    Step,
    What,
)


def ask(
    rulebook: Rulebook,
    rulebook_key: str,
    denial: Denial,
    request: Request,
    *,
    id: int,
    arrival: int,
    now: datetime,
    open_request: bool = False,
    used: int = 0,
    queue: Sequence[ConsultState] = (),
    rulebooks: Mapping[str, Rulebook] | None = None,
    accept_late: bool = False,
) -> Step:
    """Let an office ask for a consult: refused with the first reason that applies, or received.

    What was sent before counts as sent with the request: the caller says so in `request.information`, unless
    `keeps_early_information` forbids. `queue`: the consults it is placed among, with their `rulebooks`. `accept_late`:
    a coordinator accepts it in spite of a refusal, with a reason on record; never while another one is open.
    """
    reason = refusal(rulebook, denial, request, open_request=open_request, used=used)
    if reason is not None and (open_request or not accept_late):
        details = {"reason": "already_requested" if accept_late else reason}
        return Step(state=None, happenings=(Happening(at=now, what=What.REFUSED, consult=None, details=details),))
    if not keeps_early_information(rulebook):
        request = replace(request, information=False)
    state = redated(rulebook, _new(rulebook, rulebook_key, denial, request, id, arrival))
    state = replace(state, status=status(rulebook, state))
    shown = {name: getattr(state.deadlines, name) for name in ("request_by", "occur_by", "sla", "target")}
    where = place(state, queue, {**(rulebooks or {}), rulebook_key: rulebook})
    received = told(What.RECEIVED, state, now, place=where, **shown, **_without_call(state))
    first = [received, *asked(rulebook, state, now=now)]
    if state.information and rulebook.policy.clinical_information.rule is InformationRule.CONVERTS_TO_APPEAL:
        return then(first, cancelled(state, Event.INFORMATION, "converted_to_appeal", now=now))
    if state.complete is None:
        first.append(told(What.AWAITING_INFORMATION, state, now))
    state, opened = open_review(rulebook, state, now=now)
    return Step(state=state, happenings=(*first, *opened))


def _new(
    rulebook: Rulebook, rulebook_key: str, denial: Denial, request: Request, id_: int, arrival: int
) -> ConsultState:
    """Return a request as it arrives: its place is the moment it was received."""
    return ConsultState(
        id=id_,
        rulebook=rulebook_key,
        denial=denial,
        status=Status.WAITING,
        director=whose(rulebook, denial, talk=request.talk),
        received=request.received,
        complete=complete_at(rulebook, denial, request),
        place_at=request.received,
        arrival=arrival,
        windows=request.windows if request.talk else (),
        move_up=request.move_up and request.talk,
        reconsideration=request.reconsideration,
        talk=request.talk,
        information=request.information,
        information_at=request.received if request.information else None,
        specialty=request.specialty,
    )


def _without_call(state: ConsultState) -> Mapping[str, object]:
    return {} if state.talk else {"talk": False}


def keeps_early_information(rulebook: Rulebook) -> bool:
    """Tell whether information that comes while no request is open is kept for the next one."""
    return rulebook.policy.clinical_information.rule is not InformationRule.REFUSED


def add_information(state: ConsultState, rulebook: Rulebook, *, now: datetime) -> Step:
    """Take in clinical information that the office sends (BSP-5, NC-8).

    The first completes the request where it was needed and opens the review; what comes later is added to that.
    """
    rule = rulebook.policy.clinical_information.rule
    if not state.status.open:
        return Step(state=state)
    if rule is InformationRule.REFUSED:
        return refused(state, "information_refused", now=now)
    if rule is InformationRule.CONVERTS_TO_APPEAL:
        if has_begun(state, now=now):
            return Step(state=state)
        return cancelled(replace(state, information=True), Event.INFORMATION, "converted_to_appeal", now=now)
    if state.information:
        return Step(state=state)
    with_it = replace(state, information=True, information_at=now)
    if state.complete is None:
        with_it = completed(rulebook, with_it)
    with_it, opened = open_review(rulebook, with_it, now=now)
    after = became(state, Event.INFORMATION, replace(with_it, status=status(rulebook, with_it)))
    return Step(state=after, happenings=opened)


def waive_information(state: ConsultState, rulebook: Rulebook, *, now: datetime) -> Step:
    """Let a coordinator go on without the information that the policy requires, with a reason on record (NC-8).

    A reconsideration that the consult waits for cannot go without: the nurse would have nothing to decide on.
    """
    waits = state.reconsideration and (waits_for_review(rulebook, state.denial) or not state.talk)
    if not state.status.open or state.complete is not None or waits:
        return Step(state=state)
    waived = redated(rulebook, replace(state, complete=now))
    return Step(state=became(state, Event.WAIVE_INFORMATION, replace(waived, status=status(rulebook, waived))))


def add_reconsideration(state: ConsultState, rulebook: Rulebook, *, now: datetime) -> Step:
    """Let the office ask for reconsideration later, also from the call (NC-4).

    It opens the review where information is there, turning a brief into it; where it makes information needed that is
    not there, the request is incomplete again.
    """
    if not state.status.open or state.reconsideration:
        return Step(state=state)
    if not rulebook.policy.reconsideration.offered:
        return refused(state, "reconsideration_not_offered", now=now)
    with_it = completed(rulebook, replace(state, reconsideration=True))
    first = []
    if with_it.complete is None and not has_begun(state, now=now):
        first.append(told(What.AWAITING_INFORMATION, state, now))
    with_it, opened = open_review(rulebook, with_it, now=now)
    after = became(state, Event.RECONSIDERATION, replace(with_it, status=status(rulebook, with_it)))
    return Step(state=after, happenings=(*first, *opened))


def decide_review(state: ConsultState, rulebook: Rulebook, decision: ReviewDecision, *, now: datetime) -> Step:
    """Record a nurse's decision (NC-6, NC-7); a brief decides nothing.

    Approved: the consult is cancelled, unless it has begun. Not approved: the request goes on; where no talk is asked
    for, the director decides it, on the clock of the review.
    """
    if not state.status.open or state.review is None or state.review.decision is not None:
        return Step(state=state)
    decided = replace(state, review=replace(state.review, decision=decision))
    first = [told(What.REVIEW_DECIDED, state, now, decision=decision.value, **_without_call(state))]
    approved = decision is ReviewDecision.APPROVE and state.review.kind is ReviewKind.RECONSIDERATION
    if approved and not has_begun(state, now=now):
        return then(first, cancelled(decided, Event.DECIDE_REVIEW, "approved_by_nurse", now=now))
    if not state.talk:
        decided = replace(decided, review=replace(state.review, decision=decision, overdue=False))
    after = became(state, Event.DECIDE_REVIEW, replace(decided, status=status(rulebook, decided)))
    return then(first, review_due_passed(after, rulebook, now=now))


def review_due_passed(state: ConsultState, rulebook: Rulebook, *, now: datetime) -> Step:
    """Let the clock run over the review's due time: undecided it is overdue and escalated, once, and nothing else.

    Without a talk once more where the director has it then.
    """
    review = state.review
    if not state.status.open or review is None or review.overdue or not runs(state):
        return Step(state=state)
    if review.due is None or review.due > now:
        return Step(state=state)
    after = became(state, Event.REVIEW_DUE, replace(state, review=replace(review, overdue=True)))
    return Step(state=after, happenings=tuple(overdue(rulebook, state, now=now)))


def learn_date(state: ConsultState, rulebook: Rulebook, name: str, value: datetime | date, *, now: datetime) -> Step:
    """Take in a date of the denial that has become known: the deadlines that count from it are computed once more."""
    if not state.status.open or state.denial.dates.get(name) == value:
        return Step(state=state)
    denial = replace(state.denial, dates={**state.denial.dates, name: value})
    after = became(state, Event.LEARN_DATE, redated(rulebook, replace(state, denial=denial)))
    return review_due_passed(after, rulebook, now=now)


def withdraw(state: ConsultState, rulebook: Rulebook, *, now: datetime) -> Step:
    """Let the office take its request back, until the consult has begun."""
    if not state.status.open or has_begun(state, now=now):
        return Step(state=state)
    return cancelled(state, Event.WITHDRAW, "withdrawn_by_office", now=now)


def file_appeal(state: ConsultState, rulebook: Rulebook, *, now: datetime) -> Step:
    """Take in that an appeal is filed: an open request goes on only where the policy says so, or once it has begun."""
    if not state.status.open:
        return Step(state=state)
    filed = replace(state, denial=replace(state.denial, appeal_filed=True))
    if rulebook.policy.eligibility.after_appeal or has_begun(state, now=now):
        return Step(state=became(state, Event.FILE_APPEAL, filed))
    return cancelled(filed, Event.FILE_APPEAL, "appeal_filed", now=now)


def reschedule(
    state: ConsultState, rulebook: Rulebook, windows: tuple[Interval, ...], *, arrival: int, now: datetime
) -> Step:
    """Replace the windows of the office; a booked consult is returned, with the place that the policy gives it."""
    if not state.status.open or not state.talk or has_begun(state, now=now):
        return Step(state=state)
    said = state.unplaced if windows == state.windows else None
    changed = replace(state, windows=windows, unplaced=said)
    if state.booking is None:
        return Step(state=became(state, Event.RESCHEDULE, changed))
    changed = moved_back(rulebook, changed, arrival=arrival, now=now)
    return returned(rulebook, changed, Event.RESCHEDULE, "office_rescheduled", now=now)


def director_off(state: ConsultState, rulebook: Rulebook, during: Interval, *, now: datetime) -> Step:
    """Return a booking that new time off of its director meets, unless it has begun; the place is the old one."""
    if state.booking is None or has_begun(state, now=now) or not state.booking.during.overlaps(during):
        return Step(state=state)
    return returned(rulebook, state, Event.DIRECTOR_OFF, "director_off", now=now)


def director_declines(state: ConsultState, rulebook: Rulebook, *, now: datetime) -> Step:
    """Return a booking that its director declined for good. The caller counts the declined time as busy from now on."""
    if state.booking is None or has_begun(state, now=now):
        return Step(state=state)
    return returned(rulebook, state, Event.DIRECTOR_DECLINES, "director_declined", now=now)


def record_outcome(
    state: ConsultState, rulebook: Rulebook, determination: str, *, now: datetime, outside_queue: bool = False
) -> Step:
    """Record what came of the talk; a determination that this case does not allow is refused (NC-2, NC-3).

    A talk takes place at its time. `outside_queue`: this one took place all the same, early or without one. Without a
    talk the director decides once the nurse did not approve.
    """
    due = state.status is Status.AWAITING_DECISION or has_begun(state, now=now)
    if not state.status.open or not (outside_queue or due):
        return Step(state=state)
    if determination not in outcomes(rulebook, reconsideration=state.reconsideration, talk=state.talk):
        return refused(state, "outcome_not_available", now=now)
    after = closed(state, Event.RECORD_OUTCOME, Status.COMPLETED, determination)
    return Step(state=after, happenings=(told(What.COMPLETED, state, now, determination=determination),))


def no_show(state: ConsultState, rulebook: Rulebook, by: str, *, arrival: int, now: datetime) -> Step:
    """Record an absence at a talk that has begun: by the "office" (one failed attempt) or by the "director".

    After `attempts` the time is missed; after `missed_consults` the request is closed, before that it is returned.
    """
    if not state.status.open or not has_begun(state, now=now):
        return Step(state=state)
    if by == "director":
        return returned(rulebook, state, Event.NO_SHOW, "director_absent", now=now)
    rules, attempts = rulebook.policy.contact, state.attempts + 1
    if attempts < rules.attempts:
        return Step(state=became(state, Event.NO_SHOW, replace(state, attempts=attempts)))
    missed = replace(state, missed=state.missed + 1)
    if missed.missed >= rules.missed_consults:
        after = closed(missed, Event.NO_SHOW, Status.NOT_REACHED, "not_reached")
        return Step(state=after, happenings=(told(What.NOT_REACHED, state, now),))
    missed = moved_back(rulebook, missed, arrival=arrival, now=now)
    return returned(rulebook, missed, Event.NO_SHOW, "office_absent", now=now)


def accept_peer(
    state: ConsultState,
    rulebook: Rulebook,
    directors: Mapping[int, Director],
    consults: Sequence[ConsultState],
    *,
    rulebooks: Mapping[str, Rulebook],
    now: datetime,
) -> Step:
    """Let the office accept the peer it was offered: his earliest opening before the deadline, if he still has one.

    If not, what is booked stays and the offer is used up. `consults` and `directors` as for `fifo.plan`: those that
    tell what of the peer's time is taken.
    """
    offer = state.peer_offer
    if offer is None or offer.answer is not None or has_begun(state, now=now):
        return Step(state=state)
    if not state.status.open or not is_ready(rulebook, state):
        return Step(state=state)
    planner = Planner([*(each for each in consults if each.id != state.id), state], directors, rulebooks, now=now)
    found = planner.earliest_with(state, offer.director, before=state.deadlines.binding)
    if found is None:
        gone = replace(state, peer_offer=replace(offer, answer="gone"))
        return Step(state=became(state, Event.ACCEPT_PEER, gone))
    accepted = replace(state, status=Status.BOOKED, booking=found, attempts=0, unplaced=None)
    after = became(state, Event.ACCEPT_PEER, replace(accepted, peer_offer=replace(offer, answer="accepted")))
    what = What.BOOKED if state.booking is None else What.MOVED
    during = found.during
    happening = told(what, state, now, director=found.director, start=during.start, end=during.end)
    return Step(state=after, happenings=(happening,))


def decline_peer(state: ConsultState, rulebook: Rulebook, *, now: datetime) -> Step:
    """Let the office wait for the denying director instead of a peer it was given or offered (BSP-5).

    A booking with a peer it was given is returned; declining an offer keeps what is booked.
    """
    if not state.status.open or has_begun(state, now=now):
        return Step(state=state)
    if state.peer_offer is not None and state.peer_offer.answer is None:
        answered = replace(state.peer_offer, answer="declined")
        after = replace(state, peer_offer=answered, peer_declined=True)
        return Step(state=became(state, Event.DECLINE_PEER, after))
    if not is_given_a_peer(rulebook, state):
        return Step(state=state)
    waits = replace(state, peer_declined=True)
    return returned(rulebook, waits, Event.DECLINE_PEER, "office_declined_peer", now=now)


def is_given_a_peer(rulebook: Rulebook, state: ConsultState) -> bool:
    """Tell whether the consult is booked with a peer that the office did not choose."""
    rules = rulebook.policy.director
    if rules.assignment is Assignment.ANY or rules.fallback is not Fallback.DESIGNATED_PEER:
        return False
    return state.booking is not None and state.booking.director != state.director


def director_known(state: ConsultState, rulebook: Rulebook, director: int, *, now: datetime) -> Step:
    """Let a coordinator name the director of a case that had none: it stands in that line from now on (BSP-1)."""
    return reassign(state, rulebook, director, now=now) if state.director is None else Step(state=state)


def reassign(state: ConsultState, rulebook: Rulebook, director: int, *, now: datetime) -> Step:
    """Let a coordinator give the case to another director.

    The request stands in the new queue where its place puts it; a booking is returned, unless the consult has begun.
    """
    any_director = rulebook.policy.director.assignment is Assignment.ANY
    present = state.denial.director if any_director and state.talk else state.director
    if not state.status.open or present == director or has_begun(state, now=now):
        return Step(state=state)
    denial = replace(state.denial, director=director)
    given = replace(state, denial=denial, director=whose(rulebook, denial, talk=state.talk), unplaced=None)
    if state.booking is None:
        return Step(state=became(state, Event.REASSIGN, given))
    return returned(rulebook, given, Event.REASSIGN, "reassigned", now=now)
