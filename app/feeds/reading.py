"""Reads one busy calendar in a process of its own, since whoever writes it may want to hold us up (M6).

A server that drips its headers defeats every time-out of a single reading, and a few lines can repeat an event without
end: such a process is ended, nobody else waits for it, and that it was ended is a fault like any other (C10).
"""

import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.feeds.busy import UnreadableError, busy_in
from app.feeds.fetch import Fetched, FetchError, Network, fetch
from scheduling.values import Interval

#: on the wall, for one calendar
PATIENCE = 40.0
#: of work, in seconds; of memory, in bytes
WORK, MEMORY = 20, 1024 * 1024 * 1024

_ROOT = Path(__file__).parents[2]
_TOO_MUCH = (
    "It took too long to read: its server is slow, or it has too much in it. Name a calendar with fewer repetitions."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of reading; `busy` None: nothing new. `fault`: what was wrong, for people; empty: nothing."""

    busy: list[Interval] | None = None
    etag: str = ""
    last_modified: str = ""
    fault: str = ""


def read(
    address: str,
    span: Interval,
    *,
    etag: str,
    last_modified: str,
    networks: Sequence[Network],
    zone: ZoneInfo,
    own_domain: str,
    patience: float = PATIENCE,
) -> Reading:
    """Fetch a calendar and say when it is busy within a span, as `fetch` and `busy_in` do; never longer than this."""
    asked = {
        "address": address,
        "etag": etag,
        "last_modified": last_modified,
        "networks": [str(network) for network in networks],
        "span": [span.start.isoformat(), span.end.isoformat()],
        "zone": zone.key,
        "own_domain": own_domain,
    }
    try:
        done = subprocess.run(
            # without an environment: our secrets are out of its reach. The address is one too, so it is no argument
            [sys.executable, "-m", "app.feeds.reading"],
            input=json.dumps(asked).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd=_ROOT,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Reading(fault=_TOO_MUCH)
    if done.returncode != 0:  # it was ended before it could say anything
        return Reading(fault=_TOO_MUCH)
    said = json.loads(done.stdout)
    busy = said.pop("busy", None)
    return Reading(busy=None if busy is None else [_interval(each) for each in busy], **said)


def main() -> None:
    """Do what standard input asks for and write what came of it."""
    resource.setrlimit(resource.RLIMIT_CPU, (WORK, WORK))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        said = _read(json.load(sys.stdin))
    except (FetchError, UnreadableError) as error:
        said = {"fault": str(error)}
    json.dump(said, sys.stdout)


def _read(asked: dict[str, Any]) -> dict[str, object]:
    fetched: Fetched = fetch(
        asked["address"],
        etag=asked["etag"],
        last_modified=asked["last_modified"],
        networks=[ip_network(network) for network in asked["networks"]],
    )
    if fetched.content is None:
        return {}
    busy = busy_in(
        fetched.content, _interval(asked["span"]), zone=ZoneInfo(asked["zone"]), own_domain=asked["own_domain"]
    )
    spans = [(each.start.isoformat(), each.end.isoformat()) for each in busy]
    return {"busy": spans, "etag": fetched.etag, "last_modified": fetched.last_modified}


def _interval(written: Sequence[str]) -> Interval:
    start, end = written
    return Interval(datetime.fromisoformat(start), datetime.fromisoformat(end))


if __name__ == "__main__":
    main()
