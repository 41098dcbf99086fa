"""What the history keeps for whoever checks it: standings, directors' time, and digests (statement M8)."""

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app import directors
from app.consults import assignment, desk, hours, intake, office
from app.models import Consult, Director, DirectorHours, DirectorOff, DirectorPeer, History, OffKind
from app.queries.history import lines
from scheduling.record import Off, Standing, of_consult, person, standing
from scheduling.values import Interval, Status
from tests.support import factories, servers
from tests.support.factories import NOW

LATER = NOW + timedelta(minutes=1)
TUESDAY = Interval(datetime(2026, 3, 3, 14, tzinfo=UTC), datetime(2026, 3, 3, 17, tzinfo=UTC))


def asked(session: Session, who: Director | None = None) -> Consult:
    """Let an office ask for a consult."""
    who = who or factories.director(session)
    new = factories.request(factories.denial(session, who))
    consult = intake.request_consult(session, new, setup=factories.setup(), by="office", now=NOW).consult
    assert consult is not None
    return consult


def rows(session: Session, consult: Consult) -> list[History]:
    """Read the history of a consult."""
    session.flush()
    return list(session.scalars(select(History).where(History.consult_id == consult.id).order_by(History.id)))


def times(session: Session, who: Director) -> list[History]:
    """Read the history of a director's time."""
    session.flush()
    return list(session.scalars(select(History).where(History.director_id == who.id).order_by(History.id)))


def folded(session: Session, consult: Consult) -> Standing:
    """Read from the history alone how a consult stands."""
    known = None
    for row in rows(session, consult):
        known = standing(row.standing, known) if row.standing else known
    assert known is not None
    return known


def test_the_standing_of_a_consult_can_be_read_from_its_history_alone(session: Session) -> None:
    consult = asked(session)
    assignment.assign_queue(session, consult.director_id, setup=factories.setup(), now=NOW)
    booked = folded(session, consult)
    office.reschedule(session, consult.id, [TUESDAY], setup=factories.setup(), by="office", now=LATER)
    returned = folded(session, consult)

    assert booked.booking is not None
    assert (booked.status, booked.received, booked.arrival) == (Status.BOOKED, NOW, consult.arrival)
    assert (returned.status, returned.booking, returned.windows) == (Status.WAITING, None, (TUESDAY,))


def test_what_no_happening_tells_of_is_on_record_too(session: Session) -> None:
    consult = asked(session)
    office.reschedule(session, consult.id, [TUESDAY], setup=factories.setup(), by="office", now=LATER)

    row = rows(session, consult)[-1]
    assert (row.what, row.details, row.actor) == ("changed", {"fields": ["windows"]}, "office")
    assert folded(session, consult).windows == (TUESDAY,)


def test_who_decides_from_the_line_says_in_which_snapshot_it_was_read(session: Session) -> None:
    who = factories.director(session)
    first, second = asked(session, who), asked(session, who)
    assignment.assign_queue(session, who.id, setup=factories.setup(), now=NOW)

    seen = {row.what: row.seen for row in rows(session, second)}
    assert seen["received"]
    assert seen["booked"]
    assert {row.what: row.seen for row in rows(session, first)}["received"] is None, "nobody stood in the line"


def test_every_change_of_a_directors_time_is_on_record_with_who_made_it(session: Session) -> None:
    who = factories.director(session, max_a_day=3)
    setup = factories.setup()
    directors.note_change(session, who.id, by="account:1", now=NOW)
    hours.set_week(session, who.id, {0: ((time(9), None),)}, setup=setup, by="account:2", now=NOW)
    hours.set_day(session, who.id, TUESDAY.start.date(), (), setup=setup, by="account:3", now=NOW)
    hours.take_time_off(session, who.id, TUESDAY, "away", setup=setup, by="account:4", now=NOW)
    off = session.scalars(select(DirectorOff).where(DirectorOff.director_id == who.id)).one()
    desk.put_back(session, off.id, by="account:5", now=LATER)

    found = times(session, who)
    assert [row.actor for row in found] == [f"account:{number}" for number in range(1, 6)]
    known = [person(row.standing or {}) for row in found]
    assert sorted(known[0].week) == [0, 1, 2, 3, 4]
    assert known[0].max_a_day == 3
    assert known[1].week == {0: ((time(9), None),)}
    assert known[2].exceptions == {TUESDAY.start.date(): ()}
    assert known[3].off == (Off(during=TUESDAY, kind="time_off"),)
    assert known[4].off == ()


def test_a_declined_time_and_a_peer_are_on_record(session: Session) -> None:
    who, peer = factories.director(session), factories.director(session)
    consult = asked(session, who)
    assignment.assign_queue(session, who.id, setup=factories.setup(), now=NOW)
    desk.director_declines(session, consult.id, setup=factories.setup(), by="account:1", now=LATER)
    session.add(DirectorPeer(director_id=who.id, peer_id=peer.id, rank=0))
    directors.note_change(session, who.id, by="account:1", now=LATER)

    declined, with_peer = [person(row.standing or {}) for row in times(session, who)]
    assert [off.kind for off in declined.off] == ["declined"]
    assert with_peer.peers == (peer.id,)


