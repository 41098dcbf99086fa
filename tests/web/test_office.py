"""The office's journey through the pages, and what must not be seen or sent on the way."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from app.config import Settings
from app.consults import assignment
from app.consults import office as use_cases
from app.models import Attention, Consult, Denial, History, LeftRequest, Message, Role
from app.web.access import allowed
from tests.web.conftest import CANARIES, NOW, Client, Clock, csrf_token, denial, open_case, person

FORM = {
    "speaker_name": "Rosa Diaz, MD",
    "speaker_profession": "physician",
    "speaker_relation": "treating",
    "speaker_npi": "1245319599",
    "speaker_phone": "919-555-0142",
    "zone": "America/New_York",
    "hour": ["2026-03-04T14:00Z", "2026-03-04T15:00Z"],
    "agreed": "yes",
    "purpose": "discuss",
    "statement": CANARIES[4],
    "office_contact": "Sam Desk",
    "office_email": "desk@clinic.example",
    "form_key": "a-key-of-the-form",
}


def send(client: Client, made: Denial, **more: object):
    return client.send(f"/cases/{made.id}/send", {**FORM, **more}, page=f"/cases/{made.id}/ask")


def reference(db: Session) -> str:
    db.rollback()
    return db.scalars(select(Consult.reference)).one()


@pytest.fixture
def made(db: Session, settings: Settings) -> Denial:
    return denial(db, settings, person(db))


@pytest.fixture
def office(client: Client, made: Denial) -> Client:
    """An office that has opened the case."""
    assert open_case(client, made).status_code == 303
    return client


@pytest.fixture
def asked(office: Client, made: Denial, db: Session) -> str:
    """The reference of a request that the office sent."""
    assert send(office, made).status_code == 303
    return reference(db)


def test_a_case_shows_who_decided_and_what_can_be_done(office: Client, made: Denial) -> None:
    """BSP-1, BSP-2, NC-2: before anybody's time is booked."""
    page = office.get(f"/cases/{made.id}").text
    for words in (
        "Dana Lee, MD",
        "919-555-0100",
        "Not medically necessary",
        "InterQual 2026",
        "Only if you also ask for reconsideration",
        "Last day to appeal: Saturday 29 August",
        "A consult does not move this day",
    ):
        assert words in page


def test_a_case_without_director_says_so(client: Client, db: Session, settings: Settings) -> None:
    """BSP-1: nothing is guessed."""
    made = denial(db, settings, None)
    open_case(client, made)
    assert "Not known yet" in client.get(f"/cases/{made.id}").text


def test_a_refusal_gives_its_reason_and_the_next_step(client: Client, db: Session, settings: Settings) -> None:
    """BSP-3."""
    made = denial(
        db,
        settings,
        person(db),
        plan="blue-shield-promise-medi-cal",
        line_of_business="medi_cal",
        dates={"initial_decision": "2026-02-20T09:00:00-08:00"},
    )
    open_case(client, made)
    page = client.get(f"/cases/{made.id}").text
    assert "The time for a consult has passed" in page
    assert "What you can do:" in page
    assert "Ask for a consult" not in page
    assert client.get(f"/cases/{made.id}/ask").location == f"/cases/{made.id}"


def test_the_form_knows_what_is_known(office: Client, made: Denial) -> None:
    page = office.get(f"/cases/{made.id}/ask").text
    assert 'value="Rosa Diaz, MD"' in page
    assert 'value="1245319599"' in page
    assert "Wednesday 4 March, 9:00 am to 10:00 am, available time" in page


def test_errors_stand_beside_the_field_and_in_a_summary_and_what_was_typed_stays(office: Client, made: Denial) -> None:
    data = {**FORM, "speaker_phone": "555", "speaker_npi": "1234567890", "hour": [], "office_contact": ""}
    answer = office.send(f"/cases/{made.id}/ask", data, page=f"/cases/{made.id}/ask")
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    for field in ("speaker_phone", "speaker_npi", "windows", "office_contact"):
        assert f'href="#{field}"' in answer.text
        assert f'id="{field}-error"' in answer.text
        assert f'id="{field}"' in answer.text
    assert CANARIES[4] in answer.text
    assert 'value="555"' in answer.text


