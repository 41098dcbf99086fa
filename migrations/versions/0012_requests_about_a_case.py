"""All requests about a case are found by an index: each new one asks how many there were."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_consult_denial_id"), "consult", ["denial_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_consult_denial_id"), "consult")
