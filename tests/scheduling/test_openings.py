"""When a director can talk: statements A11, C1 to C7, D1 to D4, D7."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.openings import HORIZON, is_opening, openings
from scheduling.values import Director, Interval, Rulebook
from tests.scheduling.build import EASTERN, MONDAY, at, clock, director, hours, rules, span


def first(person: Director, toml: str = "", n: int = 1, now: datetime = MONDAY, **more: object) -> list[str]:
    """Return the first openings in the director's local time."""
    found = islice(openings(person, rules(toml), now=now, **more), n)  # type: ignore[arg-type]  # names of arguments with their values
    return [f"{each.start.astimezone(person.zone):%a %d %H:%M}" for each in found]


def test_openings_lie_on_the_grid_inside_hours_and_leave_room_for_the_consult() -> None:
    person = director(week={"mon": ["10:10-11:20"], "tue": ["09:00-09:30"]})
    assert first(person, n=5) == ["Mon 02 10:15", "Mon 02 10:30", "Mon 02 10:45", "Tue 03 09:00", "Mon 09 10:15"]


def test_the_grid_is_that_of_the_directors_own_hour() -> None:
    """D7: half-hour zones."""
    kolkata = director(week={"tue": ["09:10-11:00"]}, zone="Asia/Kolkata")
    assert first(kolkata, "consult = { start_every_minutes = 60 }", n=1) == ["Tue 03 10:00"]
    found = next(openings(kolkata, rules("consult = { start_every_minutes = 60 }"), now=MONDAY))
    assert found.start == datetime(2026, 3, 3, 4, 30, tzinfo=UTC)


def test_spans_are_not_joined_neither_in_a_day_nor_over_midnight() -> None:
    """C6."""
    person = director(week={"mon": ["23:00-23:30", "23:30-24:00"], "tue": ["00:00-00:30"]})
    assert first(person, "consult = { start_every_minutes = 15 }", n=3) == [
        "Mon 02 23:00",
        "Mon 02 23:30",
        "Tue 03 00:00",
    ]
    assert first(person, "consult = { duration_minutes = 45 }", n=1) == []


def test_the_notice_and_the_horizon_bound_the_start() -> None:
    """C1: at least the notice and at most 60 times 24 hours from now, both included."""
    always = director(week={"daily": ["00:00-24:00"]})
    assert first(always) == ["Mon 02 10:00"]
    assert first(always, "consult = { notice_minutes = 61 }") == ["Mon 02 10:15"]
    assert first(always, "consult = { notice_minutes = 0 }") == ["Mon 02 09:00"]
    last = list(openings(always, rules(), now=MONDAY))[-1]
    assert last.start == MONDAY + HORIZON


def test_a_start_just_beyond_the_horizon_is_none() -> None:
    window = span("2026-05-01 10:00", "2026-05-01 10:30")
    exactly = window.start - HORIZON
    assert list(openings(director(), rules(), now=exactly, windows=(window,))) == [window]
    assert list(openings(director(), rules(), now=exactly - timedelta(seconds=1), windows=(window,))) == []


def test_a_holiday_of_the_plan_counts_by_the_directors_local_date() -> None:
    """C4, C5."""
    rulebook = rules(holidays=[date(2026, 3, 3)])
    tokyo = director(week={"tue": ["09:00-09:30"], "wed": ["00:00-00:30"]}, zone="Asia/Tokyo")
    found = next(openings(tokyo, rulebook, now=MONDAY))
    assert found.start.astimezone(tokyo.zone).date() == date(2026, 3, 4), "Tuesday is a holiday there, too"


def test_plan_hours_bound_openings_in_the_plans_zone() -> None:
    west = director(week={"mon": ["06:00-10:00"]}, zone="America/Los_Angeles")
    toml = 'consult = { hours = { mon = ["09:00-12:00", "12:00-12:30"] } }'
    assert first(west, toml, n=20)[:10] == [
        f"Mon 02 {time}" for time in ("07:00", "07:15", "07:30", "07:45", "08:00", "08:15", "08:30", "09:00")
    ] + [
        "Mon 09 06:00",
        "Mon 09 06:15",
    ]


def test_time_off_and_other_consults_are_not_to_be_had() -> None:
    person = director(week={"mon": ["10:00-12:00"]}, off=(span("2026-03-02 10:50", "2026-03-02 11:00"),))
    busy = replace(person, taken=(span("2026-03-02 11:00", "2026-03-02 11:30"),))
    assert first(person, n=4) == ["Mon 02 10:00", "Mon 02 10:15", "Mon 02 11:00", "Mon 02 11:15"]
    assert first(busy, n=3) == ["Mon 02 10:00", "Mon 02 10:15", "Mon 02 11:30"]


