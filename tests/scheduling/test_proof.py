"""The proof (NC-9, L2): what is decided by the rules verifies clean, and nothing else does."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from scheduling import fifo, life, outside_queue
from scheduling.proof_values import Row, Snapshot
from scheduling.scenario import Scenario
from scheduling.values import Booking, Interval, Rulebook, Urgency
from tests.scheduling.build import MONDAY, denial, director, rules, span
from tests.scheduling.crowds import crowds
from tests.scheduling.recorded import Log, Recorded, altered, faults
from tests.scheduling.stories import policies, scenarios

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
#: windows that leave no room in the two hours of Monday
TUESDAY = (span("2026-03-03 08:00", "2026-03-03 12:00"),)
#: a consult may begin at any moment from now
AT_ONCE = "consult = { notice_minutes = 0 }\n"
MORNINGS = {"daily": ["10:00-11:00"]}


def log(toml: str = "", *people: Any) -> Log:
    """Begin a history; without more, of one director with an hour each day."""
    return Log(rules(toml), {person.id: person for person in people or (director(week=MORNINGS),)})


def withdraw(line: Log, id_: int, at: datetime) -> None:
    """Let an office withdraw."""
    line.do(id_, lambda state: life.withdraw(state, line.rulebook, now=at), at=at)


@given(policies, scenarios())
def test_whatever_the_rules_decide_verifies_clean(rulebook: Rulebook, scenario: Scenario) -> None:
    recorded = Recorded(scenario, rulebook)
    recorded.play()
    assert faults(recorded.rows, rulebook) == []


@given(policies, crowds())
def test_a_crowded_line_verifies_clean(rulebook: Rulebook, scenario: Scenario) -> None:
    recorded = Recorded(scenario, rulebook)
    recorded.play()
    assert faults(recorded.rows, rulebook) == []


@given(policies, crowds())
def test_a_shifted_or_swapped_booking_never_does(rulebook: Rulebook, scenario: Scenario) -> None:
    recorded = Recorded(scenario, rulebook)
    recorded.play()
    for rows in shifted(recorded.rows):
        assert faults(rows, rulebook) != []


def shifted(rows: list[Row]) -> Iterator[list[Row]]:
    """Shift each booking by a quarter of an hour and by a day; swap those of one director that were made at once."""
    booked = [row for row in rows if row.what in ("booked", "moved")]
    for row in booked:
        for by in (timedelta(minutes=15), -timedelta(minutes=15), DAY):
            times = [(datetime.fromisoformat(row.details[name]) + by).isoformat() for name in ("start", "end")]
            yield at_another_time(rows, row, times)
    for one, other in ((a, b) for a in booked for b in booked if a.id < b.id and a.at == b.at):
        if one.details["director"] == other.details["director"] and one.what == other.what == "booked":
            first, second = ([row.details[name] for name in ("start", "end")] for row in (one, other))
            yield at_another_time(at_another_time(rows, one, second), other, first)


def at_another_time(rows: list[Row], row: Row, times: list[str]) -> list[Row]:
    """Let a booking be at another time, in words and in how the consult stands."""
    booking = [row.details["director"], *times]
    return altered(rows, row, standing={"booking": booking}, start=times[0], end=times[1])


@given(policies, crowds())
def test_an_explanation_that_is_taken_out_or_changed_is_noticed(rulebook: Rulebook, scenario: Scenario) -> None:
    recorded = Recorded(scenario, rulebook)
    recorded.play()
    for row in recorded.rows:
        said = row.details.get("passed_over") or []
        for position, (id_, _) in enumerate(said):
            less = said[:position] + said[position + 1 :]
            assert faults(altered(recorded.rows, row, passed_over=less), rulebook) == [f"not_explained {id_}"]
            other = [*less, [id_, "nonsense"]]
            assert faults(altered(recorded.rows, row, passed_over=other), rulebook) == [f"wrongly_explained {id_}"]


def test_a_first_come_line_has_nothing_to_explain() -> None:
    line = log()
    line.ask(1, 2, 3)
    assert (line.said(), line.faults()) == ([], [])


def test_who_was_not_ready_is_explained() -> None:
    line = log("clinical_information = { rule = 'required' }")
    line.ask(1)
    line.ask(2, information=True)
    assert (line.said(), line.faults()) == (["1 by 2: not_ready"], [])


def test_who_could_not_talk_then_is_explained() -> None:
    line = log("", director(week={"mon": ["10:00-11:00"]}))
    line.ask(1, windows=TUESDAY)
    line.ask(2)
    assert line.said() == ["1 by 2: outside_windows"]
    assert line.faults() == []


def test_who_did_not_agree_to_be_moved_is_explained_by_what_was_in_the_way_when_it_was_booked() -> None:
    line = log(AT_ONCE)
    line.ask(1, 2, 3)
    withdraw(line, 1, MONDAY + MINUTE)
    line.ask(4, at=MONDAY + 2 * MINUTE)
    assert line.said() == ["2 by 4: no_consent (booked)", "3 by 4: no_consent (booked)"]
    assert line.faults() == []


@pytest.mark.parametrize("kind", ["time_off", "declined", "busy"])
def test_time_off_that_was_taken_back_is_why_nobody_had_it_before(kind: str) -> None:
    line = log()
    line.take(kind=kind, at=MONDAY, off=(span("2026-03-02 10:00", "2026-03-02 11:00"),))
    line.ask(1, at=MONDAY + MINUTE)
    line.take(kind=kind, at=MONDAY + 2 * MINUTE, off=())
    line.ask(2, at=MONDAY + 3 * MINUTE)
    assert line.said() == [f"1 by 2: no_consent ({kind})"]
    assert line.faults() == []


def test_hours_that_were_added_are_why_nobody_had_them_before() -> None:
    line = log("", director(week={"tue": ["10:00-11:00"]}))
    line.ask(1)
    line.take(at=MONDAY + MINUTE, hours=director(week={"daily": ["10:00-11:00"]}).hours)
    line.ask(2, at=MONDAY + 2 * MINUTE)
    assert line.said() == ["1 by 2: no_consent (outside_hours)"]


def test_who_agreed_is_not_moved_to_a_start_that_is_too_near() -> None:
    line = log(AT_ONCE)
    line.ask(1, 2, move_up=True)
    withdraw(line, 1, MONDAY + MINUTE)
    line.ask(4, at=MONDAY + 2 * MINUTE)
    assert line.said() == ["2 by 4: within_notice"]
    assert line.faults() == []


def test_a_call_that_was_put_down_later_is_explained() -> None:
    """BSP-4: it counts from when it came in, and what was booked meanwhile stands."""
    line = log()
    line.ask(1, at=MONDAY)
    line.ask(2, at=MONDAY + 10 * MINUTE, received=MONDAY - MINUTE)
    assert line.said() == ["2 by 1: recorded_later"]
    assert line.faults() == []


def test_urgent_before_elective_is_explained() -> None:
    line = log("queue = { urgent_first = true }", director(week={}))
    line.ask(1)
    line.ask(2, about=denial(urgency=Urgency.EMERGENT))
    line.take(at=MONDAY + MINUTE, hours=director(week={"daily": ["10:00-10:30"]}).hours)
    assert line.said() == ["1 by 2: urgent_first"]
    assert line.faults() == []


def test_who_was_sent_to_the_back_is_explained() -> None:
    line = log("queue = { after_office_reschedule = 'to_the_back' }")
    line.ask(1, 2)
    later = MONDAY + MINUTE
    line.do(1, lambda state: life.reschedule(state, line.rulebook, (), arrival=9, now=later), at=later)
    line.do(2, lambda state: life.reschedule(state, line.rulebook, (), arrival=10, now=later), at=later)
    assert line.faults() == []


def test_who_was_complete_later_is_explained() -> None:
    line = log("queue = { place_from = 'request_complete' }\nclinical_information = { rule = 'required' }", director())
    line.ask(1)
    line.ask(2, information=True)
    line.take(at=MONDAY + MINUTE, hours=director(week={}).hours)
    assert line.said() == ["1 by 2: not_ready"]


def test_a_call_put_through_takes_nobodys_turn_and_is_told() -> None:
    line = log("", director(week={"tue": ["10:00-10:30"]}))
    line.ask(1, windows=(span("2026-03-20 10:00", "2026-03-20 10:30"),))
    line.ask(2, at=MONDAY + MINUTE)
    at = MONDAY + 2 * MINUTE
    booking = Booking(director=0, during=Interval(at, at + timedelta(minutes=30)))
    line.put(line.states[2], outside_queue.connect(line.states[2], booking, now=at), at)
    assert line.said()[-1] == "1 by 2: outside_queue"
    assert line.faults() == []


def test_a_call_put_through_into_the_time_of_another_is_noticed() -> None:
    line = log("consult = { notice_minutes = 0 }", director(week={"mon": ["09:00-09:30"]}))
    line.ask(1, 2)
    at = MONDAY + MINUTE
    booking = Booking(director=0, during=Interval(at, at + timedelta(minutes=30)))
    line.put(line.states[2], outside_queue.connect(line.states[2], booking, now=at), at)
    assert line.faults() == ["was_not_free 2"]


def test_a_peer_that_stands_in_is_right_only_where_the_deadline_is_at_risk() -> None:
    sla = "consult = { sla = [{ within = 1, unit = 'business_days', of = 'request_received' }] }\n"
    people = (director(0, {"wed": ["09:00-09:30"]}, peers=(1,)), director(1, {"mon": ["11:00-12:00"]}))
    line = log(f"{sla}director = {{ fallback = 'designated_peer' }}", *people)
    line.ask(1)
    assert line.faults() == []
    without = rules(sla)
    assert faults(line.rows, without) == ["wrong_director 1"]


def test_what_could_not_be_seen_yet_is_judged_as_it_was_seen() -> None:
    """A request that came in while the line was planned has a lower number than the booking, and is no exception."""
    line = log()
    line.ask(1)
    line.ask(2, at=MONDAY + MINUTE, received=MONDAY - MINUTE)
    received, booked = (next(row for row in line.rows if (row.consult, row.what) == key) for key in KEYS)
    first, *rest = [row for row in line.rows if row not in (received, booked)]
    crossed = [first, rest[0], replace(received, xact=7), replace(booked, xact=8, seen="7:8:7"), *rest[1:]]
    unseen = [replace(row, id=number, xact=row.xact or 1) for number, row in enumerate(crossed, 1)]
    unseen = altered(unseen, unseen[2], place=2)
    assert faults(unseen, line.rulebook) == []
    seen = [replace(row, seen="9:9:") if row.seen else row for row in unseen]
    assert "overtaken 2" in faults(seen, line.rulebook)


def test_a_peers_time_that_was_given_up_while_the_line_was_read_may_be_used() -> None:
    """The peer's diary is read a moment after the line, in which his time still stands."""
    sla = "consult = { sla = [{ within = 1, unit = 'business_days', of = 'request_received' }] }\n"
    people = (director(0, {"wed": ["09:00-09:30"]}, peers=(1,)), director(1, {"mon": ["11:00-11:30"]}))
    line = log(f"{sla}director = {{ fallback = 'designated_peer' }}", *people)
    line.ask(1, about=denial(director=1))
    withdraw(line, 1, MONDAY + MINUTE)
    line.ask(2, at=MONDAY + MINUTE)
    assert [row.details["director"] for row in line.rows if row.what == "booked"] == [1, 1]

    def crossed(row: Row) -> Row:
        if (row.consult, row.what) == (1, "cancelled"):
            return replace(row, xact=7)
        return replace(row, xact=8, seen="7:8:7") if (row.consult, row.what) == (2, "booked") else row

    assert faults([crossed(row) for row in line.rows], line.rulebook) == []


