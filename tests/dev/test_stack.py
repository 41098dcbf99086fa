"""`peerline dev`, which `make run` runs: everything on one command, and the data are there the next time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.dev.processes import of_stack
from app.dev.stack import main
from app.dev.surroundings import ROOT, read
from tests.support.stack import Stack
from tests.support.stack import stack as started_stack


def test_it_says_ready_once_and_how_to_sign_in(running: Stack) -> None:
    assert [line for line in running.said if line.startswith("ready: ")] == [f"ready: {running.base_url}"]
    signing_in = running.said[running.said.index(f"ready: {running.base_url}") + 1 :]
    for role in ("office", "nurse", "director", "coordinator", "administrator"):
        assert any(line.split()[0] == role for line in signing_in), role
    assert any(f"{running.base_url}/dev/mailbox" in line for line in signing_in)
    assert isinstance(running.mails(), list)


def test_beside_it_a_command_runs_with_its_surroundings(running: Stack) -> None:
    swept = peerline_dev(running, "--with", sys.executable, "-c", "from app.cli import main; main()", "sweep")
    assert swept.returncode == 0, swept.stdout


def test_a_second_one_in_the_same_checkout_is_refused(running: Stack) -> None:
    second = peerline_dev(running)
    assert second.returncode == 1
    assert f"This checkout runs already: {running.base_url}." in second.stdout
    assert running.process is not None
    assert f"or with: kill {running.process.pid}\n" in second.stdout


def test_after_kill_9_it_starts_with_its_data_and_stops_on_ctrl_c(stack: Stack) -> None:
    denials = execute(stack, "SELECT count(*) FROM denial")
    assert denials != [(0,)], "a trial starts with denials"
    address = stack.base_url
    stack.kill()
    stack.start()
    assert execute(stack, "SELECT count(*) FROM denial") == denials
    assert stack.base_url == address, "links in the mails of last time lead here"
    assert stack.stop() == 0
    assert stack.said[-1] == "stopped; the data is kept"
    assert of_stack(stack.data) == []


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    data = tmp_path / "file" / "data"
    assert main(["--data", str(data)]) == 1
    said = f"peerline dev: {data}: Not a directory. {data} must be a folder that you may write to.\n"
    assert capsys.readouterr().out == said


@pytest.mark.parametrize("port", ["0", "65536", "abc"])
def test_a_port_that_is_none_is_refused(port: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app.dev.stack", "--data", str(tmp_path)]
    environment = {**os.environ, "PORT": port}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"PORT is {port}, not a number from 1 to 65535." in done.stdout


def test_surroundings_that_were_half_written_count_as_none(tmp_path: Path) -> None:
    (tmp_path / "environment").write_text("REDIS_URL='redis://\n\0\0")
    assert read(tmp_path) == {}


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "DATABASE_URL is not set. Set it to postgresql://"),
        ("mysql://x/y", "DATABASE_URL starts with none of postgres://"),
        ("postgresql://u:geheim@127.0.0.1:1/db", "The database of DATABASE_URL does not let us in."),
    ],
)
def test_release_says_in_a_sentence_what_is_wrong_with_the_database(address: str, said: str) -> None:
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    environment = {**os.environ, "DATABASE_URL": address}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stderr


def peerline_dev(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.dev.stack", "--data", str(stack.data), *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def execute(stack: Stack, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(read(stack.data)["DATABASE_URL"].replace("+psycopg", "")) as connection:
        return connection.execute(statement).fetchall()


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    with started_stack() as stack:
        yield stack


@pytest.fixture
def stack() -> Iterator[Stack]:
    with started_stack() as stack:
        yield stack
