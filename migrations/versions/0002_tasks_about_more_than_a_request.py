"""What needs a person may be about a denial, a director or a mail, and carries what its row shows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
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
)
ADDED = ("reply_untrusted", "time_proposed", "mail_bounced", "calendar_conflict", "director_left", "deadline_near")


def upgrade() -> None:
    op.alter_column("attention", "consult_id", nullable=True)
    op.add_column("attention", sa.Column("denial_id", sa.BigInteger(), nullable=True))
    op.add_column("attention", sa.Column("director_id", sa.BigInteger(), nullable=True))
    op.add_column("attention", sa.Column("message_id", sa.BigInteger(), nullable=True))
    op.add_column("attention", sa.Column("key", sa.Text(), nullable=False, server_default=""))
    op.add_column("attention", sa.Column("details", postgresql.JSONB(), nullable=False, server_default="{}"))
    op.add_column("attention", sa.Column("note", sa.Text(), nullable=False, server_default=""))
    for column, table in (("denial_id", "denial"), ("director_id", "director"), ("message_id", "message")):
        op.create_foreign_key(op.f(f"fk_attention_{column}"), "attention", table, [column], ["id"])
    words(BEFORE + ADDED)
    op.drop_index("uq_attention_open", "attention")
    op.create_index(
        "uq_attention_open",
        "attention",
        ["consult_id", "reason", "denial_id", "director_id", "message_id", "key"],
        unique=True,
        postgresql_where=sa.text("settled_at is null"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_check_constraint(
        op.f("ck_attention_about_something"),
        "attention",
        "num_nonnulls(consult_id, denial_id, director_id, message_id) > 0 or details <> '{}'",
    )


def downgrade() -> None:
    op.execute(
        sa.text("delete from attention where consult_id is null or reason = any(:added)").bindparams(added=list(ADDED))
    )
    op.drop_constraint(op.f("ck_attention_about_something"), "attention")
    op.drop_index("uq_attention_open", "attention")
    words(BEFORE)
    for column in ("note", "details", "key", "message_id", "director_id", "denial_id"):
        op.drop_column("attention", column)
    op.alter_column("attention", "consult_id", nullable=False)
    op.create_index(
        "uq_attention_open",
        "attention",
        ["consult_id", "reason"],
        unique=True,
        postgresql_where=sa.text("settled_at is null"),
    )


def words(allowed: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_attention_reason"), "attention")
    listed = ", ".join(f"'{word}'" for word in allowed)
    op.create_check_constraint(op.f("ck_attention_reason"), "attention", f"reason in ({listed})")
