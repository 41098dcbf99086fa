"""Commands on the rules alone, without a database: check and show policies, play scenarios."""

import json
import os
from collections.abc import Iterable
from datetime import datetime, tzinfo
from pathlib import Path

import click

from app.cli_year import play_year
from app.config import POLICIES_DIR
from app.policies import find_policy, read_rulebook, read_toml
from scheduling.policy_examples import failures
from scheduling.policy_reader import PolicyErrors
from scheduling.policy_text import in_plain_english
from scheduling.policy_warnings import warnings
from scheduling.reading import shown
from scheduling.scenario import Expected, Scenario, ScenarioErrors, read_scenario
from scheduling.simulation import Told, Unmet, run, unmet
from scheduling.values import Rulebook


@click.group()
def policies() -> None:
    """Check and read policy files."""


@policies.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
def check(files: tuple[Path, ...]) -> None:
    """Check policy files and run their worked examples; exit status 1 if anything is wrong.

    What cannot work as it is written is a warning: it is told, and the file is good all the same.
    """
    wrong = 0
    for file in files:
        try:
            rulebook = read_rulebook(file)
        except PolicyErrors as errors:
            faults = list(errors.faults)
        else:
            faults = failures(rulebook)
        for fault in faults:
            click.echo(f"{file}: {fault}")
        if not faults:
            for warning in warnings(rulebook.policy):
                click.echo(f"{file}: warning: {warning}")
            click.echo(f"{file}: good, {len(rulebook.policy.examples)} examples hold")
        wrong += bool(faults)
    if wrong:
        raise SystemExit(1)


@policies.command()
@click.argument("policy", metavar="ID|FILE")
def show(policy: str) -> None:
    """Say what a policy's rules are, in plain English: of one by its id, or of a file."""
    file = find_policy(policies_dir(), policy) or (Path(policy) if Path(policy).is_file() else None)
    if file is None:
        known = ", ".join(sorted(path.stem for path in policies_dir().rglob("*.toml")))
        raise click.ClickException(f"There is no policy and no file {shown(policy)}. Give a file, or one of: {known}")
    try:
        rulebook = read_rulebook(file)
    except PolicyErrors as errors:
        raise click.ClickException("\n".join(f"{file}: {fault}" for fault in errors.faults)) from None
    click.echo(in_plain_english(rulebook.policy))


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON: an object a line for each happening; of a year one.")
@click.option("--year", "is_year", is_flag=True, help="FILE is a plan's year: play it and print its figures.")
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="With --year: write a page with pictures."
)
def simulate(file: Path, as_json: bool, is_year: bool, html: Path | None) -> None:
    """Play a scenario in memory and compare what happens with what it expects; or, with --year, a plan's year.

    Exit status 0 if every expectation holds, 1 if not, 2 if the file is no scenario (no year).
    """
    if html is not None and not is_year:
        raise click.UsageError("--html goes with --year only.")
    if is_year:
        play_year(file, policies_dir(), as_json=as_json, html=html)
        return
    try:
        scenario = read_scenario(read_toml(file))
        rulebook = _rulebook_of(scenario, file)
    except (PolicyErrors, ScenarioErrors) as errors:
        for fault in errors.faults:
            click.echo(f"{file}: {fault}", err=True)
        raise SystemExit(2) from None
    told = run(scenario, rulebook)
    missed = unmet(scenario, told)
    zone = rulebook.policy.plan.time_zone
    for each in told:
        click.echo(json.dumps(_plain(each, zone), ensure_ascii=False) if as_json else _line(each, zone))
    for miss in missed:
        click.echo(_complaint(miss, scenario, zone), err=as_json)
    if not as_json and not missed:
        click.echo(f"{len(scenario.expects) + len(scenario.nevers)} expectations hold.")
    if missed:
        raise SystemExit(1)


def policies_dir() -> Path:
    """Return the folder of policies that the environment names, or the one that comes with Peerline."""
    return Path(os.environ.get("PEERLINE_POLICIES_DIR") or POLICIES_DIR)


def _rulebook_of(scenario: Scenario, file: Path) -> Rulebook:
    """Find the policy of a scenario: the id of one in the folder of policies, or a path relative to the file."""
    beside = file.parent / scenario.policy
    path = find_policy(policies_dir(), scenario.policy) or (beside if beside.is_file() else None)
    if path is None:
        what = "is neither the id of a policy nor the path of a file, relative to this one"
        raise PolicyErrors([f"policy: {shown(scenario.policy)} {what}"])
    try:
        return read_rulebook(path)
    except PolicyErrors as errors:
        raise PolicyErrors([f"policy: {path}: {fault}" for fault in errors.faults]) from None


def _plain(told: Told, zone: tzinfo) -> dict[str, object]:
    """Return a happening as it is printed in JSON: instants with the offset of the plan's zone, unknown is null."""
    row: dict[str, object] = {"at": told.at, "case": told.case, "happens": told.what.value, **told.details}
    return {
        name: value.astimezone(zone).isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def _line(told: Told, zone: tzinfo) -> str:
    return f"{_moment(told.at, zone)}  {told.case}  {told.what}{_details(told.details.items(), zone)}"


def _complaint(missed: Unmet, scenario: Scenario, zone: tzinfo) -> str:
    expected = missed.expected
    wanted = f"{expected.case} {expected.what}{_details(_wanted(expected, scenario), zone)}"
    head = f"NEVER: {wanted}; but it happened:" if missed.never else f"EXPECTED: {wanted}; what happened instead:"
    lines = [f"    {_line(each, zone)}" for each in missed.instead]
    return "\n".join([head, *(lines or ["    nothing"])])


def _wanted(expected: Expected, scenario: Scenario) -> Iterable[tuple[str, object]]:
    if expected.at is not None:
        yield "at", expected.at
    for name, value in expected.details.items():
        is_director = name == "director" and isinstance(value, int)
        yield name, scenario.director_names[value] if is_director and isinstance(value, int) else value


def _details(details: Iterable[tuple[str, object]], zone: tzinfo) -> str:
    said = [
        f"{name} {_moment(value, zone) if isinstance(value, datetime) else value}"
        for name, value in details
        if value is not None
    ]
    return f"  ({', '.join(said)})" if said else ""


def _moment(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M %Z" if not at.second else "%a %Y-%m-%d %H:%M:%S %Z")
