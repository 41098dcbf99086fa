"""One consult of a director: whom to call, the brief on one screen, and what can be recorded about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from app.consults import brief, determination, running_late
from app.models import Recipient, Role
from app.queries import answers, casework
from app.queries import director as queries
from app.queries.answers import Answers, Declined
from app.queries.director import Call
from app.queries.letters import LetterRow
from app.web.access import allow
from app.web.answer_words import YOU, answered_by_both, director_name
from app.web.coordinator import log
from app.web.director.blueprint import actor, director, me
from app.web.edge import db_session, now, setup
from app.web.forms import Form
from app.web.office.following import letter_rows
from app.web.office.words import closed_words
from app.web.times import plan_zone, when
from scheduling import eligibility
from scheduling.fifo import has_begun
from scheduling.policy_words import AfterReschedule
from scheduling.values import Status

#: what a talk may have come to, and what it means; the policy says which of them a case allows
OUTCOMES: Mapping[str, tuple[str, str]] = {
    "upheld": ("Upheld", "The denial stands."),
    "overturned": ("Overturned", "The request is approved as it was asked for."),
    "modified": ("Modified", "A part is approved, or something else in its place."),
    "discussed": ("Discussed", "The rationale was explained. This was no reconsideration; the denial stands."),
    "plan_error": ("An error of the plan", "The denial was a mistake, whatever was asked for. It will be corrected."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a consult ended, and what the office read of it."""

    title: str
    more: str
    letter: list[str]
    letters: list[LetterRow]


@director.get("/consults/<reference>")
@allow(Role.DIRECTOR)
def consult(reference: str) -> ResponseReturnValue:
    """Show the brief: whom to call, what was denied and why, what is new, what the nurse wrote."""
    return consult_page(read(reference), Form())


@director.post("/consults/<reference>/opened")
@allow(Role.DIRECTOR)
def opened(reference: str) -> ResponseReturnValue:
    """Put down that the brief was opened: a page that is shown sends this by itself, once (BSP-5)."""
    call = read(reference)
    if call.is_mine:
        brief.note_opened(db_session(), call.request.consult.id, by=actor(), now=now())
    return Response(status=204)


@director.get("/consults/<reference>/news")
@allow(Role.DIRECTOR)
def news(reference: str) -> ResponseReturnValue:
    """Say that a consult has changed since it was opened; nothing if it has not. What is typed stays."""
    if request.args.get("seen") == queries.news(db_session(), reference, me()):
        return Response(status=204)
    return render_template("director/news.html", reference=reference)


def read(reference: str, *, lock: bool = False) -> Call:
    """Read a consult of the director who is signed in. Raises NotFound for anybody else's."""
    call = queries.call(db_session(), reference, me(), setup=setup(), lock=lock)
    plan_zone(call.request.case.zone)
    return call


def allowed(call: Call) -> tuple[str, ...]:
    """List the determinations that this policy and case allow (NC-2, NC-3)."""
    state = call.request.state
    return eligibility.outcomes(call.request.rulebook, reconsideration=state.reconsideration, talk=state.talk)


def begun(call: Call) -> bool:
    """Tell whether the time of the call has come."""
    return has_begun(call.request.state, now=now())


def consult_page(call: Call, form: Form, *, refused: str = "") -> str:
    """Make the page of a consult."""
    shown = call.request
    said = answers.answers(db_session(), [shown.consult.id]).get(shown.consult.id, {})
    form.values["version"] = version_of(call)
    rules = shown.rulebook.policy
    return render_template(
        "director/consult.html",
        call=call,
        shown=shown,
        case=shown.case,
        review=call.review,
        form=form,
        refused=refused,
        reference=shown.consult.reference,
        begun=begun(call),
        outcomes=[(word, *OUTCOMES[word]) for word in allowed(call)],
        may_reconsider=rules.reconsideration.offered and not shown.state.reconsideration,
        tries=tries(call),
        next_try=_next_try(call),
        ladder=ladder(call),
        contact=rules.contact,
        ended=ended(call),
        entries=log.in_words(casework.work(db_session(), shown.case.id, setup=setup())),
        declined=_declined(call, said),
        answered=answered_by_both(said, YOU if call.is_mine else director_name(shown), "The office"),
        seen=queries.news(db_session(), shown.consult.reference, me()),
        may_be_late=may_be_late(call),
        late_choices=running_late.MINUTES,
        brief_since=brief_since(call),
        opened_at=_opened_at(call),
    )


