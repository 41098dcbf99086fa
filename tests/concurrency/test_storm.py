"""Six people do everything at once to two directors' lines, with real commits: the history proves both were kept."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from app import directors
from app.consults import assignment, desk, intake, office
from app.db import in_transaction, make_sessions, transaction
from app.errors import Refused
from app.models import Consult, Director, DirectorOff, DirectorPeer
from scheduling.values import Interval
from tests.support import factories, verified
from tests.support.factories import NOW

PEOPLE, ACTS = 6, 40
SETUP = factories.setup()
PLANS = {"blue-cross-nc-commercial": "aso", "blue-shield-promise-medi-cal": "medi_cal"}


def test_whatever_happens_at_once_the_lines_are_kept_and_can_be_proven(engine: Engine) -> None:
    """L3, NC-9: who plans has read the line a moment before others change it; the proof judges what could be seen."""
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        one, two = factories.director(session), factories.director(session)
        session.add(DirectorPeer(director_id=one.id, peer_id=two.id, rank=0))
        session.add(DirectorPeer(director_id=two.id, peer_id=one.id, rank=0))
        for who in (one, two):
            directors.note_change(session, who.id, by="system", now=NOW)
        ids = [one.id, two.id]

    with ThreadPoolExecutor(PEOPLE) as threads:
        list(threads.map(lambda seed: Person(seed, ids).act(sessions), range(PEOPLE)))

    with sessions() as session:
        assert session.scalar(select(func.count(Consult.id)))
        assert verified.exceptions(session, setup=SETUP) == []


class Person:
    """Somebody who does one thing after the other."""

    def __init__(self, seed: int, ids: list[int]) -> None:
        self.chance = random.Random(seed)
        self.ids = ids
        self.now = NOW
        self.acts: list[Callable[[Session], object]] = [
            *[self.asks] * 3,
            *[self.plans] * 4,
            self.takes_out,
            self.puts_back,
            lambda session: office.withdraw(session, self.any_open(session), **self.say),
            lambda session: office.reschedule(session, self.any_open(session), self.windows(), **self.say),
            lambda session: desk.director_declines(session, self.any_open(session), **self.say),
            lambda session: desk.reassign(session, self.any_open(session), self.anybody(), "needed", **self.say),
            lambda session: office.decline_peer(session, self.any_open(session), **self.say),
        ]

    def act(self, sessions: sessionmaker[Session]) -> None:
        """Do some things; what the state does not allow changes nothing."""
        for number in range(ACTS):
            self.now = NOW + timedelta(minutes=number)
            try:
                in_transaction(sessions, self.chance.choice(self.acts))
            except Refused:
                continue

    @property
    def say(self) -> dict[str, Any]:
        """Say in whose name and when."""
        return {"setup": SETUP, "by": "account:1", "now": self.now}

    def anybody(self) -> int:
        """Choose a director."""
        return self.chance.choice(self.ids)

    def any_open(self, session: Session) -> int:
        """Choose an open request."""
        found = session.scalars(select(Consult.id).where(Consult.closed_at.is_(None)).order_by(Consult.id)).all()
        if not found:
            raise Refused("Nobody has asked yet.")
        return self.chance.choice(found)

    def windows(self) -> tuple[Interval, ...]:
        """Choose when the physician can talk: any time, or half a day."""
        start = self.now + timedelta(hours=self.chance.randint(1, 60))
        return (Interval(start, start + timedelta(hours=12)),) if self.chance.random() < 0.5 else ()

    def asks(self, session: Session) -> None:
        """Ask for a consult."""
        plan = self.chance.choice(sorted(PLANS))
        about = factories.denial(
            session,
            session.get_one(Director, self.anybody()),
            plan=plan,
            line_of_business=PLANS[plan],
            dates={"initial_decision": (self.now - timedelta(hours=3)).isoformat()},
        )
        consent = self.chance.random() < 0.5
        new = factories.request(about, received=self.now, windows=self.windows(), move_up=consent)
        intake.request_consult(session, new, **self.say)

    def plans(self, session: Session) -> None:
        """Plan a line."""
        assignment.assign_queue(session, self.anybody(), setup=SETUP, now=self.now)

    def takes_out(self, session: Session) -> None:
        """Take a director out for two hours."""
        start = self.now + timedelta(hours=self.chance.randint(1, 30))
        desk.take_director_out(session, self.anybody(), Interval(start, start + timedelta(hours=2)), "", **self.say)

    def puts_back(self, session: Session) -> None:
        """Take the oldest time off back; others want the same."""
        off = session.scalar(select(DirectorOff.id).order_by(DirectorOff.id).limit(1))
        if off is not None:
            desk.put_back(session, off, by="account:1", now=self.now)
