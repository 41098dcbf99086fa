"""The history of a request in words for its office: every step with its time, nothing about staff but their part."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.models import LetterKind, RefusedBecause
from app.queries.office import Happened, RequestView
from app.web.document_words import REFUSED
from app.web.letters import TITLES
from app.web.office.words import ESCALATED, REFUSALS, RETURNED, closed_words
from app.web.times import when

Details = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepInWords:
    """One step."""

    at: datetime
    words: str


def steps_in_words(shown: RequestView) -> list[StepInWords]:
    """Tell the steps, the last one first. What concerns the plan alone is left out."""
    told = []
    for step in reversed(shown.steps):
        words = _WORDS.get(step.what)
        if words is not None:
            told.append(StepInWords(at=step.at, words=words(shown, step)))
    return told


def _received(shown: RequestView, step: Happened) -> str:
    place = step.details.get("place")
    how = "" if shown.consult.channel == "online" else " by telephone or fax"
    line = f" Position in line: {place}." if place else ""
    what = "for reconsideration without a call " if step.details.get("talk") is False else ""
    return f"Your request {what}was received{how}.{line}"


def _talk_asked(shown: RequestView, step: Happened) -> str:
    place = step.details.get("place")
    return f"You asked for a talk as well.{f' Position in line: {place}.' if place else ''}"


def _awaiting(shown: RequestView, step: Happened) -> str:
    return "Clinical information is needed before a time is looked for."


def _information(shown: RequestView, step: Happened) -> str:
    how = {"telephone": "the telephone", "fax": "a fax"}.get(str(step.details.get("how")))
    if how is None:
        return "Your clinical information was received."
    return f"Your clinical information was taken down by the plan's staff, from {how}."


def _review_opened(shown: RequestView, step: Happened) -> str:
    due = _instant(step.details.get("due"))
    until = f", to be decided by {when(due)}" if due else ""
    if step.details.get("kind") == "reconsideration":
        number = f" {shown.review_number}" if shown.review_number else ""
        return f"A nurse's review of your reconsideration{number} was opened{until}."
    return "The plan's staff prepare your information for the medical director."


def _review_decided(shown: RequestView, step: Happened) -> str:
    if step.details.get("decision") == "approve":
        return "The nurse approved the request on review."
    if step.details.get("talk") is False:
        return "The nurse's review is done and does not settle it; a medical director decides, without a call."
    return "The nurse's review is done and does not settle it; the medical director decides in the talk."


def _booked(shown: RequestView, step: Happened) -> str:
    return f"Booked: {_time(step)} with {_director(shown, step)}."


def _moved(shown: RequestView, step: Happened) -> str:
    return f"Moved: now {_time(step)} with {_director(shown, step)}."


def _returned(shown: RequestView, step: Happened) -> str:
    reason = RETURNED.get(str(step.details.get("reason")), "the time is not to be had after all")
    return f"The booked time was given up, because {reason}. Another time is being looked for."


def _unplaced(shown: RequestView, step: Happened) -> str:
    inside = " inside your times" if step.details.get("reason") == "no_opening_in_windows" else ""
    return f"No time found yet{inside}. The request keeps its place."


def _peer_offered(shown: RequestView, step: Happened) -> str:
    return f"Another medical director was offered: {_director(shown, step)}, {_time(step)}."


def _closed(shown: RequestView, step: Happened) -> str:
    word = step.details.get("reason") or step.details.get("determination") or step.what
    return str(closed_words(str(word), talk=shown.state.talk))


def _escalated(shown: RequestView, step: Happened) -> str:
    return ESCALATED.get(str(step.details.get("reason")), "The plan's desk has been alerted.")


def _refused(shown: RequestView, step: Happened) -> str:
    refusal = REFUSALS.get(str(step.details.get("reason")))
    return f"Not done: {refusal.because}" if refusal else "Not done."


def _letter_made(shown: RequestView, step: Happened) -> str:
    kind = str(step.details.get("letter"))
    if kind not in set(LetterKind) or LetterKind(kind).for_member:
        return "The plan has written to the member."
    return f"The letter “{TITLES[LetterKind(kind)]}” is on this page."


def _document_refused(shown: RequestView, step: Happened) -> str:
    because = REFUSED[RefusedBecause(step.details["reason"])]
    return f"Document {step.details['document']} was not taken. {because.title}."


def _fixed(sentence: str) -> Callable[[RequestView, Happened], str]:
    return lambda shown, step: sentence


_WORDS: Mapping[str, Callable[[RequestView, Happened], str]] = {
    "received": _received,
    "talk_asked": _talk_asked,
    "awaiting_information": _awaiting,
    "information": _information,
    "document_received": lambda shown, step: f"Document {step.details['document']} was received.",
    "document_refused": _document_refused,
    "document_withdrawn": lambda shown, step: f"Document {step.details['document']} was taken out of view.",
    "information_waived": _fixed("The plan's desk let the request go on without clinical information."),
    "review_opened": _review_opened,
    "review_decided": _review_decided,
    "running_late": lambda shown, step: (
        f"The medical director is running about {step.details['minutes']} minutes late; the talk stands."
    ),
    "reconsideration_asked": _fixed("You asked for reconsideration as well."),
    "more_wanted": _fixed("The nurse asked for more before deciding; what it is stands on this page."),
    "review_overdue": _fixed("The review was not decided in time. The plan's desk has been alerted."),
    "booked": _booked,
    "moved": _moved,
    "returned": _returned,
    "unplaced": _unplaced,
    "peer_offered": _peer_offered,
    "cancelled": _closed,
    "completed": _closed,
    "not_reached": _closed,
    "escalated": _escalated,
    "refused": _refused,
    "accepted_despite_refusal": _fixed("A coordinator accepted the request as an exception."),
    "director_named": _fixed("The medical director who decided is known now."),
    "reassigned": _fixed("A coordinator gave the request to another medical director."),
    "outside_the_queue": _fixed("The talk was held directly, without a booked time."),
    "letter_made": _letter_made,
    "not_there": _fixed("The medical director called, and nobody could be reached."),
}


def _time(step: Happened) -> str:
    start = _instant(step.details.get("start"))
    return when(start) if start else "at a time to be told"


def _director(shown: RequestView, step: Happened) -> str:
    person = shown.people.get(step.details.get("director", 0))
    return person.name if person else "the medical director"


def _instant(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
