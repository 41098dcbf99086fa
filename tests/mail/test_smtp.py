"""The socket: what each answer means, in every phase, and that no server can hold us (J6, reliability 4.2)."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from app.mail.smtp import Mailer, Outcome, Result
from tests.support.scripted_smtp import Scripted, Trick, scripted
from tests.support.smtp import oracle

HERE = Path(__file__).parent
BODY = b"Subject: a\r\n\r\none\r\n.\r\n.two\r\n"
FROM, TO = "consults@plan.example", "pat@ortho.example"
PATIENCE = 0.4


def send(server: Scripted, scheme: str = "smtp", host: str = "127.0.0.1", user: str = "") -> Outcome | None:
    """Send one message through a connection of its own."""
    with Mailer(f"{scheme}://{user}{host}:{server.port}", seconds=PATIENCE) as mailer:
        return mailer.send(BODY, sender=FROM, to=TO)


def test_a_real_server_and_the_scripted_one_take_the_same_message(server: Scripted) -> None:
    """The fake is verified: envelope and content as with aiosmtpd; E10: a line with a single dot ends nothing."""
    assert send(server) == Outcome(Result.SENT)
    with oracle() as real, Mailer(real.url) as mailer:
        assert mailer.send(BODY, sender=FROM, to=TO) == Outcome(Result.SENT)

    assert server.taken == [(FROM, TO, BODY)]
    assert [(address, content.replace(b"\n", b"\r\n").replace(b"\r\r", b"\r")) for address, content in real.taken] == [
        (TO, BODY)
    ]


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA", "content"])
@pytest.mark.parametrize("answer", ["421 closing", "450 busy", "451 later", "452 full", "454 no"])
def test_a_4xx_to_the_message_is_temporary(phase: str, answer: str, server: Scripted) -> None:
    server.script[phase] = [answer]

    assert send(server) == Outcome(Result.TEMPORARY, answer)
    assert not server.taken


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA", "content"])
@pytest.mark.parametrize("answer", ["550 no such mailbox", "552 too large", "554 no"])
def test_a_5xx_to_the_message_is_permanent(phase: str, answer: str, server: Scripted) -> None:
    server.script[phase] = [answer]

    assert send(server) == Outcome(Result.PERMANENT, answer)


@pytest.mark.parametrize("phase", ["greeting", "EHLO", "AUTH"])
@pytest.mark.parametrize("answer", ["421 closing", "535 no", "554 go away"])
def test_a_server_that_lets_nobody_in_fails_no_message_for_good(phase: str, answer: str, server: Scripted) -> None:
    """A password that has expired must not give up every mail in the queue."""
    server.script[phase] = [answer, answer, answer]
    outcome = send(server, user="user:password@")

    assert outcome is not None
    assert (outcome.result, outcome.unreachable, outcome.in_doubt) == (Result.TEMPORARY, True, False)
    assert "password" not in outcome.said


def test_a_server_that_wants_a_password_first_fails_no_message_for_good(server: Scripted) -> None:
    """It refuses us, not the message: the next one would fare no better."""
    server.script["MAIL"] = ["530 5.7.0 Authentication required"]
    outcome = send(server)

    assert outcome == Outcome(Result.TEMPORARY, "530 5.7.0 Authentication required", unreachable=True)


@pytest.mark.parametrize("phase", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "content", "RSET", "QUIT"])
@pytest.mark.parametrize("trick", list(Trick))
def test_no_trick_holds_us_beyond_the_deadline(phase: str, trick: Trick, server: Scripted) -> None:
    """A server that drips a byte now and then defeats a time-out for each read; the deadline is for the whole."""
    server.script[phase] = [trick]
    if phase == "RSET":
        server.script["RCPT"] = ["450 busy"]
    started = time.monotonic()

    outcome = send(server)

    assert time.monotonic() - started < PATIENCE + 2
    assert outcome is not None
    if phase == "QUIT":
        assert outcome == Outcome(Result.SENT)
    else:
        assert outcome.result is Result.TEMPORARY
        assert outcome.in_doubt is (phase == "content")
        assert outcome.unreachable is (phase in ("greeting", "EHLO"))


def test_an_address_that_swallows_everything_does_not_keep_us_from_the_next(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server has an address of each kind, and the way to one of them leads nowhere."""
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for waiting in (first, second):  # they fill its queue; who comes after them gets no answer
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        both = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
            for port in (deaf.getsockname()[1], server.port)
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
        assert send(server) == Outcome(Result.SENT)


def test_nobody_listening_is_temporary() -> None:
    with Mailer("smtp://127.0.0.1:9", seconds=PATIENCE) as mailer:
        outcome = mailer.send(BODY, sender=FROM, to=TO)
    assert outcome is not None
    assert (outcome.result, outcome.unreachable) == (Result.TEMPORARY, True)


@pytest.mark.parametrize("answer", ["hello", "", "99999999999 x", "250" + "x" * 9000])
def test_nonsense_after_the_dot_leaves_it_in_doubt(answer: str, server: Scripted) -> None:
    """It may have been taken: what is written next must reckon with it."""
    server.script["content"] = [answer]

    outcome = send(server)

    assert outcome is not None
    assert (outcome.result, outcome.in_doubt) == (Result.TEMPORARY, True)


