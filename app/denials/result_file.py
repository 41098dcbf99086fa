"""The file in which the access codes that an import made are given back, once."""

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

from app.denials.records import printable
from app.denials.storing import NewCode
from app.errors import Refused


class NotWritten(Refused):
    """The file cannot be written, so that nothing may be stored."""

    status = 422


def write(path: Path, codes: Sequence[NewCode]) -> None:
    """Write the codes where nothing stands yet, for the owner alone, and see them on the disk before returning.

    Raises NotWritten, with nothing left behind.
    """
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(("plan", "case_number", "access_code"))
    rows.writerows((code.plan, code.case_number, code.code) for code in codes)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise NotWritten(
            f"{printable(path)} is there already and is not overwritten: it may hold the only copy of access codes. "
            "Nothing was stored. Move it, or name another file with --result."
        ) from None
    except (OSError, ValueError) as error:
        raise NotWritten(_reason(path, error)) from None
    try:
        with open(file, "wb") as opened:
            opened.write(text.getvalue().encode())
            opened.flush()
            os.fsync(opened.fileno())
        _sync_folder(path.parent)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise NotWritten(_reason(path, error)) from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file last as long as its content."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _reason(path: Path, error: OSError | ValueError) -> str:
    why = error.strerror if isinstance(error, OSError) else error
    what = f"The access codes cannot be written to {printable(path)}: {why}."
    return f"{what} Nothing was stored. Name another file with --result."
