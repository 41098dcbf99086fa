"""Medical directors are added and changed on pages, by commands and from a file; each fault is named where it is."""

from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli_directors import directors as command
from app.consults import assignment, hours, intake, roster, roster_file
from app.consults.roster import Facts
from app.errors import Conflict, Invalid
from app.models import Consult, Director, Message, MessageKind
from app.queries import roster as queries
from tests.support import factories
from tests.support.factories import NOW, setup

LEE = Facts(
    npi="1043000128",
    name="Ada Example, MD",
    phone="919-555-0100",
    email="ada@plan.example",
    time_zone="America/New_York",
    specialties=("cardiology",),
    licence_states=("NC",),
)


def changed(**more: object) -> Facts:
    return Facts(**{**{name: getattr(LEE, name) for name in LEE.__dataclass_fields__}, **more})


@pytest.mark.parametrize(
    "more, field",
    [
        ({"npi": "1043000129"}, "npi"),
        ({"npi": "ten"}, "npi"),
        ({"name": ""}, "name"),
        ({"phone": "555"}, "phone"),
        ({"email": "ada"}, "email"),
        ({"email": "ada..lee@plan.example"}, "email"),  # no mail could be sent there
        ({"time_zone": "EST"}, "time_zone"),
        ({"licence_states": ("NC", "XX")}, "licence_states"),
        ({"lines_of_business": ("martian",)}, "lines_of_business"),
        ({"max_a_day": 0}, "max_a_day"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(session: Session, more: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        roster.add(session, changed(**more), setup=setup(), by="system", now=NOW)
    assert list(refused.value.fields) == [field]


def test_every_fault_is_told_at_once_and_an_npi_is_one_person(session: Session) -> None:
    roster.add(session, LEE, setup=setup(), by="system", now=NOW)
    with pytest.raises(Invalid) as refused:
        roster.add(session, changed(name="", phone=""), setup=setup(), by="system", now=NOW)
    assert refused.value.fields.keys() == {"npi", "name", "phone"}
    assert "Ada Example, MD" in refused.value.fields["npi"]


def booked(session: Session, who: Director) -> Consult:
    made = factories.denial(session, who)
    consult = intake.request_consult(session, factories.request(made), setup=setup(), by="office", now=NOW).consult
    assert consult is not None
    assignment.assign_queue(session, who.id, setup=setup(), now=NOW)
    return consult


def invitations(session: Session, consult: Consult) -> list[tuple[str, MessageKind, int | None]]:
    session.flush()
    query = select(Message).where(Message.consult_id == consult.id, Message.calendar_uid.is_not(None))
    rows = session.scalars(query.order_by(Message.id))
    return [(row.address, row.kind, row.calendar_sequence) for row in rows if row.superseded_at is None]


def test_another_number_reaches_both_calendars_as_a_new_version(session: Session) -> None:
    """F4."""
    who = roster.add(session, LEE, setup=setup(), by="system", now=NOW)
    hours.set_week(session, who.id, {0: ((time(9), time(17)),)}, setup=setup(), by="system", now=NOW)
    consult = booked(session, who)
    _, told = roster.change(
        session, who.id, changed(specialties=()), setup=setup(), by="system", now=NOW + timedelta(minutes=1)
    )
    assert told == 0, "what no invitation shows tells nobody"
    _, told = roster.change(
        session, who.id, changed(phone="919-555-0177"), setup=setup(), by="system", now=NOW + timedelta(minutes=2)
    )
    assert told == 1
    assert invitations(session, consult) == [
        ("ada@plan.example", MessageKind.INVITATION, 1),
        ("pat@ortho.example", MessageKind.INVITATION, 1),
    ]


def test_nobody_is_made_inactive_while_requests_stand_in_the_line(session: Session) -> None:
    who = roster.add(session, LEE, setup=setup(), by="system", now=NOW)
    booked(session, who)
    with pytest.raises(Conflict):
        roster.change(session, who.id, changed(active=False), setup=setup(), by="system", now=NOW)


def test_peers_are_asked_in_the_order_in_which_they_are_named(session: Session) -> None:
    who, first, second = (factories.director(session) for _ in range(3))
    roster.set_peers(session, who.id, [second.id, first.id], by="system", now=NOW)
    assert roster.peers_of(session, who.id) == [second, first]
    for wrong in ([who.id], [first.id, first.id]):
        with pytest.raises(Invalid):
            roster.set_peers(session, who.id, wrong, by="system", now=NOW)


FILE = (
    "npi,name,phone,email,time_zone,specialties,licence_states,max_a_day,mon,tue,peers\n"
    '1043000128,"Ada Example, MD",919-555-0100,ada@plan.example,America/New_York,cardiology; surgery,nc,6,'
    '"09:00-12:00, 13:00-24:00",10:00-11:00,1245319599\n'
    '1245319599,"Ben Example, MD",919-555-0101,ben@plan.example,America/Chicago,,,,,,\n'
)


def test_a_file_adds_directors_and_the_same_file_again_changes_nothing(session: Session) -> None:
    for expected in ((2, 0, 0), (0, 0, 2)):
        done = roster_file.store(session, roster_file.read(FILE.encode()), setup=setup(), by="system", now=NOW)
        assert (done.added, done.changed, done.unchanged) == expected
    rows = {row.npi: row for row in queries.roster(session)}
    ada = rows["1043000128"]
    assert (ada.specialties, ada.licence_states, ada.max_a_day) == (("cardiology", "surgery"), ("NC",), 6)
    assert ada.week == ("09:00-12:00, 13:00-24:00", "10:00-11:00", "", "", "", "", "")
    assert ada.peers == ("1245319599",)
    assert not rows["1245319599"].has_hours
    done = roster_file.store(
        session, roster_file.read(FILE.replace("0101", "0102").encode()), setup=setup(), by="system", now=NOW
    )
    assert (done.changed, done.unchanged) == (1, 1)


def test_every_fault_of_a_file_is_named_with_its_line(session: Session) -> None:
    broken = FILE.replace("09:00-12:00", "12:00-09:00").replace(",6,", ",six,") + "1,x\n"
    with pytest.raises(roster_file.FaultyFile) as faulty:
        roster_file.read(broken.encode())
    assert [fault.partition(": ")[0] for fault in faulty.value.faults] == ["line 2", "line 2", "line 4"]
    unknown = FILE.replace('1245319599,"Ben', '1003000126,"Ben').replace("America/Chicago", "Chicago")
    with pytest.raises(roster_file.FaultyFile) as faulty:
        roster_file.store(session, roster_file.read(unknown.encode()), setup=setup(), by="system", now=NOW)
    assert [fault.split(": ")[:2] for fault in faulty.value.faults] == [["line 2", "peers"], ["line 3", "time_zone"]]
    assert queries.roster(session) == []
    for text in ("npi,nme\n", "npi,npi\n", "", "npi;name\n"):
        with pytest.raises(roster_file.FaultyFile):
            roster_file.read(text.encode())


def test_the_template_can_be_read(session: Session) -> None:
    (row,) = roster_file.read(roster_file.template().encode())
    assert roster.faults(session, row.facts, lines=()) == {}
    assert row.week[4] == ((time(9), time(12)), (time(13), time(16, 30)))


def test_the_first_director_is_added_at_the_command_line(peerline: Callable[..., Result], tmp_path: Path) -> None:
    """Issue 2: no SQL is needed for the first start."""
    facts = ["--name", "Ada Example, MD", "--phone", "919-555-0100", "--email", "ada@plan.example"]
    zone = ["--time-zone", "America/New_York", "--hours", "mon-fri=09:00-12:00,13:00-16:30", "--hours", "wed="]
    done = peerline(command, "add", "1043000128", *facts, *zone)
    assert done.exit_code == 0, done.output
    assert "mon=09:00-12:00, 13:00-16:30; tue=" in peerline(command, "list").output
    assert "wed  closed" in peerline(command, "hours", "1043000128").output
    assert "wed  08:00-10:00" in peerline(command, "hours", "1043000128", "wed=08:00-10:00").output
    assert "names no weekdays" in peerline(command, "hours", "1043000128", "monday=08:00-10:00").output
    assert "There is no medical director with the NPI 1" in peerline(command, "hours", "1").output
    file = tmp_path / "directors.csv"
    file.write_text(FILE)
    assert peerline(command, "import", str(file)).output == "1 added, 1 changed, 0 unchanged.\n"
    assert peerline(command, "peers", "1043000128").output == "1245319599  Ben Example, MD\n"
    assert peerline(command, "peers", "1043000128", "--none").output == "nobody\n"
    file.write_text(FILE.replace("1043000128", "1043000129"))
    failed = peerline(command, "import", str(file))
    assert failed.exit_code == 1
    assert "error: line 2: npi: Check the NPI" in failed.output
    assert "1 error in directors.csv; nothing was stored." in failed.output