def test_intervals_are_half_open_so_that_neighbours_touch() -> None:
    """A3."""
    person = director(week={"mon": ["10:00-11:00"]}, taken=(span("2026-03-02 10:00", "2026-03-02 10:30"),))
    assert first(person) == ["Mon 02 10:30"]


def test_the_buffer_is_kept_free_after_each_consult_also_before_the_next() -> None:
    """C2: the buffer may reach into time off and beyond the hours, not into another consult."""
    taken = span("2026-03-02 11:00", "2026-03-02 11:40")
    person = director(
        week={"mon": ["10:00-12:10"]}, taken=(taken,), off=(span("2026-03-02 10:30", "2026-03-02 10:45"),)
    )
    assert first(person, "consult = { buffer_minutes = 10 }", n=2) == ["Mon 02 10:00", "Mon 09 10:00"]
    assert first(replace(person, off=()), "consult = { buffer_minutes = 10 }", n=2) == ["Mon 02 10:00", "Mon 02 10:15"]


def test_a_consult_lies_wholly_inside_one_window() -> None:
    person = director(week={"daily": ["09:00-12:00"]})
    windows = (
        span("2026-03-04 11:50", "2026-03-04 13:00"),
        span("2026-03-03 10:00", "2026-03-03 10:20"),
        span("2026-03-03 10:20", "2026-03-03 10:45"),
        span("2026-03-04 10:40", "2026-03-04 11:30"),
    )
    assert first(person, n=9, windows=windows) == ["Wed 04 10:45", "Wed 04 11:00"]


def test_another_day_may_have_other_hours() -> None:
    """C3: they replace the weekly ones, open a closed day, or close it; a holiday stays closed."""
    sunday, monday, tuesday = date(2026, 3, 8), date(2026, 3, 9), date(2026, 3, 10)
    person = director(
        week={"mon": ["09:00-09:30"], "tue": ["09:00-09:30"]},
        exceptions={
            sunday: ((clock("08:00"), clock("08:30")),),
            monday: (),
            tuesday: ((clock("15:00"), clock("15:30")), (clock("14:00"), clock("14:30"))),
        },
    )
    assert first(person, n=4, now=at("2026-03-04 09:00")) == [
        "Sun 08 08:00",
        "Tue 10 14:00",
        "Tue 10 15:00",
        "Mon 16 09:00",
    ]
    closed = openings(person, rules(holidays=[sunday]), now=at("2026-03-04 09:00"))
    assert next(closed).start == at("2026-03-10 14:00")


def test_an_inactive_director_has_no_time() -> None:
    assert first(director(active=False)) == []


def test_a_director_takes_no_more_consults_a_day_than_agreed() -> None:
    person = director(
        week={"daily": ["09:00-12:00"]}, max_a_day=1, taken=(span("2026-03-02 11:00", "2026-03-02 11:30"),)
    )
    assert first(person) == ["Tue 03 09:00"]
    assert first(replace(person, max_a_day=2)) == ["Mon 02 10:00"]


@pytest.mark.parametrize("zone", [EASTERN, "America/Phoenix", "Pacific/Honolulu", "Asia/Kolkata"])
def test_weekly_hours_are_the_same_local_hours_on_both_sides_of_a_change(zone: str) -> None:
    """D1, D4, D7."""
    person = director(week={"mon": ["09:00-12:00"]}, zone=zone)
    for around in ("2026-03-05 09:00", "2026-10-29 09:00"):
        found = [each.start.astimezone(person.zone) for each in islice(openings(person, rules(), now=at(around)), 30)]
        assert {each.strftime("%a") for each in found} == {"Mon"}
        assert (min(each.time() for each in found), max(each.time() for each in found)) == (
            clock("09:00"),
            clock("11:30"),
        )


def test_the_hour_that_the_clocks_leave_out_has_no_openings() -> None:
    """D2."""
    person = director(week={"sun": ["01:00-04:00"]})
    found = first(person, n=8, now=at("2026-03-07 12:00"))
    assert found[:6] == ["Sun 08 01:00", "Sun 08 01:15", "Sun 08 01:30", "Sun 08 01:45", "Sun 08 03:00", "Sun 08 03:15"]
    half_past_one = list(islice(openings(person, rules(), now=at("2026-03-07 12:00")), 4))[3]
    assert half_past_one.end - half_past_one.start == timedelta(minutes=30), "D3: thirty minutes across the change"
    assert half_past_one.end == at("2026-03-08 03:15")


