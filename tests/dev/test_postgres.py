"""Our own launcher of PostgreSQL: what happens to it must not cost data, and nothing outside its folder changes."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.dev import postgres
from app.dev.postgres import Postgres, home_in
from app.dev.processes import StackError, end, processes_where


def test_data_survive_kill_9_of_the_server(home: Path) -> None:
    server, process = started(home)
    server.make_database("kept")
    execute(server, "CREATE TABLE row (id int)", "INSERT INTO row VALUES (1)")
    process.kill()
    process.wait()
    process = server.start()
    assert execute(server, "SELECT id FROM row") == [(1,)]
    stopped(server, process)


def test_a_server_that_a_killed_stack_left_behind_is_ended_and_its_data_are_there(home: Path) -> None:
    left, orphan = started(home)
    left.make_database("kept")
    execute(left, "CREATE TABLE row (id int)")
    left.close()  # as if the process that watched over it were gone
    server, process = started(home)
    assert orphan.wait(1) == 0, "asked to end, not killed"
    assert execute(server, "SELECT id FROM row") == []
    stopped(server, process)


def test_a_stale_process_id_of_somebody_else_does_not_keep_it_from_starting(home: Path) -> None:
    server, process = started(home)
    stopped(server, process)
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n1\n5432\n\n\n")
    server, process = started(home)
    assert process.poll() is None
    stopped(server, process)


def test_a_data_folder_that_was_half_made_is_made_again(home: Path) -> None:
    (home / "data.unfinished").mkdir(parents=True)
    (home / "data.unfinished" / "PG_VERSION").write_text("18\n")
    server, process = started(home)
    assert not (home / "data.unfinished").exists()
    stopped(server, process)


def test_two_stacks_cannot_use_one_folder(home: Path) -> None:
    server, process = started(home)
    with pytest.raises(StackError, match="in use by another process"):
        Postgres(home).start()
    assert process.poll() is None
    stopped(server, process)


def test_a_long_path_is_no_hindrance(home: Path) -> None:
    long = home / ("a-rather-long-name-" * 5) / "and spaces in it"
    long.mkdir(parents=True)
    server, process = started(long)
    server.make_database("kept")
    assert execute(server, "SELECT current_user::text") == [("peerline",)]
    short = (long / "socket").resolve()
    assert stat.S_IMODE(short.stat().st_mode) == 0o700
    stopped(server, process)
    assert not short.exists()


def test_nobody_comes_in_without_the_password_or_over_the_network(home: Path) -> None:
    server, process = started(home)
    socket = home / "socket"
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "password").stat().st_mode) == 0o600
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=str(socket), user="postgres", password="guess", dbname="postgres")
    with psycopg.connect(host=str(socket), user="postgres", password=(home / "password").read_text()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW fsync").fetchone() == ("off",)
        roles = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = 'peerline'").fetchall()
        assert roles == [(False,)]
    stopped(server, process)


def test_nothing_of_it_runs_on_after_it_stopped(home: Path) -> None:
    server, process = started(home)
    stopped(server, process)
    assert processes_where(lambda entry: (entry / "cwd").readlink() == server.data) == []


def test_what_keeps_it_from_starting_is_told(home: Path) -> None:
    server, process = started(home)
    stopped(server, process)
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(StackError, match="while it started"):
        server.start()
    server.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run the server as somebody else")
def test_as_root_a_checkout_that_is_closed_to_others_stays_closed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "ELSEWHERE", home)
    data = home / "closed" / "checkout" / ".data"
    data.mkdir(parents=True)
    (home / "closed").chmod(0o700)
    before = modes(data)
    elsewhere = home_in(data)
    assert elsewhere.parent == home
    server, process = started(elsewhere)
    assert home_in(data) == elsewhere, "found again at the next start"
    assert (elsewhere / "data").owner() == postgres.SERVER_USER
    stopped(server, process)
    assert modes(data) == before


def test_a_checkout_that_everybody_may_enter_holds_its_own_data(home: Path) -> None:
    assert home_in(home) == home / "postgres"


def started(home: Path) -> tuple[Postgres, subprocess.Popen[bytes]]:
    server = Postgres(home, durable=False)
    return server, server.start()


def stopped(server: Postgres, process: subprocess.Popen[bytes]) -> None:
    end(process, signal.SIGINT)
    server.close()


def execute(server: Postgres, *statements: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.url("kept").replace("+psycopg", "")) as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def modes(folder: Path) -> list[tuple[Path, int, int]]:
    return [(path, path.stat().st_mode, path.stat().st_uid) for path in (folder, *folder.parents)]


@pytest.fixture
def home() -> Iterator[Path]:
    # not tmp_path, which as root nobody else may enter
    folder = Path(tempfile.mkdtemp(prefix="peerline-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
