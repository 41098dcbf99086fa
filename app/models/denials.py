"""What comes in: denials of the plan, and requests that match none."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, word
from app.models.people import Director
from scheduling.values import Decision, Setting, Urgency

#: stands in place of a name or a service that was withdrawn from view because it is of the wrong patient
WITHDRAWN = "Withdrawn from view"


class Denial(Base):
    """An adverse determination: what was denied, why, by whom, and how that was told (BSP-1, BSP-2)."""

    __tablename__ = "denial"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    plan: Mapped[str]
    "id of the policy that governs"
    case_number: Mapped[str]
    "the number on the denial letter"
    director_id: Mapped[int | None] = mapped_column(ForeignKey("director.id"), index=True)
    "who decided; null: waits for a coordinator to name one, nothing is guessed"
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("director.id"), index=True)
    "in whose line requests about it stand, since whoever decided has left"
    decision: Mapped[Decision] = mapped_column(word(Decision, "decision"))
    setting: Mapped[Setting] = mapped_column(word(Setting, "setting"))
    urgency: Mapped[Urgency] = mapped_column(word(Urgency, "urgency"))
    line_of_business: Mapped[str] = mapped_column(default="")
    applies_to: Mapped[dict[str, Any]] = mapped_column(default=dict)
    "state, service and place as free words, for choosing among several policies"
    dates: Mapped[dict[str, Any]] = mapped_column(default=dict)
    "name of the policy format -> ISO date (a day in the plan's zone) or ISO instant"
    member_name: Mapped[str]
    member_id: Mapped[str]
    member_birth_date: Mapped[date | None]
    service: Mapped[str]
    "what was asked for, in words or codes"
    reason: Mapped[str] = mapped_column(default="")
    "the plan's word for the reason, matched with a policy's excluded_reasons"
    reason_text: Mapped[str] = mapped_column(default="")
    criteria: Mapped[str] = mapped_column(default="")
    clinical_reasons: Mapped[str] = mapped_column(default="")
    requester_name: Mapped[str] = mapped_column(default="")
    requester_npi: Mapped[str] = mapped_column(default="")
    requester_specialty: Mapped[str] = mapped_column(default="")
    told_at: Mapped[datetime | None]
    told_how: Mapped[str] = mapped_column(default="")
    told_by: Mapped[str] = mapped_column(default="")
    appeal_filed_at: Mapped[datetime | None]
    early_statement: Mapped[str] = mapped_column(default="", server_default="")
    "clinical information that came while no request was open; it counts for the next one"
    access_code_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    "HMAC-SHA256 with the server's key of the code on the letter"
    imported_from: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    director: Mapped[Director | None] = relationship(lazy="raise", foreign_keys=[director_id])

    def date_of(self, name: str) -> datetime | date | None:
        """Read one of the dates, by its name in the policy format: a day of the plan, an instant, or not known."""
        text = self.dates.get(name)
        if text is None:
            return None
        return date.fromisoformat(text) if len(text) == len("2026-03-02") else datetime.fromisoformat(text)

    __table_args__ = (
        UniqueConstraint("plan", "case_number"),
        CheckConstraint("(told_at is null) = (told_how = '')", name="told_paired"),
        Index("ix_denial_case_number", "case_number"),
        Index("ix_denial_without_director", "id", postgresql_where="director_id is null"),
    )


class LeftRequest(Base):
    """A request left without the letter's access code: never lost, matched by a coordinator, nothing read back."""

    __tablename__ = "left_request"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    form_key: Mapped[str] = mapped_column(unique=True)
    case_number: Mapped[str]
    received_at: Mapped[datetime]
    body: Mapped[dict[str, Any]]
    "what was typed: speaker, windows, contact"
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    settled_note: Mapped[str] = mapped_column(default="", server_default="")
    consult_id: Mapped[int | None] = mapped_column(ForeignKey("consult.id"))
    "the request that came of it"
    __table_args__ = (
        CheckConstraint("(settled_at is null) = (settled_by is null)", name="settled_paired"),
        Index("ix_left_request_unsettled", "received_at", postgresql_where="settled_at is null"),
    )


class LateEntry(Base):
    """A call entered later than the desk may without question; it waits for a second person to confirm it (BSP-4).

    Confirmed, it is a request received when it came in; not confirmed, one received when it was entered.
    """

    __tablename__ = "late_entry"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    denial_id: Mapped[int] = mapped_column(ForeignKey("denial.id"))
    form_key: Mapped[str] = mapped_column(unique=True)
    received_at: Mapped[datetime]
    "when it came in, as whoever entered it says"
    entered_at: Mapped[datetime]
    entered_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str]
    "why it is entered only now"
    accept_late_reason: Mapped[str] = mapped_column(default="")
    body: Mapped[dict[str, Any]]
    "the form as it was read: speaker, windows, contact"
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    confirmed: Mapped[bool | None]
    settled_note: Mapped[str] = mapped_column(default="")
    consult_id: Mapped[int | None] = mapped_column(ForeignKey("consult.id"))
    "the request that came of it"
    __table_args__ = (
        CheckConstraint("settled_by <> entered_by", name="second_person"),
        CheckConstraint("num_nonnulls(settled_at, settled_by, confirmed) in (0, 3)", name="settled_paired"),
        CheckConstraint("received_at < entered_at", name="received_before_entered"),
        Index("uq_late_entry_open", "denial_id", unique=True, postgresql_where="settled_at is null"),
    )


class Withdrawal(Base):
    """Records of the wrong patient, withdrawn from view: kept here, for the privacy officer, and nowhere else."""

    __tablename__ = "withdrawal"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    denial_id: Mapped[int | None] = mapped_column(ForeignKey("denial.id"), index=True)
    left_request_id: Mapped[int | None] = mapped_column(ForeignKey("left_request.id"))
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound.id"))
    reason: Mapped[str]
    withdrawn_at: Mapped[datetime]
    withdrawn_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kept: Mapped[dict[str, Any]]
    "what stood there: table -> id of the row -> column -> value"
    returned_at: Mapped[datetime | None]
    returned_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    __table_args__ = (
        CheckConstraint("num_nonnulls(denial_id, left_request_id, inbound_id) = 1", name="about_one"),
        CheckConstraint("(returned_at is null) = (returned_by is null)", name="returned_paired"),
    )
