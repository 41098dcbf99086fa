"""The only socket that goes out: mail, over SMTP, with certificates checked and a deadline for the whole of it."""

import smtplib
import ssl
import threading
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

#: seconds for one answer of the server, and for one message as a whole: a server that drips defeats the first alone
ANSWER_SECONDS = 20
MESSAGE_SECONDS = 60


class Result(StrEnum):
    """What the server made of a message."""

    SENT = "sent"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try, and the server's words for it."""

    result: Result
    said: str = ""


class Mailer:
    """A connection to the server of an `smtp://`, `smtps://` or `smtp+starttls://` address, kept for several messages."""

    def __init__(self, url: str, *, message_seconds: float = MESSAGE_SECONDS) -> None:
        self._url = urlsplit(url)
        self._message_seconds = message_seconds
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        """Open nothing yet: the first message does."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Take leave of the server."""
        if self._server is not None:
            try:
                self._server.quit()
            except (smtplib.SMTPException, OSError):
                self._server.close()
            self._server = None

    def send(self, body: bytes, *, sender: str, to: str) -> Outcome:
        """Send one message to one address, given as envelope, never taken from its headers.

        A 5xx answer is permanent; a 4xx, a broken connection or a deadline that passed are temporary. Temporary may
        mean that it arrived: the next try sends the same bytes with the same Message-ID.
        """
        watch = threading.Timer(self._message_seconds, self._hang_up)
        watch.daemon = True
        watch.start()
        try:
            server = self._connected()
            server.sendmail(sender, [to], body)
            return Outcome(Result.SENT)
        except smtplib.SMTPRecipientsRefused as refusal:
            self._reset()
            code, said = next(iter(refusal.recipients.values()))
            return _refused(code, said)
        except smtplib.SMTPResponseException as error:
            self._reset()
            return _refused(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self._hang_up()
            return Outcome(Result.TEMPORARY, f"{type(error).__name__}: {error}"[:300])
        finally:
            watch.cancel()

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            host, port = self._url.hostname or "", self._url.port
            if self._url.scheme == "smtps":
                self._server = smtplib.SMTP_SSL(
                    host, port or 465, timeout=ANSWER_SECONDS, context=ssl.create_default_context()
                )
            else:
                self._server = smtplib.SMTP(host, port or 25, timeout=ANSWER_SECONDS)
            if self._url.scheme == "smtp+starttls":
                self._server.starttls(context=ssl.create_default_context())
            if self._url.username:
                self._server.login(unquote(self._url.username), unquote(self._url.password or ""))
        return self._server

    def _reset(self) -> None:
        """Make the connection good for the next message, or give it up."""
        try:
            if self._server is not None:
                self._server.rset()
        except (smtplib.SMTPException, OSError):
            self._hang_up()

    def _hang_up(self) -> None:
        """Close the socket under whatever waits on it."""
        server, self._server = self._server, None
        if server is not None:
            server.close()


def _refused(code: int, said: bytes | str) -> Outcome:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    result = Result.PERMANENT if 500 <= code < 600 else Result.TEMPORARY
    return Outcome(result, f"{code} {words}"[:300])
