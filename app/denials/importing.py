"""The import of one file: read, checked, stored in one transaction, its access codes given back before the commit."""

import codecs
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from app.db import transaction
from app.denials import fhir, result_file, spreadsheet, storing
from app.denials.checking import Checked, Known, check, suggestion_of
from app.denials.records import LONGEST_LINE, Given, Problem, Record, Unreadable, printable
from app.errors import Refused
from app.policies import Policies

CSV, FHIR = "csv", "fhir"
SUFFIXES = {".csv": CSV, ".txt": CSV, ".json": FHIR, ".ndjson": FHIR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a file."""

    checked: Checked
    stored: storing.Stored
    result: Path | None
    "where the new access codes are, if any were made"

    @property
    def problems(self) -> list[Problem]:
        """Everything that is wrong, of the file itself and against what is stored."""
        return [*self.checked.problems, *self.stored.problems]


class Faulty(Refused):
    """A file with errors, of which nothing was stored."""

    status = 422

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("The file has errors; nothing was stored.")
        self.outcome = outcome


def import_file(
    sessions: sessionmaker[Session],
    path: Path,
    *,
    policies: Policies,
    key: str,
    given: Given,
    format_: str | None,
    skip_errors: bool,
    result: Path,
    now: datetime,
) -> Outcome:
    """Import a file, all of it or nothing; with `skip_errors` what is right of it.

    `key` is that of the access codes; `result` is written only where some are made. Raises Faulty with every problem of
    the file, Refused.
    """
    known = _known(sessions, policies, given)
    broken: list[Problem] = []
    checked = check(_until_broken(path, given, format_, broken), known, today=now.date())
    checked.problems += broken
    with _kept_if_stored(result) as written, transaction(sessions) as session:
        stored = storing.store(
            session,
            checked.denials,
            directors=known.directors,
            key=key,
            source=printable(Path(path.name))[:LONGEST_LINE],
            now=now,
        )
        outcome = Outcome(checked=checked, stored=stored, result=result if stored.codes else None)
        # what is stored is compared before anything is said, so that every error is told at once
        if broken or (outcome.problems and not skip_errors):
            raise Faulty(outcome)
        if stored.codes:
            result_file.write(result, stored.codes)
            written.append(result)
    return outcome


def format_of(path: Path, file: BinaryIO) -> str:
    """Tell the format of a file by its name, else by how it begins."""
    if named := SUFFIXES.get(path.suffix.lower()):
        return named
    start = file.read(1000).removeprefix(codecs.BOM_UTF8).lstrip()
    file.seek(0)
    return FHIR if start.startswith((b"{", b"[")) else CSV


def _known(sessions: sessionmaker[Session], policies: Policies, given: Given) -> Known:
    """Look up what the file may refer to. Raises Refused where an option refers to something else."""
    plans = policies.current_by_id
    if given.plan and given.plan not in plans:
        close = suggestion_of(given.plan, list(plans))
        listed = ", ".join(sorted(plans)) or "none; add its file to the folder of policies"
        raise Refused(f"There is no plan {given.plan!r}{close}. Known are: {listed}")
    with transaction(sessions) as session:
        directors = storing.directors_by_npi(session)
    if given.director_npi and given.director_npi not in directors:
        raise Refused(
            f"No director is known by the NPI {given.director_npi!r}. Add the director first, or leave --director out: "
            "a coordinator then names one."
        )
    return Known(policies=policies, directors=directors)


def _until_broken(path: Path, given: Given, format_: str | None, broken: list[Problem]) -> Iterator[Record]:
    """Read record after record; where the file cannot be read any further, note why and end."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise Refused(f"{printable(path)} is no file. Give the path of a CSV or FHIR file.")
        with path.open("rb") as file:
            read = fhir.read if (format_ or format_of(path, file)) == FHIR else spreadsheet.read
            yield from read(file, given)
    except Unreadable as error:
        broken.append(error.problem)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise Refused(f"{printable(path)} cannot be read: {why}.") from None


@contextmanager
def _kept_if_stored(result: Path) -> Iterator[list[Path]]:
    """Take the result file away again where the block fails, unless nobody knows whether the commit came through."""
    written: list[Path] = []
    try:
        yield written
    except BaseException as error:
        unknown = isinstance(error, DBAPIError) and error.connection_invalidated
        if written and not unknown:
            result.unlink(missing_ok=True)
        if written and unknown:
            raise Refused(
                f"The connection broke while the denials were stored. {printable(result)} is kept: if an import "
                "of the same file finds them unchanged, its access codes hold; otherwise delete it and import again."
            ) from error
        raise
