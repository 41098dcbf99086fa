"""Reconsideration without a call; what a nurse still wants from an office; a director who is running late."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATUSES = (
    "awaiting_information",
    "awaiting_review",
    "waiting",
    "booked",
    "completed",
    "cancelled",
    "not_reached",
)
REASONS = (
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
)


def upgrade() -> None:
    words("consult", "status", (*STATUSES, "awaiting_decision"))
    words("attention", "reason", (*REASONS, "review_near"))
    op.add_column("consult", sa.Column("talk", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("consult", sa.Column("talk_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_consult_talk_or_reconsideration"), "consult", "talk or reconsideration")
    op.create_check_constraint(
        op.f("ck_consult_no_time_without_talk"), "consult", "talk or status not in ('waiting', 'booked')"
    )
    op.create_check_constraint(
        op.f("ck_consult_decided_without_call"), "consult", "status <> 'awaiting_decision' or not talk"
    )
    op.add_column("booking", sa.Column("late_minutes", sa.BigInteger(), nullable=True))
    op.add_column("booking", sa.Column("late_said_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_booking_late_paired"), "booking", "(late_minutes is null) = (late_said_at is null)"
    )
    op.create_table(
        "wanted",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("consult_id", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("items <> ''", name=op.f("ck_wanted_something")),
        sa.ForeignKeyConstraint(["asked_by"], ["account.id"], name=op.f("fk_wanted_asked_by")),
        sa.ForeignKeyConstraint(["consult_id"], ["consult.id"], name=op.f("fk_wanted_consult_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wanted")),
    )
    op.create_index(op.f("ix_wanted_consult_id"), "wanted", ["consult_id"])
    op.create_index(
        "uq_wanted_open", "wanted", ["consult_id"], unique=True, postgresql_where=sa.text("answered_at is null")
    )


def downgrade() -> None:
    op.drop_table("wanted")
    op.drop_constraint(op.f("ck_booking_late_paired"), "booking")
    op.drop_column("booking", "late_said_at")
    op.drop_column("booking", "late_minutes")
    # what the words of before cannot say becomes what comes nearest
    op.execute("update consult set status = 'awaiting_review' where status = 'awaiting_decision'")
    op.execute("delete from attention where reason = 'review_near'")
    for name in ("decided_without_call", "no_time_without_talk", "talk_or_reconsideration"):
        op.drop_constraint(op.f(f"ck_consult_{name}"), "consult")
    op.drop_column("consult", "talk_asked_at")
    op.drop_column("consult", "talk")
    words("attention", "reason", REASONS)
    words("consult", "status", STATUSES)


def words(table: str, column: str, allowed: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{column}"), table)
    listed = ", ".join(f"'{word}'" for word in allowed)
    op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} in ({listed})")
