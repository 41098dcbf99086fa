"""The development mailbox: a real SMTP server, its folder, and the pages that show it."""

import dataclasses
import re
import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.config import Settings
from app.dev.mail_folder import MailFolder
from app.dev.ports import LOOPBACK, free_port
from app.dev.smtp_server import smtp_server
from app.mail import received
from app.mail.inbox import development_folder


def test_a_mail_is_kept_byte_for_byte(port: int, mail_folder: Path) -> None:
    content = a_mail().as_bytes().replace(b"\n", b"\r\n") + b".\r\n..\r\nlast line\r\n"
    send(port, content)
    [mail] = MailFolder(mail_folder).mails()
    assert mail.content == content


def test_mails_keep_their_order(port: int, mail_folder: Path) -> None:
    for number in range(12):
        send(port, a_mail(subject=f"mail {number}").as_bytes())
    mails = MailFolder(mail_folder).mails()
    assert [mail.id for mail in mails] == list(range(1, 13))
    assert [mail.subject for mail in mails] == [f"mail {number}" for number in range(12)]


def test_a_server_that_is_started_again_goes_on_counting(mail_folder: Path) -> None:
    for _ in range(2):
        port = free_port()
        server = smtp_server(port, mail_folder)
        server.start()
        send(port, a_mail().as_bytes())
        server.stop()
    assert [mail.id for mail in MailFolder(mail_folder).mails()] == [1, 2]


def test_a_mail_that_is_being_written_is_not_there_yet(mail_folder: Path) -> None:
    folder = MailFolder(mail_folder)
    folder.keep(a_mail().as_bytes())
    (mail_folder / "2.unfinished").write_bytes(b"half a m")
    assert [mail.id for mail in folder.mails()] == [1]


def test_the_pages_show_what_the_server_received(port: int, client: FlaskClient) -> None:
    before = datetime.now(UTC)
    send(port, a_mail(subject="Höchste Eile", invitation=True).as_bytes())
    [row] = client.get("/dev/mailbox.json").get_json()
    assert (row["id"], row["to"], row["subject"]) == (1, "office@practice.example", "Höchste Eile")
    assert abs((datetime.fromisoformat(row["sent_at"]) - before).total_seconds()) < 5
    page = client.get("/dev/mailbox").text
    assert "Höchste Eile" in page
    assert "BEGIN:VCALENDAR" in page
    assert re.search(r'href="/dev/mailbox/1\.eml"', page)


def test_a_mail_can_be_downloaded_as_it_is(client: FlaskClient, mail_folder: Path) -> None:
    content = a_mail().as_bytes()
    MailFolder(mail_folder).keep(content)
    answer = client.get("/dev/mailbox/1.eml")
    assert (answer.data, answer.mimetype) == (content, "message/rfc822")
    assert client.get("/dev/mailbox/2.eml").status_code == 404


@pytest.mark.parametrize("to", ["consults@plan.example", "Consults+7f3k9q2mabcdefghijklmnop@plan.example"])
def test_what_is_sent_to_the_service_is_read_for_answers(to: str, port: int, mail_folder: Path) -> None:
    """With the lines that a server adds when it delivers: who sent it, and the address with its token."""
    send(port, a_mail().as_bytes(), to=to)
    send(port, a_mail(subject="to somebody else").as_bytes())
    [answer] = development_folder(mail_folder).glob("*.eml")
    head, _, content = answer.read_bytes().partition(b"From:")
    assert head == f"Return-Path: <consults@plan.example>\r\nDelivered-To: {to}\r\n".encode()
    assert b"Subject: Your call" in content
    assert len(MailFolder(mail_folder).mails()) == 2


def test_an_invitation_is_answered_as_its_readers_calendar_would(client: FlaskClient, mail_folder: Path) -> None:
    calendar = (
        "BEGIN:VCALENDAR\r\nPRODID:x\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@plan.example\r\n"
        "SEQUENCE:3\r\nDTSTAMP:20260302T140000Z\r\nDTSTART:20260302T150000Z\r\nDTEND:20260302T152000Z\r\n"
        "SUMMARY:Höchste Eile\r\nORGANIZER:mailto:consults@plan.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    invitation = a_mail(subject="Höchste Eile")
    invitation["Reply-To"], invitation["Message-ID"] = "consults+7f3k@plan.example", "<1@plan.example>"
    invitation.add_alternative(calendar, subtype="calendar", params={"method": "REQUEST"})
    for mail in (invitation, a_mail()):
        MailFolder(mail_folder).keep(mail.as_bytes())
    page = client.get("/dev/mailbox").text
    assert "Decline mail 1" in page
    assert "Decline mail 2" not in page
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    form = {"csrf_token": token[1], "answer": "declined"}
    assert client.post("/dev/mailbox/2/answer", data=form).status_code == 404
    assert client.post("/dev/mailbox/1/answer", data={**form, "answer": "delegated"}).status_code == 404
    assert client.post("/dev/mailbox/1/answer", data=form).status_code == 303
    [answer] = development_folder(mail_folder).glob("*.eml")
    mail = received.read(answer.read_bytes())
    assert (mail.sender, mail.recipients, mail.quoted) == (
        "office@practice.example",
        ("consults+7f3k@plan.example",),
        ("1@plan.example",),
    )
    [reply] = mail.replies
    assert (reply.method, reply.uid, reply.sequence, reply.attendee, reply.answer) == (
        "REPLY",
        "1@plan.example",
        3,
        "office@practice.example",
        "declined",
    )


def test_outside_development_there_is_no_mailbox(settings: Settings) -> None:
    client = create_app(dataclasses.replace(settings, development_mailbox=None)).test_client()
    for path in ("/dev/mailbox", "/dev/mailbox.json", "/dev/mailbox/1.eml"):
        assert client.get(path).status_code == 404


def a_mail(subject: str = "Your call", *, invitation: bool = False) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "consults@plan.example"
    mail["To"] = "office@practice.example"
    mail["Subject"] = subject
    mail.set_content("Your call is at ten.\n")
    if invitation:
        mail.add_alternative("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", subtype="calendar")
    return mail


def send(port: int, content: bytes, to: str = "office@practice.example") -> None:
    with smtplib.SMTP(LOOPBACK, port, local_hostname="localhost", timeout=5) as server:
        server.sendmail("consults@plan.example", [to], content)


@pytest.fixture
def port(mail_folder: Path) -> Iterator[int]:
    port = free_port()
    server = smtp_server(port, mail_folder, "consults@plan.example")
    server.start()
    yield port
    server.stop()


@pytest.fixture
def client(settings: Settings) -> Iterator[FlaskClient]:
    app = create_app(settings)
    yield app.test_client()
    app.extensions["peerline"].process.engine.dispose()
