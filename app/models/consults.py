"""The consult: its request, its booking, its review, what happened to it, and what needs a person."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    FetchedValue,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Sequence,
    Text,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, word
from app.models.denials import Denial
from app.models.people import SANE_RANGE, Director
from scheduling.values import ReviewDecision, ReviewKind, Status

#: the order of arrival; a request that goes to the back of the line draws a new number
arrivals = Sequence("arrival", metadata=Base.metadata)

OPEN = "status not in ('completed', 'cancelled', 'not_reached')"


class Channel(StrEnum):
    """How a request came in. The telephone is a first-class way (BSP-4)."""

    ONLINE = "online"
    PHONE = "phone"
    VOICEMAIL = "voicemail"
    FAX = "fax"


class AttentionReason(StrEnum):
    """Why a person is needed: the escalations of the rules, and what only the running system can meet."""

    AFTER_DEADLINE = "after_deadline"
    AFTER_TARGET = "after_target"
    NO_OPENING_BEFORE_DEADLINE = "no_opening_before_deadline"
    REVIEW_OVERDUE = "review_overdue"
    NO_DIRECTOR = "no_director"
    DATE_UNKNOWN = "date_unknown"
    TELL_BY_TELEPHONE = "tell_by_telephone"
    UPDATE_THE_CASE = "update_the_case"
    REPLY_UNTRUSTED = "reply_untrusted"
    TIME_PROPOSED = "time_proposed"
    MAIL_BOUNCED = "mail_bounced"
    CALENDAR_CONFLICT = "calendar_conflict"
    DIRECTOR_LEFT = "director_left"
    DEADLINE_NEAR = "deadline_near"
    FOLLOW_UP_DUE = "follow_up_due"
    LETTER_INCOMPLETE = "letter_incomplete"
    REVIEW_NEAR = "review_near"
    DECLINED_BY_MAIL = "declined_by_mail"
    MAIL_TO_READ = "mail_to_read"
    DOCUMENT_INFECTED = "document_infected"
    DOCUMENT_WITHDRAWN = "document_withdrawn"


class Consult(Base):
    """A request for a talk, from the moment it is asked for until an outcome. Its status changes only in `apply`."""

    __tablename__ = "consult"
    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    "drawn before the row is written, because the rules want to know it"
    reference: Mapped[str] = mapped_column(unique=True)
    "what people say on the telephone: P2P-7F3K-9Q2M"
    denial_id: Mapped[int] = mapped_column(ForeignKey("denial.id"), index=True)
    status: Mapped[Status] = mapped_column(word(Status, "status"))
    director_id: Mapped[int | None] = mapped_column(ForeignKey("director.id"))
    "whose line it stands in"
    version: Mapped[int] = mapped_column()
    policy_id: Mapped[str]
    policy_hash: Mapped[str]
    "the policy file that decided it, to the byte"

    received_at: Mapped[datetime]
    complete_at: Mapped[datetime | None]
    place_at: Mapped[datetime]
    arrival: Mapped[int] = mapped_column(arrivals, unique=True)
    windows: Mapped[list[Range[datetime]]] = mapped_column(ARRAY(TSTZRANGE), default=list)
    move_up: Mapped[bool]
    reconsideration: Mapped[bool]
    talk: Mapped[bool] = mapped_column(default=True, server_default=true())
    "a talk is asked for; else a reconsideration without a call, which stands in no line"
    talk_asked_at: Mapped[datetime | None]
    "when a talk was asked for, if that was after the request"
    information: Mapped[bool]
    information_at: Mapped[datetime | None]
    "when the first of it was there"
    request_by: Mapped[datetime | None]
    occur_by: Mapped[datetime | None]
    sla_due: Mapped[datetime | None]
    target_due: Mapped[datetime | None]
    unknown_deadlines: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    advisory_deadlines: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    "those of the above that are shown and do not bind"
    unplaced_reason: Mapped[str | None]
    peer_offer_director_id: Mapped[int | None] = mapped_column(ForeignKey("director.id"))
    peer_offer_start: Mapped[datetime | None]
    peer_offer_answer: Mapped[str | None]
    peer_declined: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    missed: Mapped[int] = mapped_column(default=0)
    closed_reason: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    outside_queue: Mapped[bool] = mapped_column(default=False)
    "a talk that took place, or was put through at once, without taking anybody's turn"
    determination_note: Mapped[str] = mapped_column(default="")

    channel: Mapped[Channel] = mapped_column(word(Channel, "channel"))
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    "who took the call; null: online"
    form_key: Mapped[str] = mapped_column(unique=True)
    "the form's own key: the same form posted twice is one request (statement A7)"
    statement: Mapped[str] = mapped_column(default="")
    "clinical information as typed or taken down by telephone"
    speaker_name: Mapped[str]
    speaker_profession: Mapped[str]
    speaker_relation: Mapped[str]
    speaker_npi: Mapped[str] = mapped_column(default="")
    speaker_specialty: Mapped[str] = mapped_column(default="")
    speaker_phone: Mapped[str]
    backup_name: Mapped[str] = mapped_column(default="")
    backup_phone: Mapped[str] = mapped_column(default="")
    how_to_reach: Mapped[str] = mapped_column(default="")
    office_contact: Mapped[str]
    office_email: Mapped[str]
    office_phone: Mapped[str] = mapped_column(default="")
    office_reference: Mapped[str] = mapped_column(default="")
    office_time_zone: Mapped[str]

    calendar_uid: Mapped[str | None]
    "of the invitation both calendars hold now; a new one after a CANCEL (invites.md section 3)"
    calendar_sequence: Mapped[int | None]
    announced_booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id", use_alter=True))
    "the booking that both sides were last told of; where it differs from the live one a message is owed"

    denial: Mapped[Denial] = relationship(lazy="raise")
    director: Mapped[Director | None] = relationship(lazy="raise", foreign_keys=[director_id])
    bookings: Mapped[list["BookingRow"]] = relationship(
        lazy="raise", back_populates="consult", order_by="BookingRow.id", foreign_keys="BookingRow.consult_id"
    )
    review: Mapped["ReviewTask | None"] = relationship(lazy="raise", back_populates="consult")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 -- SQLAlchemy reads it as a class attribute
    __table_args__ = (
        Index("uq_consult_open_denial", "denial_id", unique=True, postgresql_where=text(OPEN)),
        Index("ix_consult_calendar_uid", "calendar_uid", postgresql_where=text("calendar_uid is not null")),
        Index("ix_consult_line", "director_id", "place_at", "arrival", postgresql_where=text(OPEN)),
        CheckConstraint(f"(closed_at is null) = ({OPEN})", name="closed_paired"),
        CheckConstraint("(closed_at is null) = (closed_reason is null)", name="closed_reason_paired"),
        CheckConstraint("(channel = 'online') = (taken_by is null)", name="taken_by_paired"),
        CheckConstraint("(calendar_uid is null) = (calendar_sequence is null)", name="calendar_paired"),
        CheckConstraint("talk or reconsideration", name="talk_or_reconsideration"),
        CheckConstraint("talk or status not in ('waiting', 'booked')", name="no_time_without_talk"),
        CheckConstraint("status <> 'awaiting_decision' or not talk", name="decided_without_call"),
        CheckConstraint(
            "(peer_offer_director_id is null) = (peer_offer_start is null)"
            " and (peer_offer_answer is null or peer_offer_start is not null)",
            name="peer_offer_paired",
        ),
        CheckConstraint("peer_offer_answer in ('accepted', 'declined', 'gone')", name="peer_offer_answer"),
    )


class BookingRow(Base):
    """A consult's time with a director. `blocked` is that time and the buffer after it.

    The exclusion constraint works on core PostgreSQL, without btree_gist: one director is the range that holds his id
    alone. The check is needed beside it, since empty ranges overlap nothing.
    """

    __tablename__ = "booking"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    consult_id: Mapped[int] = mapped_column(ForeignKey("consult.id"))
    director_id: Mapped[int] = mapped_column(ForeignKey("director.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    blocked: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    made_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_reason: Mapped[str | None]
    late_minutes: Mapped[int | None]
    "how late the director says he will call; the time itself stays"
    late_said_at: Mapped[datetime | None]
    consult: Mapped[Consult] = relationship(lazy="raise", back_populates="bookings", foreign_keys=[consult_id])
    director: Mapped[Director] = relationship(lazy="raise")
    __table_args__ = (
        CheckConstraint(SANE_RANGE.format("during"), name="during_sane"),
        CheckConstraint(SANE_RANGE.format("blocked"), name="blocked_sane"),
        CheckConstraint("blocked @> during and lower(blocked) = lower(during)", name="blocked_holds_during"),
        CheckConstraint("(released_at is null) = (released_reason is null)", name="released_paired"),
        CheckConstraint("(late_minutes is null) = (late_said_at is null)", name="late_paired"),
        # The unique index comes first: with equal starts it refuses at once, where the exclusion constraint alone lets
        # waiters wait for one another.
        Index(
            "uq_booking_live_start",
            "director_id",
            text("lower(during)"),
            unique=True,
            postgresql_where=text("released_at is null"),
        ),
        Index("uq_booking_live_consult", "consult_id", unique=True, postgresql_where=text("released_at is null")),
        ExcludeConstraint(
            (text("int8range(director_id, director_id, '[]')"), "&&"),
            ("blocked", "&&"),
            where=text("released_at is null"),
            using="gist",
            name="ex_booking_no_double",
        ),
    )


class ReviewTask(Base):
    """A nurse's task beside a consult: a reconsideration to decide (NC-6, NC-7), or a brief to prepare (BSP-5)."""

    __tablename__ = "review"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    consult_id: Mapped[int] = mapped_column(ForeignKey("consult.id"), unique=True)
    pcr_number: Mapped[str | None] = mapped_column(
        Computed("case when kind = 'reconsideration' then 'PCR-' || lpad(id::text, 6, '0') end", persisted=True)
    )
    "the Provider Courtesy Review's own number (NC-4)"
    kind: Mapped[ReviewKind] = mapped_column(word(ReviewKind, "kind"))
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    overdue_at: Mapped[datetime | None]
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    claimed_until: Mapped[datetime | None]
    decision: Mapped[ReviewDecision | None] = mapped_column(word(ReviewDecision, "decision"))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    note: Mapped[str] = mapped_column(default="")
    consult: Mapped[Consult] = relationship(lazy="raise", back_populates="review")
    __table_args__ = (
        CheckConstraint("num_nonnulls(decision, decided_at, decided_by) in (0, 3)", name="decided_paired"),
        CheckConstraint("(claimed_by is null) = (claimed_until is null)", name="claimed_paired"),
        Index("ix_review_open", "due_at", postgresql_where=text("decided_at is null")),
    )


