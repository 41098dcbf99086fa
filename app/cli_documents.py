"""Commands for the folder of documents: prove what is in it, change the key that wraps the others."""

import click

from app.cli_support import open_process
from app.documents.keys import NoKey


@click.group()
def documents() -> None:
    """Look after the folder of documents."""


@documents.command()
def verify() -> None:
    """Read every document and compare it with the database. Ends with status 1 where something is wrong."""
    from app.keeping import verify as do

    with open_process() as running:
        found = do(running.sessions, store=running.store)
    for fault in found.faults:
        click.echo(fault)
    said = f"{found.proven} documents are whole, {len(found.faults)} are not; {found.waiting} were not scanned"
    click.echo(f"{said}; {found.orphans} files belong to no document")
    if found.faults:
        raise click.ClickException("Bring the files back from the back-up of the folder, or ask for them again.")


@documents.command()
def rewrap() -> None:
    """Wrap every document's own key with PEERLINE_DOCUMENT_KEY, after that has been changed."""
    from app.keeping import rewrap as do

    with open_process() as running:
        try:
            done = do(running.sessions, store=running.store)
        except NoKey as error:
            raise click.ClickException(f"Not all were wrapped anew: {error}. Set it, and run this again.") from None
    click.echo(f"{done} documents are wrapped with {running.store.keys.current} now; earlier keys are not needed.")
