"""A mail that came in can be withdrawn from view, as a case and a left request can."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CHECK = "ck_withdrawal_about_one"


def upgrade() -> None:
    op.add_column("withdrawal", sa.Column("inbound_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_withdrawal_inbound_id_inbound"), "withdrawal", "inbound", ["inbound_id"], ["id"])
    op.drop_constraint(op.f(CHECK), "withdrawal", type_="check")
    op.create_check_constraint(op.f(CHECK), "withdrawal", "num_nonnulls(denial_id, left_request_id, inbound_id) = 1")


def downgrade() -> None:
    op.drop_constraint(op.f(CHECK), "withdrawal", type_="check")
    op.execute("delete from withdrawal where inbound_id is not null")
    op.create_check_constraint(op.f(CHECK), "withdrawal", "num_nonnulls(denial_id, left_request_id) = 1")
    op.drop_column("withdrawal", "inbound_id")
