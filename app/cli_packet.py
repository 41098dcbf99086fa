"""One case as a packet for auditors."""

from dataclasses import replace
from pathlib import Path

import click

from app import history
from app.clock import utcnow
from app.letters.render import LetterError


@click.command()
@click.argument("reference", metavar="REFERENCE")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
def packet(reference: str, output: Path) -> None:
    """Write one case as a PDF for auditors: what was told, asked, decided, sent, and what followed.

    REFERENCE is that of a request, such as P2P-7F3K-9Q2M, or a case number. The file names the member and the staff.
    The proof that nobody was overtaken comes with it: the whole history is read for it, to the case's last row.
    """
    from app.cli_support import open_process
    from app.consults import disclosure
    from app.letters.packet import render
    from app.models import Denial
    from app.queries import packet as queries
    from app.queries.packet_proof import prove

    now = utcnow()
    with open_process() as running, running.sessions() as session, session.begin():
        denial_id = queries.find(session, reference)
        policy = running.setup.policies.current(session.get_one(Denial, denial_id).plan).policy
        shown = queries.read(session, denial_id, plan_name=policy.name, zone=policy.plan.time_zone.key)
        proof = prove(session, denial_id, setup=running.setup, zone=shown.zone, now=now)
        shown = replace(shown, sections=(*shown.sections, proof))
        try:
            content = render(shown, running.setup.templates, now=now)
            output.write_bytes(content)
        except LetterError as error:
            raise click.ClickException(str(error)) from None
        except OSError as error:
            raise click.ClickException(f"{output} cannot be written: {error.strerror}. Name another file.") from None
        disclosure.note_packet(session, denial_id, content, by=history.SYSTEM, now=now)
    click.echo(f"{output}: case {shown.case_number}, {shown.history_rows} rows of history, {len(content):,} bytes")
