"""Documents that an office sends about a case, or that the desk attaches for it: what came, and how it stands."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, word


class DocumentKind(StrEnum):
    """What is taken."""

    PDF = "pdf"
    TIFF = "tiff"
    PNG = "png"
    JPEG = "jpeg"


class DocumentState(StrEnum):
    """Whether a document may be opened."""

    #: its content has been looked at; the virus scanner has not, or there is none
    WAITING = "waiting"
    SCANNED = "scanned"
    #: nothing of it is kept but the name and the reason
    REFUSED = "refused"


class RefusedBecause(StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    OTHER_KIND = "other_kind"
    NAME_DISAGREES = "name_disagrees"
    TWO_IN_ONE = "two_in_one"
    DAMAGED = "damaged"
    ENCRYPTED = "encrypted"
    SCRIPT = "script"
    LAUNCH = "launch"
    FILES_INSIDE = "files_inside"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_MUCH_INSIDE = "too_much_inside"
    VIRUS = "virus"
    NOT_STORED = "not_stored"


class WithdrawnBecause(StrEnum):
    """Why a document was taken out of view."""

    WRONG_PATIENT = "wrong_patient"
    BY_MISTAKE = "by_mistake"
    UNREADABLE = "unreadable"


class Document(Base):
    """One file of a case. Its content lies encrypted in the folder of documents (`app.documents.store`).

    `consult_id` null: it came while no request was open, and counts for the next one.
    """

    __tablename__ = "document"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    denial_id: Mapped[int] = mapped_column(ForeignKey("denial.id"))
    consult_id: Mapped[int | None] = mapped_column(ForeignKey("consult.id"), index=True)
    number: Mapped[int]
    "counts the documents of a case; what history, logs and file names of downloads call it by"
    token: Mapped[str] = mapped_column(unique=True)
    "in its address: drawn by chance, tells nothing"
    name: Mapped[str]
    "the file's name as the office gave it, cleaned: patient data, shown on pages of the case alone"
    kind: Mapped[DocumentKind | None] = mapped_column(word(DocumentKind, "kind"))
    pages: Mapped[int | None]
    size: Mapped[int]
    "in bytes"
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    "of its content; empty where it was refused before it was kept"
    state: Mapped[DocumentState] = mapped_column(word(DocumentState, "state"))
    refused_because: Mapped[RefusedBecause | None] = mapped_column(word(RefusedBecause, "refused_because"))
    received_at: Mapped[datetime]
    sent_by: Mapped[str]
    "an actor of the history: office, account:7"
    tried_at: Mapped[datetime | None]
    "when the scanner was last asked in vain"
    scanned_at: Mapped[datetime | None]
    stored_as: Mapped[str | None] = mapped_column(unique=True)
    "name of the file in the folder of documents"
    key_id: Mapped[str | None]
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    "the file's own key, wrapped with the key of that id"
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    withdrawn_because: Mapped[WithdrawnBecause | None] = mapped_column(word(WithdrawnBecause, "withdrawn_because"))
    __table_args__ = (
        UniqueConstraint("denial_id", "number"),
        CheckConstraint("num_nonnulls(stored_as, key_id, wrapped_key, kind, pages) in (0, 5)", name="stored_paired"),
        CheckConstraint("(state = 'refused') = (stored_as is null)", name="refused_is_not_stored"),
        CheckConstraint("(state = 'refused') = (refused_because is not null)", name="refused_paired"),
        CheckConstraint("(state = 'scanned') = (scanned_at is not null)", name="scanned_paired"),
        CheckConstraint(
            "num_nonnulls(withdrawn_at, withdrawn_by, withdrawn_because) in (0, 3)", name="withdrawn_paired"
        ),
        # the same file sent twice is one document
        Index(
            "uq_document_once",
            "denial_id",
            "sha256",
            unique=True,
            postgresql_where=text("state <> 'refused' and withdrawn_at is null"),
        ),
        Index("ix_document_to_scan", "tried_at", "id", postgresql_where=text("state = 'waiting'")),
    )
