"""What comes back: mails as they came, what calendars answered, and addresses that take no mail."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, word
from app.models.messages import Recipient


class InboundKind(StrEnum):
    """What a mail that came in is."""

    REPLY = "reply"
    "a calendar's answer"
    BOUNCE = "bounce"
    "a server says that a mail of ours did not arrive"
    LETTER = "letter"
    "somebody wrote it"
    AUTOMATIC = "automatic"
    "nobody wrote it: out of office, a list, ourselves"
    UNREADABLE = "unreadable"
    "too large, or not to be taken apart"


class Answer(StrEnum):
    """What a calendar answers."""

    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"
    PROPOSED = "proposed"


class DeclineEnd(StrEnum):
    """What became of a decline that waits for the director's second thought."""

    RETURNED = "returned"
    "the consult went back in line"
    KEPT = "kept"
    "the director took it back"
    OVERTAKEN = "overtaken"
    "the talk has another time, or none, since"


class Mailbox(Base):
    """How far a source of mail has been read. Flags and folders there are not touched: what is read is known here."""

    __tablename__ = "mailbox"
    source: Mapped[str] = mapped_column(primary_key=True)
    uid_validity: Mapped[int]
    last_uid: Mapped[int]
    recent_uids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list)
    "those read last, since a server may show a mail after one with a higher UID"
    read_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(default="")
    "why it could not be read the last time; empty: it could"
    problem_since: Mapped[datetime | None]
    __table_args__ = (CheckConstraint("(problem = '') = (problem_since is null)", name="problem_paired"),)


class InboundMail(Base):
    """A mail as it came in, kept before anything acts on it. `processed_at` null: something is still to be done.

    Twice is once: by its place in its source, and by its Message-ID with what it says.
    """

    __tablename__ = "inbound"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    source: Mapped[str]
    "imap ..., folder, development"
    position: Mapped[str]
    "where it is in its source: UIDVALIDITY and UID, or a file's name and hash"
    message_id: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    "empty, where `size` is not: withdrawn from view"
    size: Mapped[int]
    truncated: Mapped[bool]
    "it is larger than what is kept of it"
    received_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    processed_at: Mapped[datetime | None]
    kind: Mapped[InboundKind | None] = mapped_column(word(InboundKind, "kind"))
    outcome: Mapped[str] = mapped_column(default="")
    "what came of it, or why nothing did, in a word; docs/answers.md has them"
    sender: Mapped[str] = mapped_column(default="")
    consult_id: Mapped[int | None] = mapped_column(ForeignKey("consult.id"), index=True)

    @property
    def withdrawn(self) -> bool:
        """Tell whether what it said was taken out of view, because it is about the wrong patient."""
        return bool(self.size and not self.content)

    __table_args__ = (
        UniqueConstraint("source", "position"),
        CheckConstraint("(processed_at is null) = (kind is null)", name="processed_paired"),
        Index("ix_inbound_to_do", "id", postgresql_where=text("processed_at is null")),
    )


class CalendarReply(Base):
    """One side's answer to the invitation to a consult, as it fitted the invitation when it came."""

    __tablename__ = "reply"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    inbound_id: Mapped[int] = mapped_column(ForeignKey("inbound.id"))
    consult_id: Mapped[int] = mapped_column(ForeignKey("consult.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))
    "the time that was answered; null: the consult had none"
    recipient: Mapped[Recipient] = mapped_column(word(Recipient, "recipient"))
    address: Mapped[str]
    uid: Mapped[str]
    sequence: Mapped[int]
    answer: Mapped[Answer] = mapped_column(word(Answer, "answer"))
    said_at: Mapped[datetime]
    "by the clock of whoever answered, and never later than it came"
    received_at: Mapped[datetime]
    trusted: Mapped[bool]
    decline_due_at: Mapped[datetime | None]
    "when the consult goes back in line, unless the director takes the decline back; null: it does not by itself"
    decline_ended_at: Mapped[datetime | None]
    decline_end: Mapped[DeclineEnd | None] = mapped_column(word(DeclineEnd, "decline_end"))
    __table_args__ = (
        CheckConstraint("(decline_ended_at is null) = (decline_end is null)", name="decline_ended_paired"),
        CheckConstraint("decline_ended_at is null or decline_due_at is not null", name="decline_began"),
        CheckConstraint(
            "decline_due_at is null or (trusted and recipient = 'director' and answer = 'declined'"
            " and booking_id is not null)",
            name="decline_trusted",
        ),
        Index("ix_reply_consult", "consult_id", "id"),
        Index(
            "uq_reply_decline",
            "consult_id",
            unique=True,
            postgresql_where=text("decline_due_at is not null and decline_ended_at is null"),
        ),
    )


class BouncedAddress(Base):
    """An address from which mail came back, until one comes from there."""

    __tablename__ = "bounced_address"
    address: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    status: Mapped[str] = mapped_column(default="")
    said: Mapped[str] = mapped_column(default="")
    "the server's words"
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    inbound_id: Mapped[int] = mapped_column(ForeignKey("inbound.id"))
    __table_args__ = (CheckConstraint("address = lower(address)", name="address_lower"),)
