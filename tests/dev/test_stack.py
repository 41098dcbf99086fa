"""`peerline dev`, which `make run` runs: everything on one command, and the data are there the next time."""

import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from app.dev.processes import of_stack
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