def test_before_it_is_sent_the_whole_is_shown_with_the_time_it_would_get(office: Client, made: Denial, db) -> None:
    answer = office.send(f"/cases/{made.id}/ask", FORM, page=f"/cases/{made.id}/ask")
    assert answer.status_code == 200
    assert "Wednesday 4 March, 9:00 am to 11:00 am Eastern" in answer.text
    assert "Wednesday 4 March, 9:00 am Eastern</strong> with <strong>Dana Lee, MD" in answer.text
    assert db.scalar(select(func.count()).select_from(Consult)) == 0


def test_the_time_it_would_get_is_told_while_typing(office: Client, made: Denial, clock: Clock, db) -> None:
    answer = office.send(f"/cases/{made.id}/expected", {**FORM, "statement": ""}, page=f"/cases/{made.id}/ask")
    assert "Waiting for your information" in answer.text
    assert "With clinical information: <strong>Wednesday 4 March, 9:00 am Eastern" in answer.text
    assert db.scalar(select(func.count()).select_from(History)) == 0


def test_another_row_for_a_time_can_be_had_without_scripts(office: Client, made: Denial) -> None:
    data = {**FORM, "action": "add-window", "window_rows": ["1", "2"]}
    answer = office.send(f"/cases/{made.id}/ask", data, page=f"/cases/{made.id}/ask")
    assert answer.status_code == 200
    assert 'id="window-2-date"' in answer.text
    assert CANARIES[4] in answer.text


def test_a_request_is_received_and_can_be_followed(office: Client, made: Denial, db: Session) -> None:
    answer = send(office, made)
    assert answer.status_code == 303
    assert answer.location == f"/c/{reference(db)}?sent=yes"
    page = office.get(answer.location).text
    assert "Your request is received." in page
    assert "Position in line" in page
    assert "Your request was received. Position in line: 1." in page


def test_the_same_form_sent_twice_is_one_request(office: Client, made: Denial, db: Session) -> None:
    """A7."""
    first, second = send(office, made), send(office, made)
    assert first.location == second.location
    assert db.scalar(select(func.count()).select_from(Consult)) == 1
    assert db.scalar(select(func.count()).select_from(Message)) == 1


def test_another_form_for_the_same_case_is_refused_and_the_refusal_is_on_record(office, made, asked, db) -> None:
    token = csrf_token(office.get("/time-zone"))
    answer = office.post(f"/cases/{made.id}/send", data={**FORM, "form_key": "another", "csrf_token": token})
    assert "Already asked for" in answer.text
    assert db.scalar(select(func.count()).where(History.what == "refused")) == 1
    assert db.scalar(select(func.count()).select_from(Consult)) == 1


def test_nobody_else_can_follow_it(asked: str, app: Flask, db: Session, settings: Settings) -> None:
    """L5, M4: whether or not there is such a request, the case has to be opened first."""
    stranger = app.test_client()
    for path in (f"/c/{asked}", "/c/P2P-0000-0000"):
        answer = stranger.get(path)
        assert answer.status_code == 303
        assert answer.location.startswith("/?next=")


def test_finding_the_case_leads_back_to_the_request(asked: str, made: Denial, app: Flask) -> None:
    client = app.test_client()
    page = client.get(f"/c/{asked}", follow_redirects=True)
    data = {"case_number": made.case_number, "birth_date": "3/14/1962", "access_code": "7F3K9Q2M4X"}
    answer = client.post("/find", data={**data, "next": f"/c/{asked}", "csrf_token": csrf_token(page)})
    assert answer.location == f"/c/{asked}"
    assert client.get(answer.location).status_code == 200


