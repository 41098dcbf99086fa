"""When a calendar is busy (statement C9); what cannot be read is never free (C10)."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.feeds.busy import UnreadableError, busy_in
from scheduling.values import Interval

NEW_YORK = ZoneInfo("America/New_York")
#: from Monday, 2 March 2026
SPAN = Interval(datetime(2026, 3, 2, 5, tzinfo=UTC), datetime(2026, 4, 1, 4, tzinfo=UTC))


def test_a_single_event_is_busy_once() -> None:
    assert busy(event("DTSTART:20260303T150000Z", "DTEND:20260303T160000Z")) == ["03 15:00-16:00"]


def test_a_series_is_busy_at_each_occurrence_but_the_left_out_and_the_moved_ones() -> None:
    """C9: EXDATE, and an occurrence that was moved to another hour."""
    series = event(
        "DTSTART;TZID=America/New_York:20260302T100000",
        "DTEND;TZID=America/New_York:20260302T110000",
        "RRULE:FREQ=WEEKLY;COUNT=4",
        "EXDATE;TZID=America/New_York:20260309T100000",
    )
    moved = event(
        "RECURRENCE-ID;TZID=America/New_York:20260316T100000",
        "DTSTART;TZID=America/New_York:20260317T130000",
        "DTEND;TZID=America/New_York:20260317T140000",
    )
    # the clocks go forward on 8 March: ten o'clock is 15:00 before and 14:00 after
    assert busy(series, moved) == ["02 15:00-16:00", "17 17:00-18:00", "23 14:00-15:00"]


def test_an_occurrence_that_was_cancelled_is_free_and_the_others_are_not() -> None:
    series = event("DTSTART:20260302T150000Z", "DTEND:20260302T160000Z", "RRULE:FREQ=DAILY;COUNT=3")
    cancelled = event(
        "RECURRENCE-ID:20260303T150000Z", "DTSTART:20260303T150000Z", "DTEND:20260303T160000Z", "STATUS:CANCELLED"
    )
    assert busy(series, cancelled) == ["02 15:00-16:00", "04 15:00-16:00"]


@pytest.mark.parametrize("mark", ["TRANSP:TRANSPARENT", "STATUS:CANCELLED", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"])
def test_what_is_marked_free_does_not_block(mark: str) -> None:
    assert busy(event("DTSTART:20260303T150000Z", "DTEND:20260303T160000Z", mark)) == []


@pytest.mark.parametrize(
    "mark", ["STATUS:TENTATIVE", "X-MICROSOFT-CDO-BUSYSTATUS:OOF", "TRANSP:OPAQUE", "CLASS:PRIVATE"]
)
def test_what_may_be_busy_blocks(mark: str) -> None:
    assert busy(event("DTSTART:20260303T150000Z", "DTEND:20260303T160000Z", mark)) == ["03 15:00-16:00"]


def test_an_all_day_event_is_a_day_of_the_calendars_own_zone() -> None:
    """C9: midnight in Los Angeles is 8:00 UTC; without a zone of its own it is the director's."""
    all_day = event("DTSTART;VALUE=DATE:20260304", "DTEND;VALUE=DATE:20260305")
    assert busy(all_day, head="X-WR-TIMEZONE:America/Los_Angeles") == ["04 08:00-05 08:00"]
    assert busy(all_day) == ["04 05:00-05 05:00"]
    assert busy(event("DTSTART;VALUE=DATE:20260304")) == ["04 05:00-05 05:00"]


def test_the_calendars_own_zone_may_have_outlooks_name_or_one_that_nobody_knows() -> None:
    timed = event("DTSTART:20260303T100000", "DTEND:20260303T110000")
    assert busy(timed, head="X-WR-TIMEZONE:Pacific Standard Time") == ["03 18:00-19:00"]
    assert busy(timed, head="X-WR-TIMEZONE:Somewhere") == ["03 15:00-16:00"]


def test_a_day_that_ends_on_itself_is_busy_all_day() -> None:
    assert busy(event("DTSTART;VALUE=DATE:20260304", "DTEND;VALUE=DATE:20260304")) == ["04 05:00-05 05:00"]


def test_a_day_on_which_the_clocks_change_has_its_own_length() -> None:
    assert busy(event("DTSTART;VALUE=DATE:20260308")) == ["08 05:00-09 04:00"]


def test_a_time_without_a_zone_is_the_directors() -> None:
    assert busy(event("DTSTART:20260303T100000", "DTEND:20260303T110000")) == ["03 15:00-16:00"]


