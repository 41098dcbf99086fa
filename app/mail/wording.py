"""What mails and calendar entries say. Not one word in them is about the patient (statement M5)."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.itip import text
from app.mail import times
from app.mail.reasons import Reason
from app.models import Recipient

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)

GOOGLE = (
    "Google Calendar may wait for you before it shows this talk: press “Yes” in the invitation. "
    "Outlook may file this mail under Deleted Items once it is in the calendar."
)


#: to whom nothing was told before
BOOKED = "Your peer-to-peer consult is booked."


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a mail may say of a consult, whoever reads it."""

    plan_name: str
    sender: str
    reference: str
    link: str
    speaker_name: str
    speaker_specialty: str
    speaker_phone: str
    backup_name: str
    backup_phone: str
    how_to_reach: bool
    "there are words on how to get through; they stay on the page, since somebody typed them"
    office_reference: str
    office_zone: str
    decided_by: str
    decided_by_phone: str
    reconsideration: bool
    talk: bool
    "a talk is asked for; else reconsideration without a call"
    advice: frozenset[str]
    "those of the deadlines below that bind nobody: occur_by, sla, target"
    occur_by: datetime | None
    sla_due: datetime | None
    target_due: datetime | None
    last_day_to_appeal: datetime | date | None
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """The time of a consult and the director it is with."""

    start: datetime
    end: datetime
    director_name: str
    director_phone: str
    director_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What one mail says, in the order in which it is read."""

    title: str
    lead: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    closing: tuple[str, ...]
    link_text: str
    link: str
    sender: str

    def plain(self) -> str:
        """Render the text part."""
        return _TEMPLATES.get_template("mail.txt").render(wording=self)

    def html(self) -> str:
        """Render the HTML part."""
        return _TEMPLATES.get_template("mail.html").render(wording=self)

    def description(self) -> str:
        """Say it as the note of a calendar entry."""
        facts = [f"{label}: {value}" for label, value in self.facts]
        return "\n".join([*self.lead, "", *facts, "", f"{self.link_text} {self.link}"])


def summary(case: Case, recipient: Recipient) -> str:
    """Name the calendar entry: for the director by who wants to talk, for the office by its own reference."""
    if recipient is Recipient.DIRECTOR:
        return who_wants_to_talk(case.speaker_name, case.speaker_specialty, case.reference)
    if case.office_reference:
        return f"P2P call for {case.office_reference}, {case.reference}"
    return f"P2P call {case.reference}"


def subject(case: Case, title: str) -> str:
    """Name a mail to the office that changes no calendar: what it says, and of which request."""
    names = [name for name in (case.office_reference, case.reference) if name]
    return f"{title}: {', '.join(names)}"


def changed(*, director: bool, time: bool) -> str:
    """Say what is new to somebody who holds an invitation already."""
    if director:
        what = "is with another medical director now" + (", and has another time." if time else "; the time stays.")
    else:
        what = "has another time." if time else "keeps its time; a detail of it has changed."
    return f"Your peer-to-peer consult {what} This replaces what you were told before."


def who_wants_to_talk(name: str, specialty: str, reference: str) -> str:
    """Name a talk for the director."""
    return f"P2P: {name}{f' ({specialty})' if specialty else ''}, {reference}"


def location(case: Case, talk: Talk, recipient: Recipient) -> str:
    """Give the number to dial to the director, the number that the call will come from to the office."""
    return tel(case.speaker_phone if recipient is Recipient.DIRECTOR else talk.director_phone)


def tel(phone: str) -> str:
    """Write a telephone number as a link (RFC 3966). Ten digits are a number in North America."""
    number, *extension = re.split(r"(?i)[;,]?\s*(?:extension|ext\.?|x|#)\s*=?\s*(?=\d+\s*$)", phone.strip(), maxsplit=1)
    digits = re.sub(r"\D", "", number)
    if not digits:
        return text.line(phone)
    if not number.startswith("+") and len(digits) == 10:
        digits = f"1{digits}"
    plus = "+" if number.startswith("+") or len(digits) == 11 else ""
    return f"tel:{plus}{digits}" + (f";ext={extension[0].strip()}" if extension else "")


def acknowledgement(case: Case, *, received: datetime, place: int | None, next_step: str) -> Wording:
    """Tell the office that its request is in, where it stands, and what happens next."""
    facts = [("Received", times.instant(received, case.office_zone))]
    if place is not None:
        facts.append(("Position in line", str(place)))
    thanks = "Thank you. Your request for reconsideration without a call is received."
    if case.talk:
        facts += [("Physician on the call", _who(case)), ("Number that will be called", _number_called(case))]
        thanks = "Thank you. Your request for a peer-to-peer consult is received and has its place in line."
    return _wording(
        case,
        "Your request is received",
        lead=(thanks, next_step),
        facts=(*facts, *_common(case, Recipient.OFFICE, case.office_zone)),
        recipient=Recipient.OFFICE,
    )


def notice(case: Case, title: str, paragraphs: tuple[str, ...]) -> Wording:
    """Tell the office something in words of the caller's."""
    return _wording(
        case,
        title,
        lead=paragraphs,
        facts=_common(case, Recipient.OFFICE, case.office_zone),
        recipient=Recipient.OFFICE,
    )


