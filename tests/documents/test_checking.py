"""A file is opened in a process of its own, whose end ends nothing else; its name has to agree with what it is."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from app.documents import checking
from app.documents.checking import LARGEST, OPENING, Found, check
from app.models import DocumentKind, RefusedBecause
from tests.documents.files import image, object_stream_bomb, pdf

Written = Callable[[bytes], BinaryIO]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(content: bytes) -> BinaryIO:
        file = open(tmp_path / "sent", "w+b")  # noqa: SIM115 -- the test's own folder
        file.write(content)
        file.flush()
        return file

    return write


def look(file: BinaryIO, name: str) -> Found | RefusedBecause:
    with file:
        return check(file, name, os.fstat(file.fileno()).st_size)


def test_a_file_is_what_its_content_says(written: Written) -> None:
    assert look(written(pdf(pages=3)), "letter.PDF") == Found(kind=DocumentKind.PDF, pages=3)


def test_a_name_that_says_another_kind_is_refused(written: Written) -> None:
    assert look(written(image("JPEG")), "letter.pdf") is RefusedBecause.NAME_DISAGREES
    assert look(written(pdf()), "letter") is RefusedBecause.NAME_DISAGREES
    assert look(written(pdf()), "letter.pdf.exe") is RefusedBecause.NAME_DISAGREES


def test_an_empty_file_and_one_that_is_too_large_are_refused_unopened(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "OPENING", Path("/there/is/none"))
    assert look(written(b""), "letter.pdf") is RefusedBecause.EMPTY
    with written(b"%PDF-") as file:
        assert check(file, "letter.pdf", LARGEST + 1) is RefusedBecause.TOO_LARGE


def test_a_bomb_ends_the_process_that_opens_it_and_nothing_else(written: Written) -> None:
    """4 GB that must be unpacked before the first object can be read."""
    bomb = object_stream_bomb()
    assert len(bomb) < LARGEST
    assert look(written(bomb), "letter.pdf") in (RefusedBecause.TOO_MUCH_INSIDE, RefusedBecause.DAMAGED)


def test_a_file_that_takes_too_long_is_refused(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "PATIENCE", 0.01)
    assert look(written(pdf()), "letter.pdf") is RefusedBecause.TOO_MUCH_INSIDE


def test_a_process_that_dies_says_nothing_and_the_file_is_refused(
    written: Written, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dying = tmp_path / "dying.py"
    dying.write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    monkeypatch.setattr(checking, "OPENING", dying)
    assert look(written(pdf()), "letter.pdf") is RefusedBecause.TOO_MUCH_INSIDE


def test_the_process_knows_no_secret_and_writes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes it over finds no environment, and a limit of nothing for what it may write."""
    monkeypatch.setenv("PEERLINE_DOCUMENT_KEY", "a secret")
    asking = tmp_path / "asking.py"
    asking.write_text(
        "import os, runpy, sys, resource\n"
        f"module = runpy.run_path({str(OPENING)!r})\n"
        "module['main']()\n"
        "assert resource.getrlimit(resource.RLIMIT_FSIZE) == (0, 0)\n"
        "assert resource.getrlimit(resource.RLIMIT_CPU)[0] <= 20\n"
        "assert 'PEERLINE_DOCUMENT_KEY' not in os.environ\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", asking], input=pdf(), env={}, cwd="/", capture_output=True, check=False
    )
    # standard input is a pipe here, which cannot be read twice: what counts is that it came to an end in order
    assert done.returncode == 0, done.stderr


def test_a_file_is_read_from_its_beginning_whoever_read_of_it_before(written: Written) -> None:
    with written(pdf()) as file:
        file.seek(100)
        assert check(file, "letter.pdf", 1_000) == Found(kind=DocumentKind.PDF, pages=1)
        assert file.tell() == 100


def test_the_words_of_the_process_are_those_of_the_application() -> None:
    said = re.findall(r'Refused\("(\w+)"\)|"refused (\w+)"|, "(\w+)"\),$', OPENING.read_text(), re.MULTILINE)
    words = {word for found in said for word in found if word}
    assert {"script", "damaged", "encrypted"} <= words <= {word.value for word in RefusedBecause}
