"""The environment of the processes of a development stack, also for commands in another terminal."""

import os
import secrets
import shlex
from pathlib import Path

#: the checkout
ROOT = Path(__file__).resolve().parents[2]
#: where the stack keeps what must survive it; git ignores it
DATA = ROOT / ".data"


def write(data: Path, environment: dict[str, str]) -> None:
    """Write the environment down as lines that a shell reads too."""
    _write_private(
        data / "environment", "".join(f"{name}={shlex.quote(value)}\n" for name, value in environment.items())
    )


def read(data: Path = DATA) -> dict[str, str]:
    """Return the environment of the stack that runs, or ran last; empty where none ever did, or it cannot be read."""
    try:
        lines = (data / "environment").read_text().splitlines()
        return dict(shlex.split(line)[0].split("=", 1) for line in lines)
    except (OSError, ValueError, IndexError):  # the power went while it was written
        return {}


def keys(data: Path) -> dict[str, str]:
    """Return the secret keys, made at the first start."""
    names = ("PEERLINE_SECRET_KEY", "PEERLINE_ACCESS_CODE_KEY", "PEERLINE_DOCUMENT_KEY")
    found = {}
    for name in names:
        file = data / name.lower().replace("_", "-")
        if not file.exists():
            _write_private(file, secrets.token_urlsafe(48))
        found[name] = file.read_text()
    return found


def documents(data: Path) -> Path:
    """Return the folder of documents, made at the first start."""
    folder = data / "documents"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _write_private(file: Path, text: str) -> None:
    unfinished = file.with_name(file.name + ".unfinished")
    with open(unfinished, "w", opener=lambda path, flags: os.open(path, flags, mode=0o600)) as stream:
        stream.write(text)
    unfinished.rename(file)
