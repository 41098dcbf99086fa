"""The servers of a test run: a PostgreSQL and a Valkey of its own, in a folder that goes with it."""

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from app.dev.postgres import Postgres
from app.dev.processes import end
from app.dev.surroundings import ROOT
from app.dev.valkey import Valkey

TEMPLATE = "migrated"


class Databases:
    """Makes databases, each a copy of one that the migrations have made once for the test run."""

    def __init__(self, server: Postgres) -> None:
        self.server = server
        server.make_database(TEMPLATE)
        migrate(server.url(TEMPLATE))

    @contextmanager
    def fresh(self, template: str = TEMPLATE) -> Iterator[str]:
        """Make a database, give its address, drop it afterwards."""
        name = f"test_{secrets.token_hex(4)}"
        self.server.make_database(name, template)
        try:
            yield self.server.url(name)
        finally:
            self.server.drop_database(name)


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """Run a PostgreSQL whose data goes with it; only a `durable` one waits for the disk."""
    with _folder() as home:
        server = Postgres(home, durable=durable)
        process = server.start()
        try:
            yield server
        finally:
            end(process, signal.SIGINT)
            server.close()


@contextmanager
def valkey() -> Iterator[str]:
    """Run a Valkey and give its address."""
    with _folder() as home:
        server = Valkey(home / "log")
        process = server.start()
        try:
            yield server.url
        finally:
            end(process, signal.SIGTERM)


def migrate(url: str, revision: str = "head") -> None:
    """Bring a database to a revision, by the migrations."""
    engine = create_engine(url)
    configuration = Config(ROOT / "alembic.ini")
    with engine.connect() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, revision)
    engine.dispose()


@contextmanager
def _folder() -> Iterator[Path]:
    # not pytest's tmp_path: as root the server runs as somebody else, who may not go there; and short, for the socket
    folder = Path(tempfile.mkdtemp(prefix="peerline-test-"))
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
