"""The place that is told without reading the line is the one that planning goes by (NC-9)."""

import random
from dataclasses import replace
from datetime import timedelta
from itertools import product

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consults import casefile, intake, place
from app.consults.setup import Setup
from app.models import BookingRow, Consult, Director, History
from app.policies import Policies
from app.ranges import stored
from scheduling import fifo
from scheduling.policy_words import Assignment, PlaceFrom
from scheduling.values import Interval, Rulebook, Status, Urgency
from tests.support import factories
from tests.support.factories import NOW

USUAL = factories.setup().policies.current("blue-cross-nc-commercial")


def rulebook(name: str, place_from: PlaceFrom, urgent_first: bool, assignment: Assignment) -> Rulebook:
    """Make a plan with an order of its own."""
    policy = USUAL.policy
    queue = replace(policy.queue, place_from=place_from, urgent_first=urgent_first)
    who = replace(policy.director, assignment=assignment)
    return replace(USUAL, policy=replace(policy, id=name, hash=name * 12, queue=queue, director=who))


RULEBOOKS = [
    rulebook(f"plan{number}", *order)
    for number, order in enumerate(product(PlaceFrom, (False, True), (Assignment.SAME, Assignment.ANY)))
]
#: the plans as they were before, when no consult of theirs could be with any director
EARLIER = [
    replace(rules, policy=replace(rulebook("before", *order).policy, id=rules.policy.id))
    for rules, order in zip(RULEBOOKS, product(PlaceFrom, (True, False), [Assignment.SAME] * 2), strict=True)
]
SETUP = Setup(
    policies=Policies(
        current_by_id={rules.policy.id: rules for rules in RULEBOOKS},
        by_hash={(rules.policy.id, rules.policy.hash[:12]): rules for rules in [*RULEBOOKS, *EARLIER]},
    ),
    desk=factories.DESK,
)


def test_whoever_stands_in_whatever_line_the_place_counted_is_the_place_told(session: Session) -> None:
    """Plans with each order, as they are and were; emergent and not, complete and not, booked, moved, closed."""
    drawn = random.Random(7)
    directors = [factories.director(session) for _ in range(2)]
    for _ in range(160):
        ask(session, drawn, drawn.choice(directors))
    session.flush()

    files = casefile.load_line(session, [*(who.id for who in directors), None], setup=SETUP)
    states = [file.state for file in files]
    rules = {file.state.rulebook: file.rulebook for file in files}
    told = {file.consult.id: fifo.place(file.state, states, rules) for file in files}
    counted = {file.consult.id: place.count(session, file.state, file.rulebook, setup=SETUP)[0] for file in files}
    assert counted == told
    assert {None} < set(told.values())
    assert len(set(told.values())) > 10, "the lines are long enough to tell something"


def test_a_request_is_told_its_place_and_what_was_seen_when_it_was_counted(session: Session) -> None:
    who = factories.director(session)
    for expected in (1, 2, 3):
        about = factories.denial(session, who)
        intake.request_consult(
            session,
            factories.request(about),
            setup=factories.setup(),
            by="office",
            now=NOW + timedelta(seconds=expected),
        )
        session.flush()
        received = session.scalars(
            select(History).where(History.denial_id == about.id, History.what == "received")
        ).one()
        assert received.details["place"] == expected
        assert (received.seen is None) == (expected == 1)


def ask(session: Session, drawn: random.Random, who: Director) -> None:
    """Put a request into a line, and let something happen to it that may change where it stands."""
    rules = drawn.choice(RULEBOOKS)
    urgency = drawn.choice(list(Urgency))
    about = factories.denial(session, who, plan=rules.policy.id, urgency=urgency)
    new = factories.request(
        about,
        received=NOW + timedelta(minutes=drawn.randrange(5)),
        statement=drawn.choice(["", "New imaging."]),
        reconsideration=(without_call := drawn.random() < 0.2),
        talk=not without_call,
    )
    consult = intake.request_consult(session, new, setup=SETUP, by="office", now=NOW).consult
    assert consult is not None
    fate = drawn.random()
    if fate < 0.2 and consult.status is Status.WAITING:
        book(session, consult, who)
    elif fate < 0.3:
        consult.status, consult.closed_reason, consult.closed_at = Status.CANCELLED, "withdrawn", NOW
    elif fate < 0.5:
        consult.place_at = NOW + timedelta(minutes=drawn.randrange(5))
    elif fate < 0.6:
        consult.complete_at = NOW + timedelta(minutes=drawn.randrange(5))
    elif fate < 0.7:
        consult.policy_hash = EARLIER[0].policy.hash
    session.flush()


def book(session: Session, consult: Consult, who: Director) -> None:
    """Give a request a time of its own."""
    start = NOW + timedelta(days=1, hours=consult.id)
    during = stored(Interval(start, start + timedelta(minutes=20)))
    session.add(BookingRow(consult_id=consult.id, director_id=who.id, during=during, blocked=during, made_at=NOW))
    consult.status = Status.BOOKED
