"""Whatever somebody who owns the database does to the history or to the tables, the verification tells (M8, NC-9)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import directors
from app.consults import assignment, desk, intake, office
from app.models import Consult, History
from app.queries.case_proof import check_case, prove_case
from app.queries.proof import Scope, Verification
from scheduling.proof_values import Arrival, Decision, Overtaking
from scheduling.values import Interval
from tests.support import factories, verified
from tests.support.factories import NOW

MINUTE = timedelta(minutes=1)
SETUP = factories.setup()

#: what a superuser can do: the rows as they are now get the digests that fit them
CHAIN_ANEW = """
do $$
declare
  line history;
  before bytea;
  last bytea;
begin
  for line in select * from history order by id loop
    select digest into before from history where id = line.previous_id;
    select digest into last from history where id = line.last_id;
    update history set digest = history_digest(line, before, last) where id = line.id;
  end loop;
end $$;
"""


class Morning:
    """A director's morning: one request that waits for information, three that are booked, one that withdraws."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.who = factories.director(session)
        directors.note_change(session, self.who.id, by="system", now=NOW)
        self.incomplete = self.ask(0, statement="")
        self.first, self.second, self.third = (self.ask(number) for number in (1, 2, 3))
        desk.take_director_out(session, self.who.id, AFTERNOON, "away", setup=SETUP, by="account:1", now=NOW)
        office.withdraw(session, self.first.id, setup=SETUP, by="office", now=NOW + 4 * MINUTE)
        self.last = self.ask(5)

    def ask(self, minutes: int, **more: Any) -> Consult:
        """Let an office ask, and plan."""
        now = NOW + minutes * MINUTE
        new = factories.request(factories.denial(self.session, self.who), received=now, **more)
        consult = intake.request_consult(self.session, new, setup=SETUP, by="office", now=now).consult
        assert consult is not None
        assignment.assign_queue(self.session, self.who.id, setup=SETUP, now=now)
        return consult

    def exceptions(self) -> list[str]:
        """Verify."""
        self.session.expire_all()
        return verified.exceptions(self.session, setup=SETUP)

    def owner(self, statement: str, **values: object) -> None:
        """Do what only the owner of the database can do: past the triggers."""
        self.session.execute(text("alter table history disable trigger user"))
        self.session.execute(text(statement), values)
        self.session.execute(text("alter table history enable trigger user"))

    def rows(self, consult: Consult | None = None) -> list[History]:
        """Read the history."""
        query = select(History).order_by(History.id)
        return list(self.session.scalars(query if consult is None else query.where(History.consult_id == consult.id)))


AFTERNOON = Interval(NOW + timedelta(hours=4), NOW + timedelta(hours=5))


@pytest.fixture
def morning(session: Session) -> Morning:
    return Morning(session)


def test_a_history_that_nobody_touched_verifies(morning: Morning) -> None:
    verification = Verification(session=morning.session, setup=SETUP, now=NOW + timedelta(hours=1))
    said = list(verification.findings())

    assert morning.exceptions() == []
    assert verification.decisions == 4
    told = [(each.overtaken, each.consult, each.reason) for each in said if isinstance(each, Overtaking)]
    waited = [(morning.incomplete.id, each.id, "not_ready") for each in (morning.first, morning.second, morning.third)]
    assert told[:3] == waited
    assert (morning.incomplete.id, morning.last.id, "not_ready") in told


def test_whichever_row_is_taken_out_it_is_noticed(morning: Morning) -> None:
    for id_ in [row.id for row in morning.rows()]:
        with undone(morning.session):
            morning.owner("delete from history where id = :id", id=id_)
            assert morning.exceptions() != []


@pytest.mark.parametrize(
    "change",
    [
        "at = at - interval '1 minute'",
        "what = 'information'",
        "actor = 'account:99'",
        """details = details || '{"x": 1}'""",
        """standing = coalesce(standing, '{}') || '{"move_up": true}'""",
        "seen = '1:1:'",
        "xact = xact + 1",
        "previous_id = 1",
        "last_id = null",
        "digest = sha256('x')",
    ],
)
def test_whatever_is_changed_in_a_row_is_noticed(morning: Morning, change: str) -> None:
    for row in (morning.rows(morning.second)[0], morning.rows(morning.last)[-1]):
        with undone(morning.session):
            morning.owner(f"update history set {change} where id = :id", id=row.id)
            assert any(each.startswith(f"{row.id} ") for each in morning.exceptions())


