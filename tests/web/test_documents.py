"""Documents on the pages: sent before or after asking, listed beside the case, given out to who may see it."""

import io
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from markupsafe import escape
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.config import Settings
from app.documents.checking import LARGEST
from app.documents.clamd import Clamd
from app.models import Account, Consult, Denial, Director, Document, DocumentState, History, RefusedBecause, StaffRole
from app.web.uploads import Incoming
from tests.documents.files import image, pdf
from tests.web.clinic import ask, plan_lines, text_of
from tests.web.conftest import CANARIES, NOW, PASSWORD, Client, csrf_token, denial, open_case, person

NAME = "Canary Wren MRI.pdf"
File = tuple[io.BytesIO, str]

FORM = {
    "form_key": "one-form",
    "speaker_name": "Rosa Diaz, MD",
    "speaker_phone": "919-555-0142",
    "speaker_profession": "physician",
    "speaker_relation": "treating",
    "any_time": "yes",
    "agreed": "yes",
    "purpose": "discuss",
    "office_contact": "Sam Desk",
    "office_email": "desk@clinic.example",
    "zone": "America/New_York",
}


def file(name: str = NAME, content: bytes | None = None) -> File:
    return io.BytesIO(pdf() if content is None else content), name


@pytest.fixture
def lee(db: Session) -> Director:
    return person(db)


@pytest.fixture
def made(db: Session, settings: Settings, lee: Director) -> Denial:
    return denial(db, settings, lee)


@pytest.fixture
def office(client: Client, made: Denial) -> Client:
    open_case(client, made)
    return client


@pytest.fixture
def consult(app: Flask, db: Session, made: Denial) -> Consult:
    return ask(app, db, made, statement="")


def send(client: Client, path: str, *files: File, page: str = "/cases", **more: Any) -> TestResponse:
    data = {"files": list(files), **more.pop("data", {})}
    return client.send(path, data, page=page, content_type="multipart/form-data", **more)


def rows(db: Session) -> list[Document]:
    db.rollback()
    return list(db.scalars(select(Document).order_by(Document.id).execution_options(populate_existing=True)))


def test_an_office_sends_documents_with_its_request(office: Client, made: Denial, db: Session) -> None:
    """The form without scripts: files go with it, are kept first, and are there on the page before it is sent."""
    path = f"/cases/{made.id}/ask"
    checked = send(office, path, file(), file("scan.tif", image("TIFF", frames=2)), page=path, data=FORM)
    assert checked.status_code == 200
    assert "Check your request" in checked.text
    assert "2 documents are received." in text_of(checked)
    assert NAME in checked.text
    sent = office.send(f"/cases/{made.id}/send", FORM, page=path)
    assert sent.status_code == 303
    consult = db.scalars(select(Consult)).one()
    assert consult.information
    assert [(row.consult_id, row.state) for row in rows(db)] == [(consult.id, DocumentState.WAITING)] * 2


def test_a_refused_file_never_costs_the_request(office: Client, made: Denial, db: Session) -> None:
    """F19, section 3.5: the page says which, why, and what to do; the request goes on."""
    path = f"/cases/{made.id}/ask"
    checked = send(office, path, file("virus.pdf", b"MZ program"), file(), page=path, data=FORM)
    assert checked.status_code == 200
    assert "1 document is received. 1 file was not taken" in text_of(checked)
    assert "virus.pdf" in checked.text
    assert "It is neither PDF, TIFF, PNG nor JPEG. Print it to a PDF and send that." in text_of(checked)
    assert office.send(f"/cases/{made.id}/send", FORM, page=path).status_code == 303


def test_files_are_kept_where_the_form_has_errors(office: Client, made: Denial, db: Session) -> None:
    """Nobody has to choose them again because a telephone number was missing."""
    path = f"/cases/{made.id}/ask"
    answer = send(office, path, file(), page=path, data={**FORM, "speaker_phone": ""})
    assert answer.status_code == 422
    assert NAME in answer.text
    assert [row.state for row in rows(db)] == [DocumentState.WAITING]


def test_a_document_sent_afterwards_is_information(
    app: Flask, office: Client, consult: Consult, made: Denial, db: Session
) -> None:
    page = f"/c/{consult.reference}"
    assert "Waiting for your information" in office.get(page).text
    answer = send(office, f"{page}/documents", file(), page=page)
    assert (answer.status_code, answer.location) == (303, page)
    plan_lines(app, app.extensions["peerline"].clock())
    shown = text_of(office.get(page))
    assert "1 document is received." in shown
    assert "Document 1 was received." in shown
    assert "Booked" in shown


