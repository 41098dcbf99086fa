"""Two nurses and a director act on one case at the same moment, in processes of their own, with real commits (A6)."""

import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app import directors
from app.consults import assignment, desk, determination, intake, prereview
from app.consults.casefile import CaseFile
from app.db import in_transaction, make_engine, make_sessions, transaction
from app.errors import Conflict
from app.models import Consult, History, Message, MessageKind, Recipient, ReviewTask
from scheduling.values import Status, Urgency
from tests.concurrency.test_race import deadlocks
from tests.support import factories, verified
from tests.support.factories import NOW

ROUNDS = 8
PATIENCE = 120
SETUP = factories.setup()

#: in what state the case is when the three act
BEFORE_THE_CALL, IN_THE_CALL, WITHOUT_A_CALL = "before the call", "in the call", "without a call"
KINDS = (BEFORE_THE_CALL, IN_THE_CALL, WITHOUT_A_CALL)


@dataclass(frozen=True, slots=True)
class Round:
    """A case, and how it stands when it is fought over."""

    kind: str
    consult_id: int

    @property
    def now(self) -> datetime:
        """When they act: an hour after the request its call begins."""
        return NOW + timedelta(minutes=65 if self.kind == IN_THE_CALL else 5)


def test_one_nurse_decides_and_nothing_is_told_twice(engine: Engine, database_url: str) -> None:
    rounds, nurses = arrange(engine)
    before = deadlocks(engine)

    done = race(database_url, rounds, nurses)

    with Session(engine) as session:
        for each in rounds:
            check(session, each, [who for number, who in done if rounds[number] == each])
        assert verified.exceptions(session, setup=SETUP) == [], "the history proves what the tables say"
    assert deadlocks(engine) == before


def check(session: Session, each: Round, done: Sequence[str]) -> None:
    """Look at what is left of one round: it must be the work of those who were told that it was done."""
    consult = session.get_one(Consult, each.consult_id)
    review = session.scalars(select(ReviewTask).where(ReviewTask.consult_id == consult.id)).one()
    said = list(session.scalars(select(History.what).where(History.consult_id == consult.id)))
    decided = [who for who in done if who in ("approves", "passes on")]
    assert len(decided) == said.count("review_decided") <= 1, "one nurse decides, and is told so"
    assert decided or each.kind == IN_THE_CALL, "nobody decides only where the outcome of the talk came first"
    assert review.decision == {"approves": "approve", "passes on": "not_approved"}.get("".join(decided))
    assert len([what for what in said if what in ("cancelled", "completed")]) <= 1
    if each.kind == IN_THE_CALL:
        assert (consult.status, "decides" in done) == (Status.COMPLETED, True), (
            "a talk that has begun keeps its outcome"
        )
    elif "approves" in done:
        assert (consult.status, consult.closed_reason) == (Status.CANCELLED, "approved_by_nurse")
    elif each.kind == WITHOUT_A_CALL:
        assert (consult.status is Status.COMPLETED) == ("decides" in done)
    else:
        assert consult.closed_at is None
        assert (consult.status is Status.WAITING) == ("gives back" in done)
    for recipient in Recipient:
        told = select(Message.id).where(
            Message.consult_id == consult.id,
            Message.recipient == recipient,
            Message.kind == MessageKind.CANCELLATION,
        )
        assert len(session.scalars(told).all()) <= 1, "nobody is told twice"


def arrange(engine: Engine) -> tuple[list[Round], list[int]]:
    """Make cases of each kind, booked or without a call, and two nurses; a director each, so that none waits."""
    sessions = make_sessions(engine)
    rounds = []
    with transaction(sessions) as session:
        nurses = [factories.nurse(session).id for _ in range(2)]
        for kind in KINDS * ROUNDS:
            who = factories.director(session)
            directors.note_change(session, who.id, by="system", now=NOW)
            about = factories.denial(session, who, urgency=Urgency.EMERGENT)
            new = factories.request(about, reconsideration=True, talk=kind != WITHOUT_A_CALL)
            consult = intake.request_consult(session, new, setup=SETUP, by="office", now=NOW).consult
            assert consult is not None
            rounds.append(Round(kind, consult.id))
    assignment.assign_all(sessions, setup=SETUP, now=NOW)
    return rounds, nurses