def test_the_hour_that_comes_twice_is_offered_twice() -> None:
    """D2: each real instant once, told apart by its offset."""
    person = director(week={"sun": ["01:00-02:00"]})
    found = list(islice(openings(person, rules(), now=at("2026-10-31 12:00")), 7))
    assert [f"{each.start.astimezone(person.zone):%H:%M %Z}" for each in found] == [
        *(f"01:{minute} EDT" for minute in ("00", "15", "30", "45")),
        *(f"01:{minute} EST" for minute in ("00", "15", "30")),
    ]


def test_a_change_by_half_an_hour_moves_the_grid() -> None:
    lord_howe = director(week={"sun": ["01:00-04:00"]}, zone="Australia/Lord_Howe")
    toml = "consult = { start_every_minutes = 60 }"
    assert first(lord_howe, toml, n=4, now=at("2026-04-04 00:00", "UTC"))[:3] == [
        "Sun 05 01:00",
        "Sun 05 02:00",
        "Sun 05 03:00",
    ]
    assert first(lord_howe, toml, n=3, now=at("2026-10-03 00:00", "UTC")) == [
        "Sun 04 01:00",
        "Sun 04 03:00",
        "Sun 11 01:00",
    ]


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 -- bounds; `timezones` makes them aware
people = st.builds(
    lambda week, zone, off: director(week=week, zone=zone, off=tuple(off)),
    st.sampled_from(
        [
            {"daily": ["00:00-24:00"]},
            {"sat": ["20:00-24:00"], "sun": ["00:00-01:30", "01:30-04:10"]},
            {"mon": ["09:05-09:50"], "thu": ["23:00-24:00"], "fri": ["00:00-00:40"]},
        ]
    ),
    st.sampled_from([EASTERN, "America/Havana", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo"]),
    st.lists(moments.map(lambda start: Interval(start, start + timedelta(hours=30))), max_size=2),
)
plans = st.builds(
    lambda every, duration, buffer, limits: rules(
        f"consult = {{ start_every_minutes = {every}, duration_minutes = {duration}, buffer_minutes = {buffer}, "
        f"hours = {limits} }}"
    ),
    st.sampled_from([5, 15, 60]),
    st.sampled_from([15, 30, 50]),
    st.sampled_from([0, 20]),
    st.sampled_from(["{}", '{ sat = ["00:00-24:00"], sun = ["00:00-03:00"], mon = ["08:00-10:00"] }']),
)


@given(people, plans, moments)
def test_every_opening_is_one_and_is_there_once(person: Director, rulebook: Rulebook, now: datetime) -> None:
    """A13, C6, C7, D3: in order, never twice, never off, on the grid, inside one span of the director's hours."""
    consult = rulebook.policy.consult
    found = list(islice(openings(person, rulebook, now=now), 60))
    assert all(one.start < other.start for one, other in pairwise(found))
    for each in found:
        local = each.start.astimezone(person.zone)
        assert each.end - each.start == consult.duration
        assert (local.minute % consult.start_every_minutes, local.second) == (0, 0)
        assert now + consult.notice <= each.start <= now + HORIZON
        assert not any(off.overlaps(each) for off in person.off)
        assert is_opening(person, rulebook, each, now=now)


@given(people, plans, moments, st.integers(0, 59))
def test_what_is_no_opening_cannot_be_booked(person: Director, rulebook: Rulebook, now: datetime, minute: int) -> None:
    """C7, A11: the list of openings and the question about one time have the same answer."""
    listed = set(islice(openings(person, rulebook, now=now), 40))
    if listed:
        some = min(listed)
        shifted = Interval(some.start + timedelta(minutes=minute), some.end + timedelta(minutes=minute))
        assert is_opening(person, rulebook, shifted, now=now) is (shifted in listed)
        longer = Interval(some.start, some.end + timedelta(minutes=1))
        assert not is_opening(person, rulebook, longer, now=now)


@given(people, plans, moments, st.data())
def test_a_booking_takes_its_time_and_its_buffer_and_nothing_else(
    person: Director, rulebook: Rulebook, now: datetime, data: st.DataObject
) -> None:
    """C2, A2, A3."""
    before = list(islice(openings(person, rulebook, now=now), 30))
    if not before:
        return
    chosen = data.draw(st.sampled_from(before))
    buffer = rulebook.policy.consult.buffer
    taken = Interval(chosen.start, chosen.end + buffer)
    after = set(openings(replace(person, taken=(taken,)), rulebook, now=now, until=before[-1].end))
    for each in before:
        assert (each in after) is not Interval(each.start, each.end + buffer).overlaps(taken)


def test_hours_are_written_as_in_a_scenario() -> None:
    assert hours({"mon": ["09:00-24:00"]}).spans == {0: ((clock("09:00"), None),)}
    assert ZoneInfo(EASTERN).key == EASTERN