KEYS = ((2, "received"), (1, "booked"))


@pytest.mark.parametrize(
    "xact,shown",
    [(4, True), (5, False), (6, True), (8, False), (9, False)],
    ids=["ended", "under way", "", "", "later"],
)
def test_a_snapshot_shows_what_had_ended(xact: int, shown: bool) -> None:
    assert Snapshot.read("5:9:5,8").shows(xact) is shown


def test_a_booking_that_leaves_an_earlier_time_free_is_noticed() -> None:
    line = log()
    line.ask(1)
    assert faults(on(line.rows, "2026-03-02 10:30"), line.rulebook) == ["earlier_was_free 1"]


@pytest.mark.parametrize("start", ["2026-03-02 09:30", "2026-03-02 10:05", "2026-03-02 09:00"])
def test_a_booking_outside_the_hours_or_off_the_grid_is_noticed(start: str) -> None:
    line = log("consult = { notice_minutes = 0 }")
    line.ask(1)
    assert faults(on(line.rows, start), line.rulebook)[0] in ("was_not_free 1", "earlier_was_free 1")


def on(rows: list[Row], start: str) -> list[Row]:
    """Let the one booking of a history start at another time."""
    row = next(row for row in rows if row.what == "booked")
    begins = span(start, start).start
    return at_another_time(rows, row, [begins.isoformat(), (begins + timedelta(minutes=30)).isoformat()])


