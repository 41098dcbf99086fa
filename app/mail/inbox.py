"""Mail that comes in is stored as it came, and committed, before anything looks at it. Twice is once.

Three sources: the service's mailbox (`imap`), a folder that a mail server fills, and, in development, the folder of
the development mailbox. What was read stays there; a process that dies reads it again and finds it stored.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from app.config import Settings
from app.db import transaction
from app.mail import drop_folder, imap
from app.mail.imap import LOOK_BACK, MailboxProblem
from app.models import InboundMail, Mailbox

log = logging.getLogger(__name__)

#: so much of a mail is kept; what is larger is cut off, marked, and left to a person
LONGEST = 1024 * 1024

#: reading ends after this, so that it stays below the task's time limit; the rest, the next ring reads
TURN = timedelta(seconds=40)
#: seconds that a mailbox has for all of it, the last mail of a turn included
PATIENCE = 55.0

#: the source whose mail is believed without a signature: it never leaves the machine
DEVELOPMENT = "development"
FOLDER = "folder"


def read(sessions: sessionmaker[Session], settings: Settings, *, clock: Callable[[], datetime]) -> int:
    """Store what came in since the last time, from all sources; return how many mails are new.

    A source that cannot be read is noted with the reason, and does not keep the others from being read.
    """
    ends = clock() + TURN
    new = 0
    if settings.imap_url is not None:
        new += _read_mailbox(sessions, settings.imap_url, clock=clock, ends=ends)
    for source, folder in folders(settings):
        new += _read_folder(sessions, folder, source, clock=clock, ends=ends)
    return new


def folders(settings: Settings) -> list[tuple[str, Path]]:
    """List the folders that mail is read from, each with the name of the source."""
    named = [(FOLDER, settings.drop_folder)] if settings.drop_folder is not None else []
    mailbox = settings.development_mailbox
    return named + ([(DEVELOPMENT, development_folder(mailbox))] if mailbox is not None else [])


def development_folder(mailbox: Path) -> Path:
    """Return where the development mailbox puts what is sent to the service."""
    return mailbox / "answers"


def store(session: Session, source: str, position: str, content: bytes, *, size: int, now: datetime) -> bool:
    """Keep a mail as it came; False where it is there already, by its place or by its Message-ID and what it says."""
    content, size = content[:LONGEST], max(size, len(content))
    message_id = _message_id(content)
    added = session.scalar(
        insert(InboundMail)
        .values(
            source=source,
            position=position,
            message_id=message_id,
            digest=_digest(message_id, content),
            content=content,
            size=size,
            truncated=size > len(content),
            received_at=now,
        )
        .on_conflict_do_nothing()
        .returning(InboundMail.id)
    )
    if added is not None:
        log.info("inbound %s stored, %s bytes", added, size)
    return added is not None


def _read_mailbox(sessions: sessionmaker[Session], url: str, *, clock: Callable[[], datetime], ends: datetime) -> int:
    source, new = imap.name_of(url), 0
    try:
        with imap.opened(url, seconds=PATIENCE) as inbox:
            validity = inbox.uid_validity
            with transaction(sessions) as session:
                mailbox = _begin(session, source, validity)
                last, known = mailbox.last_uid, set(mailbox.recent_uids)
            for mail in inbox.fetch_after(last, known=known, longest=LONGEST):
                with transaction(sessions) as session:
                    new += store(session, source, f"{validity}/{mail.uid}", mail.content, size=mail.size, now=clock())
                    _advance(session, source, mail.uid)
                if clock() >= ends:
                    break
    except MailboxProblem as problem:
        log.warning("mailbox not read: %s", problem)
        with transaction(sessions) as session:
            _note(session, source, str(problem), now=clock())
        return new
    with transaction(sessions) as session:
        _note(session, source, "", now=clock())
    return new


def _read_folder(
    sessions: sessionmaker[Session], folder: Path, source: str, *, clock: Callable[[], datetime], ends: datetime
) -> int:
    new = 0
    for mail in drop_folder.dropped(folder, longest=LONGEST):
        with transaction(sessions) as session:
            new += store(session, source, mail.position, mail.content, size=mail.size, now=clock())
        try:
            drop_folder.move_away(mail)
        except OSError as error:
            log.warning("a mail that is stored stays in its folder: %s", type(error).__name__)
        if clock() >= ends:
            break
    return new


def _begin(session: Session, source: str, validity: int) -> Mailbox:
    """Say how far the mailbox was read; from the first on where the server has numbered its mails anew."""
    mailbox = _mailbox(session, source)
    if mailbox.uid_validity != validity:
        mailbox.uid_validity, mailbox.last_uid, mailbox.recent_uids = validity, 0, []
    return mailbox


def _advance(session: Session, source: str, uid: int) -> None:
    mailbox = _mailbox(session, source)
    mailbox.last_uid = max(mailbox.last_uid, uid)
    recent = {*mailbox.recent_uids, uid}
    mailbox.recent_uids = sorted(each for each in recent if each > mailbox.last_uid - LOOK_BACK)


def _mailbox(session: Session, source: str) -> Mailbox:
    """Read the row of a mailbox, made where there is none, and keep it from others until the transaction ends."""
    values = {"source": source, "uid_validity": 0, "last_uid": 0, "recent_uids": [], "problem": ""}
    session.execute(insert(Mailbox).values(**values).on_conflict_do_nothing())
    return session.get_one(Mailbox, source, with_for_update=True, populate_existing=True)


def _note(session: Session, source: str, problem: str, *, now: datetime) -> None:
    """Put down that a mailbox was read, or since when and why it cannot be."""
    mailbox = _mailbox(session, source)
    mailbox.problem = problem
    mailbox.problem_since = (mailbox.problem_since or now) if problem else None
    mailbox.read_at = mailbox.read_at if problem else now


def _message_id(content: bytes) -> str:
    """Find the Message-ID among the headers of a mail, without taking the mail apart."""
    head, _, _ = content[:65536].replace(b"\r\n", b"\n").partition(b"\n\n")
    for line in head.replace(b"\n ", b" ").replace(b"\n\t", b" ").split(b"\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"message-id":
            return value.strip()[:400].decode("ascii", "replace").replace("\0", "")
    return ""


def _digest(message_id: str, content: bytes) -> bytes:
    """Name what a mail is: its Message-ID and what it says, without the lines that servers add; else all of it."""
    _, ends, says = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    return sha256(f"{message_id}\0".encode() + says if message_id and ends else content).digest()
