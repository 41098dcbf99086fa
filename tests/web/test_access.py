"""Who may use what: every route says so, and nothing else opens it."""

import pytest
from flask import Flask

from app.models import Role
from app.web.access import allowed, check_routes, local_path

#: what everybody may read or send; whatever is added here was thought about
OPEN_TO_ANYONE = {
    "director.feed_of",  # a calendar cannot sign in; it knows the private address
    "static",
    "health.live",
    "health.ready",
    "session.sign_in",
    "session.sign_in_with_password",
    "session.sign_out",
    "session.time_zone",
    "session.choose_time_zone",
    "office.start",
    "office.find",
    "office.leaving",
    "office.leave",
    "office.left",
    "office.follow",
    "office.live",
}


def test_every_route_says_who_may_use_it(app: Flask) -> None:
    silent = [rule.endpoint for rule in app.url_map.iter_rules() if not allowed(app, rule.endpoint)]
    assert silent == []


def test_only_these_routes_are_open_to_anyone(app: Flask) -> None:
    found = {rule.endpoint for rule in app.url_map.iter_rules() if Role.ANYONE in allowed(app, rule.endpoint)}
    assert {endpoint for endpoint in found if not endpoint.startswith("mailbox.")} == OPEN_TO_ANYONE


def test_a_route_that_says_nothing_keeps_the_application_from_starting(app: Flask) -> None:
    app.view_functions["office.start"] = lambda: "open"
    with pytest.raises(AssertionError, match=r"office\.start"):
        check_routes(app)


def test_nothing_changes_on_get(app: Flask) -> None:
    """M1: a route that takes GET takes nothing else, so that a page and what it does have two functions."""
    both = [rule.endpoint for rule in app.url_map.iter_rules() if {"GET", "POST"} <= (rule.methods or set())]
    assert both == []


def test_a_page_of_staff_leads_nobody_to_the_sign_in_and_back(client) -> None:
    answer = client.get("/me")
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=%2Fme"


def test_a_part_of_a_page_leads_there_as_a_whole(client) -> None:
    answer = client.get("/me", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/sign-in"


@pytest.mark.parametrize(
    "path, safe",
    [
        ("/me", True),
        ("/c/P2P-7F3K-9Q2M", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("https://evil.example", False),
        ("/\n//evil.example", False),
        ("me", False),
        ("", False),
    ],
)
def test_a_reader_is_led_to_pages_of_ours_alone(path: str, safe: bool) -> None:
    assert (local_path(path) == path) is safe
