"""What an office can do about its request, online or through a coordinator on the telephone."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app import directors, history
from app.consults import casefile, wanted
from app.consults.assignment import lock_for_planning
from app.consults.casefile import CaseFile
from app.consults.change import change
from app.consults.intake import draw_arrival, rulebook_for
from app.consults.setup import Setup
from app.errors import Conflict, Invalid, NotFound
from app.models import Consult
from scheduling import life
from scheduling.values import Interval


def withdraw(session: Session, consult_id: int, *, setup: Setup, by: str, now: datetime) -> CaseFile:
    """Withdraw a request; a booked time goes to the next in line. Raises Conflict once the consult has begun."""
    return change(
        session, consult_id, lambda state, rules: life.withdraw(state, rules, now=now), setup=setup, by=by, now=now
    )


def reschedule(
    session: Session, consult_id: int, windows: Sequence[Interval], *, setup: Setup, by: str, now: datetime
) -> CaseFile:
    """Replace the windows. A booked time is returned; the policy says whether the place is kept."""
    arrival = draw_arrival(session)
    return change(
        session,
        consult_id,
        lambda state, rules: life.reschedule(state, rules, tuple(windows), arrival=arrival, now=now),
        setup=setup,
        by=by,
        now=now,
    )


def send_information(
    session: Session,
    consult_id: int,
    statement: str,
    *,
    setup: Setup,
    by: str,
    now: datetime,
    details: Mapping[str, object] | None = None,
) -> CaseFile:
    """Add clinical information: typed by the office, or taken down by a nurse or coordinator (NC-8).

    `details`: how it came, for the history.
    """
    if not statement.strip():
        raise Invalid({"statement": "Write what the reviewer should know before you send it."})
    if not casefile.load(session, consult_id, setup=setup).state.status.open:
        raise Conflict("This request is closed, so nothing was changed. Ask anew, or send it with the appeal.")
    file = change(
        session,
        consult_id,
        lambda state, rules: life.add_information(state, rules, now=now),
        setup=setup,
        by=by,
        now=now,
        must=False,  # what comes later is added to what is there, and opens nothing
    )
    if file.refused is None:
        before = file.consult.statement
        file.consult.statement = f"{before}\n\n{statement.strip()}".strip()
        history.write(
            session,
            denial_id=file.denial.id,
            consult_id=consult_id,
            what="information",
            details=details or {},
            by=by,
            now=now,
        )
        wanted.information_came(session, consult_id, now=now)
    return file


def send_early_information(
    session: Session, denial_id: int, statement: str, *, setup: Setup, by: str, now: datetime
) -> bool:
    """Keep clinical information that comes before there is a request: it counts as sent with the next one.

    Returns False where the policy takes none (`clinical_information.rule = "refused"`).
    """
    denial = casefile.lock_denial(session, denial_id)
    if not life.keeps_early_information(rulebook_for(denial, setup=setup)):
        return False
    denial.early_statement = f"{denial.early_statement}\n\n{statement.strip()}".strip()
    history.write(session, denial_id=denial_id, consult_id=None, what="early_information", details={}, by=by, now=now)
    return True


def ask_reconsideration(session: Session, consult_id: int, *, setup: Setup, by: str, now: datetime) -> CaseFile:
    """Ask for reconsideration beside the talk; opens the PCR (NC-4). Possible until the consult ends."""
    file = change(
        session,
        consult_id,
        lambda state, rules: life.add_reconsideration(state, rules, now=now),
        setup=setup,
        by=by,
        now=now,
    )
    if file.refused is None:
        history.write(
            session,
            denial_id=file.denial.id,
            consult_id=consult_id,
            what="reconsideration_asked",
            details={},
            by=by,
            now=now,
        )
    return file


def accept_peer(session: Session, consult_id: int, *, setup: Setup, by: str, now: datetime) -> CaseFile:
    """Take the designated peer that was offered, at his earliest opening before the deadline, if still there."""
    line = line_of(session, consult_id)
    available = lock_for_planning(session, line, setup=setup)
    files = casefile.load_line(session, [line], setup=setup)
    people = directors.times_of(session, available, now=now, lines=[line])
    return change(
        session,
        consult_id,
        lambda state, rules: life.accept_peer(
            state,
            rules,
            people,
            [file.state for file in files],
            rulebooks={file.state.rulebook: file.rulebook for file in files},
            now=now,
        ),
        setup=setup,
        by=by,
        now=now,
    )


def decline_peer(session: Session, consult_id: int, *, setup: Setup, by: str, now: datetime) -> CaseFile:
    """Prefer to wait for the denying director; from then on the request is planned with that director alone."""
    return change(
        session, consult_id, lambda state, rules: life.decline_peer(state, rules, now=now), setup=setup, by=by, now=now
    )


def file_appeal(session: Session, denial_id: int, *, setup: Setup, by: str, now: datetime) -> CaseFile | None:
    """Put down that an appeal was filed; whether an open request ends with it is the policy's (`after_appeal`)."""
    denial = casefile.lock_denial(session, denial_id)
    if denial.appeal_filed_at is None:
        denial.appeal_filed_at = now
        history.write(session, denial_id=denial_id, consult_id=None, what="appeal_filed", details={}, by=by, now=now)
    consult_id = casefile.open_consult_of(session, denial_id)
    if consult_id is None:
        return None
    return change(
        session,
        consult_id,
        lambda state, rules: life.file_appeal(state, rules, now=now),
        setup=setup,
        by=by,
        now=now,
        must=False,
    )


def line_of(session: Session, consult_id: int) -> int | None:
    """Say in whose line a consult stands. Raises NotFound."""
    consult = session.get(Consult, consult_id)
    if consult is None:
        raise NotFound("There is no such consult.")
    return consult.director_id
