"""The first tables: people, denials, consults with their bookings, reviews, history and messages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = """
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'history is only ever added to';
end $$;
create trigger history_is_append_only before update or delete or truncate on history
  for each statement execute function refuse_change();
"""


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("arrival")))
    op.create_table(
        "director",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("specialties", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("licence_states", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("lines_of_business", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("max_a_day", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("npi ~ '^[0-9]{10}$'", name=op.f("ck_director_npi_digits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_director")),
        sa.UniqueConstraint("npi", name=op.f("uq_director_npi")),
    )
    op.create_table(
        "failed_try",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_try")),
    )
    op.create_index("ix_failed_try_key_at", "failed_try", ["key", "at"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "nurse",
                "director",
                "coordinator",
                "administrator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("director_id", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(role = 'director') = (director_id is not null)", name=op.f("ck_account_director_has_director")
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_account_email_lower")),
        sa.ForeignKeyConstraint(["director_id"], ["director.id"], name=op.f("fk_account_director_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("director_id", name=op.f("uq_account_director_id")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
    )
    op.create_table(
        "denial",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("director_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "decision",
            sa.Enum("deny", "delay", "modify", name="decision", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "setting",
            sa.Enum(
                "pre_service",
                "concurrent",
                "retrospective",
                name="setting",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "urgency",
            sa.Enum("emergent", "elective", name="urgency", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("line_of_business", sa.Text(), nullable=False),
        sa.Column("applies_to", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("dates", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("member_name", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("member_birth_date", sa.Date(), nullable=True),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_text", sa.Text(), nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("clinical_reasons", sa.Text(), nullable=False),
        sa.Column("requester_name", sa.Text(), nullable=False),
        sa.Column("requester_npi", sa.Text(), nullable=False),
        sa.Column("requester_specialty", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_how", sa.Text(), nullable=False),
        sa.Column("told_by", sa.Text(), nullable=False),
        sa.Column("appeal_filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("early_statement", sa.Text(), server_default="", nullable=False),
        sa.Column("access_code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("imported_from", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(told_at is null) = (told_how = '')", name=op.f("ck_denial_told_paired")),
        sa.ForeignKeyConstraint(["director_id"], ["director.id"], name=op.f("fk_denial_director_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_denial")),
        sa.UniqueConstraint("plan", "case_number", name=op.f("uq_denial_plan_case_number")),
    )
    op.create_index("ix_denial_case_number", "denial", ["case_number"], unique=False)
    op.create_index(op.f("ix_denial_director_id"), "denial", ["director_id"], unique=False)
    op.create_index(
        "ix_denial_without_director", "denial", ["id"], unique=False, postgresql_where="director_id is null"
    )
    op.create_table(
        "director_day",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("director_id", sa.BigInteger(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=True),
        sa.Column("ends", sa.Time(), nullable=True),
        sa.ForeignKeyConstraint(["director_id"], ["director.id"], name=op.f("fk_director_day_director_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_director_day")),
    )
    op.create_index(op.f("ix_director_day_director_id"), "director_day", ["director_id"], unique=False)
    op.create_table(
        "director_hours",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("director_id", sa.BigInteger(), nullable=False),
        sa.Column("weekday", sa.BigInteger(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=True),
        sa.CheckConstraint("ends is null or starts < ends", name=op.f("ck_director_hours_starts_before_ends")),
        sa.CheckConstraint("weekday between 0 and 6", name=op.f("ck_director_hours_weekday")),
        sa.ForeignKeyConstraint(["director_id"], ["director.id"], name=op.f("fk_director_hours_director_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_director_hours")),
    )
    op.create_index(op.f("ix_director_hours_director_id"), "director_hours", ["director_id"], unique=False)
    op.create_table(
        "director_off",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("director_id", sa.BigInteger(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("time_off", "declined", "busy", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "not isempty(during) and lower_inc(during) and not upper_inc(during) and not lower_inf(during) and not upper_inf(during)",
            name=op.f("ck_director_off_during_sane"),
        ),
        sa.ForeignKeyConstraint(["director_id"], ["director.id"], name=op.f("fk_director_off_director_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_director_off")),
    )
    op.create_index(op.f("ix_director_off_director_id"), "director_off", ["director_id"], unique=False)
    op.create_table(
        "director_peer",
        sa.Column("director_id", sa.BigInteger(), nullable=False),
        sa.Column("peer_id", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("director_id <> peer_id", name=op.f("ck_director_peer_not_oneself")),
        sa.ForeignKeyConstraint(["director_id"], ["director.id"], name=op.f("fk_director_peer_director_id")),
        sa.ForeignKeyConstraint(["peer_id"], ["director.id"], name=op.f("fk_director_peer_peer_id")),
        sa.PrimaryKeyConstraint("director_id", "peer_id", name=op.f("pk_director_peer")),
        sa.UniqueConstraint("director_id", "rank", name=op.f("uq_director_peer_director_id_rank")),
    )
    op.create_table(
        "consult",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("denial_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "awaiting_information",
                "awaiting_review",
                "waiting",
                "booked",
                "completed",
                "cancelled",
                "not_reached",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("director_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("policy_hash", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("complete_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("place_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("arrival", sa.BigInteger(), nullable=False),
        sa.Column("windows", postgresql.ARRAY(postgresql.TSTZRANGE()), nullable=False),
        sa.Column("move_up", sa.Boolean(), nullable=False),
        sa.Column("reconsideration", sa.Boolean(), nullable=False),
        sa.Column("information", sa.Boolean(), nullable=False),
        sa.Column("information_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("request_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("occur_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sla_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("target_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unknown_deadlines", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("advisory_deadlines", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("unplaced_reason", sa.Text(), nullable=True),
        sa.Column("peer_offer_director_id", sa.BigInteger(), nullable=True),
        sa.Column("peer_offer_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("peer_offer_answer", sa.Text(), nullable=True),
        sa.Column("peer_declined", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("missed", sa.BigInteger(), nullable=False),
        sa.Column("closed_reason", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outside_queue", sa.Boolean(), nullable=False),
        sa.Column("determination_note", sa.Text(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "online",
                "phone",
                "voicemail",
                "fax",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("taken_by", sa.BigInteger(), nullable=True),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("speaker_name", sa.Text(), nullable=False),
        sa.Column("speaker_profession", sa.Text(), nullable=False),
        sa.Column("speaker_relation", sa.Text(), nullable=False),
        sa.Column("speaker_npi", sa.Text(), nullable=False),
        sa.Column("speaker_specialty", sa.Text(), nullable=False),
        sa.Column("speaker_phone", sa.Text(), nullable=False),
        sa.Column("backup_name", sa.Text(), nullable=False),
        sa.Column("backup_phone", sa.Text(), nullable=False),
        sa.Column("how_to_reach", sa.Text(), nullable=False),
        sa.Column("office_contact", sa.Text(), nullable=False),
        sa.Column("office_email", sa.Text(), nullable=False),
        sa.Column("office_phone", sa.Text(), nullable=False),
        sa.Column("office_reference", sa.Text(), nullable=False),
        sa.Column("office_time_zone", sa.Text(), nullable=False),
        sa.Column("calendar_uid", sa.Text(), nullable=True),
        sa.Column("calendar_sequence", sa.BigInteger(), nullable=True),
        sa.Column("announced_booking_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(channel = 'online') = (taken_by is null)", name=op.f("ck_consult_taken_by_paired")),
        sa.CheckConstraint(
            "(closed_at is null) = (status not in ('completed', 'cancelled', 'not_reached'))",
            name=op.f("ck_consult_closed_paired"),
        ),
        sa.CheckConstraint(
            "peer_offer_answer in ('accepted', 'declined', 'gone')", name=op.f("ck_consult_peer_offer_answer")
        ),
        sa.CheckConstraint(
            "(calendar_uid is null) = (calendar_sequence is null)", name=op.f("ck_consult_calendar_paired")
        ),
        sa.CheckConstraint(
            "(closed_at is null) = (closed_reason is null)", name=op.f("ck_consult_closed_reason_paired")
        ),
        sa.CheckConstraint(
            "(peer_offer_director_id is null) = (peer_offer_start is null) and (peer_offer_answer is null or peer_offer_start is not null)",
            name=op.f("ck_consult_peer_offer_paired"),
        ),
        sa.ForeignKeyConstraint(["denial_id"], ["denial.id"], name=op.f("fk_consult_denial_id")),
        sa.ForeignKeyConstraint(["director_id"], ["director.id"], name=op.f("fk_consult_director_id")),
        sa.ForeignKeyConstraint(
            ["peer_offer_director_id"], ["director.id"], name=op.f("fk_consult_peer_offer_director_id")
        ),
        sa.ForeignKeyConstraint(["taken_by"], ["account.id"], name=op.f("fk_consult_taken_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consult")),
        sa.UniqueConstraint("arrival", name=op.f("uq_consult_arrival")),
        sa.UniqueConstraint("form_key", name=op.f("uq_consult_form_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_consult_reference")),
    )
    op.create_index(
        "ix_consult_line",
        "consult",
        ["director_id", "place_at", "arrival"],
        unique=False,
        postgresql_where=sa.text("status not in ('completed', 'cancelled', 'not_reached')"),
    )
    op.create_index(
        "uq_consult_open_denial",
        "consult",
        ["denial_id"],
        unique=True,
        postgresql_where=sa.text("status not in ('completed', 'cancelled', 'not_reached')"),
    )
    op.create_table(
        "web_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("denials", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_web_session_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_web_session_secret_hash")),
    )
    op.create_index(op.f("ix_web_session_expires_at"), "web_session", ["expires_at"], unique=False)
    op.create_table(
        "attention",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("consult_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "after_deadline",
                "after_target",
                "no_opening_before_deadline",
                "review_overdue",
                "no_director",
                "date_unknown",
                "tell_by_telephone",
                "update_the_case",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("settled_by is null or settled_at is not null", name=op.f("ck_attention_settled_paired")),
        sa.ForeignKeyConstraint(["consult_id"], ["consult.id"], name=op.f("fk_attention_consult_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["account.id"], name=op.f("fk_attention_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attention")),
    )
    op.create_index(op.f("ix_attention_consult_id"), "attention", ["consult_id"], unique=False)
    op.create_index(
        "uq_attention_open",
        "attention",
        ["consult_id", "reason"],
        unique=True,
        postgresql_where=sa.text("settled_at is null"),
    )
    op.create_table(
        "booking",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("consult_id", sa.BigInteger(), nullable=False),
        sa.Column("director_id", sa.BigInteger(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("blocked", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(released_at is null) = (released_reason is null)", name=op.f("ck_booking_released_paired")
        ),
        sa.CheckConstraint(
            "blocked @> during and lower(blocked) = lower(during)", name=op.f("ck_booking_blocked_holds_during")
        ),
        sa.CheckConstraint(
            "not isempty(blocked) and lower_inc(blocked) and not upper_inc(blocked) and not lower_inf(blocked) and not upper_inf(blocked)",
            name=op.f("ck_booking_blocked_sane"),
        ),
        sa.CheckConstraint(
            "not isempty(during) and lower_inc(during) and not upper_inc(during) and not lower_inf(during) and not upper_inf(during)",
            name=op.f("ck_booking_during_sane"),
        ),
        sa.ForeignKeyConstraint(["consult_id"], ["consult.id"], name=op.f("fk_booking_consult_id")),
        sa.ForeignKeyConstraint(["director_id"], ["director.id"], name=op.f("fk_booking_director_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
    )
    op.create_index(
        "uq_booking_live_consult",
        "booking",
        ["consult_id"],
        unique=True,
        postgresql_where=sa.text("released_at is null"),
    )
    op.create_index(
        "uq_booking_live_start",
        "booking",
        ["director_id", sa.literal_column("lower(during)")],
        unique=True,
        postgresql_where=sa.text("released_at is null"),
    )
    # After the unique index: indexes are filled in this order, and the unique one refuses equal starts without waiting.
    op.execute(
        "alter table booking add constraint ex_booking_no_double exclude using gist"
        " (int8range(director_id, director_id, '[]') with &&, blocked with &&) where (released_at is null)"
    )
    op.create_table(
        "history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("denial_id", sa.BigInteger(), nullable=False),
        sa.Column("consult_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["consult_id"], ["consult.id"], name=op.f("fk_history_consult_id")),
        sa.ForeignKeyConstraint(["denial_id"], ["denial.id"], name=op.f("fk_history_denial_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    op.create_index(op.f("ix_history_consult_id"), "history", ["consult_id"], unique=False)
    op.create_index(op.f("ix_history_denial_id"), "history", ["denial_id"], unique=False)
    op.create_table(
        "left_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        sa.Column("settled_note", sa.Text(), server_default="", nullable=False),
        sa.Column("consult_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(settled_at is null) = (settled_by is null)", name=op.f("ck_left_request_settled_paired")),
        sa.ForeignKeyConstraint(["consult_id"], ["consult.id"], name=op.f("fk_left_request_consult_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["account.id"], name=op.f("fk_left_request_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_left_request")),
        sa.UniqueConstraint("form_key", name=op.f("uq_left_request_form_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_left_request_reference")),
    )
    op.create_index(
        "ix_left_request_unsettled",
        "left_request",
        ["received_at"],
        unique=False,
        postgresql_where="settled_at is null",
    )
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("consult_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "recipient",
            sa.Enum("office", "director", name="recipient", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "acknowledgement",
                "invitation",
                "cancellation",
                "notice",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("calendar_uid", sa.Text(), nullable=True),
        sa.Column("calendar_sequence", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("doubtful_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(calendar_uid is null) = (calendar_sequence is null)", name=op.f("ck_message_calendar_paired")
        ),
        sa.CheckConstraint(
            "lease_until is null or num_nonnulls(sent_at, failed_at, superseded_at) = 0",
            name=op.f("ck_message_lease_open"),
        ),
        sa.CheckConstraint("num_nonnulls(sent_at, failed_at, superseded_at) <= 1", name=op.f("ck_message_one_end")),
        sa.ForeignKeyConstraint(["consult_id"], ["consult.id"], name=op.f("fk_message_consult_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("message_id", name=op.f("uq_message_message_id")),
    )
    op.create_index("ix_message_lane", "message", ["consult_id", "address", "id"], unique=False)
    op.create_index(
        "ix_message_to_send",
        "message",
        ["next_try_at", "id"],
        unique=False,
        postgresql_where=sa.text("sent_at is null and failed_at is null and superseded_at is null"),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("consult_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "pcr_number",
            sa.Text(),
            sa.Computed("case when kind = 'reconsideration' then 'PCR-' || lpad(id::text, 6, '0') end", persisted=True),
            nullable=True,
        ),
        sa.Column(
            "kind",
            sa.Enum("reconsideration", "brief", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overdue_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.BigInteger(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "decision",
            sa.Enum("approve", "not_approved", name="decision", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("(claimed_by is null) = (claimed_until is null)", name=op.f("ck_review_claimed_paired")),
        sa.CheckConstraint(
            "num_nonnulls(decision, decided_at, decided_by) in (0, 3)", name=op.f("ck_review_decided_paired")
        ),
        sa.ForeignKeyConstraint(["claimed_by"], ["account.id"], name=op.f("fk_review_claimed_by")),
        sa.ForeignKeyConstraint(["consult_id"], ["consult.id"], name=op.f("fk_review_consult_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("fk_review_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("consult_id", name=op.f("uq_review_consult_id")),
    )
    op.create_index(
        "ix_review_open", "review", ["due_at"], unique=False, postgresql_where=sa.text("decided_at is null")
    )
    op.create_foreign_key("fk_consult_announced_booking_id", "consult", "booking", ["announced_booking_id"], ["id"])
    op.execute(APPEND_ONLY)


def downgrade() -> None:
    op.drop_constraint("fk_consult_announced_booking_id", "consult")
    op.drop_index("ix_review_open", table_name="review", postgresql_where=sa.text("decided_at is null"))
    op.drop_table("review")
    op.drop_index(
        "ix_message_to_send",
        table_name="message",
        postgresql_where=sa.text("sent_at is null and failed_at is null and superseded_at is null"),
    )
    op.drop_index("ix_message_lane", table_name="message")
    op.drop_table("message")
    op.drop_index("ix_left_request_unsettled", table_name="left_request", postgresql_where="settled_at is null")
    op.drop_table("left_request")
    op.drop_index(op.f("ix_history_denial_id"), table_name="history")
    op.drop_index(op.f("ix_history_consult_id"), table_name="history")
    op.drop_table("history")
    op.drop_index("uq_booking_live_start", table_name="booking", postgresql_where=sa.text("released_at is null"))
    op.drop_index("uq_booking_live_consult", table_name="booking", postgresql_where=sa.text("released_at is null"))
    op.drop_table("booking")
    op.drop_index("uq_attention_open", table_name="attention", postgresql_where=sa.text("settled_at is null"))
    op.drop_index(op.f("ix_attention_consult_id"), table_name="attention")
    op.drop_table("attention")
    op.drop_index(op.f("ix_web_session_expires_at"), table_name="web_session")
    op.drop_table("web_session")
    op.drop_index(
        "uq_consult_open_denial",
        table_name="consult",
        postgresql_where=sa.text("status not in ('completed', 'cancelled', 'not_reached')"),
    )
    op.drop_index(
        "ix_consult_line",
        table_name="consult",
        postgresql_where=sa.text("status not in ('completed', 'cancelled', 'not_reached')"),
    )
    op.drop_table("consult")
    op.drop_table("director_peer")
    op.drop_index(op.f("ix_director_off_director_id"), table_name="director_off")
    op.drop_table("director_off")
    op.drop_index(op.f("ix_director_hours_director_id"), table_name="director_hours")
    op.drop_table("director_hours")
    op.drop_index(op.f("ix_director_day_director_id"), table_name="director_day")
    op.drop_table("director_day")
    op.drop_index("ix_denial_without_director", table_name="denial", postgresql_where="director_id is null")
    op.drop_index(op.f("ix_denial_director_id"), table_name="denial")
    op.drop_index("ix_denial_case_number", table_name="denial")
    op.drop_table("denial")
    op.drop_table("account")
    op.drop_index("ix_failed_try_key_at", table_name="failed_try")
    op.drop_table("failed_try")
    op.drop_table("director")
    op.execute("drop function refuse_change()")
    op.execute(sa.schema.DropSequence(sa.Sequence("arrival")))
