"""`make bench`: start everything, measure, print."""

import argparse
import platform
import subprocess
from dataclasses import replace

from app.config import Settings
from app.consults.setup import Setup
from app.db import make_engine, make_sessions
from app.process import make_process
from bench import booking, draining, planning, posting, year
from tests.support import servers
from tests.support.stack import Stack
from tests.support.stack import stack as started_stack


def main() -> None:
    """Measure on a stack of its own, with the development settings of `make run` (fsync on)."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--messages", type=int, default=2000, help="how many mails are queued and drained")
    asked = parser.parse_args()
    with started_stack() as stack:
        measure(stack, messages=asked.messages)


def measure(stack: Stack, *, messages: int) -> None:
    """Print each figure as it is known."""
    settings = Settings.from_environment(stack.environment)
    running = make_process(settings)
    say("commit", commit())
    say("machine", f"{platform.machine()}, Python {platform.python_version()}")
    posted = posting.measure(running.sessions, stack.base_url, settings.access_code_key)
    say("office's POST, 8 clients", f"{posted['posts']:.0f} a second")
    say("from the POST to both invitations", f"{posted['to mail']:.2f} s (slowest {posted['to mail, slowest']:.2f} s)")
    booked = measure_booking(running.setup)
    say("rows of one booking, bare SQL", f"{booked['floor']:.2f} ms")
    ratio = booked["use case"] / booked["floor"]
    say("the use case that books", f"{booked['use case']:.2f} ms ({ratio:.1f} times the floor)")
    say(f"mail drained, {messages} messages", measure_mail(running.setup, settings, messages))
    rulebook = running.setup.policies.current("blue-cross-nc-commercial")
    for length, milliseconds in planning.measure(rulebook).items():
        say(f"one request more, line of {length}", f"{milliseconds:.1f} ms")
    for requests, people in year.SIZES:
        played = year.measure(requests, people)
        cost = f"{played.seconds:.1f} s of CPU, {played.megabytes} MB"
        say(f"a year, {played.requests} requests, {played.directors} directors", cost)
    running.engine.dispose()


def measure_booking(setup: Setup) -> dict[str, float]:
    """Measure on a database that no worker plans in; it does not wait for the disk, neither for the floor."""
    with servers.postgres() as server, servers.Databases(server).fresh() as url:
        engine = make_engine(url)
        try:
            return booking.measure(make_sessions(engine), url, setup)
        finally:
            engine.dispose()


def measure_mail(setup: Setup, settings: Settings, messages: int) -> str:
    """Measure on a database that waits for the disk and in which no mailer runs but those that are measured."""
    with servers.postgres(durable=True) as server, servers.Databases(server).fresh() as url:
        engine = make_engine(url)
        try:
            sessions, own = make_sessions(engine), replace(settings, database_url=url)
            drained = draining.measure(sessions, own, setup, messages=messages)
        finally:
            engine.dispose()
    return (
        f"{drained.a_second:.0f} a second, one sender killed: {drained.lost} lost,"
        f" {drained.out_of_order} lanes out of order, {drained.twice} sent twice"
    )


def commit() -> str:
    """Name the commit that is measured."""
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607 -- the developer's own git
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() or "unknown"


def say(what: str, figure: str) -> None:
    """Print one line."""
    print(f"{what:<40} {figure}", flush=True)


if __name__ == "__main__":
    main()
