"""Commands for the accounts of the plan's people: the first administrator is made with one of them."""

import sys

import click
from sqlalchemy import select

from app import accounts as use_cases
from app.cli_support import open_process
from app.clock import utcnow
from app.db import transaction
from app.models import Account, Director, StaffRole


@click.group()
def accounts() -> None:
    """Make, list and close the accounts of the plan's people."""


@accounts.command()
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", required=True, type=click.Choice([role.value for role in StaffRole]))
@click.option("--director", "npi", metavar="NPI", help="For the role director: whose day the account sees.")
@click.option("--time-zone", default="America/New_York", show_default=True, help="The zone in which times are shown.")
def create(email: str, name: str, role: str, npi: str | None, time_zone: str) -> None:
    """Make an account. The password is asked for; leave it empty and one is made and shown once."""
    password, made = _password()
    with open_process() as running, transaction(running.sessions) as session:
        account = use_cases.create_account(
            session,
            email=email,
            name=name,
            role=StaffRole(role),
            time_zone=time_zone,
            password=password,
            director_id=_director_id(session.scalar(select(Director.id).where(Director.npi == npi)), npi),
            now=utcnow(),
        )
    click.echo(f"{account.email} can sign in as {account.role.value}.")
    _show(password, made)


@accounts.command(name="list")
def list_() -> None:
    """List all accounts: address, role, name, and whether they are open."""
    with open_process() as running, running.sessions() as session:
        for account in session.scalars(select(Account).order_by(Account.email)):
            closed = "" if account.active else "  closed"
            click.echo(f"{account.email}  {account.role.value}  {account.name}{closed}")


@accounts.command()
@click.argument("email")
def password(email: str) -> None:
    """Give an account another password. It is signed out everywhere."""
    typed, made = _password()
    with open_process() as running, transaction(running.sessions) as session:
        account = use_cases.set_password(session, use_cases.by_email(session, email).id, typed)
    click.echo(f"{account.email} has another password and is signed out everywhere.")
    _show(typed, made)


@accounts.command()
@click.argument("email")
def deactivate(email: str) -> None:
    """Close an account. It is signed out everywhere."""
    with open_process() as running, transaction(running.sessions) as session:
        account = use_cases.deactivate(session, use_cases.by_email(session, email).id, by=None)
    click.echo(f"{account.email} is closed and signed out everywhere.")


def _password() -> tuple[str, bool]:
    """Ask for a password, or make one: (the password, whether it was made)."""
    typed = ""
    if sys.stdin.isatty():
        typed = click.prompt(
            "Password (empty: one is made)", default="", hide_input=True, confirmation_prompt=True, show_default=False
        )
    return (typed, False) if typed else (use_cases.make_password(), True)


def _show(password: str, made: bool) -> None:
    if made:
        click.echo(f"Password, shown this once: {password}")


def _director_id(found: int | None, npi: str | None) -> int | None:
    if npi is not None and found is None:
        raise click.ClickException(f"There is no medical director with the NPI {npi}.")
    return found
