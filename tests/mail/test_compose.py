"""A mail down to its last byte: the tree that clients recognise, and headers that nobody else can write into."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.itip import text
from app.itip.invite import Party
from app.mail.compose import CalendarPart, Mail, Unmailable, check_headers, compose, mail_address, renew

ICS = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
MAIL = Mail(
    sender=Party(address="consults@plan.example", name="P2P Consults"),
    to="pat@ortho.example",
    subject="P2P: Dr Anil Rao (ortho), P2P-0042",
    message_id="0b0c5a8e-54a4-4f62-9f2c-6a2a1f7f7a10@plan.example",
    date=datetime(2027, 2, 26, 13, 0, tzinfo=UTC),
    plain="Hello\n",
    html="<p>Hello</p>",
    calendar=CalendarPart(content=ICS, method="REQUEST"),
)
HEADERS = {
    "From": "P2P Consults <consults@plan.example>",
    "To": "pat@ortho.example",
    "Reply-To": "consults@plan.example",
    "Subject": "P2P: Dr Anil Rao (ortho), P2P-0042",
    "Date": "Fri, 26 Feb 2027 13:00:00 +0000",
    "Message-ID": "<0b0c5a8e-54a4-4f62-9f2c-6a2a1f7f7a10@plan.example>",
    "Auto-Submitted": "auto-generated",
    "MIME-Version": "1.0",
}
EVIL = [
    "X\r\nBcc: evil@x.example",
    "X\nBcc: evil@x.example",
    "=?UTF-8?Q?X=0ABcc:_evil@x.example?=",
    "...=?UTF-8?Q?=0A?=Bcc: evil@x.example",
    "é =?utf-8?b?Cg==?=Bcc: evil@x.example",
    "X\u2028Bcc: evil@x.example",
    "X\x0bBcc: evil@x.example",
    '"X" <evil@x.example>, ',
]


def test_headers_are_those_that_were_meant_and_no_others() -> None:
    message = read(compose(MAIL))

    assert {name: value for name, value in message.items() if name != "Content-Type"} == HEADERS


def test_answers_come_to_an_address_of_their_own_also_for_a_copy() -> None:
    """A token in Reply-To; From and ORGANIZER stay the service's mailbox (E5, H2)."""
    written = compose(replace(MAIL, reply_to="consults+7f3k9q2mabcdefgh@plan.example"))
    for mail in (written, renew(written, message_id="another@plan.example", now=MAIL.date)):
        message = read(mail)
        assert message["Reply-To"] == "consults+7f3k9q2mabcdefgh@plan.example"
        assert message["From"].addresses[0].addr_spec == "consults@plan.example"


def test_no_mail_goes_to_where_answers_come_to() -> None:
    """I5: it would come back."""
    with pytest.raises(Unmailable, match="own mailbox"):
        compose(replace(MAIL, to="Consults+7f3k9q2mabcdefgh@plan.example"))


def test_the_tree_is_the_one_that_outlook_gmail_and_apple_read() -> None:
    """E1, E2: the calendar is the last alternative, inline; the same bytes again as a file."""
    message = read(compose(MAIL))

    mixed, alternative, plain, html, calendar, attachment = message.walk()
    assert [part.get_content_type() for part in (mixed, alternative, plain, html, calendar, attachment)] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    assert alternative.get_payload() == [plain, html, calendar]
    assert {part.get_content_charset() for part in (plain, html, calendar)} == {"utf-8"}
    assert (calendar.get_param("charset"), calendar.get_param("method")) == ("UTF-8", "REQUEST")
    assert (calendar["Content-Transfer-Encoding"], attachment["Content-Transfer-Encoding"]) == ("base64", "base64")
    assert calendar["Content-Disposition"] is None
    assert (attachment.get_content_disposition(), attachment.get_filename()) == ("attachment", "invite.ics")
    assert calendar.get_payload(decode=True) == attachment.get_payload(decode=True) == ICS


def test_without_a_calendar_it_is_text_and_html() -> None:
    kinds = [part.get_content_type() for part in read(compose(replace(MAIL, calendar=None))).walk()]

    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


def test_every_line_of_a_mail_is_ascii_short_and_ends_in_crlf() -> None:
    """Any server takes it, whatever it can do; a dot alone on a line is one of the text (E10)."""
    content = compose(replace(MAIL, plain="é" * 3000 + "\n.\n..\nend\n", html="<p>" + "é" * 3000))

    lines = content.split(b"\r\n")
    assert content.isascii()
    assert max(map(len, lines)) <= 998
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    body = read(content).get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == ["é" * 3000, ".", "..", "end"]


@pytest.mark.parametrize("evil", EVIL)
def test_no_subject_and_no_name_adds_a_header(evil: str) -> None:
    """E10, reliability 3.6: also not as an encoded newline, which Python before 3.11.10 turns into a real one."""
    content = compose(replace(MAIL, subject=evil, sender=replace(MAIL.sender, name=evil)))

    for read_by in (policy.default, policy.compat32, policy.SMTP):
        seen = message_from_bytes(content, policy=read_by)
        assert sorted(seen.keys()) == sorted([*HEADERS, "Content-Type"])
    message = read(content)
    assert [address.addr_spec for address in message["From"].addresses] == ["consults@plan.example"]
    assert message["To"] == "pat@ortho.example"


