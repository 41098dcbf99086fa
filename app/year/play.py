"""Plays a year: what chance draws happens, and the rules decide, as in the running system.

Every event is one of `life`, every planning one of `fifo`. Between events the clock runs on. A request that has ended
is counted and forgotten.
"""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from heapq import heappop, heappush
from typing import Any

from app.year.counting import Counting, Open
from app.year.description import Year
from app.year.drawing import Arrivals, Chance, Drawn, drawn, pick
from app.year.nurses import Pile
from app.year.people import Person, WhoDecides
from app.year.tally import Tally
from scheduling import fifo, life
from scheduling.business_time import local_date, start_at
from scheduling.eligibility import outcomes
from scheduling.openings import spans_of
from scheduling.values import (
    Booking,
    Happening,
    Interval,
    ReviewDecision,
    ReviewKind,
    Rulebook,
    Step,
    What,
)

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
#: a case that is neither due nor talked about is looked at after those of so long a time
_LONG = timedelta(days=60)
#: an office that gives other windows in vain takes twice as long each time, up to so many times
MOST_DOUBLED = 6


class Play:
    """A year while it is played."""

    def __init__(self, year: Year, rulebook: Rulebook, people: tuple[Person, ...]) -> None:
        zone = rulebook.policy.plan.time_zone
        self.year, self.rulebook, self.people = year, rulebook, people
        self.begin = start_at(year.start, time(0), zone)
        self.end = start_at(year.start + year.days * _DAY, time(0), zone)
        self._key = rulebook.policy.key
        directors = {person.director.id: person.director for person in people}
        self.planner = fifo.Planner([], directors, {self._key: rulebook}, now=self.begin)
        self.open: dict[int, Open] = {}
        self._chance = Chance(year.seed)
        self._arrivals = Arrivals(year, rulebook)
        self._hours = self._arrivals.hours()
        self._decides = WhoDecides(people)
        self._pile = Pile(year.nurse, rulebook)
        self._nurses_come: datetime | None = None
        self._busy_until = dict.fromkeys(directors, self.begin)
        self._sick = {person.name: self._chance.of("sick", person.name) for person in people}
        self._order = 0
        self._agenda: list[tuple[datetime, int, Callable[..., None], tuple[Any, ...]]] = []
        self._counting = Counting(year, rulebook, people)

    def play(self) -> Tally:
        """Play from the first day to the last and return the counts."""
        self._next_hour()
        for day in range(self.year.days):
            midnight = start_at(self.year.start + day * _DAY, time(0), self.rulebook.policy.plan.time_zone)
            self._at(midnight, self._day_begins)
        while self._agenda and self._agenda[0][0] < self.end:
            now, _, happens, details = heappop(self._agenda)
            happens(now, *details)
        self._count_day(self.end)
        self._counting.ends(list(self.open.values()), self.begin, self.end, self._pile)
        return self._counting.tally

    def _at(self, at: datetime, happens: Callable[..., None], *details: Any) -> None:
        self._order += 1
        heappush(self._agenda, (at, self._order, happens, details))

    # ---- what is asked for

    def _next_hour(self) -> None:
        hour, count = next(self._hours, (None, 0))
        if hour is not None:
            self._at(hour, self._hour_begins, count)

    def _hour_begins(self, now: datetime, count: int) -> None:
        for asked in self._arrivals.draw(now, count):
            self._at(asked.request.received, self._ask, asked)
        self._next_hour()

    def _ask(self, now: datetime, asked: Drawn) -> None:
        director = self._decides.pick(asked.kind, asked.director, asked.added_director)
        step = life.ask(
            self.rulebook,
            self._key,
            asked.denial_of(director),
            asked.request,
            id=asked.number,
            arrival=self._next_arrival(),
            now=now,
        )
        self._counting.asked(asked, director, step, now)
        if step.state is None:
            return
        mine = self.open[asked.number] = Open(drawn=asked, state=step.state)
        if asked.information_after is not None:
            self._at(now + asked.information_after, self._inform, asked.number)
        self._at(now + self.year.office.gives_up_after_days * _DAY, self._give_up, asked.number)
        self._write(mine, step, now)
        self._plan(now)

    def _next_arrival(self) -> int:
        self._order += 1
        return self._order

    def _inform(self, now: datetime, number: int) -> None:
        self._do(now, number, lambda mine: life.add_information(mine.state, self.rulebook, now=now))

    def _give_up(self, now: datetime, number: int) -> None:
        """Withdraw what has no time; what has one is looked at again the day after it."""
        mine = self.open.get(number)
        if mine is None:
            return
        if mine.state.booking is not None:
            self._at(max(mine.state.booking.during.end, now) + _DAY, self._give_up, number)
            return
        self._do(now, number, lambda mine: life.withdraw(mine.state, self.rulebook, now=now))

    def _give_windows(self, now: datetime, number: int, booked: int) -> None:
        """Let the office give other windows: it gives up a time, or no opening lay in those it gave."""
        mine = self.open.get(number)
        if mine is None or mine.bookings != booked or fifo.has_begun(mine.state, now=now):
            return
        if mine.state.booking is not None:
            self._gives_up_time(mine, mine.state.booking)
        stream = self._chance.of("other windows", number, now.isoformat())
        windows = self._arrivals.windows(now, stream)
        step = life.reschedule(mine.state, self.rulebook, windows, arrival=self._next_arrival(), now=now)
        self._do(now, number, lambda mine: step)

    def _answer_about_peer(self, now: datetime, number: int, accepts: bool) -> None:
        mine = self.open.get(number)
        if mine is None:
            return
        state, planner = mine.state, self.planner
        if accepts and state.peer_offer is not None:
            step = life.accept_peer(
                state,
                self.rulebook,
                planner.directors,
                planner.booked_with(state.peer_offer.director),
                rulebooks=planner.rulebooks,
                now=now,
            )
        else:
            step = life.decline_peer(state, self.rulebook, now=now)
        self._do(now, number, lambda mine: step)

    @staticmethod
    def _gives_up_time(mine: Open, booking: Booking) -> None:
        start = booking.during.start
        mine.given_up = start if mine.given_up is None else min(mine.given_up, start)

    # ---- the talk

    def _call(self, now: datetime, number: int, booked: int, attempt: int, fates: tuple[float, ...]) -> None:
        """Call at the booked time, or as soon as the director's call before it is over. `fates`: one for each side."""
        mine = self.open.get(number)
        if mine is None or mine.bookings != booked or mine.state.booking is None:
            return
        booking, count = mine.state.booking, self._counting.of(mine.state.booking.director)
        free = self._busy_until[booking.director]
        if free > now:
            self._at(free, self._call, number, booked, attempt, fates)
            return
        if attempt == 0:
            self._counting.time_has_come(booking, now)
            if fates[0] < self.people[booking.director].of.absent:
                count.director_absent += 1
                self._no_show(now, mine, "director")
                return
        office = self.year.office
        if fates[1 + attempt] < (office.absent_again if attempt else office.absent):
            count.office_absent += 1
            self._gives_up_time(mine, booking)
            self._no_show(now, mine, "office")
            again = timedelta(minutes=self.rulebook.policy.contact.minutes_between)
            self._at(now + again, self._call, number, booked, attempt + 1, fates)
            return
        minutes = timedelta(minutes=mine.drawn.talk_minutes)
        mine.talk_began, mine.booked_at = now, booking.during.start
        self._busy_until[booking.director] = now + minutes
        count.talks += 1
        count.talk_minutes += mine.drawn.talk_minutes
        self._at(now + minutes, self._talked, number)

    def _no_show(self, now: datetime, mine: Open, by: str) -> None:
        step = life.no_show(mine.state, self.rulebook, by, arrival=self._next_arrival(), now=now)
        self._do(now, mine.drawn.number, lambda mine: step)

    def _talked(self, now: datetime, number: int) -> None:
        mine = self.open[number]
        allowed = outcomes(self.rulebook, reconsideration=mine.state.reconsideration)
        weights: list[float] = []
        for name in allowed:
            weights.append(getattr(self.year.talk.outcome, name) + (weights[-1] if weights else 0))
        determination = allowed[pick(mine.drawn.outcome, weights)]
        self._do(now, number, lambda mine: life.record_outcome(mine.state, self.rulebook, determination, now=now))

    def _decline(self, now: datetime, number: int, booked: int) -> None:
        mine = self.open.get(number)
        if mine is None or mine.bookings != booked or mine.state.booking is None:
            return
        booking = mine.state.booking
        step = life.director_declines(mine.state, self.rulebook, now=now)
        if step.happenings:
            self.planner.be_off(booking.director, booking.during)
        self._do(now, number, lambda mine: step)

    # ---- directors' days

    def _day_begins(self, now: datetime) -> None:
        """Count the day that is over, and draw who is sick today."""
        if now > self.begin:
            self._count_day(now)
        self.planner.advance(now)
        self.planner.forget_the_past()
        for person in self.people:
            director = self.planner.directors[person.director.id]
            today = local_date(now + 12 * _HOUR, director.zone)
            spans = spans_of(director, self.rulebook, today)
            workdays = sum(bool(spans) for spans in person.of.hours.spans.values()) * 365 / 7
            is_sick = self._sick[person.name].random() * workdays < person.of.sick_days
            if spans and is_sick:
                until = start_at(today + _DAY, time(0), director.zone)
                self._at(max(spans[0].start - _HOUR, now), self._is_sick, director.id, until)

    def _is_sick(self, now: datetime, director: int, until: datetime) -> None:
        during = Interval(now, until)
        self._counting.of(director).sick_days += 1
        self.planner.be_off(director, during)
        for state in sorted(self.planner.booked_with(director), key=lambda state: state.id):
            mine = self.open[state.id]
            self._write(mine, life.director_off(mine.state, self.rulebook, during, now=now), now)
        self._plan(now)

    def _count_day(self, now: datetime) -> None:
        """Count the open hours of the day that ends at midnight `now`."""
        for director in self.planner.directors.values():
            day = local_date(now - 12 * _HOUR, director.zone)
            self._counting.open_hours(director, spans_of(director, self.rulebook, day))
        self._counting.day_is_over(now, len(self.open))

    # ---- nurses

    def _work(self, now: datetime) -> None:
        """Let free nurses take what comes first, in staffed hours."""
        if self._nurses_come is not None and self._nurses_come > now:
            return
        while self._pile.is_waiting:
            staffed = self._pile.next_staffed(now)
            if staffed is None:
                return
            if staffed > now:
                self._nurses_come = staffed
                self._at(staffed, self._work)
                return
            self._take_up(self.open.get(self._pile.take()), now)

    def _take_up(self, mine: Open | None, now: datetime) -> None:
        """Let a nurse begin on a case, unless it has ended, is decided or in work, or its talk has begun."""
        review = mine.state.review if mine is not None else None
        if mine is None or review is None or review.decision is not None or mine.with_nurse:
            return
        if fifo.has_begun(mine.state, now=now):
            self._counting.tally.reviews["too_late_for_the_talk"] += 1
            mine.with_nurse = True
            return
        is_brief = review.kind is ReviewKind.BRIEF
        done = self._pile.begin(now, mine.drawn.brief_minutes if is_brief else mine.drawn.nurse_minutes)
        mine.with_nurse = True
        if done is not None:
            self._at(done, self._reviewed, mine.drawn.number)

    def _reviewed(self, now: datetime, number: int) -> None:
        self._pile.done()
        mine = self.open.get(number)
        if mine is not None and mine.state.review is not None:
            approves = self.year.nurse.approves.of(mine.drawn.kind.urgency)
            is_approved = mine.state.review.kind is ReviewKind.RECONSIDERATION and mine.drawn.nurse < approves
            decision = ReviewDecision.APPROVE if is_approved else ReviewDecision.NOT_APPROVED
            self._counting.reviewed(mine.state.review, now)
            self._do(now, number, lambda mine: life.decide_review(mine.state, self.rulebook, decision, now=now))
        self._work(now)

    def _review_is_due(self, now: datetime, number: int) -> None:
        mine = self.open.get(number)
        if mine is not None:
            self._write(mine, life.review_due_passed(mine.state, self.rulebook, now=now), now)

    # ---- the rules

    def _do(self, now: datetime, number: int, event: Callable[[Open], Step]) -> None:
        """Let an event happen to an open request, and plan if it changed anything."""
        mine = self.open.get(number)
        if mine is not None:
            step = event(mine)
            if step.state != mine.state:
                self._write(mine, step, now)
                self._plan(now)

    def _plan(self, now: datetime) -> None:
        self.planner.advance(now)
        for step in self.planner.plan():
            if step.state is not None:
                mine = self.open[step.state.id]
                mine.state = step.state
                for happening in step.happenings:
                    self._told(mine, happening, now)
        self._work(now)

    def _write(self, mine: Open, step: Step, now: datetime) -> None:
        if step.state is None:
            return
        mine.state = step.state
        self.planner.put(step.state)
        for happening in step.happenings:
            self._told(mine, happening, now)
        if not step.state.status.open:
            self._counting.ended(mine, now)
            del self.open[mine.drawn.number]

    def _told(self, mine: Open, happening: Happening, now: datetime) -> None:
        """Count a happening, and let follow what people do about it."""
        self._counting.told(mine, happening)
        number, office = mine.drawn.number, self.year.office
        match happening.what:
            case What.BOOKED | What.MOVED:
                self._booked(mine, now)
            case What.REVIEW_OPENED:
                self._lay_on_pile(mine, now)
                if mine.state.review is not None and (due := mine.state.review.due) is not None and due > now:
                    self._at(due, self._review_is_due, number)
            case What.UNPLACED if mine.state.windows:
                stream = self._chance.of("new windows", number, now.isoformat())
                after = max(drawn(office.new_windows_after_hours, stream), 1) * 2 ** min(mine.in_vain, MOST_DOUBLED)
                mine.in_vain += 1
                self._at(now + after * _HOUR, self._give_windows, number, mine.bookings)
            case What.PEER_OFFERED:
                self._answer_later(mine, now, accepts=office.accepts_peer)
            case _:
                pass

    def _lay_on_pile(self, mine: Open, now: datetime) -> None:
        """Have a nurse look at an open review: by when it is due, or talked about, whichever comes first."""
        review, booking = mine.state.review, mine.state.booking
        if review is not None and review.decision is None and not mine.with_nurse:
            due, start = review.due, booking.during.start if booking is not None else None
            self._pile.put(mine.drawn.number, min([at for at in (due, start) if at is not None], default=now + _LONG))

    def _answer_later(self, mine: Open, now: datetime, accepts: float) -> None:
        stream = self._chance.of("peer", mine.drawn.number)
        is_accepted = stream.random() < accepts
        after = drawn(self.year.office.answers_after_hours, stream)
        self._at(now + after * _HOUR, self._answer_about_peer, mine.drawn.number, is_accepted)

    def _booked(self, mine: Open, now: datetime) -> None:
        """Let the time come; and, as chance has it, let a side give it back before."""
        booking = mine.state.booking
        assert booking is not None
        mine.bookings, mine.in_vain = mine.bookings + 1, 0
        number, start = mine.drawn.number, booking.during.start
        office, stream = self.year.office, self._chance.of("booked", number, mine.bookings)
        declines, reschedules, when = stream.random(), stream.random(), stream.random()
        fates = tuple(stream.random() for _ in range(1 + self.rulebook.policy.contact.attempts))
        self._at(start, self._call, number, mine.bookings, 0, fates)
        self._lay_on_pile(mine, now)
        ahead = timedelta(seconds=int((start - now).total_seconds() * when))
        if declines < self.people[booking.director].of.declines:
            self._at(now + ahead, self._decline, number, mine.bookings)
        elif reschedules < office.reschedules:
            self._at(now + ahead, self._give_windows, number, mine.bookings)
        if life.is_given_a_peer(self.rulebook, mine.state) and stream.random() < office.declines_peer:
            after = drawn(office.answers_after_hours, stream)
            self._at(now + after * _HOUR, self._answer_about_peer, number, False)
