"""Letters on pages: read by their office and staff alone, seen by the director first, completed by the desk."""

import io

import pypdf
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.consults import determination
from app.models import Attention, Consult, Denial, Director, History, Letter, LetterKind, StaffRole
from tests.letters.reading import words
from tests.web.clinic import ask, fresh, press, process, text_of, version_in
from tests.web.conftest import CANARIES, PASSWORD, Client, Clock, csrf_token, denial, open_case, person

REASONS = {"clinical_reasons": CANARIES[4]}


@pytest.fixture
def ended(app: Flask, db: Session, settings: Settings, clock: Clock) -> Consult:
    """A case that was upheld after reconsideration."""
    return end(app, db, settings, clock, **REASONS)


def end(app: Flask, db: Session, settings: Settings, clock: Clock, outcome: str = "upheld", **about: str) -> Consult:
    asked = ask(app, db, denial(db, settings, person(db), **about), now=clock.now, reconsideration=True)
    clock.forward(days=3)
    setup = process(app).setup
    determination.record_outcome(db, asked.id, outcome, "The MRI.", setup=setup, by="system", now=clock.now)
    db.commit()
    return fresh(db, asked.id)


def letter_of(db: Session, consult: Consult) -> Letter:
    db.rollback()
    return db.scalars(select(Letter).where(Letter.consult_id == consult.id)).one()


def test_an_office_reads_its_letter_and_nobody_else_does(
    client: Client, app: Flask, db: Session, settings: Settings, ended: Consult
) -> None:
    """M4: another office, or none, finds nothing; M5: the address tells nothing."""
    made = letter_of(db, ended)
    path = f"/letters/{made.id}.pdf"
    assert client.get(path).status_code == 303, "whoever has opened no case is asked to"
    open_case(client, db.get_one(Denial, ended.denial_id))
    page = client.get(f"/c/{ended.reference}")
    assert f'href="{path}">Read the letter (PDF)' in page.text
    answer = client.get(path)
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "no-store"
    said = words(answer.data)
    assert CANARIES[0] in said
    assert CANARIES[4] in said
    assert "Letters" in client.get(f"/cases/{ended.denial_id}").text
    other = app.test_client()
    another = denial(db, settings, None, case_number="NC-2")
    open_case(other, another)
    assert other.get(path).status_code == 404


def test_an_office_never_reads_the_members_notice(
    client: Client, db: Session, ended: Consult, app: Flask, settings: Settings
) -> None:
    made = Letter(
        denial_id=ended.denial_id,
        consult_id=ended.id,
        kind=LetterKind.MEMBER_APPROVED,
        template="member_approved",
        template_hash="0",
        content=b"%PDF-",
        sha256="0",
        made_at=ended.closed_at,
        made_by="system",
    )
    db.add(made)
    db.commit()
    open_case(client, db.get_one(Denial, ended.denial_id))
    assert client.get(f"/letters/{made.id}.pdf").status_code == 404
    assert f"/letters/{made.id}.pdf" not in client.get(f"/c/{ended.reference}").text


def test_the_director_sees_the_letter_before_it_is_made(
    app: Flask, db: Session, settings: Settings, sign_in, clock: Clock
) -> None:
    """The office's next step is shown as it will be sent; looking at it keeps nothing."""
    client = sign_in(StaffRole.DIRECTOR)
    lee = db.scalars(select(Director)).one()
    asked = ask(app, db, denial(db, settings, lee, **REASONS), now=clock.now)
    clock.forward(hours=2)
    client.send("/sign-in", {"email": "director@plan.example", "password": PASSWORD})
    path = f"/director/consults/{asked.reference}"
    page = press(client, path, f"{path}/outcome", {"outcome": "discussed", "note": "Criterion 2b was explained."})
    assert "See the letter" in page.text
    assert "The letter about it is on the page of the request" in text_of(page)
    sent = {"csrf_token": csrf_token(page), **version_in(page), "outcome": "discussed", "action": "letter"}
    seen = client.post(f"{path}/outcome", data={**sent, "note": "Criterion 2b was explained."})
    assert seen.content_type == "application/pdf"
    assert "Criterion 2b was explained." in words(seen.data)
    assert db.scalars(select(Letter)).all() == []
    press(client, path, f"{path}/outcome", {**sent, "action": "record", "note": "Criterion 2b was explained."})
    made = letter_of(db, asked)
    assert f'href="/letters/{made.id}.pdf">The letter (PDF)' in client.get(path).text
    assert client.get(f"/letters/{made.id}.pdf").status_code == 200


