"""A director's day and consults: whom to call, about what; the outcome as the office will read it; nobody there."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.config import Settings
from app.consults import desk, prereview
from app.models import Account, BookingRow, Consult, Denial, Director, StaffRole
from scheduling.values import Interval, Status
from tests.web.clinic import ask, fresh, press, process, text_of
from tests.web.conftest import CANARIES, NOW, PASSWORD, Client, Clock, csrf_token, denial
from tests.web.desk import counted, happened, mails, second_director


def test_the_next_call_is_on_top_with_all_that_it_takes(lee_in: Client, app, db, settings, lee: Director) -> None:
    """BSP-10, experience.md: number, back-up, the office's time beside his own, and who the patient is."""
    more = {"backup_name": "Eva Moss", "backup_phone": "303-555-0101", "how_to_reach": "Ask for Eva at the desk."}
    asked = ask(app, db, denial(db, settings, lee, urgency="emergent"), office_time_zone="America/Denver", **more)
    later = ask(app, db, denial(db, settings, lee, case_number="NC-2"))
    page = text_of(lee_in.get("/director/"))
    for words in (
        "Next call: Tuesday 3 March, 10:00 am Eastern, in 1 hour",
        "Their time: Tuesday 3 March, 8:00 am Mountain",
        "Dr Anil Rao , orthopedics",
        "984-555-0142",
        "Back-up: Eva Moss 303-555-0101",
        "Ask for Eva at the desk.",
        "Canary Wren",
        "Born 3/14/1962",
        "Emergent",
        "Later today",
        "10:30 am",
    ):
        assert words in page, words
    assert page.index("Next call") < page.index(later.reference)
    assert asked.reference in lee_in.get("/director/live").text


def test_the_week_stands_by_days_and_can_be_turned(lee_in: Client, booked: Consult, app, db, settings, lee) -> None:
    far = ask(app, db, denial(db, settings, lee, case_number="NC-2"), windows=(on_friday(),))
    page = text_of(lee_in.get("/director/"))
    assert page.index("Next call") < page.index("Friday 6 March") < page.index(far.reference)
    assert far.reference in lee_in.get("/director/?from=2026-03-06").text
    assert "No calls in this week." in lee_in.get("/director/?from=2026-03-10").text
    assert "Next call" not in lee_in.get("/director/?from=2026-03-06").text
    assert "Next call" in lee_in.get("/director/?from=nonsense").text
    assert "Next call" in lee_in.get("/director/?from=2036-03-06").text


def test_a_day_without_calls_says_so(lee_in: Client) -> None:
    page = text_of(lee_in.get("/director/"))
    assert "No call ahead this week" in page
    assert "Nobody in your line waits either." in page


def test_a_call_at_midnight_stands_under_the_right_date(lee_in: Client, db, app, settings, lee: Director) -> None:
    """D10: the day is the reader's; a call at 4:30 pm in New York is on the next day in Kolkata."""
    windows = (at_half_past_four(),)
    asked = ask(app, db, denial(db, settings, lee), windows=windows)
    lee_in.set_cookie("peerline-zone", "Asia/Kolkata")
    assert "Wednesday 4 March" in lee_in.get("/director/").text
    assert fresh(db, asked.id).status is Status.BOOKED


def test_the_week_is_to_be_had_for_a_spreadsheet(lee_in: Client, booked: Consult) -> None:
    answer = lee_in.get("/director/?format=csv")
    assert f"2026-03-03T10:00-05:00,2026-03-03T10:30-05:00,{booked.reference}" in answer.text
    assert not any(canary in answer.text for canary in CANARIES)


def test_the_brief_is_on_one_screen(lee_in: Client, booked: Consult, db) -> None:
    """BSP-5: what was denied, the criterion, what is new, the nurse's note, the deadlines."""
    page = text_of(lee_in.get(f"/director/consults/{booked.reference}"))
    for words in (
        CANARIES[3],
        "InterQual 2026",
        "Not medically necessary",
        CANARIES[4],
        "Canary Wren",
        "Born 3/14/1962, ID ending in ER77",
        "The plan aims at Thursday 5 March, 5:00 pm Eastern",
        "The nurse's note None.",
        "can be recorded here from 10:00 am Eastern on",
        "Last day to appeal",
    ):
        assert words in page, words


