"""The commands for mail that comes in say what there is, and what to do where there is nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.config import Settings
from tests.support.environment import environment


def test_mail_is_read_listed_and_done_once_more(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(replace(settings, development_mailbox=None)).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["inbox", *arguments])

    assert "No mailbox is named. Set IMAP_URL, or PEERLINE_DROP_FOLDER" in run("read").output
    monkeypatch.setenv("PEERLINE_DROP_FOLDER", str(tmp_path))
    (tmp_path / "1.eml").write_bytes(b"From: pat@ortho.example\r\nSubject: Canary Wren\r\n\r\nCanary Wren?\r\n")
    assert run("read").output == "1 new mails, 1 done\n"
    listed = run("list").output
    assert "written  to_read  pat@ortho.example" in listed
    assert "Canary" not in listed
    assert run("list", "--open").output == ""
    assert run("reprocess", "1").output == "Mail 1: written, to_read\n"
    assert "There is no mail 9." in run("reprocess", "9").output

    monkeypatch.setenv("IMAP_URL", "imap://consults:mail-password@127.0.0.1:9/INBOX")
    assert "A mailbox could not be read: Connection refused" in run("read").output
    assert "imap consults 127.0.0.1 INBOX: not read since" in run("list").output
