"""Who may take a call that is put through at once (BSP-5, NC-9): the use case says so, whatever a page offers."""

import pytest
from sqlalchemy.orm import Session

from app.consults import intake, telephone
from app.errors import Invalid
from app.models import Consult, Director
from tests.support import factories
from tests.support.factories import NOW

PROMISE = {
    "plan": "blue-shield-promise-medi-cal",
    "line_of_business": "medi_cal",
    "dates": {"initial_decision": "2026-03-01T09:00:00-05:00"},
}


def ask(session: Session, who: Director, **more: object) -> int:
    new = factories.request(factories.denial(session, who, **more))
    asked = intake.request_consult(session, new, setup=factories.setup(), by="office", now=NOW)
    assert isinstance(asked.consult, Consult)
    return asked.consult.id


def connect(session: Session, consult_id: int, who: Director) -> int:
    file = telephone.connect_now(session, consult_id, who.id, setup=factories.setup(), by="account:1", now=NOW)
    assert file.booking is not None
    return file.booking.director_id


def test_the_director_who_decided_takes_the_call(session: Session) -> None:
    who = factories.director(session)
    assert connect(session, ask(session, who), who) == who.id


def test_a_designated_peer_takes_it_where_the_policy_knows_a_fallback(session: Session) -> None:
    peer = factories.director(session)
    who = factories.director(session, peers=(peer,))
    assert connect(session, ask(session, who, **PROMISE), peer) == peer.id


def test_any_other_director_is_refused_although_there_is_a_fallback(session: Session) -> None:
    other = factories.director(session)
    who = factories.director(session, peers=(factories.director(session),))
    with pytest.raises(Invalid) as refused:
        connect(session, ask(session, who, **PROMISE), other)
    assert "may not take the call" in refused.value.fields["director"]


def test_a_designated_peer_is_refused_where_only_the_same_director_may_talk(session: Session) -> None:
    peer = factories.director(session)
    who = factories.director(session, peers=(peer,))
    with pytest.raises(Invalid):
        connect(session, ask(session, who), peer)
