"""Who uses Peerline and who reviews: accounts, their sessions, medical directors with their time."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, word

SANE_RANGE = "not isempty({0}) and lower_inc({0}) and not upper_inc({0}) and not lower_inf({0}) and not upper_inf({0})"


class Role(StrEnum):
    """Who may use a route. `ANYONE` and `SIGNED_IN` are for routes only, never for an account."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    OFFICE = "office"
    NURSE = "nurse"
    DIRECTOR = "director"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"


class StaffRole(StrEnum):
    """The role of an account."""

    NURSE = "nurse"
    DIRECTOR = "director"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"


class OffKind(StrEnum):
    """Why a director's time is not to be had."""

    TIME_OFF = "time_off"
    DECLINED = "declined"
    BUSY = "busy"


class Account(Base):
    """Somebody of the plan who signs in with a password."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[StaffRole] = mapped_column(word(StaffRole, "role"))
    password_hash: Mapped[str]
    "argon2id, never the password"
    time_zone: Mapped[str]
    director_id: Mapped[int | None] = mapped_column(ForeignKey("director.id"), unique=True)
    "whose day this account sees; set for directors alone"
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("(role = 'director') = (director_id is not null)", name="director_has_director"),
    )


class WebSession(Base):
    """A visit to the pages. The cookie holds a random secret; this row its hash, who it is and what it may see."""

    __tablename__ = "web_session"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    denials: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list)
    "cases that were opened with the letter's access code in this visit"
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    "flash messages, the CSRF secret and the like; nothing about a patient"
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class FailedTry(Base):
    """A wrong password or access code: counted here, so that a dead Redis opens nothing."""

    __tablename__ = "failed_try"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    key: Mapped[str]
    "what was tried, hashed where it could tell something of a patient: account:..., case:..., address:..."
    at: Mapped[datetime]
    __table_args__ = (Index("ix_failed_try_key_at", "key", "at"),)


class Director(Base):
    """A medical director of the plan: decides, is called, has hours."""

    __tablename__ = "director"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    npi: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    "with credentials: Dana Lee, MD"
    phone: Mapped[str]
    email: Mapped[str]
    time_zone: Mapped[str]
    specialties: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    licence_states: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    lines_of_business: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    max_a_day: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    hours: Mapped[list["DirectorHours"]] = relationship(lazy="raise", cascade="all, delete-orphan")
    days: Mapped[list["DirectorDay"]] = relationship(lazy="raise", cascade="all, delete-orphan")
    __table_args__ = (CheckConstraint("npi ~ '^[0-9]{10}$'", name="npi_digits"),)


class DirectorHours(Base):
    """A span of a weekday in the director's own zone in which consults may be booked."""

    __tablename__ = "director_hours"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    director_id: Mapped[int] = mapped_column(ForeignKey("director.id"), index=True)
    weekday: Mapped[int]
    "0 is Monday"
    starts: Mapped[time]
    ends: Mapped[time | None]
    "null: 24:00"
    __table_args__ = (
        CheckConstraint("weekday between 0 and 6", name="weekday"),
        CheckConstraint("ends is null or starts < ends", name="starts_before_ends"),
    )


class DirectorDay(Base):
    """A local date on which other spans hold than in the week; without `starts` the day is closed (statement C3)."""

    __tablename__ = "director_day"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    director_id: Mapped[int] = mapped_column(ForeignKey("director.id"), index=True)
    on_date: Mapped[date]
    starts: Mapped[time | None]
    ends: Mapped[time | None]


class DirectorOff(Base):
    """Time of a director that is not to be had."""

    __tablename__ = "director_off"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    director_id: Mapped[int] = mapped_column(ForeignKey("director.id"), index=True)
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    kind: Mapped[OffKind] = mapped_column(word(OffKind, "kind"))
    note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    __table_args__ = (CheckConstraint(SANE_RANGE.format("during"), name="during_sane"),)


class DirectorPeer(Base):
    """A designated peer of a director; the lowest rank is asked first."""

    __tablename__ = "director_peer"
    director_id: Mapped[int] = mapped_column(ForeignKey("director.id"), primary_key=True)
    peer_id: Mapped[int] = mapped_column(ForeignKey("director.id"), primary_key=True)
    rank: Mapped[int]
    __table_args__ = (
        UniqueConstraint("director_id", "rank"),
        CheckConstraint("director_id <> peer_id", name="not_oneself"),
    )