@pytest.mark.parametrize(
    "changes,fault",
    [
        ({"standing": {"place_at": "2026-03-01T00:00:00+00:00"}}, "place_moved 2"),
        ({"place": 9}, "place_differs 2"),
        ({"standing": {"received": "yesterday"}}, "unreadable 2"),
        ({"standing": {"status": "booked", "booking": [0, "2026-03-02T15:00:00+00:00", "x"]}}, "unreadable 2"),
        ({"standing": {"weather": "fine"}}, "unreadable 2"),
    ],
)
def test_a_receipt_that_was_changed_is_noticed(changes: dict[str, Any], fault: str) -> None:
    line = log()
    line.ask(1, 2)
    row = next(row for row in line.rows if (row.consult, row.what) == (2, "received"))
    assert fault in faults(altered(line.rows, row, **changes), line.rulebook)


@pytest.mark.parametrize("gone,fault", [("received", "not_on_record 1"), ("director_time", "not_on_record 1")])
def test_a_row_that_was_taken_out_is_noticed(gone: str, fault: str) -> None:
    line = log()
    line.ask(1)
    rows = [row for row in line.rows if row.what != gone]
    assert fault in faults(rows, line.rulebook)


@pytest.mark.parametrize("what", ["booked", "received"])
def test_a_row_that_was_put_in_twice_is_noticed(what: str) -> None:
    line = log()
    line.ask(1, 2)
    twice = [row for row in line.rows if row.what == what and row.consult == 2]
    assert "contradiction 2" in faults([*line.rows, *twice], line.rulebook)


