"""What it costs to plan one request more, in lines of growing length."""

import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

from scheduling import fifo
from scheduling.values import Booking, ConsultState, Denial, Director, Hours, Interval, Rulebook, Status

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
LENGTHS = (10, 100, 1000, 10000)
ROUNDS = 5


def measure(rulebook: Rulebook) -> dict[str, float]:
    """Return milliseconds at the median for one new request behind lines that are booked or wait."""
    return {str(length): _median(length, rulebook) for length in LENGTHS}


def _median(length: int, rulebook: Rulebook) -> float:
    director = Director(
        id=1, zone=ZoneInfo("America/New_York"), hours=Hours(spans={day: ((clock(0), None),) for day in range(7)})
    )
    line = [_booked(number, rulebook) if number < 1000 else _waiting(number, rulebook) for number in range(length)]
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        planned = fifo.plan(
            [*line, _new(length, rulebook)], {1: director}, {rulebook.policy.key: rulebook}, now=NOW, queue=1
        )
        times.append((time.perf_counter() - started) * 1000)
        assert planned.changes
    return statistics.median(times)


def _new(number: int, rulebook: Rulebook) -> ConsultState:
    return ConsultState(
        id=number,
        rulebook=rulebook.policy.key,
        denial=Denial(director=1),
        status=Status.WAITING,
        director=1,
        received=NOW,
        complete=NOW,
        place_at=NOW,
        arrival=number,
        information=True,
    )


def _booked(number: int, rulebook: Rulebook) -> ConsultState:
    start = NOW + timedelta(hours=1, minutes=30 * number)
    during = Interval(start, start + timedelta(minutes=30))
    booking = Booking(director=1, during=during)
    return replace(_new(number, rulebook), status=Status.BOOKED, booking=booking)


def _waiting(number: int, rulebook: Rulebook) -> ConsultState:
    """Somebody who waits for an hour that is past what can be booked, and has been told so."""
    far = NOW + timedelta(days=90)
    windows = (Interval(far, far + timedelta(hours=1)),)
    return replace(_new(number, rulebook), windows=windows, unplaced="no_opening_in_windows")
