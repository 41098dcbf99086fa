"""Mail that comes in is stored as it came, all of it, once, whatever the mail server does meanwhile (F18)."""

import os
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from app.config import Settings
from app.db import make_sessions
from app.mail import imap, inbox
from app.mail.imap import MailboxProblem
from app.models import InboundMail, Mailbox
from tests.support.factories import NOW
from tests.support.imap_server import Served, Trick, served

HERE = Path(__file__).parent
PATIENCE = 0.4


def mail(number: int, says: str = "Can we move this?") -> bytes:
    head = f"From: pat@ortho.example\r\nMessage-ID: <{number}@ortho.example>\r\nSubject: {number}\r\n\r\n"
    return f"{head}{says} {number}\r\n".encode()


@pytest.fixture
def server() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return make_sessions(engine)


@pytest.fixture
def mine(settings: Settings, server: Served) -> Settings:
    return replace(settings, imap_url=server.url(), development_mailbox=None)


def read(sessions: sessionmaker[Session], settings: Settings, later: float = 0) -> int:
    return inbox.read(sessions, settings, clock=lambda: NOW + timedelta(minutes=later))


def stored(sessions: sessionmaker[Session]) -> list[InboundMail]:
    with sessions() as session:
        return list(session.scalars(select(InboundMail).order_by(InboundMail.id)))


def mailbox(sessions: sessionmaker[Session]) -> Mailbox:
    with sessions() as session:
        return session.scalars(select(Mailbox)).one()


def test_what_came_is_stored_byte_for_byte_and_once(server: Served, sessions, mine: Settings) -> None:
    server.put(mail(1), mail(2))
    assert read(sessions, mine) == 2
    assert [(row.content, row.position, row.truncated) for row in stored(sessions)] == [
        (mail(1), "1/1", False),
        (mail(2), "1/2", False),
    ]
    server.put(mail(3))
    assert read(sessions, mine) == 1
    assert read(sessions, mine) == 0
    assert server.fetched() == [1, 2, 3]
    assert mailbox(sessions).source == "imap consults 127.0.0.1 INBOX"


def test_the_mailbox_stays_as_it_is(server: Served, sessions, mine: Settings) -> None:
    """Other programs may use it: nothing is flagged, moved or deleted."""
    server.put(mail(1))
    read(sessions, mine)
    commands = {line.split()[0] for line in server.seen}
    assert commands == {"CAPABILITY", "LOGIN", "EXAMINE", "UID", "LOGOUT"}
    assert all("BODY.PEEK[]" in line for line in server.seen if line.startswith("UID FETCH"))


def test_a_mail_that_was_delivered_twice_is_one(server: Served, sessions, mine: Settings) -> None:
    """Twice is once: its servers wrote their own lines above it each time."""
    for by in ("mx1", "mx2"):
        server.put(f"Received: by {by}\r\n".encode() + mail(1))
    server.put(mail(1, "Something else under the same Message-ID"))
    assert read(sessions, mine) == 2
    assert read(sessions, mine) == 0
    assert server.fetched() == [1, 2, 3]


def test_mails_without_a_message_id_are_told_apart_by_all_they_are(server: Served, sessions, mine: Settings) -> None:
    server.put(b"From: a@b.example\r\n\r\nHello\r\n", b"From: c@d.example\r\n\r\nHello\r\n")
    assert read(sessions, mine) == 2


def test_a_server_in_disorder_hides_nothing_and_doubles_nothing(server: Served, sessions, mine: Settings) -> None:
    server.put(*map(mail, range(1, 6)))
    server.in_disorder = True
    assert read(sessions, mine) == 5
    assert server.fetched() == [1, 2, 3, 4, 5]


def test_a_mail_that_shows_late_under_a_lower_number_is_read(server: Served, sessions, mine: Settings) -> None:
    server.mails = {7: mail(7), 9: mail(9)}
    assert read(sessions, mine) == 2
    server.mails[8] = mail(8)
    assert read(sessions, mine) == 1
    assert server.fetched() == [7, 9, 8]


