"""What the processes of a stack say is printed, what ends is started again, what cannot run is told."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.dev.ports import claim_port, free_port
from app.dev.processes import StackError, end_all, launch, of_stack, processes_where
from app.dev.supervisor import Interrupted, Supervisor


def test_what_a_process_says_has_its_name_in_front(supervisor: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
    supervisor.run("release", ["/bin/sh", "-c", "echo one; echo two >&2; printf three"], {}, Path("/"))
    assert capsys.readouterr().out == "release  | one\nrelease  | two\nrelease  | three\n"


def test_a_command_that_fails_stops_the_start(supervisor: Supervisor) -> None:
    with pytest.raises(StackError, match=r"^release ended with status 3; what it said stands above\.$"):
        supervisor.run("release", ["/bin/sh", "-c", "exit 3"], {}, Path("/"))


def test_a_process_that_is_killed_is_started_again(supervisor: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
    supervisor.add("worker", starts("exec sleep 60"))
    supervisor.starts_again = True
    killed = supervisor.children[0].process
    killed.kill()
    supervisor.watch(lambda: supervisor.children[0].process is not killed)
    assert supervisor.children[0].process.poll() is None
    assert "worker was ended by SIGKILL; starting it again" in capsys.readouterr().out


def test_what_a_killed_process_had_started_does_not_work_on(supervisor: Supervisor, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    supervisor.add("worker", starts(f"sleep 61 & echo $! > {pid}; wait"))
    supervisor.watch(lambda: pid.exists() and pid.read_text().endswith("\n"))
    supervisor.starts_again = True
    child = pid.read_text().strip()
    parent = supervisor.children[0].process
    parent.kill()
    supervisor.watch(lambda: supervisor.children[0].process is not parent)
    assert processes_where(lambda entry: entry.name == child and "sleep\x0061" in (entry / "cmdline").read_text()) == []


def test_a_process_that_ends_by_itself_time_and_again_stops_everything(supervisor: Supervisor) -> None:
    supervisor.add("beat", starts("exit 4"))
    supervisor.starts_again = True
    with pytest.raises(StackError, match="beat ended with status 4, time and again"):
        supervisor.watch(lambda: False)


def test_a_process_that_ends_while_the_stack_starts_stops_the_start(supervisor: Supervisor) -> None:
    supervisor.add("web", starts("exit 1"))
    with pytest.raises(StackError, match="web ended with status 1 while it started"):
        supervisor.watch(lambda: False)


def test_an_interruption_ends_the_watch_and_one_more_kills_what_does_not_end(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    # asked to end it does not, and instead presses Ctrl-C once more
    supervisor.add("stubborn", starts("trap 'kill -INT $PPID' TERM; echo runs; while :; do sleep 0.05; done"))
    supervisor.watch(lambda: "runs" in capsys.readouterr().out)
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(Interrupted):
        supervisor.watch(lambda: False)
    supervisor._interrupted_at -= 2  # two signals within a second are one
    process = supervisor.children[0].process
    supervisor.stop()
    assert process.returncode == -signal.SIGKILL


def test_servers_stop_after_those_who_use_them(supervisor: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
    waits = "trap 'sleep 0.2; echo stops; exit' TERM; echo runs; while :; do sleep 0.05; done"
    said: list[str] = []
    supervisor.add("server", starts(waits), is_server=True)
    supervisor.add("web", starts(waits))
    supervisor.watch(lambda: said.append(capsys.readouterr().out) or "".join(said).count("runs") == 2)  # type: ignore[func-returns-value]  # append gives None, which lets `or` go on
    supervisor.stop()
    assert capsys.readouterr().out.splitlines() == ["web      | stops", "server   | stops"]


def test_what_a_killed_stack_left_behind_is_found_and_ended(tmp_path: Path) -> None:
    process = launch(["/bin/sleep", "60"], environment={"PEERLINE_STACK": str(tmp_path)}, output=subprocess.DEVNULL)
    while process.pid not in of_stack(tmp_path):
        assert process.poll() is None
    assert of_stack(tmp_path / "another") == []
    assert end_all(lambda: of_stack(tmp_path), [(signal.SIGTERM, 5.0)])
    assert process.wait(5) == -signal.SIGTERM


def test_two_stacks_do_not_pick_the_same_port() -> None:
    port = free_port()
    first, second = claim_port([port]), claim_port([port])
    assert first is not None
    assert first[0] == port
    assert second is None
    first[1].close()


def starts(script: str) -> Callable[[], subprocess.Popen[bytes]]:
    return lambda: launch(["/bin/sh", "-c", script], environment={"PATH": os.defpath}, output=subprocess.PIPE)


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    supervisor = Supervisor()
    yield supervisor
    supervisor.stop()
    supervisor.close()
    for number, handler in before.items():
        signal.signal(number, handler)