def test_a_windows_zone_is_understood() -> None:
    outlook = event(
        "DTSTART;TZID=Eastern Standard Time:20260303T100000", "DTEND;TZID=Eastern Standard Time:20260303T110000"
    )
    assert busy(outlook) == ["03 15:00-16:00"]


def test_what_overlaps_is_one_stretch() -> None:
    first = event("DTSTART:20260303T150000Z", "DTEND:20260303T160000Z")
    second = event("DTSTART:20260303T153000Z", "DURATION:PT1H").replace("lunch", "meeting")
    assert busy(first, second) == ["03 15:00-16:30"]


def test_our_own_invitations_do_not_stand_in_their_own_way() -> None:
    ours = event("DTSTART:20260303T150000Z", "DTEND:20260303T160000Z").replace("@clinic.example", "@plan.example")
    assert busy(ours) == []


def test_events_that_share_a_uid_are_each_busy() -> None:
    """C10: what a careless program wrote is not free because of it."""
    first = event("DTSTART:20260303T150000Z", "DTEND:20260303T160000Z")
    second = event("DTSTART:20260304T150000Z", "DTEND:20260304T160000Z")
    assert busy(first, second) == ["03 15:00-16:00", "04 15:00-16:00"]


def test_an_event_that_began_before_and_lasts_is_busy_from_its_beginning() -> None:
    assert busy(event("DTSTART:20260301T120000Z", "DTEND:20260303T120000Z")) == ["01 12:00-03 12:00"]


def test_a_free_busy_answer_is_read() -> None:
    periods = "\r\n".join(
        [
            "BEGIN:VFREEBUSY",
            "FREEBUSY:20260303T150000Z/20260303T160000Z,20260304T150000Z/PT30M",
            "FREEBUSY;FBTYPE=FREE:20260305T150000Z/20260305T160000Z",
            "END:VFREEBUSY",
        ]
    )
    assert busy(periods) == ["03 15:00-16:00", "04 15:00-15:30"]


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>Sign in</html>", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:nonsense\r\n", b"\xff\xfe\x00"],
)
def test_what_is_no_calendar_is_a_fault_and_not_free_time(content: bytes) -> None:
    with pytest.raises(UnreadableError, match="no calendar"):
        busy_in(content, SPAN, zone=NEW_YORK, own_domain="plan.example")


def test_a_series_that_cannot_be_read_is_a_fault_of_the_whole() -> None:
    """C10: the other events are not taken for all there is."""
    good = event("DTSTART:20260303T150000Z", "DTEND:20260303T160000Z")
    bad = event("DTSTART:20260302T150000Z", "DTEND:20260302T160000Z", "RRULE:FREQ=SOMETIMES")
    with pytest.raises(UnreadableError):
        busy(good, bad)


def test_an_event_every_second_is_refused_before_it_is_worked_out() -> None:
    with pytest.raises(UnreadableError, match="every minute"):
        busy(event("DTSTART:20260302T150000Z", "DURATION:PT1S", "RRULE:FREQ=SECONDLY"))


def test_a_flood_of_events_is_refused() -> None:
    one = event("DTSTART:20260303T150000Z", "DTEND:20260303T160000Z")
    with pytest.raises(UnreadableError, match="more than 10000"):
        busy(*[one] * 10_001)


@given(st.binary(max_size=300))
def test_no_bytes_end_in_anything_but_a_fault_or_an_answer(content: bytes) -> None:
    framed = (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\n" + content + b"\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    for bytes_ in (content, framed):
        with suppress(UnreadableError):
            assert isinstance(busy_in(bytes_, SPAN, zone=NEW_YORK, own_domain="plan.example"), list)


def event(*lines: str) -> str:
    return "\r\n".join(
        ["BEGIN:VEVENT", "UID:lunch@clinic.example", "DTSTAMP:20260101T000000Z", *lines, "SUMMARY:x", "END:VEVENT"]
    )


def busy(*components: str, head: str = "X-OTHER:1") -> list[str]:
    content = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", head, *components, "END:VCALENDAR", ""])
    found = busy_in(content.encode(), SPAN, zone=NEW_YORK, own_domain="plan.example")
    return [short(span) for span in found]


def short(span: Interval) -> str:
    end = f"{span.end:%H:%M}" if span.end - span.start < timedelta(hours=12) else f"{span.end:%d %H:%M}"
    return f"{span.start:%d %H:%M}-{end}"
