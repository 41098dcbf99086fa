"""The `peerline` command."""

import click

from app.cli_accounts import accounts
from app.cli_denials import denials
from app.cli_directors import directors
from app.cli_documents import documents
from app.cli_inbox import inbox
from app.cli_letters import letters
from app.cli_messages import messages
from app.cli_packet import packet
from app.cli_queue import queue
from app.cli_rules import policies, simulate
from app.clock import utcnow


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="peerline")
def main() -> None:
    """Schedule and queue peer-to-peer consults between a physician and the medical director who denied the request."""


@main.command()
def sweep() -> None:
    """Do everything that is due, once, without Celery or Redis."""
    from app.cli_support import open_process
    from app.sweep import sweep as do

    with open_process() as running:
        done = do(running, now=utcnow())
    click.echo(f"{done.answers} mails done, {done.returned} declined talks back in line")
    sent = f"{done.overdue} overdue, {done.assigned} changes in line, {done.delivered} messages sent"
    click.echo(f"{sent}, {done.followed} follow-up items changed, {done.scanned} documents scanned")


@main.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def dev(arguments: tuple[str, ...]) -> None:
    """Start everything, for trial and development (dev --help says more)."""
    from app.dev.stack import main as run

    raise SystemExit(run(arguments))


for command in (accounts, denials, documents, directors, inbox, letters, messages, packet, policies, queue, simulate):
    main.add_command(command)
