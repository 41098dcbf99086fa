"""What tests share: real servers, started once a run, and a database in the state that a test needs.

`session` for nearly everything: what a test writes is rolled back. `database_url` or `engine` where real commits are
the point: a database of the test's own.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.config import POLICIES_DIR, Settings
from app.db import make_engine
from tests.support import browser as browsers
from tests.support import network, readers, servers


def pytest_configure() -> None:
    """Keep every test on this machine."""
    network.forbid()


def pytest_unconfigure() -> None:
    """End what ran beside the tests."""
    readers.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that there was no browser."""
    if any(browsers.NONE_FOUND in str(report.longrepr) for report in terminalreporter.getreports("skipped")):
        terminalreporter.section("no browser", sep="!", red=True, bold=True)
        terminalreporter.line(browsers.NONE_FOUND, red=True)


@pytest.fixture(scope="session")
def databases() -> Iterator[servers.Databases]:
    """Give the maker of databases, on a PostgreSQL of this test run."""
    with servers.postgres() as server:
        yield servers.Databases(server)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Give the address of a Valkey of this test run."""
    with servers.valkey() as url:
        yield url


@pytest.fixture
def database_url(databases: servers.Databases) -> Iterator[str]:
    """Give the address of an empty database of the test's own, for real commits."""
    with databases.fresh() as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Give an engine on a database of the test's own, with room for sixteen at once."""
    engine = make_engine(database_url, pool_size=16)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def shared_engine(databases: servers.Databases) -> Iterator[Engine]:
    """Give the engine of the database that stays empty, since nobody commits in it."""
    with databases.fresh() as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def session(shared_engine: Engine) -> Iterator[Session]:
    """Give a session inside a transaction that is rolled back afterwards; its own commits are savepoints."""
    with shared_engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()


@pytest.fixture
def mail_folder(tmp_path: Path) -> Path:
    """Give the folder of a development mailbox."""
    return tmp_path / "mailbox"


@pytest.fixture
def documents_dir(tmp_path: Path) -> Path:
    """Give a folder for documents."""
    folder = tmp_path / "documents"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def settings(database_url: str, redis_url: str, mail_folder: Path, documents_dir: Path) -> Settings:
    """Give settings on a database of the test's own. Nobody listens where its mail goes."""
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        smtp_url="smtp://127.0.0.1:9",
        secret_key="s" * 32,
        access_code_key="a" * 32,
        document_key="d" * 32,
        document_keys_before=(),
        documents_dir=documents_dir,
        clamd_url=None,
        mail_from="consults@plan.example",
        mail_name="P2P Consults",
        reply_address="consults+{}@plan.example",
        uid_domain="plan.example",
        base_url="http://127.0.0.1:8000",
        policies_dir=POLICIES_DIR,
        trusted_proxies=0,
        development_mailbox=mail_folder,
    )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give a real browser. Without one the test is left out, or fails where PEERLINE_REQUIRE_BROWSER is set."""
    with browsers.chromium() as found:
        if found is None:
            pytest.fail(browsers.NONE_FOUND) if browsers.is_required() else pytest.skip(browsers.NONE_FOUND)
        yield found
