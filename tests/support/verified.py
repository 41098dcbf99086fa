"""The history of a test, verified as `peerline queue verify` does."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.consults.setup import Setup
from app.models import History
from app.queries.proof import Differs, Touched, Verification
from scheduling.proof_values import Violation


def exceptions(session: Session, *, setup: Setup) -> list[str]:
    """Verify the whole history; return what is wrong, a line each."""
    session.flush()
    now = session.scalars(select(func.max(History.at))).one()
    found = []
    for said in Verification(session=session, setup=setup, now=now).findings():
        match said:
            case Violation():
                found.append(f"{said.row} {said.fault} {said.consult} {dict(said.details)}")
            case Touched():
                found.append(f"{said.row} {said.touch}")
            case Differs():
                found.append(f"{said.consult or said.director} {said.name}: {said.history} / {said.table}")
    return found
