"""The contact log of a case in plain words: what happened, who did it, what was sent and whether it arrived."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app import history
from app.letters.fields import FIELDS
from app.models import LetterKind, RefusedBecause, WithdrawnBecause
from app.queries.casework import LogRow, Work
from app.web.coordinator.tasks import ANSWERS
from app.web.coordinator.words import CAUSES, CHANNELS, DATES, FOLLOW_UPS, TASKS, WAITING
from app.web.document_words import REFUSED, WITHDRAWN
from app.web.letters import TITLES
from app.web.office.words import REFUSALS, RETURNED, closed_words
from app.web.times import day, when

#: what the rules make of what somebody did; the log names Peerline for it
FOLLOWS = ("awaiting_information", "escalated", "review_opened", "unplaced", "peer_offered", "returned")

ACTORS = {history.OFFICE: "Office", history.SYSTEM: "Peerline"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log."""

    at: datetime
    who: str
    words: str
    reference: str | None
    kind: str
    "said | mail | failed: how it is shown"


def in_words(work: Work) -> list[Entry]:
    """Tell the log, the last entry first. A word that is not known is shown as it stands, so that nothing is hidden."""
    return [
        Entry(
            at=row.at,
            who=ACTORS[history.SYSTEM] if row.what in FOLLOWS else who(work, row.actor),
            words=words,
            reference=work.references.get(row.consult_id or 0),
            kind=_kind(row),
        )
        for row in work.log
        if (words := _WORDS.get(row.what, _as_it_stands)(work, row))
    ]


def who(work: Work, actor: str) -> str:
    """Name who did something."""
    account = history.account_of(actor)
    return work.accounts.get(account, "Staff") if account is not None else ACTORS.get(actor, actor)


def _kind(row: LogRow) -> str:
    if row.what != "mail":
        return "said"
    return "failed" if row.details["state"] == "failed" else "mail"


def _as_it_stands(work: Work, row: LogRow) -> str:
    said = ", ".join(f"{name} {value}" for name, value in row.details.items() if value is not None)
    return f"{row.what.replace('_', ' ').capitalize()}{': ' + said if said else ''}."


def _received(work: Work, row: LogRow) -> str:
    how = ""
    if work.request is not None and row.consult_id == work.request.consult.id:
        how = f" {CHANNELS[work.request.consult.channel]}"
    place = row.details.get("place")
    what = "Reconsideration without a call asked for" if row.details.get("talk") is False else "Request received"
    return f"{what}{how}.{f' Place in line: {place}.' if place else ''}"


def _talk_asked(work: Work, row: LogRow) -> str:
    place = row.details.get("place")
    return f"A talk is asked for as well.{f' Place in line: {place}.' if place else ''}"


def _refused(work: Work, row: LogRow) -> str:
    reason = REFUSALS.get(str(row.details.get("reason")))
    return f"Refused: {reason.title}. {reason.because}" if reason else "Refused."


def _review_opened(work: Work, row: LogRow) -> str:
    due = _instant(row.details.get("due"))
    what = "Nurse's review" if row.details.get("kind") == "reconsideration" else "Preparing the director's brief"
    return f"{what} opened{f', due {when(due)}' if due else ''}."


def _review_decided(work: Work, row: LogRow) -> str:
    if row.details.get("decision") == "approve":
        return "The nurse approved the request."
    if row.details.get("talk") is False:
        return "The nurse's review is done and did not settle it; the director decides, without a call."
    return "The nurse's review is done and did not settle it."


def _booked(work: Work, row: LogRow) -> str:
    return f"Booked: {_time(row)} with {_director(work, row)}."


def _moved(work: Work, row: LogRow) -> str:
    return f"Moved to {_time(row)} with {_director(work, row)}."


def _returned(work: Work, row: LogRow) -> str:
    reason = RETURNED.get(str(row.details.get("reason")), "the time is gone")
    return f"Back in line, because {reason.replace('you gave', 'the office gave').replace('you prefer', 'it prefers')}."


def _unplaced(work: Work, row: LogRow) -> str:
    inside = " inside the office's times" if row.details.get("reason") == "no_opening_in_windows" else ""
    return f"No time found yet{inside}; the request keeps its place."


def _peer_offered(work: Work, row: LogRow) -> str:
    return f"Another director offered: {_director(work, row)}, {_time(row)}."


def _handed_over(work: Work, row: LogRow) -> str:
    return f"Handed the review over to {work.accounts.get(row.details.get('to') or 0, 'another nurse')}."


def _information(work: Work, row: LogRow) -> str:
    how = {"telephone": "by telephone from", "fax": "by fax from"}.get(str(row.details.get("how")))
    at = _instant(row.details.get("at"))
    if how is None or at is None:
        return "Clinical information came in."
    return f"Clinical information taken down, {how} {row.details.get('whom', '')}, {when(at)}."


