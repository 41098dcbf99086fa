"""Commands for the mail that comes in: what it was, what came of it, doing it once more."""

import click
from sqlalchemy import select
from sqlalchemy.orm import defer

from app.cli_support import open_process
from app.clock import utcnow
from app.consults import inbound
from app.db import one_after_another, transaction
from app.errors import NotFound
from app.mail import inbox as mail
from app.models import InboundMail, Mailbox


@click.group()
def inbox() -> None:
    """Look at the mail that came in, read it now, or do once more what follows from one."""


@inbox.command(name="list")
@click.option("--open", "only_open", is_flag=True, help="Only those that nothing was done about yet.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
def list_(only_open: bool, limit: int) -> None:
    """List mails, the last one first: number, when it came, kind, outcome, sender."""
    query = select(InboundMail).order_by(InboundMail.id.desc()).limit(limit).options(defer(InboundMail.content))
    if only_open:
        query = query.where(InboundMail.processed_at.is_(None))
    with open_process() as running, running.sessions() as session:
        for problem in session.scalars(select(Mailbox).where(Mailbox.problem != "")):
            click.echo(f"{problem.source}: not read since {problem.problem_since:%Y-%m-%d %H:%MZ}: {problem.problem}")
        for row in session.scalars(query):
            done = (row.kind.value, row.outcome) if row.kind else ("to do", f"tried {row.attempts} times")
            click.echo("  ".join((str(row.id), f"{row.received_at:%Y-%m-%d %H:%MZ}", *done, row.sender or "-")))


@inbox.command()
def read() -> None:
    """Read what came in now, and do what follows."""
    with open_process() as running:
        if running.settings.imap_url is None and not mail.folders(running.settings):
            raise click.ClickException("No mailbox is named. Set IMAP_URL, or PEERLINE_DROP_FOLDER to a folder.")
        with one_after_another(running.engine, "inbox") as alone:
            if not alone:
                raise click.ClickException("The mailbox is being read already. Look with `peerline inbox list`.")
            new = mail.read(running.sessions, running.settings, clock=utcnow)
            done = inbound.act_on_all(running.sessions, setup=running.setup, now=utcnow())
        with running.sessions() as session:
            problems = session.scalars(select(Mailbox.problem).where(Mailbox.problem != "")).all()
    click.echo(f"{new} new mails, {done} done")
    if problems:
        raise click.ClickException(f"A mailbox could not be read: {problems[0]}")


@inbox.command()
@click.argument("inbound_id", metavar="ID", type=int)
def reprocess(inbound_id: int) -> None:
    """Do once more what follows from a mail: after a setting was put right, say. What it led to is not done twice."""
    with open_process() as running, transaction(running.sessions) as session:
        if session.get(InboundMail, inbound_id) is None:
            raise NotFound(f"There is no mail {inbound_id}. `peerline inbox list` has their numbers.")
        row = inbound.reprocess(session, inbound_id, setup=running.setup, now=utcnow())
        assert row.kind is not None, "it was just done"
        click.echo(f"Mail {row.id}: {row.kind.value}, {row.outcome}")
