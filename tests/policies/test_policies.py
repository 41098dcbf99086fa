"""The folder of policies: what is in force, what was, and what is wrong with a file."""

from datetime import date
from pathlib import Path

import pytest

from app.config import POLICIES_DIR
from app.policies import find_policy, holidays_of, load_policies, read_rulebook
from scheduling.governing import NoPolicyError
from scheduling.policy_reader import PolicyErrors


def write(folder: Path, name: str, more: str = "", policy_id: str = "") -> Path:
    """Write a small policy file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.toml"
    given = f'id = "{policy_id or name}"\nname = "{name}"\n{more}\n'
    if "[plan]" not in more:
        given += '[plan]\ntime_zone = "America/New_York"\n'
    file.write_text(given, encoding="utf-8")
    return file


def test_the_shipped_policies_load() -> None:
    policies = load_policies(POLICIES_DIR)
    assert {"blue-cross-nc-commercial", "blue-shield-promise-medi-cal"} <= set(policies.current_by_id)
    promise = policies.current("blue-shield-promise-medi-cal")
    assert date(2026, 7, 3) in promise.holidays, "observed"
    assert date(2026, 7, 4) in promise.holidays, "the day itself"
    assert policies.lookup(promise.policy.key) is promise
    assert policies.by_key(promise.policy.id, promise.policy.hash) is promise


def test_the_policy_that_governs_is_found_by_what_the_denial_says() -> None:
    found = load_policies(POLICIES_DIR).governing(decided_on=date(2026, 3, 2), line_of_business="state_health_plan")
    assert found.policy.id == "blue-cross-nc-commercial"


def test_what_other_plans_publish_is_there_to_try_and_governs_nothing() -> None:
    policies = load_policies(POLICIES_DIR)
    assert len(list((POLICIES_DIR / "published").glob("*.toml"))) == 20
    assert policies.current("humana-ma").policy.eligibility.timing == "pre_denial"
    with pytest.raises(NoPolicyError):
        policies.governing(decided_on=date(2026, 3, 2), line_of_business="medicare_advantage")


def test_a_consult_keeps_the_version_that_decided_it(tmp_path: Path) -> None:
    """Deadlines are stored; the other rules are those of the old file while it is kept."""
    old = read_rulebook(write(tmp_path, "plan")).policy
    write(tmp_path / "earlier", "plan-2025", policy_id="plan")
    write(tmp_path, "plan", "queue = { urgent_first = true }")
    policies = load_policies(tmp_path)
    assert policies.current("plan").policy.queue.urgent_first
    assert policies.by_key("plan", "0" * 64) is policies.current("plan"), "a version that is gone"
    kept = read_rulebook(tmp_path / "earlier" / "plan-2025.toml").policy
    assert not policies.by_key("plan", kept.hash).policy.queue.urgent_first
    assert kept.hash != old.hash, "its name is another"
    assert find_policy(tmp_path, "plan-2025") is None, "nobody asks under an earlier version"


def test_an_unknown_plan_says_which_are_known(tmp_path: Path) -> None:
    write(tmp_path, "plan")
    with pytest.raises(NoPolicyError, match=r"no policy 'other' \(known: plan\); add policies/other.toml"):
        load_policies(tmp_path).current("other")


def test_every_fault_of_every_file_is_told_with_its_file_and_key(tmp_path: Path) -> None:
    write(tmp_path, "one", "zap = 1")
    write(tmp_path, "two", '[plan]\ntime_zone = "America/New_York"\nholidays = "XX"')
    write(tmp_path, "three")
    write(tmp_path / "published", "again", policy_id="three")
    with pytest.raises(PolicyErrors) as caught:
        load_policies(tmp_path)
    told = "\n".join(caught.value.faults)
    assert "one.toml: zap: is no key here" in told
    assert "two.toml: plan.holidays: 'XX' is the code of no holiday calendar" in told
    assert "three.toml: id: 'three' is that of another file too" in told


@pytest.mark.parametrize(
    "holidays, day, closed",
    [
        ('"US"', date(2026, 11, 26), True),
        ('"US"', date(2026, 3, 31), False),
        ('"US-CA"', date(2026, 3, 31), True),
        ("[2026-03-09]", date(2026, 3, 9), True),
        ("[]", date(2026, 12, 25), False),
    ],
)
def test_holidays_are_those_of_a_calendar_by_its_code_or_of_a_list(
    tmp_path: Path, holidays: str, day: date, closed: bool
) -> None:
    """C5; Cesar Chavez Day is one in California."""
    file = write(tmp_path, "plan", f'[plan]\ntime_zone = "America/New_York"\nholidays = {holidays}')
    assert (day in holidays_of(read_rulebook(file).policy)) is closed