def test_words_that_say_something_else_than_the_standing_are_noticed() -> None:
    line = log()
    line.ask(1)
    row = next(row for row in line.rows if row.what == "booked")
    for changes in ({"director": 5}, {"start": "2026-03-02T20:00:00+00:00"}, {"end": None}):
        assert faults(altered(line.rows, row, **changes), line.rulebook) == ["contradiction 1"]
    bare = [replace(each, standing=None) if each is row else each for each in line.rows]
    assert faults(bare, line.rulebook) == ["contradiction 1"]


def test_a_place_that_moves_without_the_offices_doing_is_noticed() -> None:
    line = log("queue = { after_office_reschedule = 'to_the_back' }")
    line.ask(1)
    at = MONDAY + MINUTE
    line.do(1, lambda state: life.reschedule(state, line.rulebook, (), arrival=9, now=at), at=at)
    assert line.faults() == []
    assert faults(line.rows, rules()) == ["place_moved 1"]


def test_a_time_that_was_free_is_no_reason_to_find_none() -> None:
    line = log("", director(week={}))
    line.ask(1)
    time, *rest = line.rows
    with_hours = replace(time, standing={**(time.standing or {}), "week": {"0": [["10:00:00", "11:00:00"]]}})
    assert faults([with_hours, *rest], line.rulebook) == ["some_time_was_free 1"]


def test_who_was_moved_without_having_agreed_is_noticed() -> None:
    line = log(f"{AT_ONCE}queue = {{ move_up_notice_minutes = 0 }}")
    line.ask(1, 2, 3, move_up=True)
    withdraw(line, 1, MONDAY + MINUTE)
    assert [row.what for row in line.rows].count("moved") == 2
    assert line.faults() == []
    never = faults(line.rows, rules(f"{AT_ONCE}queue = {{ move_up = 'never' }}"))
    assert {"no_consent 2", "no_consent 3"} <= set(never)


def test_a_director_who_takes_no_more_that_day_is_respected() -> None:
    line = log("", director(week=MORNINGS, max_a_day=1))
    line.ask(1, 2)
    assert line.faults() == []
    without = [replace(row, standing={**row.standing, "max_a_day": None}) for row in line.rows[:1] if row.standing]
    assert faults([*without, *line.rows[1:]], line.rulebook) == ["earlier_was_free 2"]


def test_the_open_end_of_a_history_is_how_the_consults_stand() -> None:
    from scheduling.proof import Proof

    line = log()
    line.ask(1)
    proof = Proof(lambda key: line.rulebook)
    for row in line.rows:
        list(proof.read(row))
    (end,) = proof.open()
    assert (end.consult, end.standing.booking) == (1, line.states[1].booking)
    assert end.bookings[0].made_at == MONDAY
    assert fifo.queue_of(line.states[1], line.rulebook) == end.queue
