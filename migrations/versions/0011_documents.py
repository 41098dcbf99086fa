"""Documents of a case, and two reasons for a person to look at one."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
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
    "declined_by_mail",
    "mail_to_read",
)
ADDED = ("document_infected", "document_withdrawn")
WORDS = {
    "kind": ("pdf", "tiff", "png", "jpeg"),
    "state": ("waiting", "scanned", "refused"),
    "refused_because": (
        "empty",
        "too_large",
        "too_many",
        "other_kind",
        "name_disagrees",
        "two_in_one",
        "damaged",
        "encrypted",
        "script",
        "launch",
        "files_inside",
        "too_many_pages",
        "too_much_inside",
        "virus",
        "not_stored",
    ),
    "withdrawn_because": ("wrong_patient", "by_mistake", "unreadable"),
}


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("denial_id", sa.BigInteger(), nullable=False),
        sa.Column("consult_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        word("kind", nullable=True),
        sa.Column("pages", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        word("state", nullable=False),
        word("refused_because", nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_by", sa.Text(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stored_as", sa.Text(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        word("withdrawn_because", nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(stored_as, key_id, wrapped_key, kind, pages) in (0, 5)",
            name=op.f("ck_document_stored_paired"),
        ),
        sa.CheckConstraint("(state = 'refused') = (stored_as is null)", name=op.f("ck_document_refused_is_not_stored")),
        sa.CheckConstraint(
            "(state = 'refused') = (refused_because is not null)", name=op.f("ck_document_refused_paired")
        ),
        sa.CheckConstraint("(state = 'scanned') = (scanned_at is not null)", name=op.f("ck_document_scanned_paired")),
        sa.CheckConstraint(
            "num_nonnulls(withdrawn_at, withdrawn_by, withdrawn_because) in (0, 3)",
            name=op.f("ck_document_withdrawn_paired"),
        ),
        sa.ForeignKeyConstraint(["denial_id"], ["denial.id"], name=op.f("fk_document_denial_id")),
        sa.ForeignKeyConstraint(["consult_id"], ["consult.id"], name=op.f("fk_document_consult_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("token", name=op.f("uq_document_token")),
        sa.UniqueConstraint("stored_as", name=op.f("uq_document_stored_as")),
        sa.UniqueConstraint("denial_id", "number", name=op.f("uq_document_denial_id_number")),
    )
    op.create_index(op.f("ix_document_consult_id"), "document", ["consult_id"])
    op.create_index(
        "uq_document_once",
        "document",
        ["denial_id", "sha256"],
        unique=True,
        postgresql_where=sa.text("state <> 'refused' and withdrawn_at is null"),
    )
    op.create_index(
        "ix_document_to_scan", "document", ["tried_at", "id"], postgresql_where=sa.text("state = 'waiting'")
    )
    reasons(BEFORE + ADDED)


def downgrade() -> None:
    op.execute(sa.text("delete from attention where reason = any(:added)").bindparams(added=list(ADDED)))
    reasons(BEFORE)
    op.drop_table("document")


def word(name: str, *, nullable: bool) -> sa.Column:
    kind = sa.Enum(*WORDS[name], name=name, native_enum=False, create_constraint=True, length=40)
    return sa.Column(name, kind, nullable=nullable)


def reasons(allowed: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_attention_reason"), "attention")
    listed = ", ".join(f"'{each}'" for each in allowed)
    op.create_check_constraint(op.f("ck_attention_reason"), "attention", f"reason in ({listed})")
