"""When a call may be entered without question: up to the close of the last business day (BSP-4)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.consults.calls import is_late, unquestioned_from
from app.errors import Invalid
from scheduling.values import Rulebook
from tests.support import factories

EASTERN = ZoneInfo("America/New_York")


@pytest.fixture
def rulebook() -> Rulebook:
    return factories.setup().policies.current("blue-cross-nc-commercial")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=EASTERN)


@pytest.mark.parametrize(
    "now, since",
    [
        ("2026-03-04 09:00", "2026-03-03 17:00"),
        ("2026-03-04 23:59", "2026-03-03 17:00"),
        ("2026-03-02 09:00", "2026-02-27 17:00"),
        ("2026-03-01 12:00", "2026-02-27 17:00"),
        ("2026-11-27 09:00", "2026-11-25 17:00"),
        ("2026-03-09 09:00", "2026-03-06 17:00"),
    ],
    ids=["a day later", "late at night", "on Monday", "on Sunday", "after Thanksgiving", "after the change of clocks"],
)
def test_what_came_after_the_last_business_day_closed_is_entered_without_question(rulebook, now, since) -> None:
    """BSP-4."""
    assert unquestioned_from(rulebook, now=at(now)) == at(since)
    assert not is_late(rulebook, at(since), "", now=at(now))


def test_what_came_before_takes_a_reason_and_then_a_second_person(rulebook: Rulebook) -> None:
    """BSP-4."""
    now = at("2026-03-04 09:00")
    early = at("2026-03-03 17:00") - timedelta(seconds=1)
    with pytest.raises(Invalid) as refused:
        is_late(rulebook, early, " ", now=now)
    assert set(refused.value.fields) == {"late_reason"}
    assert is_late(rulebook, early, "The fax lay under the printer.", now=now)


def test_a_moment_to_come_is_refused_whatever_the_reason(rulebook: Rulebook) -> None:
    now = at("2026-03-04 09:00")
    with pytest.raises(Invalid) as refused:
        is_late(rulebook, now + timedelta(seconds=1), "x", now=now)
    assert set(refused.value.fields) == {"received"}