def test_the_nurses_note_is_in_the_brief(lee_in: Client, app, db, settings, lee: Director, account) -> None:
    asked = ask(app, db, denial(db, settings, lee, urgency="emergent"), reconsideration=True)
    assert "A nurse is looking at it, due" in text_of(lee_in.get(f"/director/consults/{asked.reference}"))
    nora = account(name="Nora Quinn, RN")
    prereview.do_not_approve(
        db, asked.id, account_id=nora.id, note="Imaging is old.", setup=process(app).setup, now=NOW
    )
    db.commit()
    page = text_of(lee_in.get(f"/director/consults/{asked.reference}"))
    assert "Imaging is old. Nora Quinn, RN, Tuesday 3 March, 9:00 am Eastern" in page
    assert "Nurse's note is there" in lee_in.get("/director/").text


def test_opening_the_brief_is_on_record_once(lee_in: Client, booked: Consult, db) -> None:
    """BSP-5: by a request of the page itself, since nothing changes on GET (M1)."""
    path = f"/director/consults/{booked.reference}"
    page = lee_in.get(path)
    assert f'hx-post="{path}/opened"' in page.text
    assert happened(db, "brief_opened") == []
    for _ in range(2):
        assert lee_in.post(f"{path}/opened", data={"csrf_token": csrf_token(page)}).status_code == 204
    assert len(happened(db, "brief_opened")) == 1
    assert "/opened" not in lee_in.get(path).text


def test_no_patient_data_in_titles_and_addresses(lee_in: Client, booked: Consult, clock: Clock) -> None:
    """M5."""
    clock.forward(hours=1)
    again(lee_in)
    for path in ("/director/", "/director/time", f"/director/consults/{booked.reference}"):
        page = lee_in.get(path).text
        title = page[page.index("<title>") : page.index("</title>")]
        links = "".join(part.split('"')[0] for part in page.split('href="')[1:])
        assert not any(canary in title + links for canary in CANARIES)
        assert CANARIES[1] not in page


def test_an_open_page_says_that_the_consult_has_changed(begun: Client, booked: Consult) -> None:
    path = f"/director/consults/{booked.reference}"
    page = begun.get(path).text
    news = page[page.index("/news?seen=") :].split('"')[0]
    assert begun.get(f"{path}{news}").status_code == 204
    press(begun, path, f"{path}/no-answer")
    assert "has changed since you opened it" in begun.get(f"{path}{news}").text


def test_a_call_without_outcome_stays_on_top(begun: Client, booked: Consult, clock: Clock) -> None:
    clock.forward(days=10)
    again(begun)
    page = text_of(begun.get("/director/"))
    assert "Without an outcome" in page
    assert f"Record {booked.reference}" in page


def test_other_directors_see_nothing_of_it(omar_in: Client, db, booked: Consult, clock: Clock) -> None:
    """M4: what is another's is not there (404), for every route."""
    client = omar_in
    clock.forward(hours=1, minutes=2)
    again(client, "omar@plan.example")
    path = f"/director/consults/{booked.reference}"
    before = mails(db)
    for part in ("", "/news"):
        assert client.get(f"{path}{part}").status_code == 404
    for action in ("outcome", "no-answer", "not-there", "reconsider", "decline", "opened"):
        sent = press(client, "/director/", f"{path}/{action}", {"outcome": "discussed", "note": "Not mine."})
        assert sent.status_code == 404, action
    assert booked.reference not in client.get("/director/").text
    assert (mails(db), fresh(db, booked.id).status) == (before, Status.BOOKED)


