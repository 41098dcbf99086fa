"""Commands for the mail that leaves: what was given up, and sending it again."""

import click
from sqlalchemy import select

from app.cli_support import open_process
from app.clock import utcnow
from app.db import transaction
from app.errors import Conflict
from app.history import SYSTEM
from app.mail.delivery import send_again as use_case
from app.mail.delivery import send_failed_again
from app.models import Message


@click.group()
def messages() -> None:
    """Look at the mail that leaves, and send again what failed."""


@messages.command(name="list")
@click.option("--failed", is_flag=True, help="Only those that were given up, or came back.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
def list_(failed: bool, limit: int) -> None:
    """List messages, the last one first: number, state, kind, address, subject, error."""
    query = select(Message).order_by(Message.id.desc()).limit(limit)
    if failed:
        query = query.where(Message.failed_at.is_not(None) | Message.bounced_at.is_not(None))
    with open_process() as running, running.sessions() as session:
        for message in session.scalars(query):
            parts = (str(message.id), state_of(message), message.kind.value, message.address, message.subject)
            click.echo("  ".join((*parts, message.last_error) if message.last_error else parts))


@messages.command(name="send-again")
@click.argument("message_id", metavar="[ID]", type=int, required=False)
@click.option("--failed", is_flag=True, help="All that were given up, after a long outage of the mail server say.")
def send_again(message_id: int | None, failed: bool) -> None:
    """Put a message that failed back among those to be sent: the same bytes, once more."""
    if failed:
        _send_all_again()
        return
    if message_id is None:
        raise click.UsageError("Name a message by its number, or give --failed for all that were given up.")
    with open_process() as running, transaction(running.sessions) as session:
        message = use_case(session, message_id, by=SYSTEM, now=utcnow())
    click.echo(f"Message {message.id} will be sent again to {message.address}.")


def _send_all_again() -> None:
    """Do so with all that were given up, in order, and say how many the time has overtaken."""
    again = overtaken = 0
    with open_process() as running:
        with running.sessions() as session:
            given_up = session.scalars(select(Message.id).where(Message.failed_at.is_not(None)).order_by(Message.id))
            ids = given_up.all()
        for each in ids:
            try:
                with transaction(running.sessions) as session:
                    again += send_failed_again(session, each, by=SYSTEM, now=utcnow())
            except Conflict:
                overtaken += 1
    click.echo(f"{again} will be sent again; {overtaken} are out of date and stay as they are.")


def state_of(message: Message) -> str:
    """Say in a word or two how a message stands."""
    if message.bounced_at is not None:
        return "came back"
    if message.sent_at is not None:
        return "sent"
    if message.failed_at is not None:
        return "failed"
    return "superseded" if message.superseded_at is not None else "waiting"
