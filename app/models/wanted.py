"""What a nurse still wants from an office before it can be decided."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class Wanted(Base):
    """One question of a nurse; answered when the next information is there. One is open at a time."""

    __tablename__ = "wanted"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    consult_id: Mapped[int] = mapped_column(ForeignKey("consult.id"), index=True)
    items: Mapped[str]
    "in the nurse's words; clinical, so it is shown on pages and never mailed"
    asked_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    __table_args__ = (
        Index("uq_wanted_open", "consult_id", unique=True, postgresql_where=text("answered_at is null")),
        CheckConstraint("items <> ''", name="something"),
    )
