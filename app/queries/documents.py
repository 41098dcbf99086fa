"""The documents of a case, for whoever may see the case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import history
from app.consults import documents
from app.consults.setup import Setup
from app.models import (
    Account,
    Consult,
    Denial,
    Document,
    DocumentKind,
    DocumentState,
    History,
    RefusedBecause,
    ReviewTask,
    WithdrawnBecause,
)
from app.queries.director import is_mine
from scheduling.business_time import start_at

#: an office reads for so long that a file was not taken
TOLD = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """One document as a page shows it."""

    number: int
    token: str
    name: str
    "patient data; empty once it was taken out of view"
    kind: DocumentKind | None
    pages: int | None
    size: int
    state: DocumentState
    refused_because: RefusedBecause | None
    withdrawn_because: WithdrawnBecause | None
    received_at: datetime
    sent_by_office: bool
    attached_by: str | None
    "who of the plan attached it"
    after_denial: bool | None
    "it is new to whoever decided; None: when that was is not known"
    may_be_opened: bool
    opened_at: datetime | None
    "when the reader last opened it"

    @property
    def may_count(self) -> bool:
        """Tell whether it is there as clinical information."""
        return self.state is not DocumentState.REFUSED and self.withdrawn_because is None


def of_case(
    session: Session, denial_id: int, *, scanner: bool, reader: str, office: bool, setup: Setup, now: datetime
) -> list[DocumentRow]:
    """List the documents of a case, the last one first. `reader`: an actor of the history. Four statements at most.

    An office reads of a refused file for a day and of none that was taken out of view; staff read of all.
    """
    query = select(Document).where(Document.denial_id == denial_id).order_by(Document.number.desc())
    rows = list(session.scalars(query))
    if office:
        rows = [row for row in rows if row.withdrawn_at is None and _is_news(row, now)]
    if not rows:
        return []
    decided = _decided(session, denial_id, setup)
    accounts, opened = _accounts(session, [row.sent_by for row in rows]), _opened(session, denial_id, reader)
    return [
        DocumentRow(
            number=row.number,
            token=row.token,
            name="" if row.withdrawn_at is not None else row.name,
            kind=row.kind,
            pages=row.pages,
            size=row.size,
            state=row.state,
            refused_because=row.refused_because,
            withdrawn_because=row.withdrawn_because,
            received_at=row.received_at,
            sent_by_office=row.sent_by == history.OFFICE,
            attached_by=accounts.get(history.account_of(row.sent_by) or 0),
            after_denial=None if decided is None else row.received_at >= decided,
            may_be_opened=documents.may_be_opened(row, scanner=scanner),
            opened_at=opened.get(row.number),
        )
        for row in rows
    ]


def _decided(session: Session, denial_id: int, setup: Setup) -> datetime | None:
    """Say when the plan decided; a day begins in the plan's zone."""
    denial = session.get_one(Denial, denial_id)
    decided = denial.date_of("initial_decision")
    if decided is None or isinstance(decided, datetime):
        return decided
    return start_at(decided, time(0), setup.policies.current(denial.plan).policy.plan.time_zone)


def _is_news(row: Document, now: datetime) -> bool:
    return row.state is not DocumentState.REFUSED or row.received_at > now - TOLD


def case_of(session: Session, token: str) -> tuple[int, str] | None:
    """Say which case a document belongs to, and the case's number."""
    query = select(Document.denial_id, Denial.case_number).join(Denial, Denial.id == Document.denial_id)
    row = session.execute(query.where(Document.token == token)).one_or_none()
    return (row.denial_id, row.case_number) if row is not None else None


def nurse_may_see(session: Session, denial_id: int) -> bool:
    """Tell whether there is, or was, something for a nurse to decide or prepare about a case."""
    reviews = select(ReviewTask.id).join(Consult, Consult.id == ReviewTask.consult_id)
    return session.scalar(reviews.where(Consult.denial_id == denial_id).limit(1)) is not None


def director_may_see(session: Session, denial_id: int, director_id: int) -> bool:
    """Tell whether a request about a case is or was a director's."""
    consults = select(Consult.id).where(Consult.denial_id == denial_id, is_mine(director_id))
    return session.scalar(consults.limit(1)) is not None


def _opened(session: Session, denial_id: int, reader: str) -> Mapping[int, datetime]:
    rows = session.execute(
        select(History.details["document"].as_integer(), History.at)
        .where(History.denial_id == denial_id, History.what == documents.OPENED, History.actor == reader)
        .order_by(History.id)
    )
    return dict(rows.all())


def _accounts(session: Session, actors: list[str]) -> Mapping[int, str]:
    ids = {account for actor in actors if (account := history.account_of(actor)) is not None}
    return dict(session.execute(select(Account.id, Account.name).where(Account.id.in_(ids))).all())