def test_mails_that_are_numbered_anew_are_read_again_and_stored_once(server: Served, sessions, mine: Settings) -> None:
    """UIDVALIDITY changes when a server rebuilds a folder."""
    server.put(mail(1), mail(2))
    read(sessions, mine)
    server.uid_validity, server.mails = 2, {1: mail(2), 2: mail(3)}
    assert read(sessions, mine) == 1
    assert [row.position for row in stored(sessions)] == ["1/1", "1/2", "2/2"]
    assert read(sessions, mine) == 0
    assert server.fetched() == [1, 2, 1, 2]


def test_a_connection_that_breaks_in_a_mail_loses_nothing(server: Served, sessions, mine: Settings) -> None:
    server.put(mail(1), mail(2), mail(3))
    server.tricks["UID FETCH"] = []
    read(sessions, replace(mine, imap_url=server.url(folder="nowhere")))
    server.tricks["mail"] = [Trick.GONE, Trick.HALF]
    del server.mails[1]
    server.mails = {1: mail(1), **server.mails}
    assert read(sessions, mine) == 0  # the first was away, the second came in half
    assert read(sessions, mine, later=1) == 3
    assert [row.content for row in stored(sessions)] == [mail(1), mail(2), mail(3)]


@pytest.mark.parametrize("trick", [Trick.REFUSE, Trick.BAD])
def test_a_mail_that_is_not_given_out_is_told_and_keeps_nobody_from_the_next(
    trick: Trick, server: Served, sessions, mine: Settings
) -> None:
    """It is asked for again as long as it is among the last ones."""
    server.put(mail(1), mail(2), mail(3))
    server.tricks["mail"] = [trick]
    assert read(sessions, mine) == 2
    assert "does not give out its mail 1" in mailbox(sessions).problem
    assert read(sessions, mine, later=1) == 1
    assert mailbox(sessions).problem == ""


@pytest.mark.parametrize("whole", [False, True], ids=["as asked", "all at once"])
def test_fifty_megabytes_are_cut_off_marked_and_keep_nobody_waiting(
    whole: bool, server: Served, sessions, mine: Settings
) -> None:
    server.put(mail(1) + b"x" * 50_000_000, mail(2))
    server.tricks["mail"] = [Trick.ALL] if whole else []
    read(sessions, mine)
    read(sessions, mine, later=1)
    large, small = stored(sessions)
    assert (large.truncated, len(large.content), large.size) == (True, inbox.LONGEST, len(server.mails[1]))
    assert (small.truncated, small.content) == (False, mail(2))


def test_what_keeps_a_mailbox_from_being_read_is_noted_until_it_can_be(server: Served, sessions, mine) -> None:
    server.password = "another"
    assert read(sessions, mine) == 0
    assert read(sessions, mine, later=5) == 0
    noted = mailbox(sessions)
    assert "AUTHENTICATIONFAILED" in noted.problem
    assert "mail-password" not in noted.problem
    assert (noted.problem_since, noted.read_at) == (NOW, None)
    server.password = "mail-password"
    read(sessions, mine, later=6)
    assert (mailbox(sessions).problem, mailbox(sessions).problem_since) == ("", None)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("imap://consults:mail-password@127.0.0.1:9/INBOX", "refused"),
        ("imap://c%C3%A9:mail-password@127.0.0.1:{port}/INBOX", "AUTHENTICATE"),
        ("imap://consults:mail-password@127.0.0.1:{port}/Nowhere", "no such folder"),
    ],
)
def test_a_wrong_address_is_told_with_its_reason(url: str, says: str, server: Served) -> None:
    port = server.listener.getsockname()[1]
    with pytest.raises(MailboxProblem, match=says), imap.opened(url.format(port=port), seconds=PATIENCE):
        pass


