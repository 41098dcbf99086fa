"""Commands for the mail that comes in: what it was, what came of it, doing it once more."""

import click
from sqlalchemy import Select, select
from sqlalchemy.orm import defer

from app.cli_support import open_process
from app.clock import utcnow
from app.config import Settings
from app.consults import inbound
from app.db import one_after_another, transaction
from app.errors import NotFound
from app.mail import imap
from app.mail import inbox as mail
from app.models import InboundKind, InboundMail, Mailbox


@click.group()
def inbox() -> None:
    """Look at the mail that came in, read it now, or do once more what follows from one."""


@inbox.command(name="list")
@click.option("--open", "only_open", is_flag=True, help="Only those that nothing was done about yet.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
def list_(only_open: bool, limit: int) -> None:
    """List mails, the last one first.

    Number, when it came, what it is, what came of it, sender. A mailbox that cannot be read is named first.
    """
    query = select(InboundMail).order_by(InboundMail.id.desc()).limit(limit).options(defer(InboundMail.content))
    if only_open:
        query = query.where(InboundMail.processed_at.is_(None))
    with open_process() as running, running.sessions() as session:
        for problem in session.scalars(_problems(running.settings)):
            click.echo(f"{problem.source}: not read since {problem.problem_since:%Y-%m-%d %H:%MZ}: {problem.problem}")
        for row in session.scalars(query):
            done = (_kind(row.kind), row.outcome) if row.kind else ("to do", f"tried {row.attempts} times")
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
            problems = session.scalars(_problems(running.settings)).all()
    click.echo(f"{new} new mails, {done} done")
    if problems:
        raise click.ClickException(f"A mailbox could not be read: {problems[0].problem}")


@inbox.command()
@click.argument("inbound_id", metavar="ID", type=int)
def reprocess(inbound_id: int) -> None:
    """Do once more what follows from a mail.

    After a setting was put right, say. What it has led to already is not done twice.
    """
    with open_process() as running, transaction(running.sessions) as session:
        if session.get(InboundMail, inbound_id) is None:
            raise NotFound(f"There is no mail {inbound_id}. `peerline inbox list` has their numbers.")
        row = inbound.reprocess(session, inbound_id, setup=running.setup, now=utcnow())
        assert row.kind is not None, "it was just done"
        click.echo(f"Mail {row.id}: {_kind(row.kind)}, {row.outcome}")


def _kind(kind: InboundKind) -> str:
    """Name a kind; a letter is what Peerline writes, so what somebody wrote is called otherwise."""
    return "written" if kind is InboundKind.LETTER else kind.value


def _problems(settings: Settings) -> Select[Mailbox]:
    """Find the mailbox that is named now, if it could not be read the last time."""
    source = imap.name_of(settings.imap_url) if settings.imap_url else ""
    return select(Mailbox).where(Mailbox.source == source, Mailbox.problem != "")
