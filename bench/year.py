"""How long a plan's year takes to play on one core, and how much memory: in a process of its own for each size."""

import multiprocessing
from dataclasses import dataclass, replace
from datetime import time
from multiprocessing.connection import Connection
from pathlib import Path
from time import process_time

from app.config import POLICIES_DIR
from app.policies import find_policy, read_rulebook, read_toml
from app.year.description import Year, read_year
from app.year.people import people_of
from app.year.play import Play
from scheduling.values import Hours

EXAMPLE = Path(__file__).parent.parent / "docs" / "years" / "blue-shield-promise-medi-cal.toml"

#: requests and directors: what is aimed at, and a quarter of it, to see whether memory grows with them
SIZES = ((25_000, 10), (100_000, 40))

_processes = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What one year cost."""

    requests: int
    directors: int
    seconds: float
    "of CPU"
    megabytes: int
    "at the most, of the whole process"


def measure(requests: int, directors: int) -> Played:
    """Play the example's year with so many requests and directors, half of either group."""
    ours, theirs = _processes.Pipe()
    process = _processes.Process(target=_play, args=(requests, directors, theirs))
    process.start()
    theirs.close()  # so that a process that dies ends the wait
    played = ours.recv()
    process.join()
    assert isinstance(played, Played)
    return played


def _play(requests: int, directors: int, pipe: Connection) -> None:
    year = _scaled(read_year(read_toml(EXAMPLE)), requests, directors)
    policy = find_policy(POLICIES_DIR, year.policy)
    assert policy is not None, "the example's policy is shipped"
    rulebook = read_rulebook(policy)
    began = process_time()
    tally = Play(year, rulebook, people_of(year, rulebook)).play()
    seconds = process_time() - began
    pipe.send(
        Played(
            requests=sum(tally.asked.values()),
            directors=len(tally.directors),
            seconds=seconds,
            megabytes=_most_memory(),
        )
    )


def _most_memory() -> int:
    """Read how many megabytes this process had at the most; `getrusage` would count those of its parent too."""
    told = Path("/proc/self/status").read_text()
    return int(told.partition("VmHWM:")[2].split()[0]) // 1024


#: a director decides 2,500 a year in either size, which takes six hours a day
HOURS = {"mornings": (time(7), time(13)), "afternoons": (time(11), time(17))}


def _scaled(year: Year, requests: int, directors: int) -> Year:
    mornings, afternoons = (
        replace(group, hours=Hours(spans=dict.fromkeys(range(5), (HOURS[group.id],)))) for group in year.director
    )
    return replace(
        year,
        arrivals=replace(year.arrivals, a_year=requests),
        director=(
            replace(mornings, number=directors // 2),
            replace(afternoons, number=directors - directors // 2),
        ),
        nurse=replace(year.nurse, number=max(1, year.nurse.number * requests // year.arrivals.a_year)),
    )
