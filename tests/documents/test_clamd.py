"""The virus scanner is asked over a real socket; what is not a clear yes or no is no verdict."""

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.documents.clamd import Clamd, NoVerdict
from tests.documents.files import EICAR
from tests.support.clamd import FakeClamd, Mood, clamd


@pytest.fixture
def scanner() -> Iterator[FakeClamd]:
    with clamd() as running:
        yield running


def test_what_is_clean_is_clean_and_all_of_it_was_looked_at(scanner: FakeClamd) -> None:
    pieces = [b"a" * 65_536, b"", b"b" * 10]
    assert Clamd(scanner.url).scan(pieces).found == ""
    assert scanner.seen == [b"".join(pieces)]


def test_the_test_virus_is_found_wherever_it_lies(scanner: FakeClamd) -> None:
    assert Clamd(scanner.url).scan([b"x" * 65_536, EICAR[:20], EICAR[20:]]).found == "Eicar-Test-Signature"


def test_a_unix_socket_does_as_well() -> None:
    with tempfile.TemporaryDirectory() as folder, clamd(Path(folder) / "clamd.ctl") as running:
        assert Clamd(running.url).scan([EICAR]).found == "Eicar-Test-Signature"


@pytest.mark.parametrize("mood", [Mood.ERROR, Mood.GARBLED, Mood.FULL, Mood.HANGS_UP, Mood.HASTY])
def test_anything_else_is_no_verdict(scanner: FakeClamd, mood: Mood) -> None:
    scanner.mood = mood
    with pytest.raises(NoVerdict):
        Clamd(scanner.url).scan([b"x" * 65_536] * 400)


@pytest.mark.parametrize("mood", [Mood.HANGS, Mood.DEAF])
def test_a_scanner_that_hangs_is_left_after_a_while(scanner: FakeClamd, mood: Mood) -> None:
    scanner.mood = mood
    with pytest.raises(NoVerdict, match=r"imed out|too long"):
        Clamd(scanner.url).scan([b"x" * 65_536] * 400, patience=0.3)


def test_a_scanner_that_is_down_is_no_verdict() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(NoVerdict, match="ConnectionRefusedError"):
        Clamd(f"tcp://127.0.0.1:{port}").scan([b"x"])
    with pytest.raises(NoVerdict, match="FileNotFoundError"):
        Clamd("unix:///there/is/none").scan([b"x"])
