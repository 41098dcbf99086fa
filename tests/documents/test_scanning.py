"""The scanner's turns, and the folder against the rows: found by state, safe to be killed and to come twice."""

import io
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import Result
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import history, keeping, scanning
from app.cli_documents import documents as commands
from app.config import Settings
from app.consults import documents
from app.db import transaction
from app.dev.surroundings import ROOT
from app.documents.arriving import take_in
from app.documents.clamd import Clamd
from app.documents.keys import KeyRing
from app.documents.store import Store
from app.models import Denial, Document, DocumentState, RefusedBecause
from app.process import Process, make_process
from app.sweep import sweep
from tests.documents.files import EICAR, image, pdf
from tests.support import factories
from tests.support.clamd import FakeClamd, Mood, clamd
from tests.support.environment import environment
from tests.support.factories import NOW, setup


@pytest.fixture
def running(settings: Settings) -> Iterator[Process]:
    process = make_process(settings)
    yield process
    process.engine.dispose()


@pytest.fixture
def scanner() -> Iterator[FakeClamd]:
    with clamd() as server:
        yield server


@pytest.fixture
def about(running: Process) -> Denial:
    with transaction(running.sessions) as session:
        return factories.denial(session, factories.director(session))


def send(running: Process, about: Denial, *contents: bytes, name: str = "letter.pdf") -> list[int]:
    """Send files as the pages do; give the ids of the documents."""
    arrived = []
    for content in contents:
        with running.store.incoming() as file:
            file.write(content)
            arrived.append(take_in(file, name, len(content), running.store))
    with transaction(running.sessions) as session:
        documents.receive(session, about.id, arrived, setup=setup(), by=history.OFFICE, now=NOW)
    return [row.id for row in rows(running)][-len(contents) :]


def rows(running: Process) -> list[Document]:
    with running.sessions() as session:
        return list(session.scalars(select(Document).order_by(Document.id)))


def scan(running: Process, server: FakeClamd, now: datetime = NOW) -> int:
    return scanning.scan_waiting(running.sessions, store=running.store, clamd=Clamd(server.url), clock=lambda: now)


def kept(settings: Settings) -> list[str]:
    return os.listdir(settings.documents_dir / "kept")


def test_what_is_clean_may_be_opened_and_what_is_not_is_gone(
    running: Process, scanner: FakeClamd, about: Denial, settings: Settings
) -> None:
    """The scanner sees every byte as it was sent, and what it refuses is removed from the disk."""
    infected = image("JPEG", comment=EICAR)
    send(running, about, clean := pdf())
    send(running, about, infected, name="photo.jpg")
    assert scan(running, scanner) == 2
    assert scanner.seen == [clean, infected]
    one, two = rows(running)
    assert (one.state, two.state) == (DocumentState.SCANNED, DocumentState.REFUSED)
    assert two.refused_because is RefusedBecause.VIRUS
    assert kept(settings) == [one.stored_as]
    assert scan(running, scanner) == 0


@pytest.mark.parametrize("mood", [Mood.ERROR, Mood.FULL, Mood.HANGS_UP])
def test_without_a_verdict_a_document_waits_and_is_asked_about_again(
    running: Process, scanner: FakeClamd, about: Denial, mood: Mood
) -> None:
    """F19: clamd down or slow: pending, never served, swept later."""
    send(running, about, image("TIFF", (800, 600)), name="fax.tif")
    scanner.mood = mood
    assert scan(running, scanner) == 0
    assert rows(running)[0].state is DocumentState.WAITING
    scanner.mood = Mood.WELL
    assert scan(running, scanner, NOW + timedelta(seconds=30)) == 0, "not at once again"
    assert scan(running, scanner, NOW + timedelta(seconds=61)) == 1


def test_one_that_the_scanner_cannot_judge_does_not_hold_the_others_up(
    running: Process, scanner: FakeClamd, about: Denial
) -> None:
    """It is larger than the scanner's own limit: the next turn begins with the others."""
    send(running, about, image("TIFF", (800, 600)), name="fax.tif")
    send(running, about, pdf())
    scanner.mood = Mood.FULL
    assert scan(running, scanner) == 0
    assert scan(running, scanner, NOW + timedelta(seconds=30)) == 1
    assert [row.state for row in rows(running)] == [DocumentState.WAITING, DocumentState.SCANNED]


def test_a_damaged_file_is_not_sent_to_the_scanner_and_the_next_one_is(
    running: Process, scanner: FakeClamd, about: Denial, settings: Settings
) -> None:
    send(running, about, pdf(), pdf(pages=2))
    first = rows(running)[0]
    (settings.documents_dir / "kept" / str(first.stored_as)).unlink()
    assert scan(running, scanner) == 1
    assert [row.state for row in rows(running)] == [DocumentState.WAITING, DocumentState.SCANNED]


def test_a_sweep_does_what_the_tasks_do(settings: Settings, scanner: FakeClamd) -> None:
    """House rule 3."""
    process = make_process(replace(settings, clamd_url=scanner.url))
    with transaction(process.sessions) as session:
        denial = factories.denial(session, None)
    send(process, denial, pdf())
    assert sweep(process, now=NOW).scanned == 1
    assert sweep(process, now=NOW).scanned == 0
    process.engine.dispose()