def test_another_office_finds_nothing_on_any_route(asked: str, made, app: Flask, db: Session, settings) -> None:
    """M4: every route of the office, walked by an office that has opened another case."""
    other = denial(db, settings, None, case_number="NC-2002")
    stranger = app.test_client()
    open_case(stranger, other)
    token = csrf_token(stranger.get("/time-zone"))
    walked = 0
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("office.") or not rule.arguments:
            continue
        path = rule.rule.replace("<int:denial_id>", str(made.id)).replace("<reference>", asked)
        answer = (
            stranger.get(path) if "GET" in rule.methods else stranger.post(path, data={**FORM, "csrf_token": token})
        )
        if rule.endpoint == "office.follow":
            assert answer.status_code == 303  # to finding the case, as for a reference that does not exist
        elif rule.endpoint == "office.live":
            assert "visit has ended" in answer.text
        else:
            assert answer.status_code == 404, rule.endpoint
        assert not any(word in answer.text for word in CANARIES[:4])
        walked += 1
    assert walked >= 14
    db.rollback()
    assert db.scalars(select(Consult.status)).one() == "waiting"


def test_no_office_route_forgets_to_ask_whose_case_it_is(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("office.") and Role.ANYONE in allowed(app, rule.endpoint):
            assert "denial_id" not in rule.arguments


def test_other_times_take_the_place_of_the_old_ones(office: Client, asked: str, db: Session) -> None:
    page = office.get(f"/c/{asked}/times")
    assert 'value="2026-03-04"' in page.text
    assert 'value="09:00"' in page.text
    version = re.search(r'name="version" id="version" value="(\d+)"', page.text)[1]
    data = {"zone": "America/New_York", "any_time": "yes", "agreed": "yes", "version": version}
    assert office.send(f"/c/{asked}/times", data, page=f"/c/{asked}/times").status_code == 303
    db.rollback()
    assert db.scalars(select(Consult.windows)).one() == []


@pytest.mark.parametrize("action", ["times", "withdraw"])
def test_a_page_that_is_out_of_date_changes_nothing_and_shows_how_it_stands(office, asked, db, action: str) -> None:
    """A12."""
    page = office.get(f"/c/{asked}/{action}")
    version = re.search(r'name="version" id="version" value="(\d+)"', page.text)[1]
    db.execute(update(Consult).values(version=Consult.version + 1))
    db.commit()
    data = {"zone": "America/New_York", "any_time": "yes", "agreed": "yes", "version": version}
    answer = office.post(f"/c/{asked}/{action}", data={**data, "csrf_token": csrf_token(page)})
    assert answer.status_code == 409
    assert "This has changed since you opened the page" in answer.text
    db.rollback()
    consult = db.scalars(select(Consult)).one()
    assert consult.status == "waiting"
    assert len(consult.windows) == 1


def test_a_request_can_be_withdrawn_once(office: Client, asked: str, db: Session) -> None:
    page = office.get(f"/c/{asked}/withdraw")
    version = re.search(r'name="version" id="version" value="(\d+)"', page.text)[1]
    data = {"version": version, "csrf_token": csrf_token(page)}
    assert office.post(f"/c/{asked}/withdraw", data=data).status_code == 303
    assert "Your office withdrew the request." in office.get(f"/c/{asked}").text
    assert office.post(f"/c/{asked}/withdraw", data=data).status_code == 409
    db.rollback()
    assert db.scalar(select(func.count()).where(History.what == "cancelled")) == 1


def test_reconsideration_can_be_added(office: Client, asked: str, db: Session) -> None:
    """NC-4: it opens the review, because information is there."""
    answer = office.send(f"/c/{asked}/reconsideration", page=f"/c/{asked}/reconsideration")
    assert answer.status_code == 303
    page = office.get(f"/c/{asked}").text
    assert "PCR-000001" in page
    db.rollback()
    assert db.scalars(select(Consult.reconsideration)).one()


def test_information_that_is_waited_for_can_be_sent(office: Client, made: Denial, db: Session) -> None:
    """NC-8."""
    send(office, made, statement="")
    path = f"/c/{reference(db)}"
    assert "Waiting for your information" in office.get(path).text
    answer = office.send(f"{path}/information", {"statement": "New findings."}, page=f"{path}/information")
    assert answer.status_code == 303
    assert "Waiting for your information" not in office.get(path).text
    db.rollback()
    assert db.scalars(select(Consult.statement)).one() == "New findings."


def test_later_information_is_added_to_what_was_sent(office: Client, asked: str, db: Session) -> None:
    """NC-8: later information is added and opens nothing."""
    answer = office.send(f"/c/{asked}/information", {"statement": "New findings."}, page=f"/c/{asked}/information")
    assert answer.status_code == 303
    db.rollback()
    assert db.scalars(select(Consult.statement)).one() == f"{CANARIES[4]}\n\nNew findings."


def test_nothing_to_say_is_asked_for_again(office: Client, asked: str) -> None:
    answer = office.send(f"/c/{asked}/information", {"statement": "  "}, page=f"/c/{asked}/information")
    assert answer.status_code == 422
    assert "Write what the reviewer should know" in answer.text


def test_the_live_part_is_silent_without_news(office: Client, asked: str, db: Session) -> None:
    page = office.get(f"/c/{asked}").text
    path = re.search(r'hx-get="([^"]+)"', page)[1].replace("&amp;", "&")
    assert office.get(path, headers={"HX-Request": "true"}).status_code == 204
    db.execute(update(Consult).values(version=Consult.version + 1))
    db.commit()
    answer = office.get(path, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert 'id="live"' in answer.text
    assert "<html" not in answer.text


def test_a_request_without_code_is_never_lost_and_nothing_is_read_back(client, made, db: Session) -> None:
    """The answer is the same whether the case is known."""
    data = {
        "birth_date": "3/14/1962",
        "speaker_name": "Rosa Diaz, MD",
        "speaker_phone": "919-555-0142",
        "office_contact": "Sam Desk",
        "office_phone": "919-555-0143",
    }
    pages = []
    for number in (made.case_number, "NC-9999"):
        page = client.get("/leave-request")
        key = re.search(r'name="form_key" value="([^"]+)"', page.text)[1]
        form = {**data, "case_number": number, "form_key": key, "csrf_token": csrf_token(page)}
        for _ in range(2):
            answer = client.post("/leave-request", data=form, follow_redirects=True)
        pages.append(re.sub(r"P2P-[0-9A-Z-]+|name=.csrf_token. value=.[^ ]+", "", answer.text))
        assert "Received. Your number is P2P-" in answer.text
    assert pages[0] == pages[1]
    assert db.scalar(select(func.count()).select_from(LeftRequest)) == 2
    assert not any(word in pages[0] for word in CANARIES)


def test_no_word_about_a_patient_leaves_the_pages(office, made, asked, db, caplog: pytest.LogCaptureFixture) -> None:
    """M5: titles, addresses, logs, history and sessions."""
    caplog.set_level(logging.DEBUG)
    for path in (f"/cases/{made.id}", f"/cases/{made.id}/ask", f"/c/{asked}", f"/c/{asked}/times", "/cases"):
        answer = office.get(path, follow_redirects=True)
        title = re.search(r"<title>(.*?)</title>", answer.text)[1]
        addresses = " ".join(re.findall(r'(?:href|action|hx-\w+)="([^"]*)"', answer.text))
        for word in (*CANARIES, "Canary"):
            assert word not in title
            assert word not in addresses
    office.get(f"/c/{asked}?note=Canary+Wren")
    for word in (*CANARIES, "Canary", "NC-1001"):
        assert word not in caplog.text
    for row in db.scalars(select(History)):
        assert not any(word in str(row.details) for word in CANARIES)


def test_an_error_of_ours_says_what_to_do_and_logs_no_typed_word(office, made, app, db, caplog) -> None:
    def fail(denial_id: int) -> str:
        raise RuntimeError(CANARIES[4])

    fail.allowed = frozenset({Role.OFFICE})
    app.view_functions["office.send"] = fail
    answer = send(office, made)
    assert answer.status_code == 500
    assert "may not have been saved" in answer.text
    assert "RuntimeError" in caplog.text
    assert CANARIES[4] not in caplog.text
    assert CANARIES[4] not in answer.text


@pytest.mark.parametrize(
    "path, most",
    [
        ("/", 1),
        ("/cases", 3),
        ("/cases/{id}", 4),
        ("/cases/{id}/ask", 8),
        ("/c/{ref}", 16),
        ("/c/{ref}/live?seen=x", 17),
        ("/c/{ref}/times", 11),
    ],
)
def test_a_page_takes_a_bounded_number_of_statements(office, made, asked, app, db, settings, path, most) -> None:
    lee = made.director_id
    for number in range(5):
        other = denial(db, settings, None, case_number=f"NC-30{number}")
        db.execute(update(Denial).where(Denial.id == other.id).values(director_id=lee))
        db.commit()
        client = app.test_client()
        open_case(client, other)
        assert send(client, other, form_key=f"key-{number}").status_code == 303
    path = path.format(id=made.id, ref=asked)
    office.get(path)
    with counted(app) as statements:
        assert office.get(path, follow_redirects=True).status_code == 200
    assert len(statements) <= most, statements


def test_sending_a_request_takes_eight_statements(client: Client, made: Denial, app: Flask, settings, db) -> None:
    """The visit, the case; its lock, what is known of it, the line; the request, its history, the acknowledgement."""
    open_case(client, made)
    token = csrf_token(client.get(f"/cases/{made.id}/ask"))
    with counted(app) as statements:
        assert client.post(f"/cases/{made.id}/send", data={**FORM, "csrf_token": token}).status_code == 303
    assert [statement.split()[0] for statement in statements] == ["SELECT"] * 5 + ["INSERT"] * 3, statements


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    statements: list[str] = []
    engine = app.extensions["peerline"].process.engine

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def test_a_request_without_director_waits_visibly(client: Client, db: Session, settings: Settings) -> None:
    """BSP-1."""
    made = denial(db, settings, None)
    open_case(client, made)
    assert send(client, made).status_code == 303
    db.rollback()
    assert "The medical director who decided is not known yet" in client.get(f"/c/{reference(db)}").text
    assert db.scalars(select(Attention.reason)).all() == ["no_director"]


def test_the_link_of_a_mail_leads_staff_to_their_own_page(asked: str, app: Flask, sign_in) -> None:
    """Mails to directors have the same link: who is not signed in finds the way to do so, and comes back."""
    page = app.test_client().get(f"/c/{asked}", follow_redirects=True).text
    assert f'href="/sign-in?next=/c/{asked}"' in page
    coordinator = sign_in(Role.COORDINATOR)
    assert coordinator.get(f"/c/{asked}").status_code == 302
    assert coordinator.get(f"/c/{asked}", follow_redirects=True).status_code == 200


def test_the_booked_time_can_be_taken_into_a_calendar(office: Client, asked: str, made, app, db: Session) -> None:
    """F9: always as it is now, and only for who may see the case."""
    assert office.get(f"/c/{asked}/consult.ics").location == f"/c/{asked}"
    running = app.extensions["peerline"].process
    assignment.assign_all(running.sessions, setup=running.setup, now=NOW)
    answer = office.get(f"/c/{asked}/consult.ics")
    assert answer.content_type.startswith("text/calendar")
    [calendar_event] = Calendar.from_ical(answer.data).walk("VEVENT")
    assert calendar_event["DTSTART"].dt == datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
    assert not any(word in answer.text for word in CANARIES)
    assert app.test_client().get(f"/c/{asked}/consult.ics").status_code == 303

    with running.sessions.begin() as session:
        consult = session.scalars(select(Consult).where(Consult.reference == asked)).one()
        session.execute(update(Message).values(sent_at=NOW))
        use_cases.withdraw(session, consult.id, setup=running.setup, by="office", now=NOW)
    cancelled = Calendar.from_ical(office.get(f"/c/{asked}/consult.ics").data)
    [gone] = cancelled.walk("VEVENT")
    assert (cancelled["METHOD"], gone["STATUS"], gone["UID"]) == ("CANCEL", "CANCELLED", calendar_event["UID"])
