"""Commands for what comes in: denials from CSV and FHIR files."""

from collections.abc import Sequence
from pathlib import Path

import click

from app.cli_support import open_process
from app.clock import utcnow
from app.denials import spreadsheet
from app.denials.importing import CSV, FHIR, Faulty, Outcome, import_file
from app.denials.records import Given, Problem, printable
from scheduling.values import Setting, Urgency

#: lines of errors, and of notes, that are printed; a slipped column has one in every row
MOST_LINES = 1000


@click.group()
def denials() -> None:
    """Bring denials in (docs/import.md says how)."""


@denials.command()
def template() -> None:
    """Print the line of column names for a CSV file."""
    click.echo(spreadsheet.template(), nl=False)


def _template(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(spreadsheet.template(), nl=False)
        context.exit()


@denials.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--template", is_flag=True, is_eager=True, expose_value=False, callback=_template, help="Print the columns."
)
@click.option("--director", metavar="NPI", default="", help="Who decided, where the file does not say.")
@click.option("--plan", metavar="ID", default="", help="The policy that governs, where the file does not say.")
@click.option("--line-of-business", metavar="WORD", default="", help="Where the file does not say.")
@click.option("--setting", type=click.Choice([word.value for word in Setting]), help="Where the file does not say.")
@click.option("--urgency", type=click.Choice([word.value for word in Urgency]), help="Where the file does not say.")
@click.option("--format", "format_", type=click.Choice([CSV, FHIR]), help="Default: by the file's name or beginning.")
@click.option("--skip-errors", is_flag=True, help="Store what is right, tell the rest.")
@click.option(
    "--result",
    type=click.Path(path_type=Path),
    help="File for the access codes that are made. Default: access-codes-<name of FILE>.csv, here.",
)
def import_(
    file: Path,
    director: str,
    plan: str,
    line_of_business: str,
    setting: str | None,
    urgency: str | None,
    format_: str | None,
    skip_errors: bool,
    result: Path | None,
) -> None:
    """Store the denials of a CSV or FHIR file: all of them, or none where anything is wrong (exit status 1)."""
    given = Given(
        plan=plan.strip(),
        director_npi=director.strip(),
        setting=Setting(setting) if setting else None,
        urgency=Urgency(urgency) if urgency else None,
        line_of_business=line_of_business.strip(),
    )
    outcome = _import(file, given, format_, skip_errors, result or Path(f"access-codes-{file.stem}.csv"))
    _print(outcome.checked.notes, "note: ")
    _print(outcome.problems, "error: ")
    click.echo("\n".join(_summary(outcome)))


def _import(file: Path, given: Given, format_: str | None, skip_errors: bool, result: Path) -> Outcome:
    """Import the file; where it has errors, print them all and end with exit status 1."""
    with open_process() as running:
        try:
            return import_file(
                running.sessions,
                file,
                policies=running.setup.policies,
                key=running.settings.access_code_key,
                given=given,
                format_=format_,
                skip_errors=skip_errors,
                result=result,
                now=utcnow(),
            )
        except Faulty as faulty:
            _print(faulty.outcome.checked.notes, "note: ")
            _print(faulty.outcome.problems, "error: ")
            count = len(faulty.outcome.problems)
            errors = "1 error" if count == 1 else f"{count:,} errors"
            raise click.ClickException(f"{errors} in {printable(file)}; nothing was stored.") from None


def _print(problems: Sequence[Problem], what: str) -> None:
    for problem in problems[:MOST_LINES]:
        click.echo(f"{what}{problem}", err=True)
    if len(problems) > MOST_LINES:
        click.echo(f"{what}and {len(problems) - MOST_LINES:,} more", err=True)


def _summary(outcome: Outcome) -> list[str]:
    """Say what became of the file, in a line for each thing there is to say."""
    checked, stored = outcome.checked, outcome.stored
    left_out = checked.faulty + len(stored.problems)
    result = printable(outcome.result) if outcome.result else ""
    lines = [
        f"{stored.new:,} stored, {stored.unchanged:,} were stored already and are unchanged.",
        f"{stored.without_director:,} without a director: waiting for a coordinator to name one.",
        f"{checked.repeated:,} repeated in the file: counted once.",
        f"{checked.without_denial:,} told of no denial.",
        f"{left_out:,} left out because of errors.",
        f"{len(stored.codes):,} access codes made: {result} has the only copy. Put them into the letters.",
    ]
    counts = [1, stored.without_director, checked.repeated, checked.without_denial, left_out, len(stored.codes)]
    return [line for line, count in zip(lines, counts, strict=True) if count]
