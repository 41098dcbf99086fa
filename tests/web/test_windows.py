"""When the physician can talk, as it is typed and ticked."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.web.forms import Form
from app.web.office.windows import join, read_windows, rows_of, weeks
from scheduling.values import Interval

EASTERN, PHOENIX, KOLKATA = ZoneInfo("America/New_York"), ZoneInfo("America/Phoenix"), ZoneInfo("Asia/Kolkata")
NOW = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)


def read(values: dict[str, str], zone: ZoneInfo = EASTERN, **more) -> tuple[tuple[Interval, ...], dict[str, str]]:
    form = Form({"window_rows": "3", **values})
    windows = read_windows(form, zone, **{"at_least": 0, "length": HALF_AN_HOUR, "now": NOW, **more})
    return windows, form.errors


def row(number: int, on: str, begins: str, ends: str) -> dict[str, str]:
    return {f"window-{number}-date": on, f"window-{number}-from": begins, f"window-{number}-to": ends}


@pytest.mark.parametrize(
    "begins, ends", [("09:00", "11:30"), ("9 am", "11:30 am"), ("9:00 AM", "11:30 A.M."), ("9", "11:30")]
)
def test_a_time_is_read_as_browsers_and_people_write_it(begins: str, ends: str) -> None:
    windows, errors = read(row(0, "2026-03-04", begins, ends))
    assert errors == {}
    assert windows == (Interval(datetime(2026, 3, 4, 14, 0, tzinfo=UTC), datetime(2026, 3, 4, 16, 30, tzinfo=UTC)),)


@pytest.mark.parametrize(
    "zone, start",
    [
        (EASTERN, datetime(2026, 3, 4, 14, 0, tzinfo=UTC)),
        (PHOENIX, datetime(2026, 3, 4, 16, 0, tzinfo=UTC)),
        (KOLKATA, datetime(2026, 3, 4, 3, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_that_of_the_zone_chosen(zone: ZoneInfo, start: datetime) -> None:
    """D4, D7."""
    windows, _ = read(row(0, "2026-03-04", "9:00", "10:00"), zone)
    assert windows[0].start == start


def test_the_offset_is_that_of_the_date_and_not_of_today() -> None:
    """D4: the clocks change on 8 March."""
    windows, _ = read({**row(0, "2026-03-06", "9:00", "10:00"), **row(1, "2026-03-09", "9:00", "10:00")})
    assert [window.start.hour for window in windows] == [14, 13]


def test_an_hour_that_spring_skips_is_the_change() -> None:
    """D2."""
    windows, errors = read(row(0, "2026-03-08", "2:30", "4:00"))
    assert errors == {}
    assert windows[0] == Interval(datetime(2026, 3, 8, 7, 0, tzinfo=UTC), datetime(2026, 3, 8, 8, 0, tzinfo=UTC))


def test_midnight_ends_the_day() -> None:
    windows, errors = read(row(0, "2026-03-04", "22:00", "00:00"))
    assert errors == {}
    assert windows[0].end - windows[0].start == timedelta(hours=2)


def test_hours_that_touch_are_one_window() -> None:
    form = Form()
    form.values.setlist("hour", ["2026-03-04T14:00Z", "2026-03-04T15:00Z", "2026-03-04T18:00Z"])
    windows = read_windows(form, EASTERN, at_least=2, length=HALF_AN_HOUR, now=NOW)
    assert form.errors == {}
    assert windows == (
        Interval(datetime(2026, 3, 4, 14, 0, tzinfo=UTC), datetime(2026, 3, 4, 16, 0, tzinfo=UTC)),
        Interval(datetime(2026, 3, 4, 18, 0, tzinfo=UTC), datetime(2026, 3, 4, 19, 0, tzinfo=UTC)),
    )


def test_what_nobody_can_tick_is_left_out() -> None:
    form = Form()
    form.values.setlist("hour", ["nonsense", "2020-01-01T10:00Z", "2036-01-01T10:00Z", "2026-03-04T14:00Z"])
    assert len(read_windows(form, EASTERN, at_least=0, length=HALF_AN_HOUR, now=NOW)) == 1


@pytest.mark.parametrize(
    "values, field, words",
    [
        ({}, "windows", "Tick or enter"),
        (row(0, "", "9:00", "10:00"), "window-0-date", "Enter the date"),
        (row(0, "4/31/2026", "9:00", "10:00"), "window-0-date", "month/day/year"),
        (row(1, "2026-03-04", "", "10:00"), "window-1-from", "begins"),
        (row(1, "2026-03-04", "9:00", "25:00"), "window-1-to", "ends"),
        (row(1, "2026-03-04", "13 pm", "14:00"), "window-1-from", "begins"),
        (row(0, "2026-03-04", "10:00", "9:00"), "window-0-to", "later than the beginning"),
        (row(0, "2026-03-02", "9:00", "10:00"), "window-0-date", "has passed"),
        (row(0, "2026-06-02", "9:00", "10:00"), "window-0-date", "60 days"),
        (row(0, "2026-03-04", "9:00", "9:20"), "windows", "takes 30 minutes"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(values: dict[str, str], field: str, words: str) -> None:
    _, errors = read(values)
    assert list(errors) == [field]
    assert words in errors[field]


def test_a_plan_can_ask_for_more_windows() -> None:
    _, errors = read(row(0, "2026-03-04", "9:00", "10:00"), at_least=3)
    assert "at least 3 times" in errors["windows"]
    _, errors = read({"any_time": "yes"}, at_least=1)
    assert "at least 1 time " in errors["windows"]
    assert read({"any_time": "yes"}) == ((), {})


def test_windows_become_rows_and_rows_the_same_windows() -> None:
    windows = join(
        [
            Interval(datetime(2026, 3, 4, 14, 0, tzinfo=UTC), datetime(2026, 3, 4, 16, 15, tzinfo=UTC)),
            Interval(datetime(2026, 3, 5, 3, 0, tzinfo=UTC), datetime(2026, 3, 5, 5, 0, tzinfo=UTC)),
        ]
    )
    again, errors = read(rows_of(windows, EASTERN))
    assert errors == {}
    assert again == windows


@pytest.mark.usefixtures("request_context")
def test_a_week_marks_the_hours_in_which_the_director_has_time() -> None:
    opening = Interval(datetime(2026, 3, 4, 14, 30, tzinfo=UTC), datetime(2026, 3, 4, 15, 0, tzinfo=UTC))
    laid_out = weeks([opening], EASTERN, now=NOW, first=NOW)
    assert len(laid_out) == 2
    marked = [cell.label for _, cells in laid_out[0].rows for cell in cells if cell.open]
    assert marked == ["Wednesday 4 March, 9:00 am to 10:00 am"]


@pytest.mark.usefixtures("request_context")
def test_a_day_is_that_of_the_readers_zone() -> None:
    """D10: 23:30 in Los Angeles is the next day in New York."""
    opening = Interval(datetime(2026, 3, 4, 4, 30, tzinfo=UTC), datetime(2026, 3, 4, 5, 0, tzinfo=UTC))
    laid_out = weeks([opening], EASTERN, now=NOW, first=NOW)
    marked = [cell.label for _, cells in laid_out[0].rows for cell in cells if cell.open]
    assert marked == ["Tuesday 3 March, 11:00 pm to 12:00 am"]


@pytest.mark.usefixtures("request_context")
def test_what_has_passed_cannot_be_ticked() -> None:
    laid_out = weeks([], EASTERN, now=NOW, first=NOW + timedelta(hours=1))
    by_label = {cell.label: cell.past for _, cells in laid_out[0].rows for cell in cells}
    assert by_label["Tuesday 3 March, 9:00 am to 10:00 am"]
    assert not by_label["Tuesday 3 March, 10:00 am to 11:00 am"]


@pytest.fixture
def request_context(app) -> Iterator[None]:
    with app.test_request_context("/"):
        yield
