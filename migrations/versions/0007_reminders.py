"""A reminder names the booking it is about and how long before it goes out, so that none goes out twice."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BEFORE = ("acknowledgement", "invitation", "cancellation", "notice")
ADDED = ("reminder",)


def upgrade() -> None:
    op.add_column("message", sa.Column("booking_id", sa.BigInteger(), nullable=True))
    op.add_column("message", sa.Column("minutes_before", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_message_booking_id"), "message", "booking", ["booking_id"], ["id"])
    words(BEFORE + ADDED)
    op.create_check_constraint(
        op.f("ck_message_reminder_of_a_booking"),
        "message",
        "(kind = 'reminder') = (booking_id is not null) and (booking_id is null) = (minutes_before is null)",
    )
    op.create_index(
        "uq_message_reminder",
        "message",
        ["booking_id", "recipient", "minutes_before"],
        unique=True,
        postgresql_where=sa.text("booking_id is not null"),
    )


def downgrade() -> None:
    op.execute("delete from message where kind = 'reminder'")
    op.drop_index("uq_message_reminder", "message")
    op.drop_constraint(op.f("ck_message_reminder_of_a_booking"), "message")
    words(BEFORE)
    op.drop_column("message", "minutes_before")
    op.drop_column("message", "booking_id")


def words(allowed: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_message_kind"), "message")
    listed = ", ".join(f"'{word}'" for word in allowed)
    op.create_check_constraint(op.f("ck_message_kind"), "message", f"kind in ({listed})")
