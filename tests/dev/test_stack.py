"""`peerline dev`, which `make run` runs: everything on one command, and the data are there the next time."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.dev.processes import of_stack
from app.dev.surroundings import ROOT, read
from tests.support.stack import Stack


def test_it_says_ready_once_and_how_to_sign_in_and_stops_on_ctrl_c(stack: Stack) -> None:
    stack.start()
    assert [line for line in stack.said if line.startswith("ready: ")] == [f"ready: {stack.base_url}"]
    signing_in = stack.said[stack.said.index(f"ready: {stack.base_url}") + 1 :]
    for role in ("office", "nurse", "director", "coordinator", "administrator"):
        assert any(line.split()[0] == role for line in signing_in), role
    assert any(f"{stack.base_url}/dev/mailbox" in line for line in signing_in)
    assert isinstance(stack.mails(), list)
    assert stack.stop() == 0
    assert stack.said[-1] == "stopped; the data is kept"
    assert of_stack(stack.data) == []


def test_after_kill_9_it_starts_within_ten_seconds_with_its_data(stack: Stack) -> None:
    stack.start()
    denials = execute(stack, "SELECT count(*) FROM denial")
    assert denials != [(0,)], "a trial starts with denials"
    address = stack.base_url
    stack.kill()
    before = time.monotonic()
    stack.start()
    assert time.monotonic() - before < 10
    assert execute(stack, "SELECT count(*) FROM denial") == denials
    assert stack.base_url == address, "links in the mails of last time lead here"
    assert stack.stop() == 0


def test_beside_it_a_command_runs_with_its_surroundings_and_a_second_one_is_refused(stack: Stack) -> None:
    stack.start()
    swept = peerline_dev(stack, "--with", sys.executable, "-c", "from app.cli import main; main()", "sweep")
    assert swept.returncode == 0, swept.stdout
    second = peerline_dev(stack)
    assert second.returncode == 1
    assert (
        second.stdout
        == f"peerline dev: This checkout runs already: {stack.base_url}. Stop it with Ctrl-C where it was started.\n"
    )
    assert stack.stop() == 0


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


@pytest.fixture
def stack() -> Iterator[Stack]:
    # not tmp_path, which as root nobody else may enter
    data = Path(tempfile.mkdtemp(prefix="peerline-test-"))
    data.chmod(0o711)
    stack = Stack(data)
    yield stack
    if stack.process is not None and stack.process.poll() is None:
        stack.stop()
    shutil.rmtree(data)