def _closed(work: Work, row: LogRow) -> str:
    word = row.details.get("reason") or row.details.get("determination") or row.what
    mine = work.request is not None and row.consult_id == work.request.consult.id
    said = closed_words(str(word), talk=not mine or work.request is None or work.request.state.talk)
    return "Withdrawn." if word == "withdrawn_by_office" else str(said)


def _changed(work: Work, row: LogRow) -> str:
    """Tell of a change that no other row tells of; the rest of what changed stands in the row beside it."""
    told = {"windows": "The office gave other times.", "peer_declined": "The office prefers to wait for its director."}
    return " ".join(words for field, words in told.items() if field in row.details.get("fields", ()))


def _escalated(work: Work, row: LogRow) -> str:
    title = next((todo.title for reason, todo in TASKS.items() if reason == row.details.get("reason")), "A person")
    cause = CAUSES.get(str(row.details.get("cause")))
    return f"Needs attention: {title}{f' ({cause})' if cause else ''}."


def _deadline_near(work: Work, row: LogRow) -> str:
    due, waits = _instant(row.details.get("due")), WAITING.get(str(row.details.get("waits")))
    until = f" ({when(due)})" if due else ""
    return f"A deadline comes near{until} and there is no time before it. {f'{waits.title}.' if waits else ''}".strip()


def _settled(work: Work, row: LogRow) -> str:
    title = next((todo.title for reason, todo in TASKS.items() if reason == row.details.get("reason")), "A task")
    return f"Settled “{title}”: {row.details.get('note', '')}"


def _late(work: Work, row: LogRow) -> str:
    received, second = _instant(row.details.get("received")), row.details.get("second_person")
    came = f" (it came in {when(received)})" if received else ""
    vouched = f" Vouched for by {second}." if second else ""
    return f"Entered later than the last business day's close{came}: {row.details.get('reason', '')}{vouched}"


def _late_settled(work: Work, row: LogRow) -> str:
    received = _instant(row.details.get("received"))
    note = f" {row.details['note']}" if row.details.get("note") else ""
    if row.details.get("confirmed"):
        return f"Confirmed by a second person{f': it came in {when(received)}' if received else ''}.{note}"
    return f"Not confirmed by a second person, so it counts as received when it was entered.{note}"


def _reassigned(work: Work, row: LogRow) -> str:
    return f"Given to {_director(work, row)}: {row.details.get('reason', '')}"


def _named(work: Work, row: LogRow) -> str:
    return f"{_director(work, row)} named as the director who decided."


def _date_known(work: Work, row: LogRow) -> str:
    name = DATES.get(str(row.details.get("name")), str(row.details.get("name")))
    return f"{name}: {_day_or_instant(str(row.details.get('value', '')))}. The deadlines were computed again."


def _outside(work: Work, row: LogRow) -> str:
    at = _instant(row.details.get("took_place_at"))
    return f"Talk with {_director(work, row)} outside the queue{f', {when(at)}' if at else ''}."


def _not_there(work: Work, row: LogRow) -> str:
    if row.details.get("who") == "director":
        return "The medical director did not call."
    number = row.details.get("number")
    return f"Nobody answered{f' at {number}' if number else ''}."


def _matched(work: Work, row: LogRow) -> str:
    return f"Matched with {row.details.get('left_request', 'a request')}, which was left without the access code."


def _mail(work: Work, row: LogRow) -> str:
    states = {
        "sent": "sent",
        "failed": "could not be sent: call instead",
        "waiting": "waits to be sent",
        "superseded": "not sent, because a newer one says more",
    }
    kind = str(row.details["kind"]).capitalize()
    return f"{kind} to the {row.details['recipient']}: {states[row.details['state']]}."


def _letter_made(work: Work, row: LogRow) -> str:
    kind = str(row.details.get("letter"))
    return f"Letter made: “{TITLES[LetterKind(kind)]}”." if kind in set(LetterKind) else "A letter was made."


def _denial_completed(work: Work, row: LogRow) -> str:
    labels = [FIELDS[name].label.lower() for name in row.details.get("fields", ()) if name in FIELDS]
    return f"Written down for a letter: {', '.join(labels)}."


def _followed_up(work: Work, row: LogRow) -> str:
    said = FOLLOW_UPS.get(str(row.details.get("item")))
    at = _instant(row.details.get("done_at"))
    return f"{said.title if said else 'Done'}{f', {when(at)}' if at else ''}: {row.details.get('proof', '')}"


def _document(words: str) -> Callable[[Work, LogRow], str]:
    return lambda work, row: f"Document {row.details.get('document')} {words}."