def test_a_case_that_was_reassigned_is_no_longer_there(lee_in: Client, booked: Consult, app, db, clock) -> None:
    """H5: the one who had it before sees nothing of it any more; the new one does."""
    omar = second_director(db)
    desk.reassign(db, booked.id, omar.id, "On leave.", setup=process(app).setup, by="system", now=clock.now)
    db.commit()
    assert lee_in.get(f"/director/consults/{booked.reference}").status_code == 404
    assert booked.reference not in lee_in.get("/director/").text


def test_the_denying_director_reads_what_a_peer_talks_about_but_does_not_act(
    lee_in: Client, booked: Consult, db, clock
) -> None:
    """BSP-5: a designated peer has the call; the outcome is the peer's to record."""
    omar = second_director(db)
    db.execute(BookingRow.__table__.update().values(director_id=omar.id))
    db.commit()
    clock.forward(hours=1, minutes=2)
    again(lee_in)
    path = f"/director/consults/{booked.reference}"
    page = text_of(lee_in.get(path))
    assert "Booked with Omar Haddad, MD, who stands in." in page
    assert "You talked" not in page
    assert press(lee_in, "/director/", f"{path}/outcome", {"outcome": "discussed", "note": "Mine?"}).status_code == 409


def test_the_pages_are_for_directors(sign_in, booked: Consult) -> None:
    nurse = sign_in(StaffRole.NURSE)
    for path in ("/director/", "/director/time", f"/director/consults/{booked.reference}"):
        assert nurse.get(path).status_code == 403


def test_a_page_costs_a_fixed_number_of_statements(lee_in: Client, booked, app: Flask, db, settings, lee) -> None:
    paths = ("/director/", f"/director/consults/{booked.reference}", "/director/time")
    first = {path: statements(app, lee_in, path) for path in paths}
    for number in range(5):
        ask(app, db, denial(db, settings, lee, case_number=f"NC-{number}"))
    assert {path: statements(app, lee_in, path) for path in paths} == first
    assert max(first.values()) <= 22


def statements(app: Flask, client: Client, path: str) -> int:
    client.get(path)
    with counted(app) as sent:
        client.get(path)
    return len(sent)


def again(client: Client, email: str = "dana@plan.example") -> None:
    """Sign in once more: a visit of staff ends after a quarter of an hour without activity."""
    client.send("/sign-in", {"email": email, "password": PASSWORD})


def on_friday() -> Interval:
    return Interval(NOW + timedelta(days=3), NOW + timedelta(days=3, hours=2))


def at_half_past_four() -> Interval:
    return Interval(NOW + timedelta(hours=7, minutes=30), NOW + timedelta(hours=8))


@pytest.fixture
def lee(db: Session, account: Callable[..., Account]) -> Director:
    """A director with an account."""
    made = account(StaffRole.DIRECTOR, email="dana@plan.example", name="Dana Lee, MD")
    return db.get_one(Director, made.director_id)


@pytest.fixture
def lee_in(app: Flask, lee: Director) -> Client:
    client: Client = app.test_client()
    again(client)
    return client


@pytest.fixture
def omar_in(app: Flask, db: Session, hashed: str) -> Client:
    """Another director, signed in."""
    omar = second_director(db)
    values = {"email": "omar@plan.example", "name": omar.name, "role": StaffRole.DIRECTOR, "password_hash": hashed}
    db.add(Account(**values, time_zone="America/New_York", director_id=omar.id, created_at=NOW))
    db.commit()
    client: Client = app.test_client()
    again(client, "omar@plan.example")
    return client


@pytest.fixture
def booked(app: Flask, db: Session, settings: Settings, lee: Director) -> Consult:
    """A consult booked today at 10:00, an hour from now."""
    made: Denial = denial(db, settings, lee)
    return ask(app, db, made)


@pytest.fixture
def begun(lee_in: Client, booked: Consult, clock: Clock) -> Client:
    """The director two minutes into that call."""
    clock.forward(hours=1, minutes=2)
    again(lee_in)
    return lee_in