def _declined(call: Call, said: Answers) -> list[Declined]:
    """Find the director's own decline by mail that can still be taken back."""
    if not call.is_mine or Recipient.DIRECTOR not in said:
        return []
    return answers.declined(db_session(), consult_id=call.request.consult.id)


def may_be_late(call: Call) -> bool:
    """Tell whether the director can say now that he is running late."""
    booking = call.request.state.booking
    return call.is_mine and booking is not None and running_late.may_be_said(booking.during, now=now())


def brief_since(call: Call) -> datetime | None:
    """Tell since when the brief is there (BSP-5); None: a nurse is still at it.

    With what was sent and a nurse: her note. Without: made from the denial, and there with the request.
    """
    shown = call.request
    if call.review is not None:
        return call.review.decided_at
    return shown.state.information_at or shown.consult.received_at


def _opened_at(call: Call) -> datetime | None:
    """Tell when the director opened it first."""
    return next((step.at for step in call.request.steps if step.what == brief.OPENED and step.actor == actor()), None)


def version_of(call: Call) -> str:
    """Name how a consult stands: the version of its row, and its time (A12)."""
    booking = call.request.state.booking
    return f"{call.request.consult.version}/{booking.during.start.isoformat() if booking else ''}"


def tries(call: Call) -> list[datetime]:
    """List when the director called for the present time and reached nobody."""
    booking = call.request.state.booking
    if booking is None:
        return []
    failed = [
        step.at
        for step in call.request.steps
        if step.what == "not_there" and step.details.get("who") == "office" and step.at >= booking.during.start
    ]
    return failed[-call.request.state.attempts :] if call.request.state.attempts else []


def _next_try(call: Call) -> datetime | None:
    """Return when the policy wants the next call, if one has failed."""
    failed = tries(call)
    wait = timedelta(minutes=call.request.rulebook.policy.contact.minutes_between)
    return failed[-1] + wait if failed else None


def ladder(call: Call) -> list[str]:
    """Say what the policy wants if nobody answers: how many calls, when, and what happens then."""
    state, rules = call.request.state, call.request.rulebook.policy
    contact, left = rules.contact, rules.contact.attempts - state.attempts
    said = []
    if left > 1:
        more = "Once more" if left == 2 else f"{left - 1} times more"
        said.append(f"{more}: call again {contact.minutes_between} minutes after each call that reached nobody.")
    missed = state.missed + 1
    if missed >= contact.missed_consults:
        end = "the request is closed as not reached, and the office is told"
    elif rules.queue.after_office_reschedule is AfterReschedule.KEEPS_PLACE:
        end = "the request goes back in line, keeps its place and gets another time"
    else:
        end = "the request goes to the back of the line and gets another time"
    which = "With this call" if left <= 1 else f"After call {contact.attempts}"
    said.append(f"{which} the time counts as missed ({missed} of {contact.missed_consults}): {end}.")
    return said


def ended(call: Call) -> Ended | None:
    """Say how a consult ended and what the office read; None while it is open."""
    shown = call.request
    if shown.state.status.open:
        return None
    reason = shown.state.closed_reason or ""
    if shown.state.status is Status.COMPLETED and reason in OUTCOMES:
        title, more = OUTCOMES[reason]
        letters = letter_rows(shown)
        words = determination.words_for(shown.rulebook, reason, talk=shown.state.talk, letter=bool(letters))
        return Ended(title=title, more=more, letter=words, letters=letters)
    said = closed_words(reason, talk=shown.state.talk)
    return Ended(title=said.title, more=said.more, letter=[], letters=letter_rows(shown))


def refusal(call: Call, *, before: bool = False, outcome: bool = False) -> str | None:
    """Say why nothing can be recorded now, for a page that shows how the consult stands (A6); None: it can.

    `before`: it is about a call that has not begun; otherwise about one that has. `outcome`: it is the outcome, which
    is recorded without a call too.
    """
    shown = call.request
    end = ended(call)
    if end is not None:
        at = f", {when(shown.consult.closed_at)}" if shown.consult.closed_at else ""
        return f"This consult is over: {end.title}{at}. Nothing was changed and nothing is sent twice."
    if outcome and call.decides:
        return None
    if not call.is_mine or shown.state.booking is None:
        return "This consult is not booked with you now, so nothing was changed. See below how it stands."
    if before and begun(call):
        return "The time of the call has come, so it can no longer be given back. Record below how it went."
    if not before and not begun(call):
        return (
            f"The call is on {when(shown.state.booking.during.start)}. What comes of it can be recorded from then on."
        )
    return None