class History(Base):
    """What happened to a case, or to a director's time, in order, never changed.

    A trigger refuses UPDATE, DELETE and TRUNCATE (M8). Another fills in the last four columns, so that a row that was
    altered all the same, put in between or taken out is noticed (decision 14).
    """

    __tablename__ = "history"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    denial_id: Mapped[int | None] = mapped_column(ForeignKey("denial.id"))
    consult_id: Mapped[int | None] = mapped_column(ForeignKey("consult.id"), index=True)
    director_id: Mapped[int | None] = mapped_column(ForeignKey("director.id"))
    "whose time changed; such a row is about no case"
    at: Mapped[datetime]
    what: Mapped[str]
    "a word of `scheduling.values.What`, or of the running system: told, opened, outside_the_queue ..."
    details: Mapped[dict[str, Any]]
    "ids, instants and words of the field; nothing about a patient"
    actor: Mapped[str]
    "account:7, office, system"
    standing: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    "what changed with it of how the consult stands, or a director's time from now on (`scheduling.record`)"
    seen: Mapped[str | None]
    "the snapshot of the database in which the line had been read, where something was decided from it"
    previous_id: Mapped[int | None] = mapped_column(FetchedValue())
    "the row before it of the same case or director"
    last_id: Mapped[int | None] = mapped_column(FetchedValue())
    "the last row that could be seen when it was written, of whatever case"
    xact: Mapped[int | None] = mapped_column(FetchedValue())
    "the transaction that wrote it; null: written before there were digests"
    digest: Mapped[bytes] = mapped_column(LargeBinary, FetchedValue())
    "SHA-256 over the row and the digests of the two that it names"
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 -- SQLAlchemy reads it as a class attribute
    __table_args__ = (
        CheckConstraint("num_nonnulls(denial_id, director_id) = 1", name="about_one"),
        CheckConstraint("consult_id is null or denial_id is not null", name="consult_has_denial"),
        Index("ix_history_case", "denial_id", "id"),
        Index("ix_history_director", "director_id", "id", postgresql_where=text("director_id is not null")),
    )


