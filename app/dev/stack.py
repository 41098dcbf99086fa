"""`peerline dev`: everything that Peerline needs and is, on one command."""

import argparse
import contextlib
import fcntl
import functools
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.config import NO_SCANNER, ConfigurationError, Settings
from app.dev import surroundings
from app.dev.ports import LOOPBACK, claim_port, free_port, wait_for_port
from app.dev.postgres import Postgres, home_in
from app.dev.processes import MARK, StackError, end_all, launch, of_stack
from app.dev.supervisor import Interrupted, Supervisor, say
from app.dev.valkey import Valkey

DATABASE = "peerline"
FIRST_PORT = 8000
LAST_PORT = 65535
#: seconds that the pages have to answer for the first time
PATIENCE = 60
#: seconds within which a worker that cannot start has ended
SETTLED = 1.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stack until somebody stops it, or a command beside one that runs; return the exit status."""
    parser = argparse.ArgumentParser(prog="peerline dev", description=__doc__)
    parser.add_argument("--data", type=Path, default=surroundings.DATA, help="where to keep the data (default: .data)")
    parser.add_argument("--with", dest="command", nargs=argparse.REMAINDER, help="run a command beside a running stack")
    options = parser.parse_args(arguments)
    data = options.data.resolve()
    if options.command:
        environment = {**os.environ, **surroundings.read(data)}
        program = options.command[0]
        os.execvpe(program, options.command, environment)  # noqa: S606 -- no shell; what the person typed after --with
    try:
        data.mkdir(mode=0o711, parents=True, exist_ok=True)
        if data.stat().st_uid != os.geteuid():
            raise StackError(f"{data} belongs to {data.owner()}. Run this as {data.owner()}, or remove that folder.")
        with _alone(data):
            Stack(data).run()
    except StackError as error:
        say(f"peerline dev: {error}")
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        say(f"peerline dev: {error.filename}: {error.strerror}. {data} must be a folder that you may write to.")
        return 1
    return 0


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the data folder. Raises StackError where another stack has it."""
    with (data / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            url = surroundings.read(data).get("PEERLINE_BASE_URL", "")
            lock.seek(0)
            stop = f"Stop it with Ctrl-C where it was started, or with: kill {lock.read().strip()}"
            raise StackError(f"This checkout runs already: {url}. {stop}") from None
        lock.truncate(0)
        print(os.getpid(), file=lock, flush=True)
        yield


class Stack:
    """The processes of one checkout and what they need to know."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.supervisor = Supervisor()
        self.environment: dict[str, str] = {}

    def run(self) -> None:
        """Start everything, say so, and watch over it until somebody stops it."""
        with contextlib.ExitStack() as afterwards:
            try:
                self._start(afterwards)
                self._say_ready()
                self.supervisor.starts_again = True
                self.supervisor.watch(lambda: False)
            except Interrupted:
                say("stopping; once more to stop at once")
            finally:
                self.supervisor.stop()
        say("stopped; the data is kept")

    def _start(self, afterwards: contextlib.ExitStack) -> None:
        if not end_all(lambda: of_stack(self.data), ((signal.SIGTERM, 3.0), (signal.SIGKILL, 5.0))):
            raise StackError(f"What an earlier run left behind does not end: processes {of_stack(self.data)}.")
        port = self._port(afterwards)
        self.environment = {
            **surroundings.keys(self.data),
            "PEERLINE_MAIL_FROM": "consults@plan.example",
            "PEERLINE_BASE_URL": f"http://{LOOPBACK}:{port}",
            "PEERLINE_DOCUMENTS_DIR": str(surroundings.documents(self.data)),
            "PEERLINE_CLAMD_URL": NO_SCANNER,
            # what is given from outside comes before what we would start or choose ourselves
            **{name: value for name, value in os.environ.items() if name.startswith("PEERLINE_")},
        }
        for name, start in (
            ("DATABASE_URL", self._start_postgres),
            ("REDIS_URL", self._start_valkey),
            ("SMTP_URL", self._start_mailbox),
        ):
            self.environment[name] = os.environ.get(name) or start(afterwards)
        try:
            Settings.from_environment(self.environment)
        except ConfigurationError as error:
            raise StackError(str(error)) from None
        surroundings.write(self.data, self.environment)
        processes = procfile()
        self.supervisor.run("release", _shell(processes.pop("release")), self._environment(), surroundings.ROOT)
        self._fill()
        for name, line in processes.items():
            self.supervisor.add(name, functools.partial(self._launch, _shell(line), PORT=str(port)))
        self._wait_for_pages(port)

    def _port(self, afterwards: contextlib.ExitStack) -> int:
        """Return the port of the pages: the one given, or that of last time, since mails in the mailbox link to it."""
        given = os.environ.get("PORT", "")
        if given and not (given.isdecimal() and 0 < int(given) <= LAST_PORT):
            raise StackError(f"PORT is {given}, not a number from 1 to {LAST_PORT}. Choose one: PORT=8123 make run")
        last = surroundings.read(self.data).get("PEERLINE_BASE_URL", "").rpartition(":")[2]
        wanted = [int(given)] if given else [*([int(last)] if last else []), *range(FIRST_PORT, FIRST_PORT + 100)]
        claimed = claim_port(wanted)
        if claimed is None:
            raise StackError(f"Port {given or FIRST_PORT} is taken, or not for you. Choose one: PORT=8123 make run")
        port, claim = claimed
        afterwards.enter_context(claim)
        return port

    def _start_postgres(self, afterwards: contextlib.ExitStack) -> str:
        server = Postgres(home_in(self.data))
        afterwards.callback(server.close)
        self.supervisor.add("postgres", server.start, is_server=True, stop_signal=signal.SIGINT)
        if not server.has_database(DATABASE):
            server.make_database(DATABASE)
        return server.url(DATABASE)

    def _start_valkey(self, _afterwards: contextlib.ExitStack) -> str:
        server = Valkey(self.data / "valkey.log")
        self.supervisor.add("valkey", server.start, is_server=True)
        return server.url

    def _start_mailbox(self, _afterwards: contextlib.ExitStack) -> str:
        port, folder = free_port(), self.data / "mailbox"
        service = self.environment["PEERLINE_MAIL_FROM"]

        def start() -> subprocess.Popen[bytes]:
            process = self._launch([sys.executable, "-m", "app.dev.smtp_server", str(port), folder, service])
            wait_for_port(port, process, "The mailbox")
            return process

        self.supervisor.add("mailbox", start, is_server=True)
        self.environment["PEERLINE_DEVELOPMENT_MAILBOX"] = str(folder)
        return f"smtp://{LOOPBACK}:{port}"

    def _fill(self) -> None:
        """Fill a database that is empty with what a trial needs."""
        from sqlalchemy import select

        from app.clock import utcnow
        from app.dev.seed import seed
        from app.models import Director
        from app.process import make_process

        running = make_process(Settings.from_environment(self.environment))
        with running.sessions() as session:
            is_empty = session.scalar(select(Director.id).limit(1)) is None
        if is_empty:
            seed(running, now=utcnow())
        running.engine.dispose()

    def _wait_for_pages(self, port: int) -> None:
        """Wait until the pages answer and what would fail at its start has had the time to."""
        started = time.monotonic()

        def is_up() -> bool:
            waited = time.monotonic() - started
            if waited > PATIENCE:
                raise StackError(f"The pages do not answer on port {port} after {PATIENCE} s.")
            return waited > SETTLED and answers(port)

        self.supervisor.watch(is_up)

    def _say_ready(self) -> None:
        from app.dev.seed import SIGN_INS

        base_url = self.environment["PEERLINE_BASE_URL"]
        say(f"ready: {base_url}")
        for role, how in SIGN_INS:
            say(f"  {role:<14} {how}")
        if "PEERLINE_DEVELOPMENT_MAILBOX" in self.environment:
            say(f"  {'mail':<14} {base_url}/dev/mailbox")
        say("Ctrl-C stops it.")

    def _environment(self, **more: str) -> dict[str, str]:
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        own = {
            "PATH": programs,
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser",  # on one's own machine one may
            MARK: str(self.data),
        }
        return {**os.environ, **self.environment, **own, **more}

    def _launch(self, command: Sequence[str | Path], **more: str) -> subprocess.Popen[bytes]:
        return launch(command, environment=self._environment(**more), output=subprocess.PIPE, folder=surroundings.ROOT)


def procfile() -> dict[str, str]:
    """Return the processes of the Procfile, so that development runs what production runs."""
    lines = (surroundings.ROOT / "Procfile").read_text().splitlines()
    return {name: command.strip() for name, _, command in (line.partition(":") for line in lines if line.strip())}


def answers(port: int) -> bool:
    """Tell whether somebody answers HTTP on the port."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse()
        return True
    except OSError:
        return False
    finally:
        connection.close()


def _shell(line: str) -> list[str]:
    """Return the command for a line of the Procfile. The shell fills in variables and makes way for the program."""
    return ["/bin/sh", "-c", f"exec {line}"]


if __name__ == "__main__":
    sys.exit(main())