@pytest.mark.parametrize(
    "wrong",
    [
        (b"Date: ", b"Bcc: evil@x.example\r\nDate: "),
        (b"To: pat@", b"To: eve@x.example, pat@"),
        (b"Reply-To: consults@", b"Reply-To: eve@"),
        (b"<consults@plan.example>", b"<eve@plan.example>"),
        (b"Subject: P2P", b"Subject: Re: P2P"),
        (b"Message-ID: <0b", b"Message-ID: <1b"),
        (b"Date: ", b"To: eve@x.example\r\nDate: "),
        (b"Subject: P2P", b"Subject: P2P\r\n\r\n"),
        (b"Subject: P2P", b"Subject: P2P\n\n"),
        (b"Subject: P2P", b"Subject: =?utf-8?q?P2P=0A?="),
        (b"From: ", b"Nobody: "),
    ],
)
def test_a_header_that_nobody_meant_is_noticed_before_the_mail_is_kept(wrong: tuple[bytes, bytes]) -> None:
    """The second wall: whatever came through the first."""
    content = compose(MAIL)
    check_headers(content, MAIL)

    with pytest.raises(Unmailable, match="reads differently"):
        check_headers(content.replace(*wrong, 1), MAIL)


def test_no_mail_is_written_whose_headers_read_differently() -> None:
    """Nobody but ourselves makes a Message-ID; if that went wrong, the mail would still not leave."""
    with pytest.raises(Unmailable, match="reads differently"):
        compose(replace(MAIL, message_id="0b@plan.example>\r\nBcc: <eve@x.example"))


@given(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("-=_\r\n. ")), max_size=300))
@example("--=_\n--=_0--\n\nContent-Type: text/html\n\nX")
@example("=\r\n=3D =\n.\n..\nFrom me\n \t\n end ")
@example("\r\r\n\n\r")
def test_whatever_a_text_says_the_parts_stay_the_same(typed: str) -> None:
    """E10: no line of a text ends its part or begins another."""
    message = read(compose(replace(MAIL, plain=typed, html=typed)))

    assert not [part.defects for part in message.walk() if part.defects]
    parts = [part for part in message.walk() if not part.is_multipart()]
    assert [part.get_content_subtype() for part in parts] == ["plain", "html", "calendar", "ics"]
    assert {part.get_payload(decode=True) for part in parts[:2]} == {
        b"".join(line + b"\r\n" for line in typed.encode().splitlines())
    }


@given(subject=st.text(max_size=300), name=st.text(max_size=100))
@example(subject="é" * 149 + " x", name="é" * 100)
@example(subject="a é b c é", name="山田 (太郎), MD")
@example(subject="éa " * 50, name="")
@example(subject="x" * 149 + " é", name="😀 😀")
def test_any_subject_arrives_as_its_plain_words(subject: str, name: str) -> None:
    """Nothing that a person types makes a mail unsendable: that would hold up the queue it belongs to."""
    message = read(compose(replace(MAIL, subject=subject, sender=replace(MAIL.sender, name=name))))

    assert message["Subject"] == text.words(subject)
    shown = message["From"].addresses[0].display_name
    assert shown.replace(" ", "") == text.words(name).replace(" ", "")


def test_a_long_domain_does_not_break_the_message_id() -> None:
    """Python folds long Message-IDs into encoded words; ours are written by hand."""
    message_id = f"0b0c5a8e-54a4-4f62-9f2c-6a2a1f7f7a10@{'peer-to-peer.' * 12}example"

    assert read(compose(replace(MAIL, message_id=message_id)))["Message-ID"] == f"<{message_id}>"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "pat",
        "pat@",
        "@ortho.example",
        "pat@ortho",
        "pat@ortho.example, eve@x.example",
        "pat@ortho.example\n",
        "pat@ortho.example\r\nBcc: eve@x.example",
        "Pat <pat@ortho.example>",
        "=?utf-8?q?=0a?=@ortho.example",
        "pät@ortho.example",
        "pat@örtho.example",
        "pat @ortho.example",
        ".pat@ortho.example",
        "pat..doe@ortho.example",
        "pat@-ortho.example",
        "p" * 65 + "@ortho.example",
        "pat@" + "ortho." * 50 + "example",
        '"pat doe"@ortho.example',
        "CONSULTS@plan.example",
    ],
)
def test_an_address_that_takes_no_mail_of_ours_is_refused(typed: str) -> None:
    """E5: the service's own mailbox is one of them, in any case of letters."""
    with pytest.raises(Unmailable, match="mail"):
        compose(replace(MAIL, to=typed))


@pytest.mark.parametrize("typed", ["pat@ortho.example", "o'neil+p2p@mail.ortho.example", "A_b-c.d@x1.co"])
def test_an_ordinary_address_is_taken(typed: str) -> None:
    assert mail_address(typed) == typed
    assert read(compose(replace(MAIL, to=typed)))["To"] == typed


def test_a_renewed_mail_says_the_same_under_another_message_id() -> None:
    """F6."""
    now = datetime(2027, 2, 27, 9, 0, tzinfo=UTC)
    first = compose(replace(MAIL, subject="P2P: Dr Zoë, P2P-0042", plain="Zoë\n", calendar=None))

    again = renew(first, message_id="another@plan.example", now=now)

    one, two = read(first), read(again)
    changed = {name for name, value in one.items() if two[name] != value} - {"Content-Type"}
    assert changed == {"Message-ID", "Date"}
    assert [part.get_content() for part in one.iter_parts()] == [part.get_content() for part in two.iter_parts()]


def read(content: bytes) -> EmailMessage:
    """Parse a mail."""
    return message_from_bytes(content, policy=policy.default)
