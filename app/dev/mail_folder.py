"""The folder of the development mailbox: every mail that was sent, byte for byte, one file a mail.

The server that receives mail and the pages that show it are two processes; this folder is all that they share.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMail:
    """One mail as it was received. Ids count up in the order of arrival."""

    id: int
    content: bytes
    sent_at: datetime
    to: str
    subject: str

    def part(self, content_type: str) -> str:
        """Return the text of the first part of that type, empty where there is none."""
        message = message_from_bytes(self.content, EmailMessage, policy=default)
        parts = (part for part in message.walk() if part.get_content_type() == content_type)
        found = next(parts, None)
        return "" if found is None else str(found.get_content())


class MailFolder:
    """Keeps mails and gives them back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, content: bytes) -> int:
        """Keep a mail, whole or not at all, behind those that are there; return its id. One process at a time."""
        number = max(self._ids(), default=0) + 1
        keep_whole(self._file(number), content)
        return number

    def mails(self) -> list[ReceivedMail]:
        """Return all mails in the order of arrival."""
        return [mail for number in sorted(self._ids()) if (mail := self.mail(number)) is not None]

    def mail(self, number: int) -> ReceivedMail | None:
        """Return one mail, or nothing where none has that id."""
        file = self._file(number)
        try:
            content, arrived = file.read_bytes(), file.stat().st_mtime
        except FileNotFoundError:
            return None
        headers = BytesHeaderParser(policy=default).parsebytes(content)
        return ReceivedMail(
            id=number,
            content=content,
            sent_at=datetime.fromtimestamp(arrived, UTC),
            to=str(headers["To"] or ""),
            subject=str(headers["Subject"] or ""),
        )

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:06d}.eml"

    def _ids(self) -> list[int]:
        return [int(file.stem) for file in self.folder.glob("*.eml")]


def keep_whole(file: Path, content: bytes) -> None:
    """Write a file, whole or not at all, in a folder that is made where there is none."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_bytes(content)
    unfinished.rename(file)
