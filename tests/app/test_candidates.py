"""Who else may take a request: whoever can help most comes first, with the time that helps."""

from datetime import time

from sqlalchemy.orm import Session

from app.consults import intake
from app.queries import candidates as queries
from app.queries import casework
from tests.support import factories
from tests.support.factories import NOW, setup


def test_peers_with_a_time_before_the_deadline_come_first_and_whoever_may_not_last(session: Session) -> None:
    """BSP-5."""
    every_day = {weekday: [(time(9), time(17))] for weekday in range(5)}
    late = factories.director(session, name="Late, MD", hours={4: [(time(9), time(17))]})
    peer = factories.director(session, name="Peer, MD", hours=every_day)
    factories.director(session, name="Another, MD", hours=every_day)
    factories.director(session, name="Never, MD", hours={})
    factories.director(session, name="Other line, MD", hours=every_day, lines_of_business=["state_health_plan"])
    lee = factories.director(session, name="Lee, MD", hours={}, peers=(late, peer))
    made = factories.denial(
        session,
        lee,
        plan="blue-shield-promise-medi-cal",
        line_of_business="medi_cal",
        dates={"initial_decision": "2026-03-02T06:00:00-08:00"},
    )
    intake.request_consult(session, factories.request(made), setup=setup(), by="office", now=NOW)
    session.flush()
    found = queries.candidates(session, casework.request_of(session, made.id, setup=setup()), now=NOW)
    assert [(each.name, each.is_peer, each.in_time, each.why_not) for each in found] == [
        ("Peer, MD", True, True, None),
        ("Another, MD", False, True, None),
        ("Late, MD", True, False, None),
        ("Never, MD", False, False, None),
        ("Other line, MD", False, True, "line_of_business"),
    ]
