"""Another medical director, given or offered: the office is told, and may choose to wait (BSP-5)."""

import re
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import POLICIES_DIR, Settings
from app.consults import assignment
from app.models import BookingRow, Denial, DirectorHours, DirectorPeer
from tests.web.conftest import NOW, Client, denial, open_case, person
from tests.web.test_office import FORM, reference, send

BSP = "blue-shield-promise-medi-cal"


@pytest.fixture(params=["designated_peer", "office_choice"])
def fallback(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def settings(settings: Settings, tmp_path: Path, fallback: str) -> Settings:
    """The policy that knows a fallback, with the one that the test is about."""
    folder = tmp_path / "policies"
    folder.mkdir()
    text = (POLICIES_DIR / f"{BSP}.toml").read_text()
    (folder / f"{BSP}.toml").write_text(text.replace('fallback = "designated_peer"', f'fallback = "{fallback}"'))
    return replace(settings, policies_dir=folder)


@pytest.fixture
def made(db: Session, settings: Settings) -> Denial:
    """A case whose director has time on Fridays alone, after what the plan owes; the peer has it on all days."""
    lee = person(db, hours=[DirectorHours(weekday=4, starts=time(9), ends=time(12))])
    ruiz = person(db, name="Marco Ruiz, MD", npi="1245319599", phone="415-555-0190")
    db.add(DirectorPeer(director_id=lee.id, peer_id=ruiz.id, rank=1))
    db.commit()
    dates = {"initial_decision": "2026-03-03T08:00:00-05:00"}
    return denial(db, settings, lee, plan=BSP, line_of_business="medi_cal", dates=dates)


@pytest.fixture
def path(client: Client, made: Denial, db: Session, app) -> str:
    """The page of a request that has been planned."""
    open_case(client, made)
    assert send(client, made, hour=[], any_time="yes").status_code == 303
    _plan(app)
    return f"/c/{reference(db)}"


def _plan(app) -> None:
    running = app.extensions["peerline"].process
    assignment.assign_all(running.sessions, setup=running.setup, now=NOW)


def _booked(db: Session) -> list[tuple[str, datetime]]:
    db.rollback()
    rows = db.scalars(select(BookingRow).where(BookingRow.released_at.is_(None)))
    return [(row.director_id, row.during.lower) for row in rows]


FRIDAY = datetime(2026, 3, 6, 14, 0, tzinfo=UTC)
TODAY = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize("fallback", ["designated_peer"], indirect=True)
def test_who_stands_in_is_named_and_the_office_may_wait(client: Client, made: Denial, path: str, app, db) -> None:
    page = client.get(path).text
    assert "Marco Ruiz, MD stands in" in page
    assert "Wait for Dana Lee, MD" in page
    assert _booked(db)[0][1] == TODAY
    assert client.send(f"{path}/peer", {"answer": "decline"}, page=path).status_code == 303
    _plan(app)
    assert _booked(db) == [(made.director_id, FRIDAY)]
    page = client.get(path).text
    assert "you prefer to wait for the medical director who decided" in page
    assert "stands in" not in page


@pytest.mark.parametrize("fallback", ["designated_peer"], indirect=True)
def test_before_it_is_sent_the_page_says_who_would_stand_in(client: Client, made: Denial) -> None:
    open_case(client, made)
    data = {**FORM, "hour": [], "any_time": "yes"}
    answer = client.send(f"/cases/{made.id}/ask", data, page=f"/cases/{made.id}/ask")
    assert "Marco Ruiz, MD would stand in for Dana Lee, MD, who decided" in answer.text


@pytest.mark.parametrize("fallback", ["office_choice"], indirect=True)
def test_an_offer_can_be_taken(client: Client, made: Denial, path: str, app, db: Session) -> None:
    page = client.get(path).text
    assert "Another medical director has time sooner" in page
    assert _booked(db) == [(made.director_id, FRIDAY)]
    assert client.send(f"{path}/peer", {"answer": "accept"}, page=path).status_code == 303
    assert _booked(db)[0][1] == TODAY
    assert "Another medical director has time sooner" not in client.get(path).text


@pytest.mark.parametrize("fallback", ["office_choice"], indirect=True)
def test_an_offer_can_be_declined(client: Client, made: Denial, path: str, app, db: Session) -> None:
    assert client.send(f"{path}/peer", {"answer": "decline"}, page=path).status_code == 303
    assert _booked(db) == [(made.director_id, FRIDAY)]
    assert "Another medical director has time sooner" not in client.get(path).text


@pytest.mark.parametrize("fallback", ["office_choice"], indirect=True)
def test_no_answer_changes_nothing(client: Client, path: str, db: Session) -> None:
    before = _booked(db)
    assert client.send(f"{path}/peer", {"answer": "perhaps"}, page=path).status_code == 409
    assert _booked(db) == before


@pytest.mark.parametrize("fallback", ["designated_peer"], indirect=True)
def test_any_time_is_what_the_check_page_says(client: Client, made: Denial) -> None:
    open_case(client, made)
    data = {**FORM, "hour": [], "any_time": "yes"}
    answer = client.send(f"/cases/{made.id}/ask", data, page=f"/cases/{made.id}/ask")
    assert re.search(r"<p>Any time.</p>", answer.text)