def test_one_connection_carries_many_messages(server: Scripted) -> None:
    with Mailer(f"smtp://127.0.0.1:{server.port}") as mailer:
        for _ in range(5):
            mailer.send(BODY, sender=FROM, to=TO)

    assert (server.connections, len(server.taken)) == (1, 5)


def test_a_refused_message_does_not_spoil_the_next(server: Scripted) -> None:
    server.script["RCPT"] = ["550 no such mailbox"]
    with Mailer(f"smtp://127.0.0.1:{server.port}") as mailer:
        results = [mailer.send(BODY, sender=FROM, to=TO) for _ in range(2)]

    assert [outcome.result for outcome in results if outcome] == [Result.PERMANENT, Result.SENT]
    assert server.connections == 1


@pytest.mark.parametrize("step", ["421 enough for one connection", Trick.DROP])
def test_a_server_that_had_enough_of_a_connection_is_called_again(step: str | Trick, server: Scripted) -> None:
    """Some close after a number of messages, or when idle; that costs the message no try."""
    with Mailer(f"smtp://127.0.0.1:{server.port}") as mailer:
        mailer.send(BODY, sender=FROM, to=TO)
        server.script["MAIL"] = [step]
        assert mailer.send(BODY, sender=FROM, to=TO) == Outcome(Result.SENT)

    assert (server.connections, len(server.taken)) == (2, 2)


def test_what_is_no_longer_wanted_is_not_offered(server: Scripted) -> None:
    with Mailer(f"smtp://127.0.0.1:{server.port}") as mailer:
        assert mailer.send(BODY, sender=FROM, to=TO, still_wanted=lambda: False) is None
        assert mailer.send(BODY, sender=FROM, to=TO) == Outcome(Result.SENT)

    assert server.seen.count("MAIL") == 1


def test_what_is_no_longer_wanted_when_a_server_was_called_again_is_not_offered(server: Scripted) -> None:
    """K1: calling takes a while, and the talk may be off by then."""
    with Mailer(f"smtp://127.0.0.1:{server.port}") as mailer:
        mailer.send(BODY, sender=FROM, to=TO)
        server.script["MAIL"] = ["421 enough for one connection"]
        assert mailer.send(BODY, sender=FROM, to=TO, still_wanted=lambda: False) is None

    assert len(server.taken) == 1


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_encrypted_mail_leaves_when_the_certificate_fits(
    scheme: str, encrypted: Callable[[str], AbstractContextManager[Scripted]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(HERE / "certificate_localhost.pem"))
    with encrypted("localhost") as server:
        server.script.update({"implicit": []} if scheme == "smtps" else {})
        assert send(server, scheme, host="localhost", user="me%40plan:p%2Fw@") == Outcome(Result.SENT)

    assert {"AUTH*", "MAIL*", "RCPT*", "DATA*"} <= set(server.seen)
    assert not {"AUTH", "MAIL", "RCPT", "DATA"} & set(server.seen)


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
@pytest.mark.parametrize("certificate, trusted", [("localhost", ""), ("other", "other")])
def test_a_certificate_that_is_not_trusted_or_names_another_gets_no_mail(
    scheme: str,
    certificate: str,
    trusted: str,
    encrypted: Callable[[str], AbstractContextManager[Scripted]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(HERE / f"certificate_{trusted}.pem") if trusted else "")
    with encrypted(certificate) as server:
        server.script.update({"implicit": []} if scheme == "smtps" else {})
        outcome = send(server, scheme, host="localhost")

    assert outcome is not None
    assert (outcome.result, outcome.unreachable) == (Result.TEMPORARY, True)
    assert "certificate" in outcome.said.lower()
    assert not server.taken
    assert "MAIL" not in server.seen
    assert "MAIL*" not in server.seen


@pytest.mark.parametrize(
    "script",
    [
        {"STARTTLS": ["454 not now"]},
        {"STARTTLS": ["501 what?"]},
        {"EHLO": ["250 here, and no encryption"]},
        {"STARTTLS": [Trick.DROP]},
    ],
)
def test_without_encryption_nothing_is_sent_also_not_the_next_message(
    script: dict[str, list[str | Trick]], server: Scripted
) -> None:
    """A connection that failed half-way is never kept: the next message would leave in the clear."""
    server.script.update(script)
    with Mailer(f"smtp+starttls://me:secret@127.0.0.1:{server.port}", seconds=PATIENCE) as mailer:
        outcomes = [mailer.send(BODY, sender=FROM, to=TO) for _ in range(2)]

    assert [outcome.result for outcome in outcomes if outcome] == [Result.TEMPORARY] * 2
    assert not {"AUTH", "MAIL", "RCPT", "DATA"} & set(server.seen)


@pytest.mark.parametrize("to", ["pat@ortho.example>\r\nRCPT TO:<evil@x.example", "pat@ortho.example\n"])
def test_an_address_cannot_bring_a_command_with_it(to: str, server: Scripted) -> None:
    with Mailer(f"smtp://127.0.0.1:{server.port}", seconds=PATIENCE) as mailer:
        outcome = mailer.send(BODY, sender=FROM, to=to)

    assert outcome is not None
    assert outcome.result is Result.PERMANENT
    assert not server.connections


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(HERE / "certificate_localhost.pem") as running:
        yield running


@pytest.fixture
def encrypted() -> Callable[[str], AbstractContextManager[Scripted]]:
    """Run a server with one of the certificates."""
    return lambda name: scripted(HERE / f"certificate_{name}.pem")
