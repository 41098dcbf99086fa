"""How time is counted: each sentence of the policy format's section of that name, and statements C5, D1 to D7."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.business_time import (
    any_business_hours,
    close_of_business,
    deadlines,
    end_at,
    is_business_day,
    local_date,
    nth_business_day,
    review_date_unknown,
    review_due,
    start_at,
)
from scheduling.values import Deadlines, Rulebook, Setting, Urgency
from tests.scheduling.build import EASTERN, at, denial, rules

PACIFIC = "America/Los_Angeles"
JULY_2026 = [date(2026, 7, 3), date(2026, 7, 4)]


def occur_by(deadline: str, **facts: object) -> Deadlines:
    """Return the deadlines of a plan in New York with one right and one duty alike."""
    rulebook = rules(f"consult = {{ occur_by = [{deadline}], sla = [{deadline}] }}")
    received = facts.pop("received", at("2026-03-03 10:00"))
    complete = facts.pop("complete", received)
    about = denial(**{"dates": {"initial_decision": at("2026-03-02 09:00")}, **facts})
    assert isinstance(received, datetime)
    assert complete is None or isinstance(complete, datetime)
    return deadlines(rulebook, about, received=received, complete=complete)


@pytest.mark.parametrize(
    "deadline, right, duty",
    [
        ('{ within = 5, unit = "calendar_days", of = "initial_decision" }', "2026-03-08 00:00", "2026-03-07 17:00"),
        ('{ within = 1, unit = "calendar_days", of = "initial_decision" }', "2026-03-04 00:00", "2026-03-03 17:00"),
        ('{ within = 0, unit = "calendar_days", of = "initial_decision" }', "2026-03-03 00:00", "2026-03-02 17:00"),
        ('{ within = 1, unit = "business_days", of = "request_received" }', "2026-03-05 00:00", "2026-03-04 17:00"),
        ('{ within = 4, unit = "business_days", of = "request_received" }', "2026-03-10 00:00", "2026-03-09 17:00"),
        ('{ within = 0, unit = "business_days", of = "request_received" }', "2026-03-04 00:00", "2026-03-03 17:00"),
        ('{ within = 90, unit = "minutes", of = "request_received" }', "2026-03-03 11:30", "2026-03-03 11:30"),
        ('{ within = 0, unit = "hours", of = "request_received" }', "2026-03-03 10:00", "2026-03-03 10:00"),
        ('{ within = 24, unit = "hours", of = "request_received" }', "2026-03-04 10:00", "2026-03-04 10:00"),
        (
            '{ within = 48, unit = "business_day_hours", of = "request_received" }',
            "2026-03-05 10:00",
            "2026-03-05 10:00",
        ),
    ],
)
def test_a_right_lasts_through_the_day_and_a_duty_ends_at_close_of_business(
    deadline: str, right: str, duty: str
) -> None:
    dates = {"initial_decision": at("2026-03-02 09:00"), "letter": at("2026-03-03 10:00")}
    known = occur_by(deadline, dates=dates)
    assert (known.occur_by, known.sla) == (at(right), at(duty))


def test_the_spring_change_within_five_days_moves_the_close_not_the_hour() -> None:
    """The clocks go forward on 8 March: 17:00 is four hours from UTC then, no longer five (D1, D4)."""
    known = occur_by('{ within = 7, unit = "calendar_days", of = "initial_decision" }')
    assert known.sla == datetime(2026, 3, 9, 21, tzinfo=UTC)
    assert known.occur_by == datetime(2026, 3, 10, 4, tzinfo=UTC)


def test_hours_are_elapsed_also_across_the_change() -> None:
    """D3: 24 hours from Saturday noon end on Sunday at one."""
    known = occur_by('{ within = 24, unit = "hours", of = "request_received" }', received=at("2026-03-07 12:00"))
    assert known.occur_by == at("2026-03-08 13:00")


@pytest.mark.parametrize(
    "start, hours, end",
    [
        ("2026-03-06 15:00", 48, "2026-03-10 15:00"),  # the example of the format: Friday 15:00 to Tuesday 15:00
        ("2026-03-06 15:00", 9, "2026-03-07 00:00"),
        ("2026-03-06 15:00", 10, "2026-03-09 01:00"),
        ("2026-03-07 11:00", 1, "2026-03-09 01:00"),
        ("2026-03-07 11:00", 0, "2026-03-07 11:00"),
        ("2026-03-02 00:00", 120, "2026-03-07 00:00"),
    ],
)
def test_business_day_hours_run_only_on_business_days(start: str, hours: int, end: str) -> None:
    rule = f'{{ within = {hours}, unit = "business_day_hours", of = "request_received" }}'
    assert occur_by(rule, received=at(start)).occur_by == at(end)


@pytest.mark.parametrize(
    "deadline, end",
    [
        ('{ within = 5, unit = "calendar_days", of = "initial_decision" }', "2026-03-08 00:00"),
        ('{ within = 2, unit = "hours", of = "initial_decision" }', "2026-03-02 02:00"),
        ('{ within = 2, unit = "business_day_hours", of = "initial_decision" }', "2026-03-02 02:00"),
        ('{ before = "initial_decision" }', "2026-03-03 00:00"),
        ('{ by = "initial_decision" }', "2026-03-03 00:00"),
    ],
)
def test_a_date_without_a_time_is_that_day_in_the_plans_zone(deadline: str, end: str) -> None:
    known = occur_by(deadline, dates={"initial_decision": date(2026, 3, 2)})
    assert known.occur_by == at(end)


def test_a_date_with_a_time_is_that_instant() -> None:
    for form in ("before", "by"):
        known = occur_by(f'{{ {form} = "notice_deadline" }}', dates={"notice_deadline": at("2026-03-09 15:30")})
        assert (known.occur_by, known.sla) == (at("2026-03-09 15:30"), at("2026-03-09 15:30"))


def test_day_0_is_the_date_in_the_plans_zone_not_in_utc() -> None:
    """23:30 in New York is the next day in UTC."""
    known = occur_by(
        '{ within = 1, unit = "calendar_days", of = "initial_decision" }',
        dates={"initial_decision": at("2026-03-02 23:30")},
    )
    assert known.occur_by == at("2026-03-04 00:00")


def test_a_list_of_dates_counts_from_the_latest_that_is_known() -> None:
    rule = '{ within = 1, unit = "calendar_days", of = ["initial_decision", "letter", "request_complete"] }'
    known = {"initial_decision": at("2026-03-02 09:00")}
    assert occur_by(rule, dates=known, complete=None).occur_by == at("2026-03-04 00:00")
    assert occur_by(rule, dates={**known, "letter": date(2026, 3, 5)}).occur_by == at("2026-03-07 00:00")
    assert occur_by(rule, dates={}, complete=None).occur_by is None


def test_with_wait_one_missing_date_leaves_it_unreached_and_nobody_is_asked() -> None:
    rule = '{ within = 1, unit = "calendar_days", of = ["initial_decision", "letter"], unknown = "wait" }'
    waiting = occur_by(rule)
    assert (waiting.occur_by, waiting.unknown) == (None, ())
    both = {"initial_decision": at("2026-03-02 09:00"), "letter": date(2026, 3, 4)}
    assert occur_by(rule, dates=both).occur_by == at("2026-03-06 00:00")


def test_the_later_of_several_is_that_of_those_known() -> None:
    rule = '{ latest = [{ within = 2, unit = "calendar_days", of = "initial_decision" }, { before = "discharge" }] }'
    assert occur_by(rule).occur_by == at("2026-03-05 00:00")
    later = {"initial_decision": at("2026-03-02 09:00"), "discharge": at("2026-03-06 11:00")}
    assert occur_by(rule, dates=later).occur_by == at("2026-03-06 11:00")


def test_of_several_in_one_list_the_earliest_binds() -> None:
    rule = '{ before = "discharge" }, { within = 2, unit = "calendar_days", of = "initial_decision" }'
    assert occur_by(rule).occur_by == at("2026-03-05 00:00")
    sooner = {"initial_decision": at("2026-03-02 09:00"), "discharge": at("2026-03-03 11:00")}
    assert occur_by(rule, dates=sooner).occur_by == at("2026-03-03 11:00")


def test_deadlines_hold_for_their_settings_and_urgency_only() -> None:
    rule = (
        '{ within = 1, unit = "hours", of = "request_received", urgency = ["emergent"] }, '
        '{ within = 9, unit = "hours", of = "request_received", settings = ["concurrent"] }'
    )
    assert occur_by(rule).occur_by is None
    assert occur_by(rule, setting=Setting.CONCURRENT).occur_by == at("2026-03-03 19:00")
    both = occur_by(rule, setting=Setting.CONCURRENT, urgency=Urgency.EMERGENT)
    assert both.occur_by == at("2026-03-03 11:00")


def test_advice_is_shown_and_binds_nothing() -> None:
    advice = '{ within = 1, unit = "hours", of = "request_received", binding = false }'
    known = occur_by(advice)
    assert known.occur_by == at("2026-03-03 11:00")
    assert (known.binding, known.closes, known.owed) == (None, None, None)
    beside = occur_by(f'{advice}, {{ within = 9, unit = "hours", of = "request_received" }}')
    assert beside.occur_by == beside.binding == at("2026-03-03 19:00")


@pytest.mark.parametrize(
    "deadline, asked_for",
    [
        ('{ within = 1, unit = "hours", of = "letter" }', True),
        ('{ by = "letter" }', True),
        ('{ within = 1, unit = "hours", of = ["letter", "verbal_notice"] }', True),
        ('{ within = 1, unit = "hours", of = ["letter", "request_complete"] }', True),
        ('{ latest = [{ by = "letter" }, { before = "discharge" }] }', True),
        ('{ before = "letter" }', False),
        ('{ within = 1, unit = "hours", of = "request_complete" }', False),
        ('{ within = 1, unit = "hours", of = ["letter", "initial_decision"] }', False),
        ('{ within = 1, unit = "hours", of = "letter", unknown = "wait" }', False),
        ('{ within = 1, unit = "hours", of = "letter", binding = false }', False),
        ('{ within = 1, unit = "hours", of = "letter", settings = ["concurrent"] }', False),
        ('{ latest = [{ by = "letter" }, { within = 1, unit = "hours", of = "initial_decision" }] }', False),
    ],
)
def test_a_coordinator_is_asked_for_the_dates_that_nothing_else_replaces(deadline: str, asked_for: bool) -> None:
    known = occur_by(deadline, complete=None)
    assert known.unknown == (("consult.occur_by", "consult.sla") if asked_for else ())


def test_those_of_a_list_that_are_known_bind_meanwhile() -> None:
    rule = '{ by = "letter" }, { within = 9, unit = "hours", of = "request_received" }'
    known = occur_by(rule)
    assert known.occur_by == at("2026-03-03 19:00")
    assert "consult.occur_by" in known.unknown


def test_a_nurses_due_time_is_a_duty_of_the_plan() -> None:
    """NC-6: two days from Friday end on Sunday at close of business, whoever works then."""
    within_two_days = '{ within = 2, unit = "calendar_days", of = "request_complete" }'
    rulebook = rules(f"reconsideration = {{ emergent = {{ deadline = {within_two_days} }} }}")
    urgent, friday = denial(urgency=Urgency.EMERGENT), at("2026-03-06 10:00")
    assert review_due(rulebook, urgent, received=friday, complete=friday) == at("2026-03-08 17:00")
    assert review_due(rulebook, urgent, received=friday, complete=None) is None
    assert review_due(rulebook, denial(), received=friday, complete=friday) is None
    assert not review_date_unknown(rulebook, urgent, received=friday, complete=friday)


def test_the_nurses_due_time_may_lack_a_date_of_the_denial() -> None:
    friday = at("2026-03-06 10:00")
    rulebook = rules('reconsideration = { elective = { deadline = { by = "decision_due" } } }')
    assert review_date_unknown(rulebook, denial(), received=friday, complete=friday)
    either = '{ within = 2, unit = "hours", of = ["decision_due", "request_complete"] }'
    rulebook = rules(f"reconsideration = {{ elective = {{ deadline = {either} }} }}")
    assert not review_date_unknown(rulebook, denial(), received=friday, complete=friday), "it is known from the other"
    assert review_date_unknown(rulebook, denial(), received=friday, complete=None)


def test_holidays_and_the_days_on_which_they_are_observed_are_no_business_days() -> None:
    """C5: Independence Day 2026 is a Saturday, observed on the Friday before."""
    rulebook = rules(holidays=JULY_2026)
    assert not is_business_day(rulebook, date(2026, 7, 3))
    assert nth_business_day(rulebook, date(2026, 7, 2), 1) == date(2026, 7, 6)


def test_a_plan_may_work_on_other_days_and_until_midnight() -> None:
    rulebook = rules('plan = { business_days = ["sat", "sun"], business_hours = { from = "20:00", to = "24:00" } }')
    assert nth_business_day(rulebook, date(2026, 3, 2), 1) == date(2026, 3, 7)
    assert close_of_business(rulebook, date(2026, 3, 7)) == at("2026-03-08 00:00")


def test_business_days_over_the_end_of_a_year() -> None:
    rulebook = rules(holidays=[date(2026, 12, 25), date(2027, 1, 1)])
    assert nth_business_day(rulebook, date(2026, 12, 31), 1) == date(2027, 1, 4)
    assert nth_business_day(rulebook, date(2026, 12, 24), 5) == date(2027, 1, 4)


def test_a_time_in_the_spring_gap_is_the_instant_of_the_change() -> None:
    """D2: 02:00 to 03:00 does not exist on 8 March; the change is at 07:00 UTC."""
    zone, day, change = ZoneInfo(EASTERN), date(2026, 3, 8), datetime(2026, 3, 8, 7, tzinfo=UTC)
    for local in (time(2), time(2, 30), time(2, 59)):
        assert start_at(day, local, zone) == end_at(day, local, zone) == change
    assert start_at(day, time(3), zone) == change


def test_a_time_that_exists_twice_is_the_first_as_a_start_and_the_second_as_an_end() -> None:
    zone, day = ZoneInfo(EASTERN), date(2026, 11, 1)
    assert start_at(day, time(1, 30), zone) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert end_at(day, time(1, 30), zone) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert start_at(day, time(2), zone) == end_at(day, time(2), zone) == datetime(2026, 11, 1, 7, tzinfo=UTC)


def test_midnight_may_be_missing_or_there_twice() -> None:
    """In Cairo the clocks go forward at midnight, in Havana they go back to it."""
    cairo, havana = ZoneInfo("Africa/Cairo"), ZoneInfo("America/Havana")
    assert start_at(date(2026, 4, 24), time(0), cairo) == datetime(2026, 4, 23, 22, tzinfo=UTC)
    assert end_at(date(2026, 4, 23), None, cairo) == datetime(2026, 4, 23, 22, tzinfo=UTC)
    assert start_at(date(2025, 11, 2), time(0), havana) == datetime(2025, 11, 2, 4, tzinfo=UTC)
    assert end_at(date(2025, 11, 1), None, havana) == datetime(2025, 11, 2, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "start, end, staffed",
    [
        ("2026-03-07 10:00", "2026-03-09 08:00", False),  # a weekend
        ("2026-03-07 10:00", "2026-03-09 08:01", True),
        ("2026-03-06 16:59", "2026-03-07 00:00", True),
        ("2026-03-06 17:00", "2026-03-07 00:00", False),
        ("2026-03-06 12:00", "2026-03-06 12:00", False),
        ("2026-03-06 12:00", "2026-03-06 11:00", False),
    ],
)
def test_whether_the_desk_is_staffed_between_two_instants(start: str, end: str, staffed: bool) -> None:
    assert any_business_hours(rules(), at(start), at(end)) is staffed


UNITS = ("minutes", "hours", "business_day_hours", "calendar_days", "business_days")
moments = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- bounds; `timezones` makes them aware
zones = st.sampled_from(
    [EASTERN, PACIFIC, "America/Phoenix", "Pacific/Honolulu", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo"]
)


def one_rule(unit: str, within: int, zone: str) -> Rulebook:
    """Make a plan that owes its consult within so many units."""
    rule = f'[{{ within = {within}, unit = "{unit}", of = "request_received" }}]'
    return rules(f"consult = {{ occur_by = {rule}, sla = {rule} }}", zone=zone, holidays=JULY_2026)


@given(st.sampled_from(UNITS), st.integers(0, 40), moments, zones)
def test_a_longer_deadline_never_ends_earlier(unit: str, within: int, received: datetime, zone: str) -> None:
    short, long = (
        deadlines(one_rule(unit, n, zone), denial(), received=received, complete=received) for n in (within, within + 1)
    )
    assert short.occur_by is not None
    assert long.occur_by is not None
    assert short.sla is not None
    assert long.sla is not None
    assert short.occur_by < long.occur_by
    assert short.sla < long.sla or (short.sla == long.sla and unit.endswith("days"))
    assert long.occur_by >= received


@given(st.sampled_from(UNITS), st.integers(0, 40), moments, zones, zones)
def test_deadlines_do_not_depend_on_the_zone_in_which_an_instant_is_written(
    unit: str, within: int, received: datetime, zone: str, written: str
) -> None:
    """D7."""
    rulebook = one_rule(unit, within, zone)
    elsewhere = received.astimezone(ZoneInfo(written))
    known = deadlines(rulebook, denial(), received=elsewhere, complete=elsewhere)
    assert known == deadlines(rulebook, denial(), received=received, complete=received)


@given(st.sampled_from(["business_days", "business_day_hours"]), st.integers(1, 60), moments, zones)
def test_business_units_never_end_on_a_closed_day(unit: str, within: int, received: datetime, zone: str) -> None:
    rulebook = one_rule(unit, within, zone)
    known = deadlines(rulebook, denial(), received=received, complete=received)
    assert known.occur_by is not None
    last_moment = known.occur_by - timedelta(microseconds=1)
    assert is_business_day(rulebook, local_date(last_moment, ZoneInfo(zone)))


@given(st.integers(0, 60), moments, zones)
def test_there_are_as_many_business_days_between_as_the_rule_says(within: int, received: datetime, zone: str) -> None:
    rulebook, day = one_rule("business_days", within, zone), local_date(received, ZoneInfo(zone))
    last = nth_business_day(rulebook, day, within)
    between = [day + timedelta(days=n) for n in range(1, (last - day).days + 1)]
    assert sum(is_business_day(rulebook, each) for each in between) == within


@given(moments, zones)
def test_a_day_is_covered_by_its_local_times(moment: datetime, zone: str) -> None:
    where, day = ZoneInfo(zone), local_date(moment, ZoneInfo(zone))
    assert start_at(day, time(0), where) <= moment < end_at(day, None, where)


def test_a_deadline_is_reached_at_its_instant() -> None:
    known = Deadlines(occur_by=at("2026-03-08 00:00"), sla=at("2026-03-09 17:00"), target=at("2026-03-05 17:00"))
    assert known.binding == known.target
    assert known.owed == known.occur_by
    assert replace(known, advice=("target",)).binding == known.occur_by
