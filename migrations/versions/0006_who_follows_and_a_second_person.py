"""Who follows a director that has left; calls that a second person confirms; records withdrawn from view.

Code of the previous release still runs while this runs: only add here.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("denial", sa.Column("successor_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_denial_successor_id"), "denial", "director", ["successor_id"], ["id"])
    op.create_index(op.f("ix_denial_successor_id"), "denial", ["successor_id"], unique=False)
    op.create_table(
        "late_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("denial_id", sa.BigInteger(), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("accept_late_reason", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=True),
        sa.Column("settled_note", sa.Text(), nullable=False),
        sa.Column("consult_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("settled_by <> entered_by", name=op.f("ck_late_entry_second_person")),
        sa.CheckConstraint(
            "num_nonnulls(settled_at, settled_by, confirmed) in (0, 3)", name=op.f("ck_late_entry_settled_paired")
        ),
        sa.CheckConstraint("received_at < entered_at", name=op.f("ck_late_entry_received_before_entered")),
        sa.ForeignKeyConstraint(["denial_id"], ["denial.id"], name=op.f("fk_late_entry_denial_id")),
        sa.ForeignKeyConstraint(["entered_by"], ["account.id"], name=op.f("fk_late_entry_entered_by")),
        sa.ForeignKeyConstraint(["settled_by"], ["account.id"], name=op.f("fk_late_entry_settled_by")),
        sa.ForeignKeyConstraint(["consult_id"], ["consult.id"], name=op.f("fk_late_entry_consult_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_entry")),
        sa.UniqueConstraint("form_key", name=op.f("uq_late_entry_form_key")),
    )
    op.create_index(
        "uq_late_entry_open",
        "late_entry",
        ["denial_id"],
        unique=True,
        postgresql_where=sa.text("settled_at is null"),
    )
    op.create_table(
        "withdrawal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("denial_id", sa.BigInteger(), nullable=True),
        sa.Column("left_request_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.BigInteger(), nullable=False),
        sa.Column("kept", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("num_nonnulls(denial_id, left_request_id) = 1", name=op.f("ck_withdrawal_about_one")),
        sa.CheckConstraint("(returned_at is null) = (returned_by is null)", name=op.f("ck_withdrawal_returned_paired")),
        sa.ForeignKeyConstraint(["denial_id"], ["denial.id"], name=op.f("fk_withdrawal_denial_id")),
        sa.ForeignKeyConstraint(["left_request_id"], ["left_request.id"], name=op.f("fk_withdrawal_left_request_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["account.id"], name=op.f("fk_withdrawal_withdrawn_by")),
        sa.ForeignKeyConstraint(["returned_by"], ["account.id"], name=op.f("fk_withdrawal_returned_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal")),
    )
    op.create_index(op.f("ix_withdrawal_denial_id"), "withdrawal", ["denial_id"], unique=False)


def downgrade() -> None:
    op.drop_table("withdrawal")
    op.drop_table("late_entry")
    op.drop_index(op.f("ix_denial_successor_id"), table_name="denial")
    op.drop_constraint(op.f("fk_denial_successor_id"), "denial")
    op.drop_column("denial", "successor_id")
