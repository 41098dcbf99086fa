"""A mail that came in: who wrote it, whether anybody did, and whether it says that one of ours did not arrive."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest

from app.mail import received
from app.mail.bounce import Bounce
from app.mail.received import sole_address

FOLDER = Path(__file__).parent / "bounces"
OURS = "8f1d7c1e-55b1-4b63-9c3c-0d1c2f7f1a01@plan.example"

BOUNCES = {
    "exchange_gives_up_after_days_with_a_temporary_status": Bounce(
        failed=True, status="4.4.7", said="550 4.4.7 QUEUE.Expired; message expired"
    ),
    "exim_says_it_in_words_and_a_header": Bounce(failed=True, status="", said=""),
    "not_a_bounce_a_person_asks": None,
    "not_a_bounce_outlook_is_away": None,
    "postfix_delayed": Bounce(failed=False, status="4.4.1", said="connect to mx.ortho.example: Connection timed out"),
    "postfix_unknown_user": Bounce(failed=True, status="5.1.1", said="550 5.1.1 No such user here"),
    "qmail_says_it_in_words": Bounce(
        failed=True, status="5.1.1", said="550 sorry, no mailbox here by that name. (#5.1.1)"
    ),
    "sendmail_warns_of_a_delay": Bounce(failed=False, status="4.4.1", said="451 4.4.1 reply: read error from mx2"),
}


def mail(name: str) -> received.Received:
    return received.read((FOLDER / f"{name}.eml").read_bytes())


def test_every_file_is_looked_at() -> None:
    assert sorted(BOUNCES) == sorted(file.stem for file in FOLDER.glob("*.eml"))


@pytest.mark.parametrize("name", BOUNCES)
def test_a_mail_about_a_mail_is_told_from_one_that_somebody_wrote(name: str) -> None:
    """I5, RFC 3464: given up or only late, whatever the first digit of its status says."""
    assert mail(name).bounce == BOUNCES[name]


@pytest.mark.parametrize("name", [name for name, bounce in BOUNCES.items() if bounce])
def test_a_bounce_names_the_mail_that_came_back(name: str) -> None:
    assert OURS in mail(name).mentioned


def test_nobody_wrote_what_a_program_sent_and_somebody_what_a_person_did() -> None:
    """I5, RFC 3834."""
    assert mail("not_a_bounce_outlook_is_away").automatic == "auto-generated"
    asks = mail("not_a_bounce_a_person_asks")
    assert (asks.automatic, asks.quoted[0]) == ("", OURS)
    assert asks.words == "Can we move this to Thursday? Mail delivery is slow here – sorry."


@pytest.mark.parametrize(
    ("header", "word"),
    [
        ("Auto-Submitted: no", ""),
        ("Auto-Submitted: auto-replied (vacation)", "auto-replied"),
        ("Precedence: bulk", "bulk"),
        ("Precedence: first-class", ""),
        ("List-Id: <news.example>", "list"),
        ("List-Unsubscribe: <mailto:off@news.example>", "list"),
        ("X-Autoreply: yes", "auto-replied"),
        ("Return-Path: <>", "no-sender"),
        ("Return-Path: <pat@ortho.example>", ""),
        ("X-Spam-Flag: YES", "spam"),
        ("Subject: Out of office: Re: P2P", "auto-replied"),
        ("Subject: Re: Out of office hours?", ""),
        ("Content-Type: multipart/report; report-type=disposition-notification; boundary=x", "report"),
    ],
)
def test_the_marks_of_an_automatic_mail(header: str, word: str) -> None:
    """I5."""
    assert received.read(f"From: pat@ortho.example\r\n{header}\r\n\r\nHello\r\n".encode()).automatic == word


@pytest.mark.parametrize(
    ("values", "address"),
    [
        (["dana.lee@plan.example"], "dana.lee@plan.example"),
        (["Dana Lee <Dana.Lee@Plan.Example>"], "dana.lee@plan.example"),
        (['"Lee, Dana (MD); <x@y.example>" <dana.lee@plan.example>'], "dana.lee@plan.example"),
        (["=?utf-8?q?D=C3=A1na?=\r\n <dana.lee@plan.example>"], "dana.lee@plan.example"),
        ([], ""),
        (["a@x.example", "a@x.example"], ""),
        (["a@x.example, b@y.example"], ""),
        (["a@x.example <b@y.example>"], ""),
        (["<a@x.example> <b@y.example>"], ""),
        (["alice@x.example)bob@x.example"], ""),
        (["Group: a@x.example;"], ""),
        (["<a@x.example> (really b)"], ""),
        (["nobody"], ""),
    ],
)
def test_whose_a_mail_is_has_one_answer_or_none(values: list[str], address: str) -> None:
    """I2: two headers or two addresses are read as one by some programs and as the other by others."""
    assert sole_address(values) == address


def test_html_is_read_as_words_and_its_scripts_are_not() -> None:
    page = b"<style>p{}</style><p>Can we <b>move</b> it?<br>Pat</p><script>x</script>"
    assert received.read(b"From: a@b.example\nContent-Type: text/html\n\n" + page).words == "Can we move it?\nPat"


def test_a_calendar_is_not_among_the_words() -> None:
    words = received.read(b"From: a@b.example\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n").words
    assert words == ""


MEGABYTE = 1024 * 1024


@pytest.mark.parametrize(
    "content",
    [
        b"Content-Type: text/plain" + b";\xe9" * (MEGABYTE // 2),
        b"Content-Type: text/plain;\n" + b" a*0*=b;\n" * (MEGABYTE // 9),
        b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\n" * (MEGABYTE // 5),
        b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(190))
        + b"\n" * 900_000,
        b"Content-Type: message/rfc822\n\n" * 30_000,
    ],
    ids=["parameters", "split parameters", "boundaries", "nested", "mails in mails"],
)
def test_what_is_made_to_be_slow_is_left_to_a_person(content: bytes) -> None:
    """F18."""
    begun = monotonic()
    assert not received.read(b"From: a@b.example\n" + content).readable
    assert monotonic() - begun < 5


def test_a_megabyte_of_plain_mail_is_read(fits: Callable[[bytes], bool]) -> None:
    assert fits(b"Subject: x\n\n" + b"A line as it is written by people, of the usual length.\n" * 18_000)


@pytest.fixture
def fits() -> Callable[[bytes], bool]:
    return lambda content: received.read(b"From: a@b.example\n" + content).readable