def test_without_a_scanner_nothing_is_asked(running: Process, about: Denial) -> None:
    send(running, about, pdf())
    assert scanning.scan_waiting(running.sessions, store=running.store, clamd=None, clock=lambda: NOW) == 0


def test_a_crash_between_writing_and_the_commit_leaves_a_file_that_is_swept_up(
    running: Process, about: Denial, settings: Settings
) -> None:
    """The process is killed, by the kernel's hand, with the file under its final name and no row for it."""
    send(running, about, pdf())
    script = textwrap.dedent(
        """
        import io, os, signal, sys
        from app.config import Settings
        from app.process import make_process
        running = make_process(Settings.from_environment(os.environ))
        running.store.write(io.BytesIO(b"content"))
        print("written", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(settings), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (-9, "written\n"), done.stderr
    assert len(kept(settings)) == 2
    now = datetime.now(UTC)
    assert keeping.tidy(running.sessions, store=running.store, now=now) == 0, "it could still be written"
    assert keeping.tidy(running.sessions, store=running.store, now=now + timedelta(days=2)) == 1
    assert kept(settings) == [rows(running)[0].stored_as]


def test_a_folder_of_another_database_is_left_alone(running: Process, about: Denial, settings: Settings) -> None:
    """A wrong DATABASE_URL must not cost all documents."""
    Store(settings.documents_dir, KeyRing("x" * 32)).write(io.BytesIO(b"another's"))
    later = datetime.now(UTC) + timedelta(days=2)
    assert keeping.tidy(running.sessions, store=running.store, now=later) == 0
    assert len(kept(settings)) == 1


def test_the_command_tells_what_is_lost_damaged_or_nobodys(
    running: Process, about: Denial, settings: Settings, peerline: Callable[..., Result]
) -> None:
    send(running, about, pdf(), pdf(pages=2), pdf(pages=3))
    whole = peerline(commands, "verify")
    assert (whole.exit_code, whole.output) == (
        0,
        "3 documents are whole, 0 are not; 3 were not scanned; 0 files belong to no document\n",
    )
    lost, damaged, _ = rows(running)
    (settings.documents_dir / "kept" / str(lost.stored_as)).unlink()
    file = settings.documents_dir / "kept" / str(damaged.stored_as)
    file.write_bytes(file.read_bytes()[:-1])
    running.store.write(io.BytesIO(b"nobody's"))
    told = peerline(commands, "verify")
    assert told.exit_code == 1
    assert f"document {lost.id} of case {about.id}: {lost.stored_as} is gone" in told.output
    assert f"document {damaged.id} of case {about.id}: {damaged.stored_as} is damaged" in told.output
    assert "1 documents are whole, 2 are not" in told.output
    assert "1 files belong to no document" in told.output
    assert "back-up" in told.output
    assert "letter.pdf" not in told.output


def test_a_key_is_changed_while_documents_stay_as_they_are(
    running: Process,
    about: Denial,
    settings: Settings,
    peerline: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rotation: the new key wraps, the old one still opens, and is not needed after `rewrap`."""
    send(running, about, content := pdf(), pdf(pages=2))
    before = [file.read_bytes() for file in sorted((settings.documents_dir / "kept").iterdir())]
    monkeypatch.setenv("PEERLINE_DOCUMENT_KEY", "n" * 32)
    refused = peerline(commands, "rewrap")
    assert refused.exit_code == 1
    assert "PEERLINE_DOCUMENT_KEYS_BEFORE" in refused.output
    monkeypatch.setenv("PEERLINE_DOCUMENT_KEYS_BEFORE", settings.document_key)
    assert "2 documents are wrapped" in peerline(commands, "rewrap").output
    monkeypatch.delenv("PEERLINE_DOCUMENT_KEYS_BEFORE")
    assert peerline(commands, "verify").exit_code == 0
    assert [file.read_bytes() for file in sorted((settings.documents_dir / "kept").iterdir())] == before
    rotated = Store(settings.documents_dir, KeyRing("n" * 32))
    assert b"".join(rotated.read(documents.stored(rows(running)[0]))) == content


def test_documents_wait_in_the_order_in_which_nobody_is_forgotten(session: Session) -> None:
    """First what was never put before the scanner, then what was asked about longest ago."""
    about = factories.denial(session, None)
    for number, tried in enumerate([NOW - timedelta(minutes=2), None, NOW - timedelta(hours=1), NOW]):
        session.add(
            Document(
                denial_id=about.id,
                number=number,
                token=f"t{number}",
                name="a.pdf",
                kind="pdf",
                pages=1,
                size=1,
                sha256=bytes([number]),
                state="waiting",
                received_at=NOW,
                sent_by="office",
                tried_at=tried,
                stored_as=f"s{number}",
                key_id="k",
                wrapped_key=b"w",
            )
        )
    session.flush()
    order = []
    while (found := session.scalar(scanning._next(NOW))) is not None:
        order.append(found.number)
        found.tried_at = NOW
        session.flush()
    assert order == [1, 2, 0]