def test_the_page_for_information_takes_documents_instead_of_words(
    office: Client, consult: Consult, db: Session
) -> None:
    page = f"/c/{consult.reference}/information"
    assert send(office, page, page=page, data={"statement": ""}).status_code == 422
    answer = send(office, page, file(), page=page, data={"statement": ""})
    assert (answer.status_code, answer.location) == (303, f"/c/{consult.reference}")
    assert [row.consult_id for row in rows(db)] == [consult.id]


def test_a_script_gets_the_list_alone(office: Client, consult: Consult) -> None:
    answer = send(
        office,
        f"/c/{consult.reference}/documents",
        file(),
        page=f"/c/{consult.reference}",
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'role="status">1 document is received.' in answer.text


def test_ten_files_at_a_time_and_the_eleventh_is_told(office: Client, consult: Consult, db: Session) -> None:
    files = [file(f"{number}.png", image("PNG", (number + 1, 1))) for number in range(11)]
    send(office, f"/c/{consult.reference}/documents", *files, page=f"/c/{consult.reference}")
    assert [row.refused_because for row in rows(db)] == [None] * 10 + [RefusedBecause.TOO_MANY]


def test_a_file_of_20_mb_and_one_byte_is_refused_and_what_comes_with_it_is_not(
    office: Client, consult: Consult, db: Session, documents_dir: Path
) -> None:
    page = f"/c/{consult.reference}"
    parts = {"large.pdf": pdf() + b"\0" * LARGEST, NAME: pdf()}
    # by hand: the client's own way would leave a file open
    body = b"".join(
        b'--part\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n\r\n%s\r\n'
        % (name.encode(), content)
        for name, content in parts.items()
    )
    answer = office.post(
        f"{page}/documents",
        data=body + b"--part--\r\n",
        content_type="multipart/form-data; boundary=part",
        headers={"X-CSRFToken": csrf_token(office.get(page))},
    )
    assert answer.status_code == 303
    assert [row.refused_because for row in rows(db)] == [RefusedBecause.TOO_LARGE, None]
    assert len(list((documents_dir / "kept").iterdir())) == 1
    assert list((documents_dir / "arriving").iterdir()) == []


def test_a_form_of_the_other_pages_is_as_small_as_before(office: Client, made: Denial) -> None:
    """No file reaches a disk where none is wanted, and no text is larger than it was."""
    answer = office.send(f"/cases/{made.id}/send", {"files": file()}, page="/cases", content_type="multipart/form-data")
    assert answer.status_code == 422
    too_much = office.post(f"/cases/{made.id}/send", data={"statement": "x" * 2_000_000})
    assert too_much.status_code == 413
    in_words = office.post(f"/cases/{made.id}/ask", data={"statement": "x" * 2_000_000})
    assert in_words.status_code == 413


def test_names_made_to_deceive_are_shown_and_do_nothing(office: Client, consult: Consult, db: Session) -> None:
    names = ["a%0D%0ASet-Cookie: x=y.pdf", "../../up.pdf", "turned\u202efdp.pdf", "<b>.pdf", "😀" * 200 + ".pdf"]
    page = f"/c/{consult.reference}"
    answer = send(
        office, f"{page}/documents", *[file(name, pdf(pages=n)) for n, name in enumerate(names, 1)], page=page
    )
    assert "x=y" not in answer.headers.get("Set-Cookie", "")
    kept = [row.name for row in rows(db)]
    assert kept[1:4] == ["up.pdf", "turnedfdp.pdf", "<b>.pdf"]
    shown = office.get(page).text
    assert all(str(escape(name)) in shown for name in kept)


def test_a_full_disk_and_a_folder_that_is_gone_cost_the_file_and_not_the_request(
    office: Client, made: Denial, db: Session, documents_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F19: ENOSPC at upload."""
    path = f"/cases/{made.id}/ask"
    with monkeypatch.context() as full:
        full.setattr("app.documents.store.KEPT_FREE", 1 << 60)
        checked = send(office, path, file(), page=path, data=FORM)
    assert checked.status_code == 200
    assert "It could not be stored just now. The fault is ours." in text_of(checked)
    shutil.rmtree(documents_dir)
    assert send(office, path, file(), page=path, data=FORM).status_code == 200
    assert [row.refused_because for row in rows(db)] == [RefusedBecause.NOT_STORED] * 2
    assert office.send(f"/cases/{made.id}/send", FORM, page=path).status_code == 303


def test_a_disk_that_is_full_while_a_file_comes_in_is_noticed() -> None:
    with open("/dev/full", "r+b", buffering=0) as full:
        incoming = Incoming(full)
        assert incoming.write(b"x" * 100) == 100
        assert incoming.failed
        assert incoming.write(b"x" * 100) == 100, "the rest of the form is read on"
        assert incoming.size == 200


def test_what_waits_for_the_scanner_says_so_and_cannot_be_opened(
    app: Flask, office: Client, consult: Consult, db: Session
) -> None:
    running = app.extensions["peerline"]
    clamd = Clamd("tcp://127.0.0.1:9")
    app.extensions["peerline"] = replace(running, process=replace(running.process, clamd=clamd))
    page = f"/c/{consult.reference}"
    send(office, f"{page}/documents", file(), page=page)
    shown = office.get(page)
    assert "Received, and being checked for viruses; nothing is needed from you." in text_of(shown)
    assert 'hx-trigger="every 4s"' in shown.text, "it looks by itself whether it was scanned"
    (row,) = rows(db)
    assert row.token not in re.findall(r"/documents/([^/]+)/(?:download|show)", shown.text)
    assert "not been checked for viruses yet" in give_out(office, row).text
    assert "clamd" not in office.get("/readyz").text
    running.clock.forward(minutes=11)
    assert "a document has waited 11 minutes for the scanner" in office.get("/readyz").text


def test_a_closed_request_takes_nothing(app: Flask, office: Client, consult: Consult, db: Session) -> None:
    office.send(
        f"/c/{consult.reference}/withdraw", {"version": consult.version}, page=f"/c/{consult.reference}/withdraw"
    )
    answer = send(office, f"/c/{consult.reference}/documents", file(), page="/cases")
    assert answer.status_code == 409
    assert rows(db) == []


# Who may see what.


@pytest.fixture
def there(office: Client, consult: Consult, db: Session) -> Document:
    """A document of a case that a nurse and a director look at."""
    send(office, f"/c/{consult.reference}/documents", file(), page=f"/c/{consult.reference}")
    return rows(db)[0]


def give_out(client: Client, document: Document, how: str = "download", page: str = "/cases") -> TestResponse:
    return client.send(f"/documents/{document.token}/{how}", page=page)


def test_the_office_reads_back_what_it_sent_to_the_byte(office: Client, consult: Consult, db: Session) -> None:
    content = pdf(pages=2)
    send(office, f"/c/{consult.reference}/documents", file(NAME, content), page=f"/c/{consult.reference}")
    answer = give_out(office, rows(db)[0])
    assert answer.data == content
    assert answer.content_type == "application/pdf"
    assert answer.headers["Content-Disposition"] == "attachment; filename=case-NC-1001-document-1.pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_what_browsers_show_is_shown_in_a_sandbox_and_nothing_else(
    office: Client, consult: Consult, db: Session
) -> None:
    files = [file("knee.png", image("PNG")), file(), file("fax.tif", image("TIFF"))]
    send(office, f"/c/{consult.reference}/documents", *files, page=f"/c/{consult.reference}")
    picture, document, fax = rows(db)
    for shown in (picture, document):
        answer = give_out(office, shown, "show")
        assert answer.headers["Content-Disposition"].startswith("inline")
        assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
    assert give_out(office, fax, "show").status_code == 404


def test_a_foreign_office_finds_nothing(
    app: Flask, there: Document, db: Session, settings: Settings, lee: Director
) -> None:
    """M4: with another case open, and with none."""
    stranger = app.test_client()
    open_case(stranger, denial(db, settings, lee, case_number="NC-7"))
    assert give_out(stranger, there).status_code == 404
    for path in (f"/documents/{there.token}/withdraw", f"/documents/of-case/{there.denial_id}"):
        assert stranger.get(path).status_code == 404
    assert send(stranger, f"/cases/{there.denial_id}/documents", file()).status_code == 404
    nobody = app.test_client()
    assert give_out(nobody, there, page="/").status_code == 303
    assert len(rows(db)) == 1


def test_a_document_cannot_be_had_by_following_an_address(office: Client, there: Document) -> None:
    """Who looked is put down with it, so nothing but a press opens it."""
    assert office.get(f"/documents/{there.token}/download").status_code == 405
    assert office.post(f"/documents/{there.token}/download").status_code == 400  # without the token of a page


@pytest.mark.parametrize("role", [StaffRole.NURSE, StaffRole.DIRECTOR, StaffRole.COORDINATOR])
def test_staff_who_may_see_the_case_open_it_and_that_is_on_record(
    app: Flask,
    hashed: str,
    there: Document,
    consult: Consult,
    db: Session,
    lee: Director,
    role: StaffRole,
) -> None:
    plan_lines(app, app.extensions["peerline"].clock())
    client = _signed_in(app, db, hashed, role, lee)
    page = (
        f"/coordinator/cases/{there.denial_id}"
        if role is StaffRole.COORDINATOR
        else f"/{role}/consults/{consult.reference}"
    )
    if role is StaffRole.NURSE:
        _open_review(app, db, consult)
    shown = client.get(page)
    assert NAME in shown.text
    assert "after the denial: new" in text_of(shown)
    assert "Not scanned: no virus scanner is configured." in text_of(shown)
    assert give_out(client, there, page=page).status_code == 200
    db.rollback()
    opened = db.scalars(select(History).where(History.what == "document_opened")).one()
    assert opened.details == {"document": 1}
    assert opened.actor.startswith("account:")
    assert "You opened it" in text_of(client.get(page))


def test_staff_who_may_not_see_the_case_find_nothing(app: Flask, hashed: str, there: Document, db: Session) -> None:
    """A nurse without a task about it, a director of another line, an administrator."""
    other = person(db, npi="1083000125", name="Kai Brown, MD", email="kai.brown@plan.example")
    for role in (StaffRole.NURSE, StaffRole.DIRECTOR):
        client = _signed_in(app, db, hashed, role, other)
        assert give_out(client, there, page="/me").status_code == 404, role
        assert client.get(f"/documents/of-case/{there.denial_id}").status_code == 404
    administrator = _signed_in(app, db, hashed, StaffRole.ADMINISTRATOR, other)
    assert give_out(administrator, there, page="/me").location == "/"


def test_a_flipped_byte_is_not_given_out_and_not_put_down_as_opened(
    office: Client, there: Document, documents_dir: Path, db: Session
) -> None:
    kept = documents_dir / "kept" / str(there.stored_as)
    content = bytearray(kept.read_bytes())
    content[100] ^= 1
    kept.write_bytes(content)
    answer = give_out(office, there)
    assert answer.status_code == 409
    assert "its file is damaged or missing" in answer.text
    db.rollback()
    assert db.scalars(select(History).where(History.what == "document_opened")).all() == []


def test_an_office_takes_its_document_out_of_view(
    office: Client, there: Document, consult: Consult, db: Session
) -> None:
    page = f"/documents/{there.token}/withdraw"
    assert NAME in office.get(page).text
    assert office.send(page, page=page).status_code == 422
    answer = office.send(page, {"because": "wrong_patient"}, page=page)
    assert answer.location == f"/c/{consult.reference}"
    shown = office.get(f"/c/{consult.reference}")
    assert NAME not in shown.text
    assert "Document 1 was taken out of view." in text_of(shown)
    assert give_out(office, there).status_code == 404
    assert office.get(page).status_code == 404


def test_a_coordinator_attaches_a_fax_and_the_office_cannot_take_that_away(
    app: Flask, office: Client, consult: Consult, hashed: str, made: Denial, db: Session, lee: Director
) -> None:
    """NC-8: a fax confirmed by staff is information."""
    casey = _signed_in(app, db, hashed, StaffRole.COORDINATOR, lee)
    page = f"/coordinator/cases/{made.id}/documents"
    assert send(casey, page, file("fax.tif", image("TIFF", frames=3)), page=page).status_code == 303
    assert "TIFF, 3 pages" in text_of(casey.get(page))
    assert "Attached by Some Coordinator" in text_of(casey.get(page))
    db.rollback()
    assert db.scalars(select(Consult).execution_options(populate_existing=True)).one().information
    (row,) = rows(db)
    assert "Take out of view" not in office.get(f"/c/{consult.reference}").text
    assert office.get(f"/documents/{row.token}/withdraw").status_code == 404
    assert casey.get(f"/documents/{row.token}/withdraw").status_code == 200


def test_names_of_files_go_nowhere_but_to_pages_of_the_case(
    office: Client, there: Document, consult: Consult, caplog: pytest.LogCaptureFixture
) -> None:
    """M5: not into logs, addresses, headers."""
    give_out(office, there)
    for answer in (office.get(f"/c/{consult.reference}"), give_out(office, there)):
        assert CANARIES[0] not in str(answer.headers)
    assert CANARIES[0] not in caplog.text


def _signed_in(app: Flask, db: Session, hashed: str, role: StaffRole, who: Director) -> Client:
    db.rollback()
    values = {"email": f"{role}.{who.id}@plan.example", "name": f"Some {role.title()}", "password_hash": hashed}
    director_id = who.id if role is StaffRole.DIRECTOR else None
    db.add(Account(**values, role=role, time_zone="America/New_York", director_id=director_id, created_at=NOW))
    db.commit()
    client = app.test_client()
    client.send("/sign-in", {"email": values["email"], "password": PASSWORD})
    return client


def _open_review(app: Flask, db: Session, consult: Consult) -> None:
    from app.consults import office as use_cases
    from app.history import OFFICE

    db.rollback()
    running = app.extensions["peerline"]
    use_cases.ask_reconsideration(db, consult.id, setup=running.process.setup, by=OFFICE, now=running.clock())
    db.commit()
