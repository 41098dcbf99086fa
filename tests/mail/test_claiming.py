"""One message at a time, each lane in order, each try on record (F7, F8, J1, J5, J6)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session

from app.consults import desk, office
from app.errors import Conflict, NotFound
from app.mail import delivery
from app.mail.delivery import Claim
from app.models import Consult, Message
from scheduling.values import Interval
from tests.support import factories
from tests.support.factories import NOW
from tests.support.recipients import (
    BUSY,
    CUT_OFF,
    NO_SUCH_MAILBOX,
    TAKEN,
    booked_consult,
    later,
    leave,
    messages,
    plan,
    state,
    told,
)

OFFICE = "pat@ortho.example"
#: a thousand messages that have left, each of a lane of its own
SENT_BEFORE = text(
    "insert into message (consult_id, recipient, kind, address, message_id, subject, body, created_at, next_try_at,"
    " attempts, fence, last_error, sent_at) select consult_id, recipient, kind, n || address, n || message_id, subject,"
    " body, created_at, next_try_at, 1, 1, '', created_at from message, generate_series(1, 1000) as n"
)
SETUP = factories.setup()


def test_the_second_of_a_lane_waits_for_the_first_and_other_lanes_do_not(session: Session) -> None:
    """F7."""
    _, who = booked_consult(session)

    first, second = claim(session), claim(session)

    assert [first.address, second.address] == [OFFICE, who.email]
    assert delivery.claim(session, now=NOW) is None
    delivery.mark(session, first, TAKEN, now=NOW)
    third = claim(session)
    assert (third.address, messages(session, OFFICE)[1].id) == (OFFICE, third.id)


def test_a_message_that_waits_for_its_next_try_holds_its_lane(session: Session) -> None:
    booked_consult(session)
    first = claim(session)
    delivery.mark(session, first, BUSY, now=NOW)

    assert [address for address, _ in leave(session, later(0.9))] == [messages(session)[1].address]
    assert [address for address, _ in leave(session, later(1))] == [OFFICE, OFFICE]


def test_a_message_that_is_given_up_frees_its_lane(session: Session) -> None:
    booked_consult(session)
    delivery.mark(session, claim(session), NO_SUCH_MAILBOX, now=NOW)

    leave(session)

    assert [state(message) for message in messages(session, OFFICE)] == ["failed", "sent"]


def test_what_is_put_off_is_tried_after_1_2_5_15_60_minutes_and_then_each_hour_twenty_times(session: Session) -> None:
    """J6."""
    message = only_message(session)
    now, waits = NOW, []
    while state(refreshed(session, message)) == "waiting":
        taken = claim(session, now)
        assert delivery.claim(session, now=now) is None
        delivery.mark(session, taken, BUSY, now=now)
        if state(refreshed(session, message)) == "waiting":
            waits.append((message.next_try_at - now) // timedelta(minutes=1))
            now = message.next_try_at

    assert waits == [1, 2, 5, 15, *[60] * 15]
    assert (message.attempts, message.failed_at, message.last_error) == (20, now, "451 later")


def test_a_refusal_for_good_is_not_tried_again(session: Session) -> None:
    """J6."""
    message = only_message(session)
    delivery.mark(session, claim(session), NO_SUCH_MAILBOX, now=NOW)

    assert delivery.claim(session, now=later(10_000)) is None
    assert (state(refreshed(session, message)), message.last_error) == ("failed", "550 no such mailbox")


def test_a_lease_that_ran_out_is_taken_over_with_the_same_bytes_and_leaves_doubt(session: Session) -> None:
    """J1."""
    message = only_message(session)
    first = claim(session)
    assert delivery.claim(session, now=NOW + delivery.LEASE - timedelta(seconds=1)) is None
    second = claim(session, NOW + delivery.LEASE)

    assert (second.id, second.body, second.attempts) == (first.id, first.body, 2)
    assert refreshed(session, message).doubtful_at == NOW + delivery.LEASE


def test_who_comes_late_marks_nothing(session: Session) -> None:
    """The fence: a process that slept past its lease has no say, whatever it thinks came of it."""
    message = only_message(session)
    late = claim(session)
    claim(session, NOW + delivery.LEASE)
    for outcome in (TAKEN, BUSY, NO_SUCH_MAILBOX):
        delivery.mark(session, late, outcome, now=NOW + delivery.LEASE)

    assert state(refreshed(session, message)) == "waiting"
    assert message.lease_until == NOW + 2 * delivery.LEASE


def test_an_answer_that_never_came_is_remembered_whatever_comes_after(session: Session) -> None:
    message = only_message(session)
    delivery.mark(session, claim(session), CUT_OFF, now=NOW)
    delivery.mark(session, claim(session, later(1)), BUSY, now=later(1))

    assert refreshed(session, message).doubtful_at == NOW


def test_a_message_in_flight_gives_way_to_a_newer_version_only_if_it_did_not_get_through(session: Session) -> None:
    """F8, F12: the newer one waits for the outcome, and never for the older one's next try."""
    for outcome, ends in ((TAKEN, "sent"), (BUSY, "superseded"), (CUT_OFF, "superseded")):
        consult, who = booked_consult(session)
        flying = next(c for c in iter(lambda: claim(session), None) if c.address == who.email)
        other_time(session, consult)
        assert told(session, who.email) == [("invitation", 0, "waiting"), ("invitation", 1, "waiting")]

        delivery.mark(session, flying, outcome, now=later(1))

        assert told(session, who.email)[0] == ("invitation", 0, ends)
        leave(session, later(1))
        assert told(session, who.email)[1] == ("invitation", 1, "sent")


