"""Makes the virtual environment of this checkout: python3 app/dev/install.py [--dev].

Runs before anything is installed: the standard library alone, and no syntax that an old Python does not read, so that
it can say what is missing. Does nothing where nothing has changed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
NEWER_NAMES = ("python3.14", "python3.13", "python3.12", "python3.11")
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input", "install", "--no-deps")


def main() -> None:
    """Install what running needs, or with --dev what tests and checks need as well."""
    _use_new_enough_python()
    lock = ROOT / ("requirements-dev.txt" if "--dev" in sys.argv else "requirements.txt")
    locks = [lock, ROOT / "requirements-dev.txt"]  # who has all for the tests has all for running
    works = _works()
    if works and any(_stamp(each).exists() for each in locks):
        return
    if not works and find_spec("ensurepip") is None:  # Debian has it in a package of its own
        _give_up("This Python cannot make virtual environments.", "Install what it lacks: apt install python3-venv")
    print(f"Setting up .venv from {lock.name}. This is done once and takes about half a minute.", flush=True)
    if not works:
        _make_environment()
    for old in VENV.glob("installed-*"):
        old.unlink()
    # wheels only: nothing is compiled, and no code of a package runs while it is installed
    _pip("--require-hashes", "--only-binary=:all:", "--requirement", str(lock))
    _pip("--no-build-isolation", "--editable", str(ROOT))
    _stamp(lock).touch()


def _make_environment() -> None:
    try:
        venv.EnvBuilder(with_pip=True, clear=True, symlinks=True).create(str(VENV))
    except OSError as error:
        _give_up(f"{VENV} cannot be made: {error}", "This folder must be yours, and its disk must have room.")


def _use_new_enough_python() -> None:
    if sys.version_info >= OLDEST:
        return
    newer = next(filter(None, map(shutil.which, NEWER_NAMES)), None)
    if newer is None:
        _give_up(
            f"Peerline needs Python 3.11 or later; {sys.executable} is {sys.version.split()[0]}.",
            "Install a newer one, on Debian 12 or Ubuntu 24.04 and later with: apt install python3 python3-venv",
        )
    os.execv(newer, [newer, *sys.argv])  # noqa: S606 -- no shell; a Python of NEWER_NAMES, our own arguments


def _works() -> bool:
    """Tell whether there is an environment whose programs start: not after the checkout or its Python has moved."""
    try:
        return subprocess.run([VENV / "bin" / "pip", "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _pip(*arguments: str) -> None:
    if subprocess.run([PYTHON, *PIP, *arguments], check=False).returncode != 0:
        _give_up("Not everything could be installed; what pip said stands above.", "Then run the same command again.")


def _stamp(lock: Path) -> Path:
    """Return the file whose presence says that this state of the lock and of pyproject.toml is installed."""
    content = lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    return VENV / f"installed-{lock.stem}-{hashlib.sha256(content).hexdigest()[:16]}"


def _give_up(problem: str, remedy: str) -> NoReturn:
    sys.exit(f"{problem}\n{remedy}")


if __name__ == "__main__":
    main()
