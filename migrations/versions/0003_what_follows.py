"""What follows a decision that was changed: a checklist with due times and proof.

Code of the previous release still runs while this runs: only add here. What nobody reads any more goes one release
later, and rows are filled in by a script in small batches, not here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

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
)
ADDED = ("follow_up_due", "letter_incomplete")


def _check_reasons(words: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_attention_reason"), "attention")
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint(op.f("ck_attention_reason"), "attention", f"reason in ({listed})")


def upgrade() -> None:
    _check_reasons(REASONS + ADDED)
    op.create_table(
        "follow_up",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("consult_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "item",
            sa.Enum(
                "authorization_changed",
                "provider_told",
                "member_notice",
                "appeals_told",
                name="item",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.BigInteger(), nullable=True),
        sa.Column("proof", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("(done_at is null) = (proof = '')", name=op.f("ck_follow_up_done_with_proof")),
        sa.CheckConstraint("done_by is null or done_at is not null", name=op.f("ck_follow_up_done_by_paired")),
        sa.CheckConstraint("warn_at <= due_at", name=op.f("ck_follow_up_warned_before_due")),
        sa.ForeignKeyConstraint(["consult_id"], ["consult.id"], name=op.f("fk_follow_up_consult_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_follow_up_message_id")),
        sa.ForeignKeyConstraint(["done_by"], ["account.id"], name=op.f("fk_follow_up_done_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
        sa.UniqueConstraint("consult_id", "item", name=op.f("uq_follow_up_consult_id_item")),
    )
    op.create_index(
        "ix_follow_up_open", "follow_up", ["due_at"], unique=False, postgresql_where=sa.text("done_at is null")
    )


def downgrade() -> None:
    op.drop_index("ix_follow_up_open", table_name="follow_up", postgresql_where=sa.text("done_at is null"))
    op.drop_table("follow_up")
    op.execute(sa.text("delete from attention where reason = any(:added)").bindparams(added=list(ADDED)))
    _check_reasons(REASONS)