def test_a_message_is_looked_at_once_more_when_the_server_listens(session: Session) -> None:
    """Connecting can take a while; what changed meanwhile is not sent."""
    consult, who = booked_consult(session)
    flying = next(c for c in iter(lambda: claim(session), None) if c.address == who.email)
    assert delivery.is_still_wanted(session, flying, now=NOW)
    other_time(session, consult)

    assert not delivery.is_still_wanted(session, flying, now=later(1))
    assert told(session, who.email) == [("invitation", 0, "superseded"), ("invitation", 1, "waiting")]


def test_nothing_is_sent_after_its_lease_or_by_who_lost_it(session: Session) -> None:
    only_message(session)
    first = claim(session)

    assert not delivery.is_still_wanted(session, first, now=NOW + delivery.LEASE)
    second = claim(session, NOW + delivery.LEASE)
    assert not delivery.is_still_wanted(session, first, now=NOW + delivery.LEASE)
    assert delivery.is_still_wanted(session, second, now=NOW + delivery.LEASE)


def test_what_failed_is_sent_again_as_it_is(session: Session) -> None:
    """J6."""
    message = only_message(session)
    delivery.mark(session, claim(session), NO_SUCH_MAILBOX, now=NOW)
    body = message.body

    again = delivery.send_again(session, message.id, by="system", now=later(60))

    assert (again.id, again.attempts, state(again)) == (message.id, 0, "waiting")
    assert leave(session, later(60)) == [(OFFICE, body)]


@pytest.mark.parametrize("sent", [True, False])
def test_an_invitation_to_a_time_that_is_off_is_not_sent_again(session: Session, sent: bool) -> None:
    """Also one that failed, where no CANCEL was owed."""
    consult, who = booked_consult(session)
    leave(session, what_comes_of=lambda claimed: TAKEN if sent or claimed.address != who.email else NO_SUCH_MAILBOX)
    office.withdraw(session, consult.id, setup=SETUP, by="office", now=later(1))

    with pytest.raises(Conflict, match="out of date"):
        delivery.send_again(session, messages(session, who.email)[0].id, by="system", now=later(2))


def test_a_former_director_is_not_invited_again(session: Session) -> None:
    consult, who = booked_consult(session)
    leave(session)
    other = factories.director(session)
    desk.reassign(session, consult.id, other.id, "on leave", setup=SETUP, by="account:1", now=later(1))
    plan(session, other.id, later(1))

    with pytest.raises(Conflict, match="out of date"):
        delivery.send_again(session, messages(session, who.email)[0].id, by="system", now=later(2))


def test_a_message_that_does_not_exist_cannot_be_sent_again(session: Session) -> None:
    with pytest.raises(NotFound):
        delivery.send_again(session, 10**12, by="system", now=NOW)


def test_finding_the_next_message_reads_neither_what_was_sent_nor_other_lanes(session: Session) -> None:
    """The partial index serves the claim, however many messages have left; what is before it is sought in its lane.

    Also where few waited when the planner last counted: it then read all that wait, once for each of them.
    """
    only_message(session)
    session.execute(SENT_BEFORE)
    session.execute(text("analyze message"))
    session.execute(text("set local enable_seqscan = off"))
    explained: list[str] = []

    def explain(
        connection: Connection, cursor: object, statement: str, parameters: dict[str, object], *_: object
    ) -> None:
        if statement.startswith("UPDATE"):
            rows = connection.connection.cursor().execute(f"explain {statement}", parameters).fetchall()
            explained.extend(row[0] for row in rows)

    event.listen(session.connection(), "before_cursor_execute", explain)
    claim(session)
    event.remove(session.connection(), "before_cursor_execute", explain)

    chosen, earlier = [line for line in explained if "Index Scan" in line][:2]
    assert "ix_message_to_send on" in chosen
    assert "ix_message_lane on" in earlier
    assert not [line for line in explained if "Seq Scan" in line]


def claim(session: Session, now: datetime = NOW) -> Claim:
    """Claim what must be there."""
    claimed = delivery.claim(session, now=now)
    assert claimed is not None
    return claimed


def only_message(session: Session) -> Message:
    """Ask where nobody is there, so that the acknowledgement is all that is written."""
    booked_consult(session, who=factories.director(session, hours={}))
    (message,) = messages(session)
    return message


def refreshed(session: Session, message: Message) -> Message:
    session.flush()
    session.refresh(message)
    return message


def other_time(session: Session, consult: Consult) -> None:
    window = Interval(NOW + timedelta(days=3), NOW + timedelta(days=3, hours=2))
    office.reschedule(session, consult.id, [window], setup=SETUP, by="office", now=later(1))
    plan(session, consult.director_id or 0, later(1))
