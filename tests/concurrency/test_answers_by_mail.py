"""Mail that two deal with at once, and a decline that is taken back at the moment it goes on: one of them counts."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from app.consults import assignment, declines, inbound, intake
from app.consults.replies import SECOND_THOUGHT
from app.db import make_sessions, transaction
from app.errors import Conflict
from app.mail import inbox
from app.models import Attention, CalendarReply, Consult, DeclineEnd, History, InboundMail, Recipient
from scheduling.values import Status
from tests.support import factories
from tests.support.answers import answer, invitation
from tests.support.factories import NOW, setup

AT = NOW + timedelta(minutes=5)
DUE = AT + SECOND_THOUGHT


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return make_sessions(engine)


@pytest.fixture
def declined(sessions: sessionmaker[Session]) -> int:
    """A consult whose director's no has come in, and was not looked at yet."""
    with transaction(sessions) as session:
        new = factories.request(factories.denial(session, factories.director(session)))
        asked = intake.request_consult(session, new, setup=setup(), by="office", now=NOW)
        assert asked.consult is not None
        consult_id = asked.consult.id
    assignment.assign_all(sessions, setup=setup(), now=NOW)
    with transaction(sessions) as session:
        mail = answer(invitation(session, Recipient.DIRECTOR), "DECLINED", at=AT)
        inbox.store(session, "folder", "1", mail, size=len(mail), now=AT)
        inbox.store(session, "folder", "2", b"From: a@b.example\r\n\r\nCan we move this?\r\n", size=1, now=AT)
    return consult_id


def together(*calls) -> list:
    """Call all at the same moment; return what each gave or raised."""
    start = Barrier(len(calls))

    def one(call):
        start.wait(5)
        try:
            return call()
        except Conflict as conflict:
            return conflict

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(20) for future in [pool.submit(one, call) for call in calls]]


def test_two_workers_deal_with_a_mail_once(sessions: sessionmaker[Session], declined: int) -> None:
    """F18: nothing acted twice."""
    done = together(*[lambda: inbound.act_on_all(sessions, setup=setup(), now=AT)] * 2)
    assert sum(done) == 2
    with sessions() as session:
        assert session.scalar(select(func.count(CalendarReply.id))) == 1
        assert session.scalar(select(func.count(Attention.id))) == 1
        told = select(func.count(History.id)).where(History.what == "answered_by_mail")
        assert session.scalar(told) == 1


def test_two_readers_store_a_mail_once(sessions: sessionmaker[Session]) -> None:
    mail = b"From: a@b.example\r\nMessage-ID: <1@b.example>\r\n\r\nHello\r\n"

    def store() -> bool:
        with transaction(sessions) as session:
            return inbox.store(session, "folder", "1", mail, size=len(mail), now=AT)

    assert sorted(together(*[store] * 6)) == [False] * 5 + [True]
    with sessions() as session:
        assert session.scalar(select(func.count(InboundMail.id))) == 1


@pytest.mark.parametrize("turn", range(4))
def test_a_no_is_taken_back_or_goes_on_never_both(sessions: sessionmaker[Session], declined: int, turn: int) -> None:
    inbound.act_on_all(sessions, setup=setup(), now=AT)

    def keep() -> str:
        with transaction(sessions) as session:
            declines.keep(session, declined, setup=setup(), by="account:1", now=DUE)
        return "kept"

    def sweep() -> int:
        return declines.return_due(sessions, setup=setup(), now=DUE)

    calls = [keep, sweep, sweep]
    outcomes = together(*calls[turn % 2 :], *calls[: turn % 2])
    kept = "kept" in outcomes
    assert sum(outcome for outcome in outcomes if isinstance(outcome, int)) == (0 if kept else 1)
    with sessions() as session:
        status = session.scalars(select(Consult.status)).one()
        end = session.scalars(select(CalendarReply.decline_end)).one()
    assert (status, end) == ((Status.BOOKED, DeclineEnd.KEPT) if kept else (Status.WAITING, DeclineEnd.RETURNED))
