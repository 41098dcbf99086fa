"""Commands for the plan's medical directors: the same as the administrator's pages, and a whole spreadsheet at once."""

import re
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import directors as directors_time
from app.cli_support import open_process
from app.clock import utcnow
from app.consults import hours as hours_cases
from app.consults import leaving, roster, roster_file
from app.consults.hours import Week
from app.consults.roster import Facts
from app.consults.roster_file import WEEKDAYS
from app.db import transaction
from app.history import SYSTEM
from app.models import Director
from app.queries import roster as queries

_DAYS = re.compile(r"([a-z]{3})(?:-([a-z]{3}))?=(.*)", re.IGNORECASE | re.DOTALL)
HOURS_HELP = "Hours of weekdays, such as mon-fri=09:00-12:00,13:00-16:30. Repeat it; a later one replaces."


@click.group()
def directors() -> None:
    """Add, list and import the plan's medical directors, their hours and designated peers."""


@directors.command(name="list")
def list_() -> None:
    """List all medical directors: NPI, name, number, hours, peers, what is missing."""
    with open_process() as running, running.sessions() as session:
        for row in queries.roster(session):
            days = [f"{name}={spans}" for name, spans in zip(WEEKDAYS, row.week, strict=True) if spans]
            click.echo(f"{row.npi}  {row.name}  {row.phone}  {row.email}  {'' if row.active else 'takes no consults'}")
            click.echo(f"    {'; '.join(days) or 'no hours: nothing can be booked'} ({row.time_zone})")
            if row.peers:
                click.echo(f"    peers: {', '.join(row.peers)}")


@directors.command()
@click.argument("npi")
@click.option("--name", required=True, help="With credentials, as letters give it: Dana Lee, MD.")
@click.option("--phone", required=True, help="The number on letters and invitations.")
@click.option("--email", required=True, help="The mail address of the director's calendar.")
@click.option("--time-zone", required=True, help="In which the hours are meant, such as America/New_York.")
@click.option("--specialty", "specialties", multiple=True, help="Repeat it for several; none: every specialty.")
@click.option("--licence", "licences", multiple=True, metavar="STATE", help="Two letters; none: everywhere.")
@click.option("--line", "lines", multiple=True, help="A line of business; none: all.")
@click.option("--max-a-day", type=int, help="Most calls a day; left out: no limit.")
@click.option("--hours", "spans", multiple=True, metavar="DAYS=SPANS", help=HOURS_HELP)
def add(
    npi: str,
    name: str,
    phone: str,
    email: str,
    time_zone: str,
    specialties: tuple[str, ...],
    licences: tuple[str, ...],
    lines: tuple[str, ...],
    max_a_day: int | None,
    spans: tuple[str, ...],
) -> None:
    """Add a medical director."""
    facts = Facts(
        npi=npi.strip(),
        name=" ".join(name.split()),
        phone=phone.strip(),
        email=email.strip(),
        time_zone=time_zone,
        specialties=specialties,
        licence_states=tuple(state.upper() for state in licences),
        lines_of_business=lines,
        max_a_day=max_a_day,
    )
    week = _week({}, spans)
    with open_process() as running, transaction(running.sessions) as session:
        made = roster.add(session, facts, setup=running.setup, by=SYSTEM, now=utcnow())
        if week:
            hours_cases.set_week(session, made.id, week, setup=running.setup, by=SYSTEM, now=utcnow())
    click.echo(f"{made.name} is added.{'' if week else ' Give hours, or nothing can be booked.'}")


@directors.command()
@click.argument("npi")
@click.argument("spans", nargs=-1, metavar="[DAYS=SPANS]...")
@click.option("--keep", is_flag=True, help="Booked calls outside the new hours stay where they are.")
@click.option("--give-back", is_flag=True, help="They go back to the line, each to its old place.")
def hours(npi: str, spans: tuple[str, ...], keep: bool, give_back: bool) -> None:
    """Show the hours of a director, or change those of some weekdays: mon-fri=09:00-12:00,13:00-16:30 sat=."""
    with open_process() as running, transaction(running.sessions) as session:
        who = _named(session, npi)
        directors_time.lock(session, [who.id])
        week = dict(enumerate(map(hours_cases.read_spans, queries.roster(session, who.id)[0].week)))
        if spans:
            week = {**week, **_week(week, spans)}
            touched = hours_cases.touched_by_week(session, who.id, week, now=utcnow())
            if touched and keep == give_back:
                raise click.ClickException(
                    f"{len(touched)} booked calls lie outside these hours: say --keep or --give-back. Nothing changed."
                )
            hours_cases.set_week(
                session,
                who.id,
                week,
                seen=touched,
                give_back=give_back,
                setup=running.setup,
                by=SYSTEM,
                now=utcnow(),
            )
    for weekday, name in enumerate(WEEKDAYS):
        click.echo(f"{name}  {hours_cases.in_words(week.get(weekday, ())) or 'closed'}")