def test_the_desk_completes_a_letter_that_lacks_something(
    app: Flask, db: Session, settings: Settings, clock: Clock, sign_in
) -> None:
    """BSP-2: the task names each thing, takes down what can be written, and says how the rest becomes known."""
    consult = end(app, db, settings, clock, criteria="", dates={"initial_decision": "2026-03-02T09:00:00-05:00"})
    desk = sign_in(StaffRole.COORDINATOR)
    listed = text_of(desk.get("/coordinator/attention"))
    assert "A letter is not complete" in listed
    assert "“The decision stands”." in listed
    task = db.scalars(select(Attention).where(Attention.settled_at.is_(None))).one()
    path = f"/coordinator/attention/{task.id}/letter"
    assert f'href="{path}"' in desk.get(f"/coordinator/cases/{consult.denial_id}").text
    page = text_of(desk.get(path))
    assert "Last day of the member" in page
    assert "A date becomes known" in page
    assert "Criteria used" in page
    data = {"criteria": "InterQual 2026", "clinical_reasons": CANARIES[4]}
    refused = press(desk, path, path, data)
    assert refused.status_code == 422
    assert "Last day of the member" in refused.text
    assert "InterQual 2026" in refused.text
    date_path = f"/coordinator/cases/{consult.denial_id}/date"
    press(desk, date_path, date_path, {"which": "appeal_deadline", "on": "2026-08-29"})
    assert press(desk, path, path, data).location == f"/coordinator/cases/{consult.denial_id}"
    page = desk.get(f"/coordinator/cases/{consult.denial_id}").text
    made = letter_of(db, consult)
    assert f'href="/letters/{made.id}.pdf">The decision stands (PDF)' in page
    assert "Written down for a letter: criteria used, clinical reasons." in text_of(
        desk.get(f"/coordinator/cases/{consult.denial_id}")
    )
    assert "Last day: Saturday 29 August 2026." in words(desk.get(f"/letters/{made.id}.pdf").data)
    assert "This is settled already." in desk.get(path).text


def test_it_is_too_late_and_the_desk_makes_the_letter_that_says_so(
    app: Flask, db: Session, settings: Settings, clock: Clock, sign_in
) -> None:
    """BSP-3."""
    desk = sign_in(StaffRole.COORDINATOR)
    made = denial(
        db,
        settings,
        person(db),
        plan="blue-shield-promise-medi-cal",
        line_of_business="medi_cal",
        dates={"initial_decision": "2026-02-02"},
        **REASONS,
    )
    path = f"/coordinator/cases/{made.id}"
    assert press(desk, path, f"{path}/window-closed").location == path
    assert "The time for a consult has passed (PDF)" in desk.get(path).text


def test_an_administrator_sees_what_letters_are_set_in_and_looks_at_each(sign_in) -> None:
    admin = sign_in(StaffRole.ADMINISTRATOR)
    page = text_of(admin.get("/admin/letters"))
    assert "The decision stands upheld@" in page
    assert "Switched off" in page
    seen = admin.get("/admin/letters/blue-cross-nc-commercial/upheld.pdf")
    assert "June Sample" in pypdf.PdfReader(io.BytesIO(seen.data)).pages[0].extract_text()
    assert admin.get("/admin/letters/blue-cross-nc-commercial/frame.pdf").status_code == 404
    assert admin.get("/admin/letters/evicore/upheld.pdf").status_code == 404


def test_a_case_is_handed_out_as_a_packet_by_a_press_and_that_is_on_record(
    db: Session, ended: Consult, sign_in, client: Client
) -> None:
    """For auditors: the desk and the administrator; nothing changes on GET; nobody else."""
    for role in (StaffRole.COORDINATOR, StaffRole.ADMINISTRATOR):
        staff = sign_in(role)
        page = "/coordinator/cases/{}" if role is StaffRole.COORDINATOR else "/admin/history/{}"
        answer = press(staff, page.format(ended.denial_id), f"/cases/{ended.denial_id}/packet")
        assert answer.content_type == "application/pdf"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert CANARIES[0] in words(answer.data)
        assert staff.get(f"/cases/{ended.denial_id}/packet").status_code == 405
    db.rollback()
    made = db.scalars(select(History).where(History.what == "packet_made").order_by(History.id)).all()
    assert [row.actor.partition(":")[0] for row in made] == ["account", "account"]
    nurse = sign_in(StaffRole.NURSE)
    assert press(nurse, "/nurse/", f"/cases/{ended.denial_id}/packet").status_code == 403