def _document_refused(work: Work, row: LogRow) -> str:
    because = REFUSED[RefusedBecause(row.details["reason"])]
    found = row.details.get("found")
    return f"Document {row.details['document']} not taken: {because.title}{f' ({found})' if found else ''}."


def _document_withdrawn(work: Work, row: LogRow) -> str:
    because = WITHDRAWN[WithdrawnBecause(row.details["reason"])]
    return f"Document {row.details['document']} taken out of view: {because}."


def _answered(work: Work, row: LogRow) -> str:
    answer = ANSWERS.get(str(row.details.get("answer")), "answers")
    return f"By mail: the {row.details.get('side', 'other side')} {answer}."


def _from(row: LogRow) -> str:
    return f" from the {row.details['side']}" if row.details.get("side") else ""


def _sent_again(work: Work, row: LogRow) -> str:
    return f"{str(row.details['kind']).capitalize()} to the {row.details['recipient']}: sent again."


def _fixed(sentence: str) -> Callable[[Work, LogRow], str]:
    return lambda work, row: sentence


_WORDS: Mapping[str, Callable[[Work, LogRow], str]] = {
    "received": _received,
    "refused": _refused,
    "accepted_despite_refusal": lambda work, row: f"Accepted all the same: {row.details.get('reason', '')}",
    "entered_late": _late,
    "late_entry_settled": _late_settled,
    "information_waived": lambda work, row: f"Goes on without clinical information: {row.details.get('reason', '')}",
    "matched": _matched,
    "talk_asked": _talk_asked,
    "awaiting_information": _fixed("Waits for clinical information."),
    "information": _information,
    "early_information": _fixed("Clinical information came in before there was a request."),
    "brief_opened": _fixed("The director opened the brief."),
    "document_received": _document("came in"),
    "document_refused": _document_refused,
    "document_scanned": _document("was scanned; nothing was found"),
    "document_opened": _document("was opened"),
    "document_withdrawn": _document_withdrawn,
    "imported": _fixed("The denial was imported."),
    "changed": _changed,
    "reach_changed": _fixed("Numbers or addresses of the office were changed."),
    "review_opened": _review_opened,
    "review_decided": _review_decided,
    "running_late": lambda work, row: (
        f"{_director(work, row)} is running about {row.details.get('minutes')} minutes late."
    ),
    "claimed": _fixed("Took the review to work on it."),
    "released": _fixed("Handed the review back to the list."),
    "handed_over": _handed_over,
    "reconsideration_asked": _fixed("The office asks for reconsideration as well."),
    "more_wanted": _fixed("Asked the office for more before it can be decided."),
    "review_near": _fixed("The nurse's review is due soon and not decided; the desk is alerted."),
    "review_overdue": _fixed("The nurse's review was not decided in time."),
    "booked": _booked,
    "moved": _moved,
    "returned": _returned,
    "unplaced": _unplaced,
    "peer_offered": _peer_offered,
    "cancelled": _closed,
    "completed": _closed,
    "not_reached": _closed,
    "escalated": _escalated,
    "deadline_near": _deadline_near,
    "settled": _settled,
    "sent_again": lambda work, row: (
        f"{str(row.details['kind']).capitalize()} to the {row.details['recipient']}: sent again."
    ),
    "withdrawn_from_view": lambda work, row: (
        "The case was withdrawn from view: wrong patient."
        if row.details.get("part") == "case"
        else "What the office sent was withdrawn from view: wrong patient."
    ),
    "returned_to_view": _fixed("What was withdrawn is back in view."),
    "director_named": _named,
    "reassigned": _reassigned,
    "date_known": _date_known,
    "appeal_filed": _fixed("An appeal was filed."),
    "outside_the_queue": _outside,
    "not_there": _not_there,
    "follow_up_opened": _fixed("What follows from the changed decision is to be done now."),
    "followed_up": _followed_up,
    "letter_made": _letter_made,
    "denial_completed": _denial_completed,
    "packet_made": _fixed("The case was handed out as a packet."),
    "mail": _mail,
    "answered_by_mail": _answered,
    "decline_taken_back": _fixed("The director keeps the talk after all."),
    "mail_received": lambda work, row: f"Mail came in{_from(row)}, to be read.",
    "mail_bounced": lambda work, row: f"Mail to the {row.details.get('side', 'other side')} came back: call instead.",
}


def _time(row: LogRow) -> str:
    start = _instant(row.details.get("start"))
    return when(start) if start else "a time to be told"


def _director(work: Work, row: LogRow) -> str:
    return work.people.get(row.details.get("director") or 0, "the medical director")


def _instant(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _day_or_instant(text: str) -> str:
    return day(date.fromisoformat(text)) if len(text) == len("2026-03-02") else when(datetime.fromisoformat(text))