class Attention(Base):
    """Something that needs a person, from the moment it is known until it is settled.

    About a consult, a denial, a director or a mail that left; where it is about none of them, `details` says what.
    """

    __tablename__ = "attention"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    consult_id: Mapped[int | None] = mapped_column(ForeignKey("consult.id"), index=True)
    denial_id: Mapped[int | None] = mapped_column(ForeignKey("denial.id"))
    director_id: Mapped[int | None] = mapped_column(ForeignKey("director.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    key: Mapped[str] = mapped_column(default="", server_default="")
    "tells apart what has the same reason and is about the same: two answers by mail, two conflicts of a day"
    reason: Mapped[AttentionReason] = mapped_column(word(AttentionReason, "reason"))
    cause: Mapped[str | None]
    "plan, unavoidable, office_choice, office_windows; only `plan` counts against the plan"
    details: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    "ids, instants and words of the field, for what the row shows; nothing about a patient"
    raised_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    "null with `settled_at`: settled by what happened, not by a person"
    note: Mapped[str] = mapped_column(default="", server_default="")
    "what was done"
    __table_args__ = (
        Index(
            "uq_attention_open",
            "consult_id",
            "reason",
            "denial_id",
            "director_id",
            "message_id",
            "key",
            unique=True,
            postgresql_where=text("settled_at is null"),
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint(
            "num_nonnulls(consult_id, denial_id, director_id, message_id) > 0 or details <> '{}'",
            name="about_something",
        ),
        CheckConstraint("settled_by is null or settled_at is not null", name="settled_paired"),
    )
