"""What every answer carries, and what it does not."""

import hashlib
import re
from pathlib import Path

import pytest

from app.web import assets
from tests.web.conftest import Client


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing-here", "/healthz"])
def test_every_answer_is_closed_to_other_sites(client: Client, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_no_page_has_code_or_style_in_it(app) -> None:
    """The content security policy would stop it, and the page would not work."""
    folder = Path(app.root_path) / "templates"
    for template in folder.rglob("*.html"):
        text = template.read_text()
        assert not re.search(r"<style|<script>|<[a-z][^>]*\s(style|on[a-z]+)=", text), template
        assert "javascript:" not in text, template
        assert "| safe" not in text, template


def test_static_files_are_kept_and_packed(client: Client) -> None:
    answer = client.get("/static/peerline/peerline.css", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/static/../edge.py", "/static/%2e%2e/edge.py", "/static/", "/static/peerline"])
def test_nothing_but_static_files_is_served_as_one(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("folder", [assets.USWDS, assets.HTMX])
def test_the_files_of_others_are_as_they_came(folder: str) -> None:
    """`scripts/renew_assets.sh` writes the sums."""
    base = assets.FOLDER / folder
    listed = dict(reversed(line.split("  ")) for line in (base / "SHA256SUMS").read_text().splitlines())
    found = {f"./{path.relative_to(base)}" for path in base.rglob("*") if path.is_file()}
    assert found == {*listed, "./SHA256SUMS"}
    for name, digest in listed.items():
        assert hashlib.sha256((base / name).read_bytes()).hexdigest() == digest, name


def test_a_form_that_is_too_large_is_refused_in_words(client: Client) -> None:
    answer = client.post("/find", data={"access_code": "x" * 2_000_000})
    assert answer.status_code == 413
    assert "larger than we take" in answer.text


def test_a_method_that_a_route_does_not_know_is_named(client: Client) -> None:
    answer = client.post("/")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
