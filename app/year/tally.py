"""What is counted while a year is played. Nothing of a request is kept once it has ended."""

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

#: what is longer than this many minutes counts as so many
_LONGEST = 120 * 24 * 60
_MINUTE = timedelta(minutes=1)


class Durations:
    """Durations in whole minutes, as a histogram that does not grow with their number."""

    def __init__(self) -> None:
        self._counts = array("L", bytes(array("L").itemsize * (_LONGEST + 1)))
        self._sum = 0
        self.count = 0

    def add(self, duration: timedelta) -> None:
        """Count a duration."""
        minutes = min(duration // _MINUTE, _LONGEST)
        self._counts[minutes] += 1
        self._sum += minutes
        self.count += 1

    @property
    def mean(self) -> float | None:
        """Return the mean in minutes; None if there is none."""
        return self._sum / self.count if self.count else None

    def percentile(self, percent: int) -> int | None:
        """Return the least number of minutes that so many percent do not exceed; None if there is none."""
        seen = 0
        for minutes, count in self._counted():
            seen += count
            if seen * 100 >= percent * self.count:
                return minutes
        return None

    @property
    def longest(self) -> int | None:
        """Return the longest in minutes; None if there is none."""
        return max((minutes for minutes, _ in self._counted()), default=None)

    def by_days(self, days: int) -> list[int]:
        """Return how many lasted less than one day, less than two ..., and the rest."""
        found = [0] * (days + 1)
        for minutes, count in self._counted():
            found[min(minutes // (24 * 60), days)] += count
        return found

    def _counted(self) -> Iterator[tuple[int, int]]:
        return ((minutes, count) for minutes, count in enumerate(self._counts) if count)


@dataclass(slots=True)
class OfDirector:
    """What one director did."""

    decided: int = 0
    talks: int = 0
    booked_minutes: int = 0
    open_minutes: int = 0
    talk_minutes: int = 0
    begun_late: int = 0
    office_absent: int = 0
    director_absent: int = 0
    sick_days: int = 0


@dataclass(slots=True)
class Week:
    """What happened in one week."""

    asked: int = 0
    talked: int = 0
    settled: int = 0
    open_at_end: int = 0


@dataclass(slots=True)
class Tally:
    """The counts of a year."""

    directors: list[OfDirector]
    weeks: list[Week]
    asked: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    completed: Counter[str] = field(default_factory=Counter)
    cancelled: Counter[str] = field(default_factory=Counter)
    not_reached: int = 0
    #: those still open at the end, by status
    open: Counter[str] = field(default_factory=Counter)
    #: from the request to the talk, by urgency, and all
    waits: dict[str, Durations] = field(default_factory=dict)
    #: from the opening of a review to its decision
    decisions: Durations = field(default_factory=Durations)
    settled: Counter[str] = field(default_factory=Counter)
    #: (deadline, "met", "missed", "not_needed" or "open", cause)
    deadlines: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    #: (reason, cause)
    escalated: Counter[tuple[str, str]] = field(default_factory=Counter)
    returned: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    reviews: Counter[str] = field(default_factory=Counter)
    nurse_minutes: int = 0
    staffed_minutes: int = 0
    late_minutes: int = 0