@directors.command()
@click.argument("npi")
@click.argument("peers", nargs=-1, metavar="[NPI]...")
@click.option("--none", "nobody", is_flag=True, help="Nobody stands in any more.")
def peers(npi: str, peers: tuple[str, ...], nobody: bool) -> None:
    """Show who stands in for a director, or name them in the order in which they are asked (BSP-5)."""
    with open_process() as running, transaction(running.sessions) as session:
        who = _named(session, npi)
        if peers or nobody:
            ids = [_named(session, peer).id for peer in peers]
            roster.set_peers(session, who.id, ids, by=SYSTEM, now=utcnow())
        found = [f"{peer.npi}  {peer.name}" for peer in roster.peers_of(session, who.id)]
    click.echo("\n".join(found) or "nobody")


@directors.command()
@click.argument("npi")
@click.option("--successor", metavar="NPI", help="Who takes the line; left out: each request becomes a task.")
@click.option("--reason", required=True, help="Kept with each case.")
def left(npi: str, successor: str | None, reason: str) -> None:
    """Let a director leave: a successor takes the line, each request at its place (H4)."""
    with open_process() as running, transaction(running.sessions) as session:
        who, now = _named(session, npi), utcnow()
        follows = _named(session, successor).id if successor else None
        directors_time.lock(session, sorted({who.id, *([follows] if follows else [])}))
        seen = leaving.mark(leaving.preview(session, who.id, follows, setup=running.setup, now=now))
        done = leaving.leave(session, who.id, follows, reason, seen=seen, setup=running.setup, by=SYSTEM, now=now)
    click.echo(f"{done.moved} moved, {done.returned} went back to other lines, {done.stay} need a person.")


@directors.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--template", is_flag=True, help="Print the columns and an example row.")
def import_(file: Path | None, template: bool) -> None:
    """Store the directors of a CSV file by NPI: all of them, or none where anything is wrong (exit status 1)."""
    if template:
        click.echo(roster_file.template(), nl=False)
        return
    if file is None:
        raise click.UsageError("Name the file, or print its columns with --template.")
    with open_process() as running:
        try:
            rows = roster_file.read(file.read_bytes())
            with transaction(running.sessions) as session:
                done = roster_file.store(session, rows, setup=running.setup, by=SYSTEM, now=utcnow())
        except roster_file.FaultyFile as faulty:
            for fault in faulty.faults:
                click.echo(f"error: {fault}", err=True)
            count = len(faulty.faults)
            errors = "1 error" if count == 1 else f"{count:,} errors"
            raise click.ClickException(f"{errors} in {file.name}; nothing was stored.") from None
    click.echo(f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged.")


def _named(session: Session, npi: str) -> Director:
    found = session.scalar(select(Director).where(Director.npi == npi))
    if found is None:
        raise click.ClickException(f"There is no medical director with the NPI {npi}.")
    return found


def _week(before: Week, given: tuple[str, ...]) -> Week:
    """Read hours of weekdays: mon-fri=09:00-12:00,13:00-16:30; nothing after the sign closes the days."""
    week = dict(before)
    for text in given:
        found = _DAYS.fullmatch(text.strip())
        first, last = (found[1].lower(), (found[2] or found[1]).lower()) if found else ("", "")
        if found is None or first not in WEEKDAYS or last not in WEEKDAYS:
            raise click.ClickException(f"“{text}” names no weekdays. Write mon-fri=09:00-12:00,13:00-16:30.")
        try:
            spans = hours_cases.read_spans(found[3])
        except ValueError as wrong:
            raise click.ClickException(str(wrong)) from None
        week.update(dict.fromkeys(range(WEEKDAYS.index(first), WEEKDAYS.index(last) + 1), spans))
    return week
