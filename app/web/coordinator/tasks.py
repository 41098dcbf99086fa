"""A task as the desk reads it: one more sentence from its details, and the pages that solve it."""

from datetime import datetime

from flask import url_for

from app.models import AttentionReason, LetterKind
from app.queries.attention import TaskRow
from app.web.answer_words import DOUBTS
from app.web.coordinator.words import BY_WAITING, TASKS, WAITING
from app.web.letters import TITLES
from app.web.times import when

SIDES = {"office": "The office", "director": "The director"}
#: what is to be said on the telephone; the director does not hear of the nurse (G2)
SAY = {
    "approved": "Say that the request is approved and that the talk is cancelled.",
    "time_free": "Say that the talk is cancelled and that the time is free again.",
}
ANSWERS = {"accepted": "accepts", "declined": "declines", "tentative": "may come", "proposed": "proposes another time"}


def links(task: TaskRow) -> list[tuple[str, str]]:
    """List the pages that help: (label, address)."""
    todo = TASKS[task.reason]
    found = []
    if task.denial_id is not None and (task.status is None or task.status.open or todo.after_the_end):
        actions = todo.actions
        if task.reason is AttentionReason.DEADLINE_NEAR:
            actions = BY_WAITING.get(str(task.details.get("waits")), todo.actions)
        found += [(label, url_for(endpoint, denial_id=task.denial_id)) for label, endpoint in actions]
    if task.director_id is not None:
        found += [(label, url_for(endpoint, director_id=task.director_id)) for label, endpoint in todo.about_director]
    if task.reason is AttentionReason.LETTER_INCOMPLETE:
        found.append(("Complete the letter", url_for("coordinator.completing", attention_id=task.id)))
    if "mail" in task.details:
        found.insert(0, ("Read the mail", url_for("coordinator.mail", inbound_id=task.details["mail"])))
    return found


def said(task: TaskRow) -> str:
    """Say what the details of a task hold, as far as they are known words: side, document, start, waits, count ..."""
    told = task.details
    words = []
    side = SIDES.get(str(told.get("side")))
    if side:
        answer = ANSWERS.get(str(told.get("answer")))
        way = "From" if task.reason is AttentionReason.MAIL_TO_READ else "To"
        words.append(f"{side} {answer}." if answer else f"{way} the {told['side']}.")
    if (doubt := DOUBTS.get(str(told.get("doubt")))) is not None:
        words.append(doubt)
    if (document := told.get("document")) is not None:
        words.append(f"Document {document}.")
    if (say := SAY.get(str(told.get("say")))) is not None:
        words.append(say)
    if (start := _instant(told.get("start") or told.get("from"))) is not None:
        end = _instant(told.get("end") or told.get("until"))
        words.append(f"The time: {when(start)}{f' to {when(end)}' if end else ''}.")
    if (waiting := WAITING.get(str(told.get("waits")))) is not None:
        words.append(f"{waiting.title}.")
    if (letter := str(told.get("letter", ""))) in set(LetterKind):
        words.append(f"“{TITLES[LetterKind(letter)]}”.")
    if (count := told.get("count")) is not None:
        words.append("1 request." if count == 1 else f"{count} requests.")
    return " ".join(words)


def _instant(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
