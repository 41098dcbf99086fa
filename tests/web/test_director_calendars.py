"""The director's calendars: a private address of his talks, and the calendar that says when he is busy."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.consults import office
from app.models import BusyCalendar, Director, OwnFeed, Role
from tests.web.clinic import ask
from tests.web.conftest import CANARIES, NOW, Client, denial

PAGE = "/director/calendars"


def test_the_private_address_gives_the_talks_and_nothing_about_a_patient(
    client: Client, app: Flask, db: Session, settings: Settings, director: Director
) -> None:
    """M5. A calendar cannot sign in: who knows the address may read it."""
    consult = ask(app, db, denial(db, settings, director))
    address = make_address(client)

    answer = app.test_client().get(address)

    assert answer.content_type.startswith("text/calendar")
    calendar = Calendar.from_ical(answer.data)
    assert "METHOD" not in calendar
    [event] = calendar.walk("VEVENT")
    assert event["UID"] == consult.calendar_uid
    assert str(event["SUMMARY"]) == f"P2P: Dr Anil Rao (orthopedics), {consult.reference}"
    assert str(event["LOCATION"]) == "tel:+19845550142"
    assert not [word for word in CANARIES if word in answer.text]
    again = app.test_client().get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_talk_that_is_off_is_gone_from_the_feed(
    client: Client, app: Flask, db: Session, settings: Settings, director: Director
) -> None:
    consult = ask(app, db, denial(db, settings, director))
    address = make_address(client)
    process = app.extensions["peerline"].process
    with process.sessions.begin() as session:
        office.withdraw(session, consult.id, setup=process.setup, by="office", now=NOW)
    assert Calendar.from_ical(app.test_client().get(address).data).walk("VEVENT") == []


def test_a_new_address_stops_the_old_one_and_it_can_be_revoked(client: Client, app: Flask, db: Session) -> None:
    first = make_address(client)
    second = make_address(client)
    assert app.test_client().get(first).status_code == 404
    assert app.test_client().get(second).status_code == 200

    press(client, f"{PAGE}/feed/remove", PAGE)
    assert app.test_client().get(second).status_code == 404
    assert db.scalars(select(OwnFeed)).all() == []


def test_only_a_hash_of_the_address_is_kept_and_it_is_shown_once(client: Client, db: Session) -> None:
    address = make_address(client)
    token = address.rsplit("/", 1)[1].removesuffix(".ics")
    assert len(token) >= 43
    assert token not in client.get(PAGE).text
    assert token.encode() not in db.scalars(select(OwnFeed.token_hash)).one()


def test_an_address_that_nobody_made_is_not_there(app: Flask) -> None:
    answer = app.test_client().get("/director/feed/guess.ics")
    assert answer.status_code == 404
    assert "Make a new address" in answer.text


def test_a_busy_calendar_is_named_and_forgotten(client: Client, db: Session) -> None:
    """Its address is a secret: the page shows the host alone."""
    press(client, f"{PAGE}/busy", PAGE, {"address": "webcal://calendar.clinic.example/secret-key/basic.ics"})
    calendar = db.scalars(select(BusyCalendar)).one()
    assert calendar.next_try_at == NOW
    page = client.get(PAGE).text
    assert "calendar.clinic.example" in page
    assert "secret-key" not in page
    assert "not yet" in page

    press(client, f"{PAGE}/busy/remove", PAGE)
    db.rollback()
    assert db.scalars(select(BusyCalendar)).all() == []


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Enter the address of your calendar."),
        ("my calendar", "starts with https:// or webcal://"),
        ("https://me:pw@example.org/x.ics", "private one"),
    ],
)
def test_what_is_no_address_is_told_beside_the_field_and_kept(
    client: Client, typed: str, says: str, db: Session
) -> None:
    answer = press(client, f"{PAGE}/busy", PAGE, {"address": typed})
    assert answer.status_code == 422
    assert says in answer.text
    assert f'value="{typed}"' in answer.text
    assert db.scalars(select(BusyCalendar)).all() == []


def test_a_calendar_that_fails_says_since_when_and_what_counts_meanwhile(
    client: Client, db: Session, director: Director
) -> None:
    """C10."""
    press(client, f"{PAGE}/busy", PAGE, {"address": "https://calendar.clinic.example/x.ics"})
    calendar = db.scalars(select(BusyCalendar)).one()
    calendar.read_at, calendar.failed_since, calendar.fault = NOW, NOW, "The server is too slow."
    db.commit()
    page = client.get(PAGE).text
    assert "Not read since" in page
    assert "The server is too slow." in page
    assert "counts until it can be read again" in page


def make_address(client: Client) -> str:
    answer = press(client, f"{PAGE}/feed", PAGE)
    assert answer.status_code == 200
    found = re.search(r">http://127\.0\.0\.1:8000(/director/feed/[^<]+)</code>", answer.text)
    assert found
    return found[1]


def press(client: Client, path: str, page: str, data: dict | None = None):
    return client.send(path, data, page=page)


@pytest.fixture
def client(sign_in: Callable[..., Client]) -> Client:
    return sign_in(Role.DIRECTOR)


@pytest.fixture
def director(client: Client, db: Session) -> Director:
    return db.scalars(select(Director)).one()
