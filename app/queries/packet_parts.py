"""What a packet is made of, and its sections about the case; those about one request are in `packet_request`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from app.mail import times
from app.models import (
    Consult,
    Denial,
    Director,
    Document,
    History,
    Letter,
    Message,
)

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a head; `widths` are shares of the page."""

    head: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a packet: what it is, facts, and a table."""

    title: str
    level: int = 1
    text: str = ""
    facts: Facts = ()
    table: Table | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What every section is made of."""

    session: Session
    denial: Denial
    zone: str
    history: Sequence[History]
    people: Mapping[str, str]

    def who(self, actor: str) -> str:
        """Name who did something, with the role."""
        return self.people.get(actor, actor)

    def at(self, moment: datetime | date | None) -> str:
        """Say when, in the plan's zone."""
        if moment is None:
            return ""
        return times.moment(moment, self.zone) if isinstance(moment, datetime) else times.day(moment)

    def rows(self, what: str, consult: Consult) -> list[History]:
        """List what happened of one kind in a request."""
        return [row for row in self.history if row.what == what and row.consult_id == consult.id]

    def span(self, start: datetime, end: datetime) -> str:
        """Say when something takes place, and how long."""
        return f"{self.at(start)}, {int((end - start).total_seconds()) // 60} minutes"

    def director(self, director_id: int | None) -> str:
        """Name a medical director."""
        person = self.session.get(Director, director_id) if director_id is not None else None
        return person.name if person is not None else "not known"


def decision(told: Told) -> Section:
    """Say what was decided, about whom, by whom and why (BSP-1, BSP-2)."""
    denial = told.denial
    director = told.session.get(Director, denial.director_id) if denial.director_id is not None else None
    return Section(
        title="What was decided",
        facts=(
            ("Member", denial.member_name),
            ("Member ID", denial.member_id),
            ("Born", times.day(denial.member_birth_date) if denial.member_birth_date else "not known"),
            ("Service", denial.service),
            ("Decision", f"{denial.decision}, {denial.setting.replace('_', ' ')}, {denial.urgency}"),
            ("Line of business", denial.line_of_business.replace("_", " ")),
            ("Decided on", told.at(denial.date_of("initial_decision")) or "not known"),
            ("Medical director who decided", f"{director.name}, {director.phone}" if director else "not known"),
            ("Reason", denial.reason_text),
            ("Criteria used", denial.criteria),
            ("Clinical reasons", denial.clinical_reasons),
            ("Asked for by", f"{denial.requester_name} {denial.requester_npi}".strip()),
            ("Last day to appeal", told.at(denial.date_of("appeal_deadline")) or "not known"),
            ("Appeal filed", told.at(denial.appeal_filed_at) or "none on record"),
            ("Came from", denial.imported_from),
        ),
    )


def notice(told: Told) -> Section:
    """Say how the decision was told and the talk offered (BSP-2; NCQA asks for this proof)."""
    denial = told.denial
    written = told.at(denial.date_of("written_notice")) or told.at(denial.date_of("letter"))
    return Section(
        title="How it was told, and the talk offered",
        facts=(
            ("Told, with the offer of a talk", told.at(denial.told_at) or "not on record"),
            ("How", denial.told_how),
            ("By", denial.told_by),
            ("In writing", written or "date not on record"),
            ("With a code for asking online", "yes" if denial.access_code_hash else "no"),
        ),
    )


def documents(told: Told) -> Section | None:
    """List the documents of the case, by kind, time and figure; neither their names nor what they say."""
    query = select(Document).where(Document.denial_id == told.denial.id).order_by(Document.number)
    rows = tuple(
        (
            str(document.number),
            f"{document.kind or 'file'}, {document.size:,} bytes",
            f"{told.at(document.received_at)}, {told.who(document.sent_by)}",
            _standing(told, document),
            document.sha256.hex(),
        )
        for document in told.session.scalars(query)
    )
    if not rows:
        return None
    return Section(
        title="Documents",
        text="Their content is with the case. SHA-256 tells whether it is the same.",
        table=Table(head=("No.", "Kind", "Received", "State", "SHA-256"), widths=(1, 3, 4, 4, 5), rows=rows),
    )


def _standing(told: Told, document: Document) -> str:
    if document.withdrawn_at is not None:
        return f"withdrawn {told.at(document.withdrawn_at)}, {document.withdrawn_because}"
    because = f": {document.refused_because}" if document.refused_because is not None else ""
    return f"{document.state}{because}".replace("_", " ")


def letters(told: Told) -> Section | None:
    """List the letters that were made."""
    query = select(Letter).where(Letter.denial_id == told.denial.id).order_by(Letter.id)
    rows = tuple(
        (
            letter.kind.replace("_", " "),
            f"{told.at(letter.made_at)}, {told.who(letter.made_by)}",
            f"{letter.template}@{letter.template_hash[:12]}",
            letter.sha256,
        )
        for letter in told.session.scalars(query)
    )
    if not rows:
        return None
    return Section(
        title="Letters",
        table=Table(head=("Letter", "Made", "Set in", "SHA-256"), widths=(3, 4, 3, 6), rows=rows),
    )


def messages(told: Told) -> Section | None:
    """List every mail that was written: to whom by role, when, how it stands, and its number in the calendar."""
    query = (
        select(Message, Consult.reference)
        .join(Consult, Consult.id == Message.consult_id)
        .where(Consult.denial_id == told.denial.id)
        .order_by(Message.id)
        .options(defer(Message.body))
    )
    rows = tuple(
        (
            str(message.recipient),
            str(message.kind),
            told.at(message.created_at),
            _state(told, message),
            "" if message.calendar_sequence is None else str(message.calendar_sequence),
            reference,
        )
        for message, reference in told.session.execute(query)
    )
    if not rows:
        return None
    return Section(
        title="Messages",
        table=Table(
            head=("To the", "Kind", "Written", "State", "SEQUENCE", "Request"), widths=(2, 3, 4, 4, 2, 3), rows=rows
        ),
    )


def _state(told: Told, message: Message) -> str:
    ends = (
        ("sent", message.sent_at),
        ("given up", message.failed_at),
        ("not sent, a newer one says more", message.superseded_at),
    )
    return next((f"{word} {told.at(at)}" for word, at in ends if at is not None), "to be sent")
