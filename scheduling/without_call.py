"""A reconsideration without a call: it stands in no line and takes nobody's time, until its office asks for a talk."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from scheduling.eligibility import refusal
from scheduling.places import place
from scheduling.policy_words import Assignment
from scheduling.status import Event, became
from scheduling.steps import asked_for, lacks, redated, refused, status, told
from scheduling.values import ConsultState, Request, Rulebook, Step, What


def ask_for_talk(
    state: ConsultState,
    rulebook: Rulebook,
    request: Request,
    *,
    arrival: int,
    now: datetime,
    used: int = 0,
    queue: Sequence[ConsultState] = (),
    rulebooks: Mapping[str, Rulebook] | None = None,
) -> Step:
    """Let the office ask for a talk as well, while its reconsideration without a call is open (NC-4).

    The talk is asked for now: the place is that of this moment (NC-9), and what the plan owes counts from it. `request`
    says who talks and when; it is refused for what a talk may be refused for. `used`, `queue` as for `life.ask`.
    """
    if not state.status.open or state.talk:
        return Step(state=state)
    reason = refusal(rulebook, state.denial, replace(request, information=False), used=used)
    if reason is not None:
        return refused(state, reason, now=now)
    with_talk = replace(
        state,
        talk=True,
        talk_asked=request.received,
        director=None if rulebook.policy.director.assignment is Assignment.ANY else state.director,
        place_at=request.received,
        arrival=arrival,
        windows=request.windows,
        move_up=request.move_up,
        specialty=request.specialty or state.specialty,
    )
    with_talk = redated(rulebook, with_talk)
    after = became(state, Event.ASK_FOR_TALK, replace(with_talk, status=status(rulebook, with_talk)))
    where = place(after, queue, {**(rulebooks or {}), state.rulebook: rulebook})
    shown = {name: getattr(after.deadlines, name) for name in ("occur_by", "sla", "target")}
    new = [reason for reason in lacks(rulebook, after) if reason not in lacks(rulebook, state)]
    return Step(
        state=after,
        happenings=(
            told(What.TALK_ASKED, after, now, place=where, **shown),
            *asked_for(new, after, now=now),
        ),
    )
