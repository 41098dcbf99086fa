"""Documents of a case: received as information, scanned, opened, taken out of view, with a line of history each."""

import os
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import history
from app.config import POLICIES_DIR
from app.consults import documents, intake, office, prereview, wanted
from app.consults.documents import Taken
from app.consults.setup import Setup
from app.documents.arriving import Arrived, refuse
from app.documents.checking import Found
from app.documents.store import Stored
from app.errors import Conflict, NotFound
from app.models import (
    Attention,
    AttentionReason,
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
from app.policies import load_policies
from scheduling.values import Status
from tests.support import factories
from tests.support.factories import DESK, NOW, setup

LATER = NOW + timedelta(hours=2)


@pytest.fixture
def about(session: Session) -> Denial:
    return factories.denial(session, factories.director(session))


def arrived(name: str = "Canary Wren MRI.pdf", content: bytes = b"") -> Arrived:
    """Make a file as it is once it was looked at and kept."""
    stored = Stored(
        stored_as=os.urandom(16).hex(),
        key_id="k",
        wrapped_key=b"w",
        size=10,
        sha256=content or os.urandom(32),
    )
    return Arrived(name=name, size=10, found=Found(kind=DocumentKind.PDF, pages=3), stored=stored)


def receive(session: Session, about: Denial, *sent: Arrived, now=LATER, by=history.OFFICE, **more) -> Taken:
    return documents.receive(session, about.id, sent, setup=setup(), by=by, now=now, **more)


def ask(session: Session, about: Denial, **more: object) -> Consult:
    made = factories.request(about, **{"statement": "", **more})
    asked = intake.request_consult(session, made, setup=setup(), by=history.OFFICE, now=NOW)
    assert asked.consult is not None
    return asked.consult


def rows(session: Session, about: Denial) -> list[Document]:
    return list(session.scalars(select(Document).where(Document.denial_id == about.id).order_by(Document.number)))


def told(session: Session, about: Denial) -> list[tuple[str, dict]]:
    found = session.scalars(select(History).where(History.denial_id == about.id).order_by(History.id))
    return [(row.what, row.details) for row in found if row.what.startswith("document_")]


def test_a_document_is_the_information_that_a_request_waited_for(session: Session, about: Denial) -> None:
    """NC-8: no slot until it is in; then it is complete, from the moment the document came."""
    consult = ask(session, about)
    assert consult.status is Status.AWAITING_INFORMATION
    assert receive(session, about, arrived()) == Taken(kept=1)
    assert (consult.status, consult.information_at, consult.complete_at) == (Status.WAITING, LATER, LATER)
    assert rows(session, about)[0].consult_id == consult.id


def test_documents_come_first_and_count_for_the_request(session: Session, about: Denial) -> None:
    """NC-7: documents first, then the nurse: what came before the request is there with it."""
    receive(session, about, arrived(), now=NOW)
    consult = ask(session, about, reconsideration=True)
    assert consult.information
    assert consult.status is not Status.AWAITING_INFORMATION
    assert rows(session, about)[0].consult_id == consult.id
    assert session.scalars(select(ReviewTask).where(ReviewTask.consult_id == consult.id)).one()


def test_a_document_answers_what_a_nurse_wanted_a_refused_file_does_not(session: Session, about: Denial) -> None:
    consult = ask(session, about, statement="Six weeks of therapy.", reconsideration=True)
    nurse = factories.nurse(session)
    prereview.ask_for_more(session, consult.id, "the imaging", account_id=nurse.id, setup=setup(), now=NOW)
    receive(session, about, refuse("a.exe", 10, RefusedBecause.OTHER_KIND))
    assert wanted.open_question(session, consult.id) is not None
    receive(session, about, arrived())
    assert wanted.open_question(session, consult.id) is None


def test_neither_a_refused_file_nor_a_withdrawn_document_is_information(session: Session, about: Denial) -> None:
    receive(session, about, refuse("a.exe", 10, RefusedBecause.OTHER_KIND), arrived(), now=NOW)
    documents.withdraw_from_view(
        session, rows(session, about)[1].token, WithdrawnBecause.BY_MISTAKE, by=history.OFFICE, now=NOW
    )
    consult = ask(session, about)
    assert consult.status is Status.AWAITING_INFORMATION
    assert receive(session, about, refuse("b.exe", 10, RefusedBecause.OTHER_KIND)) == Taken(refused=1)
    assert consult.status is Status.AWAITING_INFORMATION


def test_a_further_document_changes_the_version_that_others_decide_on(session: Session, about: Denial) -> None:
    """A12: a nurse who opened the case before it came decides on another case than she saw."""
    consult = ask(session, about, statement="Six weeks of therapy.")
    before = consult.version
    receive(session, about, arrived())
    session.flush()
    assert consult.version > before


def test_the_same_file_sent_twice_is_one_document(session: Session, about: Denial) -> None:
    """House rule 7; the second copy in the store is handed back to be removed."""
    first, again = arrived(content=b"s" * 32), arrived(content=b"s" * 32)
    assert again.stored
    receive(session, about, first)
    assert receive(session, about, again) == Taken(kept=1, spare=(again.stored.stored_as,))
    assert len(rows(session, about)) == 1


def test_a_file_that_was_withdrawn_may_be_sent_again(session: Session, about: Denial) -> None:
    receive(session, about, arrived(content=b"s" * 32))
    documents.withdraw_from_view(
        session, rows(session, about)[0].token, WithdrawnBecause.BY_MISTAKE, by=history.OFFICE, now=LATER
    )
    receive(session, about, arrived(content=b"s" * 32))
    assert [row.number for row in rows(session, about)] == [1, 2]


def test_the_database_keeps_one_live_document_of_the_same_content(session: Session, about: Denial) -> None:
    receive(session, about, arrived(content=b"s" * 32), arrived())
    one, two = rows(session, about)
    two.sha256 = one.sha256
    with pytest.raises(IntegrityError, match="uq_document_once"):
        session.flush()


@pytest.mark.parametrize(
    "wrong",
    [
        {"stored_as": None},
        {"state": DocumentState.REFUSED},
        {"refused_because": RefusedBecause.VIRUS},
        {"state": DocumentState.SCANNED},
        {"withdrawn_at": NOW},
        {"kind": "exe"},
    ],
)
def test_the_database_refuses_a_document_in_two_states(session: Session, about: Denial, wrong: dict) -> None:
    receive(session, about, arrived())
    values = ", ".join(f"{name} = {'null' if value is None else repr(str(value))}" for name, value in wrong.items())
    with pytest.raises(IntegrityError), session.begin_nested():
        session.connection().exec_driver_sql(f"update document set {values}")


def test_an_office_may_send_so_much_within_an_hour_and_the_desk_more(session: Session, about: Denial) -> None:
    other = factories.denial(session, None)
    many = [refuse("a.exe", 1, RefusedBecause.OTHER_KIND) for _ in range(60)]
    receive(session, other, *many, others=[about.id])
    assert receive(session, about, *many, others=[other.id]) == Taken(refused=40, left_out=20)
    too_much = arrived()
    assert too_much.stored
    left_out = Taken(left_out=1, spare=(too_much.stored.stored_as,))
    assert receive(session, about, too_much, others=[other.id]) == left_out
    assert receive(session, about, arrived(), by="account:1") == Taken(kept=1)
    assert receive(session, about, arrived(), others=[other.id], now=LATER + timedelta(minutes=61)) == Taken(kept=1)


def test_a_policy_that_takes_no_information_takes_no_document(session: Session) -> None:
    refusing = Setup(policies=load_policies(POLICIES_DIR / "published"), desk=DESK)
    about = factories.denial(session, None, plan="regence-commercial-medical")
    with pytest.raises(Conflict, match="takes no further clinical information"):
        documents.receive(session, about.id, [arrived()], setup=refusing, by=history.OFFICE, now=NOW)
    assert rows(session, about) == []


def test_a_document_after_the_end_is_kept_for_the_next_request(session: Session, about: Denial) -> None:
    consult = ask(session, about, statement="x")
    office.withdraw(session, consult.id, setup=setup(), by=history.OFFICE, now=NOW)
    receive(session, about, arrived())
    assert rows(session, about)[0].consult_id is None


def test_every_happening_is_on_record_by_number_and_without_a_name(session: Session, about: Denial) -> None:
    ask(session, about)
    receive(session, about, arrived(), refuse("Canary Wren.exe", 5, RefusedBecause.OTHER_KIND))
    one, _two = rows(session, about)
    documents.record_verdict(session, one.id, "", now=LATER)
    documents.open_document(session, one.token, scanner=True, by="account:7", now=LATER)
    documents.withdraw_from_view(session, one.token, WithdrawnBecause.WRONG_PATIENT, by=history.OFFICE, now=LATER)
    session.flush()
    assert told(session, about) == [
        ("document_received", {"document": 1, "kind": "pdf", "pages": 3}),
        ("document_refused", {"document": 2, "reason": "other_kind"}),
        ("document_scanned", {"document": 1}),
        ("document_opened", {"document": 1}),
        ("document_withdrawn", {"document": 1, "reason": "wrong_patient"}),
    ]


def test_what_waits_for_the_scanner_is_not_given_out(session: Session, about: Denial) -> None:
    receive(session, about, arrived())
    (row,) = rows(session, about)
    with pytest.raises(Conflict, match="not been checked for viruses yet"):
        documents.open_document(session, row.token, scanner=True, by="account:7", now=LATER)
    assert documents.open_document(session, row.token, scanner=False, by="account:7", now=LATER) is row
    documents.record_verdict(session, row.id, "", now=LATER)
    assert documents.open_document(session, row.token, scanner=True, by="account:7", now=LATER) is row


def test_what_the_scanner_refuses_loses_its_key_and_somebody_tells_the_office(session: Session, about: Denial) -> None:
    consult = ask(session, about)
    sent = arrived()
    receive(session, about, sent)
    (row,) = rows(session, about)
    assert sent.stored is not None
    assert documents.record_verdict(session, row.id, "Eicar", now=LATER) == sent.stored.stored_as
    session.flush()
    assert (row.state, row.refused_because) == (DocumentState.REFUSED, RefusedBecause.VIRUS)
    assert row.wrapped_key is None
    with pytest.raises(NotFound):
        documents.open_document(session, row.token, scanner=False, by="account:7", now=LATER)
    task = session.scalars(select(Attention).where(Attention.reason == AttentionReason.DOCUMENT_INFECTED)).one()
    assert (task.consult_id, task.denial_id, task.details) == (consult.id, about.id, {"document": 1})
    assert consult.status is Status.WAITING, "its place is the office's; a person sorts out what is missing"


def test_a_verdict_that_comes_twice_changes_nothing(session: Session, about: Denial) -> None:
    receive(session, about, arrived())
    (row,) = rows(session, about)
    documents.record_verdict(session, row.id, "", now=LATER)
    assert documents.record_verdict(session, row.id, "Eicar", now=LATER) is None
    session.flush()
    assert row.state is DocumentState.SCANNED
    assert [what for what, _ in told(session, about)] == ["document_received", "document_scanned"]


def test_a_document_of_another_patient_goes_out_of_view_and_before_a_person(session: Session, about: Denial) -> None:
    """Kept, and on record; reported by whoever has to."""
    receive(session, about, arrived())
    (row,) = rows(session, about)
    for _ in range(2):
        documents.withdraw_from_view(session, row.token, WithdrawnBecause.WRONG_PATIENT, by=history.OFFICE, now=LATER)
    session.flush()
    with pytest.raises(NotFound):
        documents.open_document(session, row.token, scanner=False, by="account:7", now=LATER)
    assert row.stored_as is not None
    assert [what for what, _ in told(session, about)] == ["document_received", "document_withdrawn"]
    tasks = session.scalars(select(Attention).where(Attention.reason == AttentionReason.DOCUMENT_WITHDRAWN)).all()
    assert [task.denial_id for task in tasks] == [about.id]


def test_a_document_sent_by_mistake_is_nobodys_task(session: Session, about: Denial) -> None:
    receive(session, about, arrived())
    documents.withdraw_from_view(
        session, rows(session, about)[0].token, WithdrawnBecause.BY_MISTAKE, by=history.OFFICE, now=LATER
    )
    session.flush()
    assert session.scalars(select(Attention).where(Attention.denial_id == about.id)).all() == []