def test_a_row_that_is_put_in_is_noticed(morning: Morning) -> None:
    row = morning.rows(morning.second)[-1]
    copy = (
        "insert into history (denial_id, consult_id, at, what, details, actor, standing{more}) "
        "select denial_id, consult_id, at, what, details, actor, standing{more} from history where id = :id"
    )
    with undone(morning.session):  # through the front door: it is chained, and contradicts
        morning.session.execute(text(copy.format(more="")), {"id": row.id})
        assert [each.split()[1] for each in morning.exceptions()] == ["contradiction"]
    with undone(morning.session):  # past the triggers: its digest is that of another row
        morning.owner(copy.format(more=", previous_id, last_id, xact, digest"), id=row.id)
        assert "altered" in " ".join(morning.exceptions())
    with undone(morning.session):  # between two others, chained by the trigger to what is last
        morning.session.execute(
            text(
                "insert into history (id, denial_id, consult_id, at, what, details, actor) overriding system value"
                " select -5, denial_id, consult_id, at, 'information', '{}', actor from history where id = :id"
            ),
            {"id": row.id},
        )
        assert morning.exceptions() == ["-5 put_in_later"]


def test_a_receipt_that_is_dated_back_is_noticed_though_its_digests_are_made_to_fit(morning: Morning) -> None:
    back = (NOW - timedelta(hours=1)).isoformat()
    row = morning.rows(morning.last)[0]
    dated = json.dumps({**(row.standing or {}), "received": back, "place_at": back})
    morning.owner("update history set standing = cast(:dated as jsonb) where id = :id", dated=dated, id=row.id)
    morning.owner(CHAIN_ANEW)

    found = morning.exceptions()
    assert f"{row.id} place_differs {morning.last.id} {{'said': 2, 'place': 1}}" in found
    assert any(each.startswith(f"{morning.last.id} received: ") for each in found), "the table says otherwise"


def test_who_is_let_overtake_is_noticed_though_every_digest_and_table_is_made_to_fit(morning: Morning) -> None:
    """Two bookings of one director are swapped, in the rows, in the table, and all digests computed anew."""
    one, two = (
        next(row for row in morning.rows(each) if row.what == "booked") for each in (morning.second, morning.third)
    )
    for row, other in ((one, two), (two, one)):
        details = json.dumps({**row.details, "start": other.details["start"], "end": other.details["end"]})
        standing = json.dumps({**(row.standing or {}), "booking": (other.standing or {})["booking"]})
        morning.owner(
            "update history set details = cast(:details as jsonb), standing = cast(:standing as jsonb) where id = :id",
            details=details,
            standing=standing,
            id=row.id,
        )
    morning.owner(CHAIN_ANEW)
    morning.session.execute(text("drop index uq_booking_live_consult"))
    swap = "update booking set consult_id = :one + :two - consult_id where consult_id in (:one, :two)"
    morning.session.execute(text(swap), {"one": morning.second.id, "two": morning.third.id})

    found = [each.split()[1] for each in morning.exceptions() if each.split()[0] in (str(one.id), str(two.id))]
    assert "earlier_was_free" in found


def test_an_explanation_that_is_taken_out_is_noticed_though_its_digests_are_made_to_fit(morning: Morning) -> None:
    row = next(row for row in morning.rows(morning.third) if row.what == "booked")
    assert [morning.incomplete.id, "not_ready"] in row.details["passed_over"]
    morning.owner("""update history set details = details || '{"passed_over": []}' where id = :id""", id=row.id)
    morning.owner(CHAIN_ANEW)

    found = morning.exceptions()
    assert f"{row.id} not_explained {morning.incomplete.id} {{'by': {morning.third.id}}}" in found


TABLES = {
    "the moment of receipt": ("update consult set received_at = received_at - interval '1 hour' {where}", "received"),
    "the place": ("update consult set place_at = place_at - interval '1 hour' {where}", "place_at"),
    "the number": ("update consult set arrival = -1 {where}", "arrival"),
    "the consent": ("update consult set move_up = not move_up {where}", "move_up"),
    "the line": ("update consult set director_id = null {where}", "director"),
    "the urgency": (
        "update denial set urgency = 'emergent' where id = (select denial_id from consult {where})",
        "urgency",
    ),
    "a booking's time": (
        "update booking set during = tstzrange(lower(during), upper(during) - interval '1 minute') {booking}",
        "bookings",
    ),
    "when it was booked": ("update booking set made_at = made_at - interval '1 day' {booking}", "bookings"),
    "a booking that is gone": (
        """with told as (update consult set announced_booking_id = null {where} returning id)
           delete from booking using told where consult_id = told.id""",
        "bookings",
    ),
    "a director's hours": ("delete from director_hours where director_id = :who", "week"),
    "a director's day": (
        "insert into director_day (director_id, on_date, starts, ends) values (:who, '2099-01-01', null, null)",
        "exceptions",
    ),
    "a director's time off": ("delete from director_off where director_id = :who", "off"),
    "a director's limit": ("update director set max_a_day = 1 where id = :who", "max_a_day"),
}


