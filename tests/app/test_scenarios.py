"""Every scenario, played in memory and on PostgreSQL, must tell the same story."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.config import POLICIES_DIR
from app.db import make_sessions
from app.policies import find_policy, read_rulebook, read_toml
from scheduling.scenario import read_scenario
from scheduling.simulation import Told, run, unmet
from scheduling.values import Rulebook
from tests.support.played import Theatre

SCENARIOS = sorted((Path(__file__).parent.parent / "scenarios").glob("*.toml"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_running_system_tells_the_story_that_the_simulation_tells(path: Path, engine: Engine) -> None:
    scenario = read_scenario(read_toml(path))
    rulebook = rulebook_of(path, scenario.policy)

    theatre = Theatre(make_sessions(engine), scenario, rulebook)
    told = theatre.play()

    assert [as_lines(each) for each in told] == [as_lines(each) for each in run(scenario, rulebook)]
    assert unmet(scenario, told) == []
    assert theatre.exceptions() == [], "what was decided can be proven from the history"


def as_lines(told: Told) -> str:
    """Write a happening so that a difference can be read."""
    details = ", ".join(f"{name} {value}" for name, value in told.details.items())
    return f"{told.at} {told.case} {told.what} {details}"


def rulebook_of(path: Path, named: str) -> Rulebook:
    """Find the policy that a scenario names: a file beside it, or a shipped one."""
    shipped = find_policy(POLICIES_DIR, named)
    return read_rulebook(shipped or (path.parent / named))