def to_decide(case: Case, *, due: datetime | None, zone: str) -> Wording:
    """Tell a director that a reconsideration waits for his decision, without a call."""
    by = (("To be decided by", times.instant(due, zone)),) if due is not None else ()
    return _wording(
        case,
        "A reconsideration to decide without a call",
        lead=("The nurse did not approve it, and the office asked for no talk. Only a physician may uphold a denial.",),
        facts=(*by, *_common(case, Recipient.DIRECTOR, zone)),
        recipient=Recipient.DIRECTOR,
        link_text="To read the case and to decide, sign in here:",
    )


def invitation(case: Case, talk: Talk, recipient: Recipient, news: str) -> Wording:
    """Tell one side when the talk is; `news` is the sentence that says what is new."""
    zone = _zone(case, talk, recipient)
    when = ("When", times.span(talk.start, talk.end, zone))
    facts = _to_dial(case) if recipient is Recipient.DIRECTOR else _to_expect(case, talk)
    return _wording(
        case,
        news,
        lead=(news,),
        facts=(when, *facts, *_common(case, recipient, zone)),
        recipient=recipient,
        closing=(GOOGLE,),
    )


def reminder(case: Case, talk: Talk, recipient: Recipient) -> Wording:
    """Remind one side of its talk, with what it needs to make or take the call."""
    zone = _zone(case, talk, recipient)
    facts = _to_dial(case) if recipient is Recipient.DIRECTOR else _to_expect(case, talk)
    return _wording(
        case,
        "Your peer-to-peer consult is coming up",
        lead=("This is a reminder. The time is the one in your calendar; nothing has changed.",),
        facts=(("When", times.span(talk.start, talk.end, zone)), *facts, *_common(case, recipient, zone)),
        recipient=recipient,
    )


def cancellation(case: Case, talk: Talk, recipient: Recipient, reason: Reason, *, whole: bool) -> Wording:
    """Tell one side that the talk is off at this time. Each reads its own words (statement G2).

    Not `whole`: the talk goes on without this recipient (H1).
    """
    zone = _zone(case, talk, recipient)
    paragraphs = reason.director if recipient is Recipient.DIRECTOR else reason.office
    return _wording(
        case,
        "Cancelled" if whole else "Taken out of your calendar",
        lead=paragraphs,
        facts=(
            ("Cancelled time" if whole else "Time", times.span(talk.start, talk.end, zone)),
            *_common(case, recipient, zone),
        ),
        recipient=recipient,
        link_text="To read the case, sign in here:" if recipient is Recipient.DIRECTOR else "",
    )


