"""What follows a decision that was changed: four items, each with a due time and a proof (BSP-7)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, word
from app.models.consults import Consult


class FollowUpItem(StrEnum):
    """What has to be done once a decision was changed, in the order in which it is done."""

    AUTHORIZATION_CHANGED = "authorization_changed"
    PROVIDER_TOLD = "provider_told"
    MEMBER_NOTICE = "member_notice"
    APPEALS_TOLD = "appeals_told"


class FollowUp(Base):
    """One item of a consult whose decision was changed. Open until it has its proof; never removed."""

    __tablename__ = "follow_up"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    consult_id: Mapped[int] = mapped_column(ForeignKey("consult.id"))
    item: Mapped[FollowUpItem] = mapped_column(word(FollowUpItem, "item"))
    opened_at: Mapped[datetime]
    warn_at: Mapped[datetime]
    "from when an open item is before the coordinators: earlier than it is due"
    warned_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    "the mail that proves the item as soon as it is sent"
    done_at: Mapped[datetime | None]
    "when it was done, not when it was put down"
    done_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    "null with `done_at`: proved by the mail"
    proof: Mapped[str] = mapped_column(default="", server_default="")
    "the authorization's number; how and to whom; never anything about a patient"
    consult: Mapped[Consult] = relationship(lazy="raise")
    __table_args__ = (
        UniqueConstraint("consult_id", "item"),
        CheckConstraint("(done_at is null) = (proof = '')", name="done_with_proof"),
        CheckConstraint("done_by is null or done_at is not null", name="done_by_paired"),
        CheckConstraint("warn_at <= due_at", name="warned_before_due"),
        Index("ix_follow_up_open", "due_at", postgresql_where=text("done_at is null")),
    )