def race(url: str, rounds: list[Round], nurses: list[int]) -> list[tuple[int, str]]:
    """Let the three act on each case at the same moment; return (round, what was done)."""
    context = multiprocessing.get_context("spawn")
    barrier, done = context.Barrier(3), context.Queue()
    people = [("nurse who approves", nurses[0]), ("nurse who passes on", nurses[1]), ("director", 0)]
    processes = [context.Process(target=play, args=(url, who, id_, rounds, barrier, done)) for who, id_ in people]
    for process in processes:
        process.start()
    found: list[tuple[int, str]] = []
    for _ in processes:
        found += done.get(timeout=PATIENCE)
    for process in processes:
        process.join(PATIENCE)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    return found


def play(
    url: str, who: str, account_id: int, rounds: list[Round], barrier: Barrier, done: "Queue[list[tuple[int, str]]]"
) -> None:
    """Act on each case as one of the three; what the state does not allow any more is a Conflict, nothing else."""
    engine = make_engine(url, pool_size=1)
    sessions = make_sessions(engine)
    mine = []
    for number, each in enumerate(rounds):
        name, act = action(who, account_id, each)
        barrier.wait(PATIENCE)
        try:
            in_transaction(sessions, act)
        except Conflict:
            continue
        mine.append((number, name))
    engine.dispose()
    done.put(mine)


def action(who: str, account_id: int, each: Round) -> tuple[str, Callable[[Session], CaseFile]]:
    """Say what somebody does to a case, and do it."""
    if who == "nurse who approves":
        return "approves", lambda session: prereview.approve(
            session, each.consult_id, account_id=account_id, note="met", setup=SETUP, now=each.now
        )
    if who == "nurse who passes on":
        return "passes on", lambda session: prereview.do_not_approve(
            session, each.consult_id, account_id=account_id, note="open", setup=SETUP, now=each.now
        )
    if each.kind == BEFORE_THE_CALL:
        return "gives back", lambda session: desk.director_declines(
            session, each.consult_id, setup=SETUP, by="account:0", now=each.now
        )
    return "decides", lambda session: determination.record_outcome(
        session, each.consult_id, "upheld", "because", setup=SETUP, by="account:0", now=each.now
    )


def test_of_two_nurses_who_take_a_case_at_once_one_has_it(engine: Engine, database_url: str) -> None:
    rounds, nurses = arrange(engine)
    context = multiprocessing.get_context("spawn")
    barrier, done = context.Barrier(2), context.Queue()
    processes = [context.Process(target=take, args=(database_url, nurse, rounds, barrier, done)) for nurse in nurses]
    for process in processes:
        process.start()
    taken = [each for _ in processes for each in done.get(timeout=PATIENCE)]
    for process in processes:
        process.join(PATIENCE)

    assert sorted(taken) == sorted(each.consult_id for each in rounds), "each case by one of them"
    with Session(engine) as session:
        claims = session.scalars(select(History.consult_id).where(History.what == "claimed"))
        assert sorted(claims) == sorted(taken), "and it is on record who"


def take(url: str, account_id: int, rounds: list[Round], barrier: Barrier, done: "Queue[list[int]]") -> None:
    """Take each case at the same moment as somebody else, and decide those that one has."""
    engine = make_engine(url, pool_size=1)
    sessions = make_sessions(engine)
    mine = []
    for each in rounds:

        def claim(session: Session, each: Round = each) -> ReviewTask:
            return prereview.claim(session, each.consult_id, account_id=account_id, now=NOW)

        barrier.wait(PATIENCE)
        try:
            in_transaction(sessions, claim)
        except Conflict:
            continue
        mine.append(each.consult_id)
    engine.dispose()
    done.put(mine)