def test_a_server_without_numbers_that_last_is_not_read(server: Served) -> None:
    server.uid_validity = None
    with pytest.raises(MailboxProblem, match="UIDVALIDITY"), imap.opened(server.url(), seconds=PATIENCE):
        pass


@pytest.mark.parametrize("phase", ["greeting", "CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH", "LOGOUT"])
@pytest.mark.parametrize("trick", [Trick.DRIP, Trick.FLOOD, Trick.DROP])
def test_no_trick_holds_us_beyond_the_deadline(phase: str, trick: Trick, server: Served) -> None:
    server.put(mail(1))
    server.tricks[phase] = [trick]
    begun = time.monotonic()
    found: list[bytes] = []
    try:
        with imap.opened(server.url(), seconds=PATIENCE) as folder:
            found += [each.content for each in folder.fetch_after(0, known=(), longest=1000)]
    except MailboxProblem:
        assert phase != "LOGOUT"
    assert time.monotonic() - begun < PATIENCE + 3
    assert found == ([mail(1)] if phase == "LOGOUT" else [])


@pytest.mark.parametrize("scheme", ["imaps", "imap+starttls"])
@pytest.mark.parametrize(
    ("certificate", "trusted", "opens"),
    [("localhost", "localhost", True), ("localhost", "", False), ("other", "other", False)],
)
def test_the_mailbox_is_read_from_whom_the_certificate_names_alone(
    scheme: str, certificate: str, trusted: str, opens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(HERE / f"certificate_{trusted}.pem") if trusted else "")
    with served(HERE / f"certificate_{certificate}.pem") as server:
        server.put(mail(1))
        if scheme == "imaps":
            server.tricks["implicit"] = []
        expected = nullcontext() if opens else pytest.raises(MailboxProblem, match=r"(?i)certificate")
        with expected, imap.opened(server.url(scheme, "localhost"), seconds=5) as folder:
            assert [each.uid for each in folder.fetch_after(0, known=(), longest=1000)] == [1]
        assert any(line.startswith("LOGIN") for line in server.seen) is opens


def test_a_folder_is_read_and_its_mails_are_put_aside(sessions, settings: Settings, tmp_path: Path) -> None:
    mine = replace(settings, drop_folder=tmp_path, development_mailbox=None)
    (tmp_path / "a.eml").write_bytes(mail(1))
    (tmp_path / "b.unfinished").write_bytes(b"half a m")
    (tmp_path / "c.eml").symlink_to("/etc/hostname")
    assert read(sessions, mine) == 1
    assert [(row.source, row.content) for row in stored(sessions)] == [("folder", mail(1))]
    assert sorted(file.name for file in tmp_path.glob("*.*")) == ["b.unfinished", "c.eml"]
    (tmp_path / "a.eml").write_bytes(mail(2))
    assert read(sessions, mine) == 1
    assert len(list((tmp_path / "stored").iterdir())) == 2


def test_no_name_of_a_file_keeps_the_others_from_being_read(sessions, settings: Settings, tmp_path: Path) -> None:
    """One that is no text, and one with no room for a mark."""
    mine = replace(settings, drop_folder=tmp_path, development_mailbox=None)
    for number, name in enumerate((b"a\xff.eml", b"b" * 250 + b".eml", b"c.eml")):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(mail(number))
    assert read(sessions, mine) == 3
    assert not list(tmp_path.glob("*.eml"))


def test_a_process_that_dies_after_storing_finds_it_stored(sessions, settings: Settings, tmp_path: Path) -> None:
    """imap.after_store, for the folder: stored and not put aside yet."""
    mine = replace(settings, drop_folder=tmp_path, development_mailbox=None)
    (tmp_path / "a.eml").write_bytes(mail(1))
    read(sessions, mine)
    next((tmp_path / "stored").iterdir()).rename(tmp_path / "a.eml")
    assert read(sessions, mine) == 0
    assert not list(tmp_path.glob("*.eml"))