def test_what_is_on_record_already_is_not_written_again(session: Session) -> None:
    who = factories.director(session)
    directors.add_time_off(session, who.id, TUESDAY, kind=OffKind.BUSY, now=NOW)
    directors.note_change(session, who.id, by="system", now=NOW)
    directors.note_change(session, who.id, by="system", now=NOW)
    directors.note_change(session, who.id, by="system", now=TUESDAY.end)

    assert len(times(session, who)) == 1, "time that is over is no change"


def test_nothing_on_record_can_be_changed(session: Session) -> None:
    """M8."""
    asked(session)
    session.flush()
    for statement in ("update history set what = 'x'", "delete from history", "truncate history"):
        with pytest.raises(DBAPIError, match="only ever added to"), session.begin_nested():
            session.execute(text(statement))


def test_what_was_there_before_is_put_on_record_as_found(databases: servers.Databases) -> None:
    """A director and an open request from before the digests are on record from the migration on."""
    with databases.fresh("template0") as url:
        servers.migrate(url, "0003")
        old_engine = create_engine(url)
        with old_engine.begin() as connection:
            for statement in BEFORE.split("\n\n"):
                connection.exec_driver_sql(statement)
        servers.migrate(url)
        with Session(old_engine) as session:
            found = list(session.scalars(select(History).order_by(History.id)))
            assert [line.touch for line in lines(session)] == [None] * 4
        old_engine.dispose()

    assert [row.what for row in found] == ["imported", "received", "director_time", "as_found"]
    assert [row.xact is None for row in found] == [True, True, False, False]
    assert [row.previous_id for row in found] == [None, found[0].id, None, found[1].id]
    assert len({row.digest for row in found}) == 4
    known = person(found[2].standing or {})
    assert known.week == {1: ((time(9), time(12)),)}
    assert known.off == (Off(during=Interval(YEARS[0], YEARS[1]), kind="busy"),)
    consult = standing(found[3].standing or {})
    assert (consult.status, consult.windows, consult.deadline) == (Status.WAITING, (TUESDAY,), TUESDAY.end)


def test_what_the_migration_writes_has_the_keys_that_the_rules_write(session: Session) -> None:
    file = intake.casefile.load(session, asked(session).id, setup=factories.setup())
    assert set(standing(of_consult(file.state)).__slots__) == set(of_consult(file.state))


YEARS = (datetime(2099, 1, 1, tzinfo=UTC), datetime(2099, 1, 2, tzinfo=UTC))

#: rows as the version before wrote them
BEFORE = """
insert into director (npi, name, phone, email, time_zone, specialties, licence_states, lines_of_business, active)
values ('1000000001', 'Dana Lee, MD', '1', 'd@plan.example', 'America/New_York', '{}', '{}', '{}', true);

insert into director_hours (director_id, weekday, starts, ends) select id, 1, '09:00', '12:00' from director;

insert into director_off (director_id, during, kind, note, created_at)
select id, '[2099-01-01Z,2099-01-02Z)', 'busy', '', now() from director;

insert into denial (plan, case_number, director_id, decision, setting, urgency, line_of_business, applies_to, dates,
  member_name, member_id, service, reason, reason_text, criteria, clinical_reasons, requester_name, requester_npi,
  requester_specialty, told_how, told_by, imported_from, created_at)
select 'plan', 'A', id, 'deny', 'pre_service', 'elective', '', '{}', '{}', '', '', '', '', '', '', '', '', '', '', '',
  '', '', now() from director;

insert into consult (reference, denial_id, status, director_id, version, policy_id, policy_hash, received_at,
  place_at, arrival, windows, move_up, reconsideration, information, occur_by, sla_due, unknown_deadlines,
  advisory_deadlines, peer_declined, attempts, missed, outside_queue, determination_note, channel, form_key,
  statement, speaker_name, speaker_profession, speaker_relation, speaker_npi, speaker_specialty, speaker_phone,
  backup_name, backup_phone, how_to_reach, office_contact, office_email, office_phone, office_reference,
  office_time_zone)
select 'P2P-1', id, 'waiting', director_id, 1, 'plan', repeat('0', 64), now(), now(), 1,
  array['[2026-03-03 14:00Z,2026-03-03 17:00Z)'::tstzrange], true, false, false, '2026-03-02Z', '2026-03-03 17:00Z',
  '{}', '{occur_by}', false, 0, 0, false, '', 'online', 'form', '', '', '', '', '', '', '', '', '', '', '', '', '', '',
  'America/New_York' from denial;

insert into history (denial_id, at, what, details, actor) select id, now(), 'imported', '{}', 'system' from denial;

insert into history (denial_id, consult_id, at, what, details, actor)
select denial_id, id, now(), 'received', '{}', 'office' from consult;
"""


def test_hours_written_past_the_use_cases_are_found_by_the_next_note(session: Session) -> None:
    who = factories.director(session)
    directors.note_change(session, who.id, by="system", now=NOW)
    session.add(DirectorHours(director_id=who.id, weekday=6, starts=time(9), ends=None))
    directors.note_change(session, who.id, by="account:1", now=NOW)

    assert person(times(session, who)[-1].standing or {}).week[6] == ((time(9), None),)
