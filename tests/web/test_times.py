"""Instants and deadlines as people read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app.web import times

PACIFIC, EASTERN = ZoneInfo("America/Los_Angeles"), ZoneInfo("America/New_York")


@pytest.fixture
def page(app: Flask, clock):
    """A request, as seen from a browser in New York on 3 March 2026."""
    with app.test_request_context("/", headers={"Cookie": "peerline-browser-zone=America/New_York"}):
        yield


@pytest.mark.usefixtures("page")
class TestReadInNewYork:
    def test_an_instant_names_its_day_time_and_zone(self) -> None:
        """D5."""
        instant = datetime(2026, 3, 5, 1, 0, tzinfo=UTC)
        assert times.when(instant, PACIFIC) == "Wednesday 4 March, 5:00 pm Pacific"
        assert times.when(instant) == "Wednesday 4 March, 8:00 pm Eastern"

    def test_another_year_is_named(self) -> None:
        assert times.day(datetime(2027, 3, 5, 15, 0, tzinfo=UTC)) == "Friday 5 March 2027"

    def test_the_hour_that_comes_twice_says_which(self) -> None:
        """D2."""
        first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
        assert times.clock(first) == "1:30 am EDT"
        assert times.clock(first + timedelta(hours=1)) == "1:30 am EST"
        assert times.clock(first + timedelta(hours=2)) == "2:30 am"

    def test_midnight_as_a_deadline_is_the_end_of_the_day_before(self) -> None:
        due = datetime(2026, 3, 8, 8, 0, tzinfo=UTC)
        assert times.through(due, PACIFIC) == (
            "the end of Saturday 7 March, Pacific (4:00 am Eastern on Sunday 8 March)"
        )

    def test_a_deadline_shows_the_plans_zone_and_the_readers(self) -> None:
        due = datetime(2026, 3, 5, 1, 0, tzinfo=UTC)
        assert times.through(due, PACIFIC) == "Wednesday 4 March, 5:00 pm Pacific (8:00 pm Eastern)"
        assert times.through(due, EASTERN) == "Wednesday 4 March, 8:00 pm Eastern"

    @pytest.mark.parametrize(
        "length, words",
        [
            (timedelta(days=1, hours=6, minutes=20), "1 day 6 hours"),
            (timedelta(hours=2), "2 hours"),
            (timedelta(minutes=61), "1 hour 1 minute"),
            (timedelta(seconds=59), "less than a minute"),
        ],
    )
    def test_a_length_is_told_in_its_two_largest_units(self, length: timedelta, words: str) -> None:
        assert times.how_long(length) == words

    def test_a_deadline_is_amber_when_a_quarter_is_left_and_red_when_missed(self) -> None:
        since, due = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)
        assert times.state_of(due, since, due - timedelta(days=1, seconds=1)) == "ok"
        assert times.state_of(due, since, due - timedelta(days=1)) == "soon"
        assert times.state_of(due, since, due) == "missed"

    def test_a_stretch_of_time_is_short_within_a_day(self) -> None:
        start = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
        assert times.span(start, start + timedelta(hours=2)) == "Wednesday 4 March, 9:00 am to 11:00 am Eastern"
        assert times.span(start, datetime(2026, 3, 5, 5, 0, tzinfo=UTC)) == (
            "Wednesday 4 March, 9:00 am to midnight Eastern"
        )


@pytest.mark.parametrize("name", ["Nowhere/Land", "GMT+5", "", "Etc/GMT+5", "localtime", "../../etc/passwd"])
def test_an_unknown_zone_is_never_taken_for_utc(name: str) -> None:
    """D8."""
    assert times.known_zone(name) is None


def test_a_legacy_name_is_mapped() -> None:
    """D8."""
    assert times.known_zone("US/Pacific") == PACIFIC


def test_the_chosen_zone_goes_before_the_browsers(client) -> None:
    client.set_cookie("peerline-browser-zone", "America/Chicago")
    assert "<strong>Central</strong>" in client.get("/").text
    client.send("/time-zone", {"zone": "Asia/Kolkata", "back": "/sign-in"}, page="/time-zone")
    assert "<strong>Kolkata time</strong>" in client.get("/").text


def test_a_zone_that_nobody_knows_is_asked_for_again(client) -> None:
    answer = client.send("/time-zone", {"zone": "Nowhere/Land"}, page="/time-zone")
    assert answer.status_code == 422
    assert "Choose a time zone from the list" in answer.text
