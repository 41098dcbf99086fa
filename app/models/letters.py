"""Letters as they were made, to the last byte."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, word


class LetterKind(StrEnum):
    """What a letter tells, and to whom: the office, or where it begins with `member` the member."""

    UPHELD = "upheld"
    OVERTURNED = "overturned"
    MODIFIED = "modified"
    DISCUSSED = "discussed"
    PLAN_ERROR = "plan_error"
    APPROVED = "approved"
    NOT_REACHED = "not_reached"
    WINDOW_CLOSED = "window_closed"
    MEMBER_APPROVED = "member_approved"
    MEMBER_MODIFIED = "member_modified"

    @property
    def for_member(self) -> bool:
        """Tell whether the member reads it; the office reads the others."""
        return self.value.startswith("member")


class Letter(Base):
    """A letter, with the template it was set in. Never changed: a trigger refuses UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "letter"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    denial_id: Mapped[int] = mapped_column(ForeignKey("denial.id"), index=True)
    consult_id: Mapped[int | None] = mapped_column(ForeignKey("consult.id"))
    "null: about a case for which nothing could be asked any more"
    kind: Mapped[LetterKind] = mapped_column(word(LetterKind, "kind"))
    template: Mapped[str]
    "upheld, or the plan's own: some-plan/upheld"
    template_hash: Mapped[str]
    "SHA-256 in hex of all that the letter was set in"
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sha256: Mapped[str]
    "of the content, in hex"
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    "account:7, system"
    __table_args__ = (
        Index("uq_letter_consult_kind", "consult_id", "kind", unique=True),
        Index(
            "uq_letter_denial_kind",
            "denial_id",
            "kind",
            unique=True,
            postgresql_where=text("consult_id is null"),
        ),
        CheckConstraint("(consult_id is null) = (kind = 'window_closed')", name="window_closed_has_no_consult"),
    )
