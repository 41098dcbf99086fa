"""Counts what happens to requests while a year is played, and what they came to."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.year.description import Year
from app.year.drawing import Drawn
from app.year.nurses import Pile
from app.year.people import Person
from app.year.tally import Durations, OfDirector, Tally, Week
from scheduling.business_time import local_date
from scheduling.values import (
    Booking,
    ConsultState,
    Director,
    Happening,
    Interval,
    Review,
    ReviewKind,
    Rulebook,
    Status,
    Step,
    What,
)

_MINUTE = timedelta(minutes=1)

#: the deadlines of a talk
DEADLINES = ("occur_by", "sla", "target")
REVIEW_DUE = "review_due"


@dataclass(slots=True)
class Open:
    """A request that is open, with what is counted when it ends."""

    drawn: Drawn
    state: ConsultState
    bookings: int = 0
    #: how often it was found since its last booking that no opening lies in its windows
    in_vain: int = 0
    with_nurse: bool = False
    talk_began: datetime | None = None
    booked_at: datetime | None = None
    cause: str = ""
    #: the earliest time that the office had and did not use
    given_up: datetime | None = None


class Counting:
    """Counts for one play of a year."""

    def __init__(self, year: Year, rulebook: Rulebook, people: tuple[Person, ...]) -> None:
        self._year = year
        self._rulebook = rulebook
        self.tally = Tally(
            directors=[OfDirector() for _ in people],
            weeks=[Week() for _ in range((year.days + 6) // 7)],
            waits={name: Durations() for name in ("all", "emergent", "elective")},
        )

    def of(self, director: int) -> OfDirector:
        """Return the counts of a director."""
        return self.tally.directors[director]

    def _week(self, now: datetime) -> Week:
        day = (local_date(now, self._rulebook.policy.plan.time_zone) - self._year.start).days
        return self.tally.weeks[min(day // 7, len(self.tally.weeks) - 1)]

    def asked(self, asked: Drawn, director: int, step: Step, now: datetime) -> None:
        """Count a request as it comes in, and why it is refused."""
        self.tally.asked[asked.kind.urgency] += 1
        self.of(director).decided += 1
        self._week(now).asked += 1
        if step.state is None:
            for happening in step.happenings:
                self.tally.refused[str(happening.details["reason"])] += 1

    def told(self, mine: Open, happening: Happening) -> None:
        """Count a happening."""
        tally, reason = self.tally, str(happening.details.get("reason"))
        tally.happened[happening.what] += 1
        if happening.what is What.ESCALATED:
            cause = happening.details.get("cause")
            tally.escalated[reason, str(cause or "")] += 1
            mine.cause = str(cause or mine.cause)
        elif happening.what is What.RETURNED:
            tally.returned[reason] += 1
        elif happening.what is What.REVIEW_OPENED:
            tally.reviews[str(happening.details["kind"])] += 1
        elif happening.what is What.BOOKED and mine.state.booking is not None:
            tally.happened["with_peer"] += mine.state.booking.director not in (mine.state.director, None)

    def reviewed(self, review: Review, now: datetime) -> None:
        """Count how long a reconsideration took."""
        if review.kind is ReviewKind.RECONSIDERATION:
            self.tally.decisions.add(now - review.opened)

    def time_has_come(self, booking: Booking, now: datetime) -> None:
        """Count a booked time that has come, and how late its call begins."""
        count, late = self.of(booking.director), now - booking.during.start
        count.booked_minutes += (booking.during.end - booking.during.start) // _MINUTE
        if late > timedelta():
            count.begun_late += 1
            self.tally.late_minutes += late // _MINUTE

    def ended(self, mine: Open, now: datetime) -> None:
        """Count what a request came to; nothing else of it is kept."""
        state, tally = mine.state, self.tally
        reason = str(state.closed_reason)
        start: datetime | None = None
        if state.status is Status.COMPLETED:
            assert mine.talk_began is not None
            start = mine.booked_at
            tally.completed[reason] += 1
            wait = mine.talk_began - state.received
            for name in ("all", state.denial.urgency):
                tally.waits[name].add(wait)
            self._week(now).talked += 1
        elif state.status is Status.NOT_REACHED:
            tally.not_reached += 1
        else:
            tally.cancelled[reason] += 1
            if reason == "approved_by_nurse":
                tally.settled[state.denial.urgency] += 1
                self._week(now).settled += 1
        self._deadlines(mine, start, now, "not_needed")

    def _deadlines(self, mine: Open, start: datetime | None, now: datetime, otherwise: str) -> None:
        """Count each deadline as met by a talk, missed with its cause, or passed by what ended (or goes on) before."""
        known = mine.state.deadlines
        for name in DEADLINES:
            at = getattr(known, name)
            if at is None or name in known.advice:
                continue
            if start is not None and start < at:
                self.tally.deadlines[name, "met", ""] += 1
            elif start is not None or at <= now:
                gave_up = mine.given_up is not None and mine.given_up < at
                self.tally.deadlines[name, "missed", "office_gave_up_time" if gave_up else mine.cause or "plan"] += 1
            else:
                self.tally.deadlines[name, otherwise, ""] += 1
        self._review(mine.state.review, now, otherwise)

    def _review(self, review: Review | None, now: datetime, otherwise: str) -> None:
        if review is not None and review.due is not None and review.kind is ReviewKind.RECONSIDERATION:
            kept = "met" if review.decision is not None else otherwise
            missed = review.overdue
            self.tally.deadlines[REVIEW_DUE, "missed" if missed else kept, "nurse" if missed else ""] += 1

    def open_hours(self, director: Director, spans: list[Interval]) -> None:
        """Count the open minutes of a director's day: his hours without what is off."""
        for span in spans:
            minutes, since = 0, span.start
            for off in sorted(director.off):
                if off.end > since and off.start < span.end:
                    minutes += max((off.start - since) // _MINUTE, 0)
                    since = max(since, off.end)
            minutes += max((span.end - since) // _MINUTE, 0)
            self.of(director.id).open_minutes += minutes

    def day_is_over(self, midnight: datetime, open_requests: int) -> None:
        """Note how many are open at the end of a day."""
        self._week(midnight - _MINUTE).open_at_end = open_requests

    def ends(self, open_requests: list[Open], start: datetime, end: datetime, pile: Pile) -> None:
        """Count what is still open when the year is over."""
        for mine in open_requests:
            self.tally.open[mine.state.status] += 1
            self._deadlines(mine, None, end, "open")
        self.tally.nurse_minutes = pile.minutes_worked
        self.tally.staffed_minutes = pile.staffed_minutes(start, end)
