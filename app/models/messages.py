"""What leaves the building."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, word


class Recipient(StrEnum):
    """Which side of a consult a message is for: with the consult, its lane."""

    OFFICE = "office"
    DIRECTOR = "director"


class MessageKind(StrEnum):
    """What a message tells."""

    ACKNOWLEDGEMENT = "acknowledgement"
    INVITATION = "invitation"
    CANCELLATION = "cancellation"
    NOTICE = "notice"
    REMINDER = "reminder"


class Message(Base):
    """A mail, rendered to its last byte in the transaction whose change it tells of (statement J3).

    `sent_at` null and neither failed nor superseded: to be sent. A lane is one consult and one address; its messages
    leave in order of id, one at a time. A try is fenced: whoever finishes it must hold the `fence` it claimed with.
    """

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    consult_id: Mapped[int] = mapped_column(ForeignKey("consult.id"))
    recipient: Mapped[Recipient] = mapped_column(word(Recipient, "recipient"))
    kind: Mapped[MessageKind] = mapped_column(word(MessageKind, "kind"))
    address: Mapped[str]
    message_id: Mapped[str] = mapped_column(unique=True)
    "the Message-ID header without brackets: a copy sent twice is the same message"
    subject: Mapped[str]
    calendar_uid: Mapped[str | None]
    calendar_sequence: Mapped[int | None]
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))
    "of a reminder: of what, so that it is not sent once that booking is gone (K1)"
    minutes_before: Mapped[int | None]
    "of a reminder: which of the policy's"
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    doubtful_at: Mapped[datetime | None]
    "a try ended without the server's answer, or its worker died: a copy may have arrived"
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    'given up: shown to the administrator, with "send again"'
    superseded_at: Mapped[datetime | None]
    "a newer message of the lane says more; never sent"
    last_error: Mapped[str] = mapped_column(default="")
    bounced_at: Mapped[datetime | None]
    "a server said that it did not arrive after all; `last_error` has its words (I5)"
    __table_args__ = (
        CheckConstraint("num_nonnulls(sent_at, failed_at, superseded_at) <= 1", name="one_end"),
        CheckConstraint("(calendar_uid is null) = (calendar_sequence is null)", name="calendar_paired"),
        CheckConstraint(
            "lease_until is null or num_nonnulls(sent_at, failed_at, superseded_at) = 0", name="lease_open"
        ),
        Index(
            "ix_message_to_send",
            "next_try_at",
            "id",
            postgresql_where=text("sent_at is null and failed_at is null and superseded_at is null"),
        ),
        Index("ix_message_lane", "consult_id", "address", "id"),
        CheckConstraint(
            "(kind = 'reminder') = (booking_id is not null) and (booking_id is null) = (minutes_before is null)",
            name="reminder_of_a_booking",
        ),
        Index(
            "uq_message_reminder",
            "booking_id",
            "recipient",
            "minutes_before",
            unique=True,
            postgresql_where=text("booking_id is not null"),
        ),
    )
