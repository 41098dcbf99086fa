"""A director's busy calendar is read, and his talks can be subscribed to under an address of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "busy_calendar",
        sa.Column("director_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("whole_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["director_id"], ["director.id"], name=op.f("fk_busy_calendar_director_id")),
        sa.PrimaryKeyConstraint("director_id", name=op.f("pk_busy_calendar")),
    )
    op.create_index("ix_busy_calendar_next_try", "busy_calendar", ["next_try_at"])
    op.create_table(
        "own_feed",
        sa.Column("director_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["director_id"], ["director.id"], name=op.f("fk_own_feed_director_id")),
        sa.PrimaryKeyConstraint("director_id", name=op.f("pk_own_feed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_own_feed_token_hash")),
    )


def downgrade() -> None:
    op.drop_table("own_feed")
    op.execute("delete from director_off where kind = 'busy'")
    op.drop_table("busy_calendar")
