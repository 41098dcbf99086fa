"""What comes back by mail: as it came, what calendars answered, addresses that take none.

Code of the previous release still runs while this runs: only add here.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BEFORE = (
    "after_deadline",
    "after_target",
    "no_opening_before_deadline",
    "review_overdue",
    "no_director",
    "date_unknown",
    "tell_by_telephone",
    "update_the_case",
    "reply_untrusted",
    "time_proposed",
    "mail_bounced",
    "calendar_conflict",
    "director_left",
    "deadline_near",
    "follow_up_due",
    "letter_incomplete",
    "review_near",
)
ADDED = ("declined_by_mail", "mail_to_read")


def upgrade() -> None:
    op.create_table(
        "mailbox",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("recent_uids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("problem_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(problem = '') = (problem_since is null)", name=op.f("ck_mailbox_problem_paired")),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_mailbox")),
    )
    op.create_table(
        "inbound",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("truncated", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kind", words("reply", "bounce", "letter", "automatic", "unreadable", name="kind"), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False, server_default=""),
        sa.Column("sender", sa.Text(), nullable=False, server_default=""),
        sa.Column("consult_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(processed_at is null) = (kind is null)", name=op.f("ck_inbound_processed_paired")),
        sa.ForeignKeyConstraint(["consult_id"], ["consult.id"], name=op.f("fk_inbound_consult_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
        sa.UniqueConstraint("digest", name=op.f("uq_inbound_digest")),
        sa.UniqueConstraint("source", "position", name=op.f("uq_inbound_source_position")),
    )
    op.create_index(op.f("ix_inbound_consult_id"), "inbound", ["consult_id"])
    op.create_index("ix_inbound_to_do", "inbound", ["id"], postgresql_where=sa.text("processed_at is null"))
    op.create_table(
        "reply",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("inbound_id", sa.BigInteger(), nullable=False),
        sa.Column("consult_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("recipient", words("office", "director", name="recipient"), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("answer", words("accepted", "tentative", "declined", "proposed", name="answer"), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("decline_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decline_ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decline_end", words("returned", "kept", "overtaken", name="decline_end"), nullable=True),
        sa.CheckConstraint(
            "(decline_ended_at is null) = (decline_end is null)", name=op.f("ck_reply_decline_ended_paired")
        ),
        sa.CheckConstraint(
            "decline_ended_at is null or decline_due_at is not null", name=op.f("ck_reply_decline_began")
        ),
        sa.CheckConstraint(
            "decline_due_at is null or (trusted and recipient = 'director' and answer = 'declined'"
            " and booking_id is not null)",
            name=op.f("ck_reply_decline_trusted"),
        ),
        *(
            sa.ForeignKeyConstraint([f"{table}_id"], [f"{table}.id"], name=op.f(f"fk_reply_{table}_id"))
            for table in ("inbound", "consult", "booking")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
    )
    op.create_index("ix_reply_consult", "reply", ["consult_id", "id"])
    op.create_index(
        "uq_reply_decline",
        "reply",
        ["consult_id"],
        unique=True,
        postgresql_where=sa.text("decline_due_at is not null and decline_ended_at is null"),
    )
    op.create_table(
        "bounced_address",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("inbound_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("address = lower(address)", name=op.f("ck_bounced_address_address_lower")),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], name=op.f("fk_bounced_address_inbound_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_bounced_address_message_id")),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_bounced_address")),
    )
    op.add_column("message", sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_consult_calendar_uid",
        "consult",
        ["calendar_uid"],
        postgresql_where=sa.text("calendar_uid is not null"),
    )
    allow(BEFORE + ADDED)


def downgrade() -> None:
    op.execute(sa.text("delete from attention where reason = any(:added)").bindparams(added=list(ADDED)))
    allow(BEFORE)
    op.drop_index("ix_consult_calendar_uid", "consult")
    op.drop_column("message", "bounced_at")
    for table in ("bounced_address", "reply", "inbound", "mailbox"):
        op.drop_table(table)


def words(*allowed: str, name: str) -> sa.Enum:
    return sa.Enum(*allowed, name=name, native_enum=False, create_constraint=True, length=40)


def allow(reasons: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_attention_reason"), "attention")
    listed = ", ".join(f"'{word}'" for word in reasons)
    op.create_check_constraint(op.f("ck_attention_reason"), "attention", f"reason in ({listed})")
