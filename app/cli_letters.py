"""Commands on letters, without a database: look at one, check that each can be made."""

from pathlib import Path

import click

from app.cli_rules import policies_dir
from app.clock import utcnow
from app.letters import sample
from app.letters.render import LETTERS, LetterError, Templates
from app.models import LetterKind
from app.policies import EARLIER, find_policy, load_policies, read_rulebook
from scheduling.policy_reader import PolicyErrors
from scheduling.values import Rulebook


@click.group()
def letters() -> None:
    """Look at the letters of a plan, and check that each can be made."""


@letters.command()
@click.argument("kind", type=click.Choice([str(kind) for kind in LetterKind]), metavar="KIND")
@click.option("--plan", required=True, metavar="ID", help="Whose letter: the id of a policy.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
def preview(kind: str, plan: str, output: Path) -> None:
    """Write a plan's letter as PDF, filled with made-up values.

    KIND is one of: upheld, overturned, modified, discussed, plan_error, approved, not_reached, window_closed,
    member_approved, member_modified.
    """
    rulebook, templates = _rulebook(plan), Templates(folder=policies_dir() / LETTERS)
    which = LetterKind(kind)
    try:
        made = templates.set(templates.find(plan, which), sample.values(rulebook, which), now=utcnow())
    except LetterError as error:
        raise click.ClickException(str(error)) from None
    try:
        output.write_bytes(made)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}. Name another file.") from None
    click.echo(f"{output}: {kind} of {plan}, {len(made):,} bytes")


@letters.command()
@click.option("--plan", metavar="ID", help="One plan alone; otherwise every plan in force.")
def check(plan: str | None) -> None:
    """Check that every letter of every plan in force can be made; exit status 1 if one cannot.

    A letter of which a template names an unknown field, is no Typst, or for which the policy lacks an address or a
    last day is named with what to do.
    """
    templates = Templates(folder=policies_dir() / LETTERS)
    try:
        policies = load_policies(policies_dir())
    except PolicyErrors as errors:
        raise click.ClickException(str(errors)) from None
    plans = [_rulebook(plan)] if plan else [policies.current(each) for each in sorted(policies.in_force)]
    wrong = sum(_check(templates, rulebook) for rulebook in plans)
    wrong += _check_folders(templates, set(policies.current_by_id))
    if wrong:
        raise SystemExit(1)


def _check(templates: Templates, rulebook: Rulebook) -> int:
    wrong = 0
    policy = rulebook.policy
    for kind in LetterKind:
        faults = sample.faults(templates, rulebook, kind)
        for fault in faults:
            click.echo(f"{policy.id} {kind}: {fault}")
        if not faults:
            off = " (switched off)" if kind.for_member and not policy.letters.member else ""
            click.echo(f"{policy.id} {kind}: good, set in {templates.find(policy.id, kind).name}{off}")
        wrong += bool(faults)
    return wrong


def _check_folders(templates: Templates, plans: set[str]) -> int:
    """Name files that would never be used: of no plan, or of no letter."""
    wrong = 0
    for file in sorted(templates.folder.glob("*/*.typ")) if templates.folder else []:
        if file.parent.name not in plans or file.stem not in set(LetterKind):
            kinds = ", ".join(LetterKind)
            click.echo(f"{file}: is used for nothing; the folder is the id of a policy, the file one of {kinds}")
            wrong += 1
    return wrong


def _rulebook(plan: str) -> Rulebook:
    file = find_policy(policies_dir(), plan)
    if file is None:
        known = ", ".join(sorted(path.stem for path in policies_dir().rglob("*.toml") if EARLIER not in path.parts))
        raise click.ClickException(f"There is no policy {plan!r}. Give one of: {known}")
    try:
        return read_rulebook(file)
    except PolicyErrors as errors:
        raise click.ClickException("\n".join(f"{file}: {fault}" for fault in errors.faults)) from None
