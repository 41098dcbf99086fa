"""A folder into which somebody else puts mails, one file `.eml` each: written under another name, then renamed."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

#: where a mail goes once it is stored, beside those that came
STORED = "stored"
#: characters of a name that are kept there; with a mark behind, a longer one might be too long for the disk
LONGEST_STEM = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A file that came: as much of it as was asked for, and how large it is."""

    file: Path
    position: str
    content: bytes
    size: int


def dropped(folder: Path, *, longest: int) -> Iterator[Dropped]:
    """Read the mails that came, by name. What is no plain file, or cannot be read, stays where it is."""
    for file in sorted(folder.glob("*.eml")) if folder.is_dir() else ():
        try:
            if file.is_symlink() or not file.is_file():
                continue
            with file.open("rb") as stream:
                content = stream.read(longest)
            size = max(file.stat().st_size, len(content))
        except OSError:
            continue
        # a name may come again with another mail, and need not be text
        name = os.fsencode(file.name).decode(errors="replace")
        yield Dropped(file=file, position=f"{name} {_mark(content)}", content=content, size=size)


def move_away(mail: Dropped) -> None:
    """Put a mail aside that has been stored; doing so again changes nothing."""
    stored = mail.file.parent / STORED
    stored.mkdir(mode=0o700, exist_ok=True)
    mail.file.replace(stored / f"{mail.file.stem[:LONGEST_STEM]}-{_mark(mail.content)}.eml")


def _mark(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]