def _wording(
    case: Case,
    title: str,
    *,
    lead: tuple[str, ...],
    facts: tuple[tuple[str, str], ...],
    recipient: Recipient,
    closing: tuple[str, ...] = (),
    link_text: str = "",
) -> Wording:
    return Wording(
        title=text.line(title),
        lead=tuple(text.line(paragraph) for paragraph in lead),
        facts=tuple((label, text.line(value)) for label, value in facts),
        closing=closing,
        link_text=link_text or _what_the_link_is_for(case, recipient),
        link=case.link,
        sender=text.line(f"{case.sender}, {case.plan_name}"),
    )


def _what_the_link_is_for(case: Case, recipient: Recipient) -> str:
    if recipient is Recipient.DIRECTOR:
        return "To open the case, or to give this time back, sign in here:"
    if case.closed:
        return "To read how the request ended, sign in here:"
    if not case.talk:
        return "To follow the request, send information, ask for a talk as well or withdraw, sign in here:"
    return "To follow the request, send information, change your times or withdraw, sign in here:"


def _zone(case: Case, talk: Talk, recipient: Recipient) -> str:
    return talk.director_zone if recipient is Recipient.DIRECTOR else case.office_zone


def _who(case: Case) -> str:
    return f"{case.speaker_name} ({case.speaker_specialty})" if case.speaker_specialty else case.speaker_name


def _backup(case: Case) -> str:
    return ", ".join(part for part in (case.backup_name, case.backup_phone) if part)


def _number_called(case: Case) -> str:
    return f"{case.speaker_phone}, back-up {_backup(case)}" if _backup(case) else case.speaker_phone


def _to_dial(case: Case) -> tuple[tuple[str, str], ...]:
    facts = [("You call", _who(case)), ("Number to dial", case.speaker_phone)]
    if _backup(case):
        facts.append(("Back-up", _backup(case)))
    if case.how_to_reach:
        facts.append(("How to get through", "the office left words on this; they are with the case"))
    asks = "reconsideration of the decision" if case.reconsideration else "a discussion of the decision"
    return (*facts, ("Asked for", asks))


def _to_expect(case: Case, talk: Talk) -> tuple[tuple[str, str], ...]:
    return (
        ("Medical director who calls", talk.director_name),
        ("The call comes from", talk.director_phone),
        ("Physician on the call", _who(case)),
        ("Number that will be called", _number_called(case)),
    )


def _common(case: Case, recipient: Recipient, zone: str) -> tuple[tuple[str, str], ...]:
    facts = [("Health plan", case.plan_name), ("Reference", case.reference)]
    if recipient is Recipient.OFFICE:
        if case.office_reference:
            facts.append(("Your reference", case.office_reference))
        decided = ", ".join(part for part in (case.decided_by, case.decided_by_phone) if part)
        facts.append(("Medical director who decided", decided or "not known yet; the plan's desk is finding out"))
    facts += _deadlines(case, zone, recipient)
    return tuple(facts)


def _deadlines(case: Case, zone: str, recipient: Recipient) -> list[tuple[str, str]]:
    facts = [] if case.closed or not case.talk else _until_when(case, zone)
    if case.last_day_to_appeal is not None:
        facts.append(("Last day to appeal", f"{_last_day(case, zone)}. A consult does not move this day."))
    elif recipient is Recipient.OFFICE:
        facts.append(("Last day to appeal", "it is in your denial letter. A consult does not move this day."))
    return facts


def _until_when(case: Case, zone: str) -> list[tuple[str, str]]:
    """Say until when the talk is, or should be; what is advice must not read like a last day."""
    known = (("occur_by", case.occur_by), ("sla", case.sla_due), ("target", case.target_due))
    binding = [due for name, due in known if due is not None and name not in case.advice and name != "target"]
    if binding:
        return [("The talk has to take place before", times.instant(min(binding), zone))]
    if case.target_due is not None and "target" not in case.advice:
        return [("The plan aims to talk before", times.instant(case.target_due, zone))]
    advice = [due for _, due in known if due is not None]
    if advice:
        return [("Advised: talk before", f"{times.instant(min(advice), zone)}. This is advice and no last day.")]
    return []


def _last_day(case: Case, zone: str) -> str:
    last = case.last_day_to_appeal
    return times.instant(last, zone) if isinstance(last, datetime) else times.day(last or date.min)
