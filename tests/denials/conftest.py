"""What the tests of the import share: the command on a database of the test's own, and rows that are right."""

import csv
import io
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app.cli import main
from app.config import POLICIES_DIR
from app.models import Denial
from tests.support import factories

FHIR = Path(__file__).parent / "fhir"
PROMISE = "blue-shield-promise-medi-cal"
BLUE_CROSS = "blue-cross-nc-commercial"
#: the patient in every row; none of this may ever be printed
NAME, MEMBER, SERVICE = "Zyxw Canary", "CANARYMEMBER7", "Canary knee replacement"

Import = Callable[..., Result]


def row(**more: str) -> dict[str, str]:
    """Give the cells of a denial that is right."""
    values = {
        "case_number": "NC-1001",
        "plan": BLUE_CROSS,
        "decision": "deny",
        "setting": "pre_service",
        "urgency": "elective",
        "line_of_business": "fully_insured",
        "member_name": NAME,
        "member_id": MEMBER,
        "member_birth_date": "1962-03-14",
        "service": SERVICE,
        "initial_decision": "2026-03-02T09:00:00-05:00",
        "access_code": "7F3K9-Q2M4X",
    }
    return {**values, **more}


def csv_of(*rows: Mapping[str, str], delimiter: str = ",") -> str:
    """Write rows as a CSV file; the columns are those of the first."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def command(database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Import:
    """Give `peerline denials import` for a text, bytes or a path, with options; it must never end in a traceback.

    It knows two plans, whatever others there are.
    """
    policies = folder / "policies"
    policies.mkdir()
    for plan in (PROMISE, BLUE_CROSS):
        shutil.copy(POLICIES_DIR / f"{plan}.toml", policies)
    for name, value in {
        "PEERLINE_POLICIES_DIR": str(policies),
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "SMTP_URL": "smtp://127.0.0.1:9",
        "PEERLINE_SECRET_KEY": "s" * 32,
        "PEERLINE_ACCESS_CODE_KEY": "a" * 32,
        "PEERLINE_DOCUMENT_KEY": "d" * 32,
        "PEERLINE_DOCUMENTS_DIR": str(folder),
        "PEERLINE_CLAMD_URL": "none",
        "PEERLINE_MAIL_FROM": "consults@plan.example",
        "PEERLINE_BASE_URL": "http://127.0.0.1:8000",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)

    def run(content: str | bytes | Path, *options: str, name: str = "denials.csv") -> Result:
        path = content if isinstance(content, Path) else folder / name
        if not isinstance(content, Path):
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        result = CliRunner().invoke(main, ["denials", "import", str(path), *options])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code in (0, 1), result.output
        for secret in (NAME, MEMBER, SERVICE):
            assert secret not in result.output
        return result

    return run


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Import:
    """Give the command on a database of the test's own."""
    return command(database_url, tmp_path, monkeypatch)


@pytest.fixture
def refused(shared_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Give the command for files of which nothing may be stored, on the database that stays empty; what it says."""
    run = command(shared_engine.url.render_as_string(hide_password=False), tmp_path, monkeypatch)

    def refused(content: str | bytes | Path, *options: str, name: str = "denials.csv") -> str:
        result = run(content, *options, name=name)
        assert result.exit_code == 1
        with Session(shared_engine) as session:
            assert session.scalar(select(func.count()).select_from(Denial)) == 0
        return result.output

    return refused


@pytest.fixture
def stored(engine: Engine) -> Callable[[], list[Denial]]:
    """Give all denials that are stored."""

    def stored() -> list[Denial]:
        with Session(engine) as session:
            return list(session.scalars(select(Denial).order_by(Denial.id)))

    return stored


@pytest.fixture
def director_npi(engine: Engine) -> str:
    """Add a director and give the NPI."""
    with Session(engine) as session, session.begin():
        factories.director(session, npi="1234567893")
    return "1234567893"