@pytest.mark.parametrize("what", TABLES)
def test_a_table_that_says_something_else_than_the_history_is_told(morning: Morning, what: str) -> None:
    statement, name = TABLES[what]
    values = {"id": morning.second.id, "who": morning.who.id}
    query = statement.format(where="where id = :id", booking="where consult_id = :id")
    used = {key: value for key, value in values.items() if f":{key}" in query}
    morning.session.execute(text(query), used)

    found = morning.exceptions()
    assert len(found) == 1
    assert found[0].startswith(f"{morning.who.id if ':who' in query else morning.second.id} {name}: ")


def test_a_request_and_a_director_of_whom_the_history_knows_nothing_are_told(morning: Morning) -> None:
    stranger = factories.director(morning.session)
    morning.owner("delete from history where consult_id = :id", id=morning.last.id)
    found = morning.exceptions()
    assert f"{stranger.id} : None / director" in found
    assert f"{morning.last.id} : None / request" in found


def test_a_span_and_a_line_are_told_alone_and_judged_by_all_that_came_before(morning: Morning) -> None:
    other = factories.director(morning.session)
    directors.note_change(morning.session, other.id, by="system", now=NOW)

    def told(**scope: Any) -> list[int]:
        found = Verification(session=morning.session, setup=SETUP, scope=Scope(**scope), now=NOW)
        return [each.consult for each in found.findings() if isinstance(each, Decision)]

    assert told(queue=morning.who.id) == told()
    assert told(queue=other.id) == []
    assert told(since=NOW + 2 * MINUTE, until=NOW + 5 * MINUTE) == [morning.second.id, morning.third.id]


def test_the_seal_of_a_span_stays_until_something_in_it_is_touched(morning: Morning) -> None:
    def seal() -> str:
        scope = Scope(until=NOW + 5 * MINUTE)
        verification = Verification(session=morning.session, setup=SETUP, scope=scope, now=NOW)
        list(verification.findings())
        return verification.seal

    before = seal()
    morning.ask(9)
    assert seal() == before, "what came later is not in it"
    morning.owner("update history set actor = 'x' where id = :id", id=morning.rows(morning.first)[-1].id)
    morning.owner(CHAIN_ANEW)
    assert seal() != before


def test_the_proof_of_one_case_says_when_it_came_who_was_before_it_and_what_overtook_it(morning: Morning) -> None:
    later = NOW + timedelta(hours=1)
    proof = prove_case(morning.session, morning.incomplete.denial_id, setup=SETUP, now=later)
    (request,) = proof.requests
    assert request.arrival is not None
    assert (request.arrival.place, request.arrival.before) == (1, ())
    overtakers = [each.consult for each in request.overtaken_by]
    assert overtakers == [morning.first.id, morning.second.id, morning.third.id, morning.last.id]
    assert (request.decisions, proof.wrong) == ((), ())

    (third,) = prove_case(morning.session, morning.third.denial_id, setup=SETUP, now=later).requests
    assert isinstance(third.arrival, Arrival)
    assert third.arrival.before == (morning.incomplete.id,)
    assert [each.consult for each in third.decisions] == [morning.third.id]


def test_a_case_can_be_checked_by_itself(morning: Morning) -> None:
    denial = morning.second.denial_id
    assert check_case(morning.session, denial, setup=SETUP) == []
    morning.owner("update history set actor = 'x' where consult_id = :id", id=morning.second.id)
    morning.session.execute(text("update consult set arrival = -1 where id = :id"), {"id": morning.second.id})
    assert len(check_case(morning.session, denial, setup=SETUP)) == len(morning.rows(morning.second)) + 1
    assert check_case(morning.session, morning.third.denial_id, setup=SETUP) == []


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """Take back what is done in the block."""
    savepoint = session.begin_nested()
    yield
    savepoint.rollback()
