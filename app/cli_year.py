"""Plays a plan's year: `peerline simulate --year`."""

import json
from pathlib import Path

import click

from app.policies import find_policy, read_rulebook, read_toml
from app.year.description import Year, YearErrors, read_year
from app.year.page import as_page
from app.year.result import figures
from app.year.text import in_text
from scheduling.policy_reader import PolicyErrors
from scheduling.reading import shown
from scheduling.values import Rulebook


def play_year(file: Path, policies: Path, *, as_json: bool, html: Path | None) -> None:
    """Play the year of a file and print its figures. Ends with status 2 where the file is no year, each fault named."""
    try:
        year = read_year(read_toml(file))
        rulebook = _rulebook_of(year, file, policies)
    except (PolicyErrors, YearErrors) as errors:
        for fault in errors.faults:
            click.echo(f"{file}: {fault}", err=True)
        raise SystemExit(2) from None
    found = figures(year, rulebook)
    if html is not None:
        try:
            html.write_text(as_page(found), encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{html}: cannot be written: {error.strerror}") from None
    click.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else in_text(found))


def _rulebook_of(year: Year, file: Path, policies: Path) -> Rulebook:
    """Find the policy of a year: the id of one in the folder of policies, or a path relative to the file."""
    beside = file.parent / year.policy
    path = find_policy(policies, year.policy) or (beside if beside.is_file() else None)
    if path is None:
        what = "is neither the id of a policy nor the path of a file, relative to this one"
        raise PolicyErrors([f"policy: {shown(year.policy)} {what}"])
    try:
        return read_rulebook(path)
    except PolicyErrors as errors:
        raise PolicyErrors([f"policy: {path}: {fault}" for fault in errors.faults]) from None
