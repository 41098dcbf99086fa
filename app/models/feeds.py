"""The calendars of a director: the busy one that is read, and ours that he subscribes to."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class BusyCalendar(Base):
    """Where a director's own calendar lies, and how reading it went. When it is busy is `director_off`."""

    __tablename__ = "busy_calendar"
    director_id: Mapped[int] = mapped_column(ForeignKey("director.id"), primary_key=True)
    address: Mapped[str]
    "a secret: whoever knows it reads the calendar. Never logged, never shown whole"
    named_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    "when it was last found readable, changed or not; what was busy then counts until it is again (C10)"
    whole_at: Mapped[datetime | None]
    "when its whole content was last worked out"
    failed_since: Mapped[datetime | None]
    fault: Mapped[str] = mapped_column(default="")
    "what was wrong at the last try, for people; empty: nothing"
    etag: Mapped[str] = mapped_column(default="")
    last_modified: Mapped[str] = mapped_column(default="")
    __table_args__ = (Index("ix_busy_calendar_next_try", "next_try_at"),)


class OwnFeed(Base):
    """The private address under which a director's calendar finds his talks; only its hash is kept."""

    __tablename__ = "own_feed"
    director_id: Mapped[int] = mapped_column(ForeignKey("director.id"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_at: Mapped[datetime]
