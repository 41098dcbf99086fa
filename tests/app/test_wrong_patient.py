"""Records of the wrong patient are out of everybody's view, kept for the privacy officer, and told of."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.consults import intake, wrong_patient
from app.consults.wrong_patient import Part
from app.denials.access_code import code_hash
from app.errors import Conflict, Invalid
from app.models import WITHDRAWN, Base, Consult, Denial, History, LeftRequest, WebSession, Withdrawal
from app.queries import withdrawals
from tests.support import factories
from tests.support.factories import NOW, setup

TYPED = "canarious findings of another patient"
CANARIES = ("Canary Wren", "CANARYMEMBER77", "1962-03-14", "canaryectomy", "canarious", "chart 88", "canary reason")


def everywhere(session: Session, *, but: tuple[str, ...] = ("withdrawal", "message")) -> list[str]:
    """Name the tables in which anything of the patient stands. Mail keeps what was sent: the office's reference."""
    session.flush()
    found = []
    for table in Base.metadata.tables.values():
        if table.name in but:
            continue
        rows = session.execute(text(f'select to_jsonb(t)::text from "{table.name}" t')).scalars()
        whole = "".join(rows)
        found += [f"{table.name}: {word}" for word in CANARIES if word in whole]
    return found


@pytest.fixture
def made(session: Session) -> Denial:
    who = factories.director(session)
    hash_ = code_hash("k" * 32, "CASE-1", "7F3K9-Q2M4X")
    return factories.denial(session, who, access_code_hash=hash_, reason_text="canary reason", criteria="InterQual")


@pytest.fixture
def asked(session: Session, made: Denial) -> Consult:
    new = factories.request(made, statement=TYPED)
    consult = intake.request_consult(session, new, setup=setup(), by="office", now=NOW).consult
    assert consult is not None
    return consult


def test_of_a_case_that_is_withdrawn_nothing_stands_anywhere_else(
    session: Session, made: Denial, asked: Consult
) -> None:
    who = factories.nurse(session).id
    visit = WebSession(
        secret_hash=b"x", denials=[made.id, 7], created_at=NOW, seen_at=NOW, expires_at=NOW + timedelta(hours=1)
    )
    session.add(visit)
    assert everywhere(session)
    done = wrong_patient.withdraw_case(session, made.id, Part.CASE, "Mixed up.", account_id=who, now=NOW)
    session.refresh(visit)
    assert everywhere(session) == []
    assert (made.member_name, made.access_code_hash, visit.denials) == (WITHDRAWN, None, [7])
    (row,) = session.scalars(select(History).where(History.what == "withdrawn_from_view"))
    assert (row.details["withdrawal"], row.actor) == (done.id, f"account:{who}")
    with pytest.raises(Conflict):
        wrong_patient.withdraw_case(session, made.id, Part.CASE, "Again.", account_id=who, now=NOW)


def test_what_the_office_sent_goes_and_the_case_stays(session: Session, made: Denial, asked: Consult) -> None:
    who = factories.nurse(session).id
    wrong_patient.withdraw_case(session, made.id, Part.INFORMATION, "Another's MRI.", account_id=who, now=NOW)
    assert (asked.statement, asked.office_reference, made.member_name) == ("", "", "Canary Wren")
    assert {where.partition(":")[0] for where in everywhere(session)} == {"denial"}


def test_what_was_withdrawn_by_mistake_comes_back_as_it_was(session: Session, made: Denial, asked: Consult) -> None:
    who = factories.nurse(session).id
    before = {name: getattr(made, name) for name in wrong_patient.CASE}
    done = wrong_patient.withdraw_case(session, made.id, Part.CASE, "Mixed up.", account_id=who, now=NOW)
    session.flush()
    asked.office_reference = "chart 99"
    session.flush()
    wrong_patient.give_back(session, done.id, account_id=who, now=NOW)
    session.flush()
    assert {name: getattr(made, name) for name in wrong_patient.CASE} == before
    assert (asked.statement, asked.office_reference) == (TYPED, "chart 99")
    with pytest.raises(Conflict):
        wrong_patient.give_back(session, done.id, account_id=who, now=NOW)


def test_a_request_that_was_left_goes_out_of_view_and_is_settled(session: Session) -> None:
    who = factories.nurse(session).id
    left = LeftRequest(
        reference="P2P-LEFT-0001",
        form_key="left",
        case_number="Canary Wren",
        received_at=NOW,
        body={"member_name": "Canary Wren", "birth_date": "1962-03-14"},
    )
    session.add(left)
    session.flush()
    with pytest.raises(Invalid):
        wrong_patient.withdraw_left(session, left.id, " ", account_id=who, now=NOW)
    done = wrong_patient.withdraw_left(session, left.id, "Another plan's.", account_id=who, now=NOW)
    assert everywhere(session) == []
    assert (left.settled_by, left.body) == (who, {})
    wrong_patient.give_back(session, done.id, account_id=who, now=NOW)
    assert left.body["member_name"] == "Canary Wren"


def test_the_report_names_what_stood_there_and_who_is_on_record(session: Session, made: Denial, asked: Consult) -> None:
    nurse = factories.nurse(session)
    later = NOW + timedelta(hours=1)
    done = wrong_patient.withdraw_case(session, made.id, Part.CASE, "Mixed up.", account_id=nurse.id, now=later)
    session.flush()
    report = withdrawals.report(session, done.id)
    assert report.kept["denial"][str(made.id)]["member_name"] == "Canary Wren"
    assert report.kept["consult"][str(asked.id)]["statement"] == TYPED
    assert [(seen.who, "received" in seen.did) for seen in report.seen] == [
        ("The office", True),
        ("Noor Nurse, RN", False),
    ]
    assert [row.case_number for row in withdrawals.withdrawals(session)] == [made.case_number]
    assert session.scalars(select(Withdrawal.reason)).all() == ["Mixed up."]
