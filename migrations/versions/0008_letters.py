"""Letters as they were made, kept to the last byte."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEPT = """
create function refuse_to_change_a_letter() returns trigger language plpgsql as $$
begin
  raise exception 'a letter that was made is never changed';
end $$;
create trigger letter_is_kept before update or delete or truncate on letter
  for each statement execute function refuse_to_change_a_letter();
"""


def upgrade() -> None:
    op.create_table(
        "letter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("denial_id", sa.BigInteger(), nullable=False),
        sa.Column("consult_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "upheld",
                "overturned",
                "modified",
                "discussed",
                "plan_error",
                "approved",
                "not_reached",
                "window_closed",
                "member_approved",
                "member_modified",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("template_hash", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(consult_id is null) = (kind = 'window_closed')", name=op.f("ck_letter_window_closed_has_no_consult")
        ),
        sa.ForeignKeyConstraint(["denial_id"], ["denial.id"], name=op.f("fk_letter_denial_id")),
        sa.ForeignKeyConstraint(["consult_id"], ["consult.id"], name=op.f("fk_letter_consult_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
    )
    op.create_index(op.f("ix_letter_denial_id"), "letter", ["denial_id"], unique=False)
    op.create_index("uq_letter_consult_kind", "letter", ["consult_id", "kind"], unique=True)
    op.create_index(
        "uq_letter_denial_kind",
        "letter",
        ["denial_id", "kind"],
        unique=True,
        postgresql_where=sa.text("consult_id is null"),
    )
    op.execute(KEPT)


def downgrade() -> None:
    op.execute("drop trigger letter_is_kept on letter")
    op.execute("drop function refuse_to_change_a_letter()")
    op.drop_index("uq_letter_denial_kind", table_name="letter", postgresql_where=sa.text("consult_id is null"))
    op.drop_index("uq_letter_consult_kind", table_name="letter")
    op.drop_index(op.f("ix_letter_denial_id"), table_name="letter")
    op.drop_table("letter")
