"""Commands on the lines: how one stands now, and the proof from the log that nobody was overtaken."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo

import click
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import proof_json
from app.cli_proof import Printed, print_case, print_json, print_line
from app.cli_support import open_process
from app.clock import utcnow
from app.errors import NotFound
from app.models import Director
from app.process import Process
from app.queries import admin
from app.queries.case_proof import prove_case
from app.queries.line import line_now
from app.queries.proof import Scope, Verification
from app.queries.proof_names import Names
from scheduling.governing import NoPolicyError
from scheduling.policy_words import Assignment
from scheduling.proof_values import Queue

ONE_DAY = timedelta(days=1)


class CannotBeDone(click.ClickException):
    """What was asked for cannot be done. Exit status 2: 1 says that the history has exceptions."""

    exit_code = 2


@click.group()
def queue() -> None:
    """Look at a director's line, and prove from the history that it was kept.

    Exit status 0: all is well. 1: the history has exceptions. 2: what was asked for cannot be done.
    """


@queue.command()
@click.argument("director")
@click.option("--json", "json_", is_flag=True, help="Print one JSON object a line for each request, nothing else.")
def show(director: str, json_: bool) -> None:
    """Show a line as it stands now: DIRECTOR by NPI or number, or a policy whose consults any director may have.

    Each request with its place, why it has no time, and the time it can expect if nothing else comes.
    """
    with _reading() as (running, session):
        line = _line(running, session, director)
        names, now = Names(session), utcnow()
        rows = line_now(session, line, setup=running.setup, now=now)
        if json_:
            for row in rows:
                print_json(proof_json.line(names, row))
        else:
            print_line(names, line, rows, _zone(running, names, line), now)


@queue.command()
@click.argument("director", required=False)
@click.option("--from", "since", metavar="DAY", help="Tell of what was decided from this day or instant on.")
@click.option("--to", "until", metavar="DAY", help="... through this day, or before this instant.")
@click.option("--case", "case_", metavar="NUMBER", help="The proof for one case: its number, or a request's reference.")
@click.option("--json", "json_", is_flag=True, help="Print JSON only: one object a line, or one for --case.")
def verify(director: str | None, since: str | None, until: str | None, case_: str | None, json_: bool) -> None:
    """Check from the history alone that nobody was overtaken, in one line or in all.

    Every decision is judged as it was taken; each booking that an earlier request did not get is told with its reason,
    or as an exception. Rows that were touched and tables that say something else are exceptions too. A day is one of
    the director's zone, without a director of UTC; an instant is written like 2026-03-02T09:00-05:00.
    """
    if case_ is not None and (director or since or until):
        raise click.UsageError("--case stands alone: leave out DIRECTOR, --from and --to.")
    with _reading() as (running, session):
        if case_ is not None:
            _prove(running, session, case_, json_)
        else:
            _verify(running, session, director, since, until, json_)


def _verify(
    running: Process, session: Session, director: str | None, since: str | None, until: str | None, json_: bool
) -> None:
    names, now = Names(session), utcnow()
    line = _line(running, session, director) if director is not None else None
    zone = _zone(running, names, line)
    scope = Scope(
        queue=line,
        since=_instant("--from", since, zone, end=False) if since else None,
        until=_instant("--to", until, zone, end=True) if until else None,
    )
    if scope.since is not None and scope.until is not None and scope.since >= scope.until:
        raise CannotBeDone("--from lies after --to. Give the earlier one first.")
    verification = Verification(session=session, setup=running.setup, scope=scope, now=now)
    printed = Printed(names, zone, json_)
    for said in verification.findings():
        printed.tell(said)
    printed.end(verification)
    if verification.exceptions:
        raise SystemExit(1)


def _prove(running: Process, session: Session, typed: str, json_: bool) -> None:
    found = admin.cases_called(session, typed.strip())
    if not found:
        raise CannotBeDone(f"There is no case with the number, and no request with the reference, {typed!r}.")
    if len(found) > 1:
        raise CannotBeDone(f"Several plans have a case {typed!r}. Give the reference of the request: P2P-....")
    proof = prove_case(session, found[0], setup=running.setup, now=utcnow())
    names = Names(session)
    if json_:
        print_json(proof_json.case(names, proof))
    else:
        print_case(names, proof, running.setup.policies.current(proof.plan).policy.plan.time_zone)
    if proof.wrong:
        raise SystemExit(1)


@contextmanager
def _reading() -> Iterator[tuple[Process, Session]]:
    """Open the database as it is at this moment, for reading alone. What cannot be done ends with 2."""
    try:
        with open_process() as running, running.sessions() as session:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
            session.execute(text("set local idle_in_transaction_session_timeout = 0"))  # whoever reads may pause
            yield running, session
    except NoPolicyError as error:
        raise CannotBeDone(str(error)) from None
    except click.UsageError:
        raise
    except click.ClickException as error:
        raise CannotBeDone(error.message) from None


def _line(running: Process, session: Session, given: str) -> Queue:
    """Find the line that is meant: a director's NPI or number, or the id of a policy with a line of its own."""
    policy = running.setup.policies.current_by_id.get(given)
    if policy is not None:
        if policy.policy.director.assignment is Assignment.ANY:
            return policy.policy.id
        raise CannotBeDone(f"Under {given} each director has a line of his own: name the director.")
    if given.isascii() and given.isdigit() and len(given) <= 18:
        named = Director.npi == given if len(given) == 10 else Director.id == int(given)
        found = session.scalar(select(Director.id).where(named))
        if found is not None:
            return found
    raise NotFound(f"There is no medical director with the NPI or number {given!r}. See: peerline directors list")


def _zone(running: Process, names: Names, line: Queue | None) -> tzinfo:
    if isinstance(line, int):
        return names.director(line).zone
    return running.setup.policies.current(line).policy.plan.time_zone if line is not None else UTC


def _instant(option: str, given: str, zone: tzinfo, *, end: bool) -> datetime:
    """Read a day, whole, or an instant with its offset."""
    try:
        if len(given) == len("2026-03-02"):
            day = date.fromisoformat(given) + (ONE_DAY if end else timedelta(0))
            return datetime.combine(day, datetime.min.time(), zone)
        at = datetime.fromisoformat(given)
    except (ValueError, OverflowError):
        at = None
    if at is None or at.tzinfo is None:
        wanted = "a day such as 2026-03-02, or an instant such as 2026-03-02T09:00-05:00"
        raise CannotBeDone(f"{option} {given!r} is no day. Give {wanted}.")
    return at
