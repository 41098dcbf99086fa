"""When reminders go out (statements K1 to K5)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling import reminders
from scheduling.values import Interval
from tests.scheduling.build import EASTERN, at, director, rules

ZONE = ZoneInfo(EASTERN)
DAY_AND_HOUR = (1440, 60)
LONG_AGO = at("2026-02-01 09:00")


@pytest.mark.parametrize(
    ("start", "before", "expected"),
    [
        ("2026-03-05 10:00", 60, "2026-03-05 09:00"),
        ("2026-03-05 10:00", 1440, "2026-03-04 10:00"),
        # eight on a Thursday: at seven nobody is there, so in the last hour of Wednesday
        ("2026-03-05 08:00", 60, "2026-03-04 16:00"),
        # a day before a Monday is a Sunday: in the last hour of Friday
        ("2026-03-09 10:00", 1440, "2026-03-06 16:00"),
        # a holiday is no working day either
        ("2026-03-03 10:00", 1440, "2026-02-27 16:00"),
        # the clocks go forward on Sunday 8 March; a day before is 24 hours before
        ("2026-03-10 10:00", 2 * 1440, "2026-03-06 16:00"),
        ("2026-03-05 18:30", 60, "2026-03-05 16:00"),
    ],
)
def test_an_office_is_reminded_in_its_working_hours(start: str, before: int, expected: str) -> None:
    hours_on = reminders.office_hours(rules(holidays=[date(2026, 3, 2)]), ZONE)
    assert reminders.reminder_at(at(start), timedelta(minutes=before), hours_on, ZONE) == at(expected)


def test_an_office_elsewhere_is_reminded_by_its_own_clock() -> None:
    """10 am in New York is 7 am in Los Angeles: an hour before nobody is there."""
    pacific = ZoneInfo("America/Los_Angeles")
    hours_on = reminders.office_hours(rules(), pacific)
    at_ten = at("2026-03-05 10:00")
    assert reminders.reminder_at(at_ten, timedelta(hours=1), hours_on, pacific) == at("2026-03-04 19:00")


def test_a_director_is_reminded_in_the_hours_of_his_week_and_not_on_days_off() -> None:
    off = Interval(at("2026-03-04 00:00"), at("2026-03-05 00:00"))
    hours_on = reminders.director_hours(director(off=(off,)))
    assert reminders.reminder_at(at("2026-03-05 10:00"), timedelta(days=1), hours_on, ZONE) == at("2026-03-03 11:00")


def test_who_has_no_hours_is_reminded_at_the_time_itself() -> None:
    hours_on = reminders.director_hours(director(week={}))
    assert reminders.reminder_at(at("2026-03-05 10:00"), timedelta(days=1), hours_on, ZONE) == at("2026-03-04 10:00")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-04 09:59", None),
        ("2026-03-04 10:00", 1440),
        ("2026-03-05 08:59", 1440),
        ("2026-03-05 09:00", 60),
        ("2026-03-05 09:59", 60),
        ("2026-03-05 10:00", None),
    ],
)
def test_of_several_that_are_due_the_last_says_it_all_until_the_talk_begins(now: str, expected: int | None) -> None:
    """K4: a worker that was off sends one, and none that is of no use."""
    assert due("2026-03-05 10:00", now) == expected


@pytest.mark.parametrize(
    ("start", "now", "expected"),
    [
        # it was due on Wednesday at 10:00
        ("2026-03-05 10:00", "2026-03-04 22:00", None),
        ("2026-03-05 10:00", "2026-03-05 07:59", None),
        ("2026-03-05 10:00", "2026-03-05 08:00", 1440),
        # in the last minute of the day, and sent when the day is over
        ("2026-03-05 16:59", "2026-03-04 17:01", 1440),
        # no hours are left before the talk: late is better than never
        ("2026-03-05 08:00", "2026-03-05 03:00", 60),
    ],
)
def test_a_late_reminder_waits_for_working_hours_if_any_are_left(start: str, now: str, expected: int | None) -> None:
    """K4: a worker that comes back at night, or a calendar that takes the hours away, wakes nobody."""
    assert due(start, now) == expected


def test_what_was_booked_within_the_day_is_reminded_of_once() -> None:
    """K3: the reminder whose time was over when the invitation went out is not sent."""
    told_at = at("2026-03-04 15:00")
    assert due("2026-03-05 10:00", "2026-03-04 16:00", told_at) is None
    assert due("2026-03-05 10:00", "2026-03-05 09:00", told_at) == 60


def test_two_reminders_of_one_moment_are_one() -> None:
    """K3: an hour and a day before eight on a Monday are both the last hour of Friday."""
    assert due("2026-03-09 08:00", "2026-03-06 16:00") == 60


def test_a_policy_without_reminders_reminds_nobody() -> None:
    assert reminders.due(
        at("2026-03-05 10:00"), (), always, ZONE, told_at=LONG_AGO, now=at("2026-03-05 09:30")
    ) is None  # fmt: skip
    assert reminders.longest_notice(()) == timedelta(days=8)


@given(
    after=st.timedeltas(timedelta(0), timedelta(days=350)),
    before=st.integers(5, 10080),
    zone=st.sampled_from(["America/New_York", "America/Phoenix", "Asia/Kolkata", "Europe/Dublin"]),
)
def test_a_reminder_is_never_later_than_promised_and_always_in_working_hours(
    after: timedelta, before: int, zone: str
) -> None:
    """And never earlier than is looked for."""
    begins = LONG_AGO + after
    hours_on = reminders.office_hours(rules(), ZoneInfo(zone))
    moment = reminders.reminder_at(begins, timedelta(minutes=before), hours_on, ZoneInfo(zone))
    assert begins - reminders.longest_notice([before]) <= moment <= begins - timedelta(minutes=before)
    local = moment.astimezone(ZoneInfo(zone))
    assert any(span.start <= moment < span.end for span in hours_on(local.date()))


def always(day: date) -> Sequence[Interval]:
    return (Interval(at(f"{day} 00:00"), at(f"{day} 23:59")),)


def due(start: str, now: str, told_at: datetime = LONG_AGO) -> int | None:
    hours_on = reminders.office_hours(rules(), ZONE)
    return reminders.due(at(start), DAY_AND_HOUR, hours_on, ZONE, told_at=told_at, now=at(now))
