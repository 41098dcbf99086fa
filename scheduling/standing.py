"""The open consults as they stand, with the directors' time: what planning reads and changes.

It is kept from one planning to the next: `put` what has changed, then plan again. Only those are looked at for whom
something may be different: who is new or has changed; who could use a time that was given back; who found nothing, once
the sixty days reach a time that is free. For all others planning would do nothing, as it did before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time

from scheduling.business_time import ONE_DAY, local_date, start_at
from scheduling.eligibility import is_ready, may_be_moved_up
from scheduling.line import Line, PlaceKey
from scheduling.openings import HORIZON, DirectorCalendar, Openings
from scheduling.places import Queue, place_key, queue_of, with_buffer
from scheduling.policy_words import Assignment
from scheduling.values import Booking, ConsultState, Director, Interval, Rulebook


class Standing:
    """Consults in their lines, and the directors' time as it is taken."""

    def __init__(
        self,
        consults: Sequence[ConsultState],
        directors: Mapping[int, Director],
        rulebooks: Mapping[str, Rulebook],
        *,
        now: datetime,
    ) -> None:
        self.now = now
        self.directors = dict(sorted(directors.items()))
        self.rulebooks = rulebooks
        self.states = {state.id: state for state in consults if state.status.open}
        self._calendars: dict[int, DirectorCalendar] = {}
        self._booked: dict[int, dict[int, Interval]] = {id_: {} for id_ in self.directors}
        self._asked_instead_of: dict[int, list[int]] = {id_: [] for id_ in self.directors}
        for director in self.directors.values():
            for peer in director.peers:
                if peer in self._asked_instead_of:
                    self._asked_instead_of[peer].append(director.id)
        keys: dict[Queue, dict[int, PlaceKey]] = {}
        for state in self.states.values():
            rulebook = self.rulebook(state)
            if state.booking is not None and state.booking.director in self._booked:
                self._booked[state.booking.director][state.id] = with_buffer(state.booking.during, rulebook)
            if (queue := queue_of(state, rulebook)) is not None:
                keys.setdefault(queue, {})[state.id] = place_key(state, rulebook)
        self._in_order: list[Line] = []
        self._lines = {queue: Line(standing) for queue, standing in keys.items()}
        for queue, standing in keys.items():
            for id_ in standing:
                self._sort(self._lines[queue], self.states[id_])

    def rulebook(self, state: ConsultState) -> Rulebook:
        """Return the rules of a consult."""
        return self.rulebooks[state.rulebook]

    def lines(self) -> list[Line]:
        """Return the lines as they are planned: in order of the directors' ids, then of the policies'."""
        if len(self._in_order) < len(self._lines):
            queues = sorted(self._lines, key=lambda queue: (isinstance(queue, str), queue))
            self._in_order = [self._lines[queue] for queue in queues]
        return self._in_order

    def line(self, queue: Queue) -> Line:
        """Return the line of a queue, empty if nobody stands in it."""
        return self._lines.get(queue) or Line({})

    def calendar(self, director: int) -> DirectorCalendar | None:
        """Return a director's time as it is taken; None: he is none of those at hand."""
        if director not in self._calendars and director in self.directors:
            taken = self._booked[director].values()
            self._calendars[director] = DirectorCalendar(self.directors[director], taken)
        return self._calendars.get(director)

    def openings(self, director: int, rulebook: Rulebook) -> Openings | None:
        """Return a director's openings for consults under these rules."""
        calendar = self.calendar(director)
        return None if calendar is None else calendar.openings(rulebook, since=self.now)

    def booked_with(self, director: int) -> list[ConsultState]:
        """Return the open consults that have a time with a director."""
        return [self.states[id_] for id_ in self._booked[director]]

    # ---- what changes

    def put(self, state: ConsultState) -> None:
        """Let a consult stand as it does now: new, changed, or closed, which takes it out."""
        before = self.states.get(state.id)
        if before is not None and queue_of(before, self.rulebook(before)) != queue_of(state, self.rulebook(state)):
            self._unseat(before)
        self.change(state)
        if not state.status.open:
            self._unseat(state)
            del self.states[state.id]
        elif (queue := queue_of(state, self.rulebook(state))) is not None:
            self._lines[queue].look_at(state.id)

    def change(self, state: ConsultState) -> None:
        """Write down how a consult stands, take the time that it has and give back the one that it had."""
        before = self.states.get(state.id)
        had, has = before.booking if before is not None else None, state.booking
        self.states[state.id] = state
        if had == has:
            self._seat(state)
            return
        if had is not None:
            self.give_back(had, state)
        if has is not None:
            self.take(has, state)
        self._seat(state)
        if had is not None:
            self._look_again(had, self.rulebook(state))

    def take(self, booking: Booking, state: ConsultState) -> None:
        """Take a time for a consult, with what is kept free after it."""
        if booking.director in self._booked:
            during = with_buffer(booking.during, self.rulebook(state))
            if (calendar := self._calendars.get(booking.director)) is not None:
                calendar.take(during)
            self._booked[booking.director][state.id] = during

    def give_back(self, booking: Booking, state: ConsultState) -> None:
        """Free the time that a consult had."""
        if booking.director in self._booked:
            during = self._booked[booking.director].pop(state.id)
            if (calendar := self._calendars.get(booking.director)) is not None:
                calendar.give_back(during)

    def be_off(self, director: int, during: Interval) -> None:
        """Take time off, or time that a director declined, out of his hours."""
        known = self.directors[director]
        self.directors[director] = replace(known, off=(*known.off, during))
        if (calendar := self._calendars.get(director)) is not None:
            calendar.be_off(during)

    def advance(self, now: datetime) -> None:
        """Let the clock run on: the sixty days reach further, and what has passed is forgotten."""
        until, self.now = self.now + HORIZON, now
        for queue, line in self._lines.items():
            if line.waiting:
                self._look_further(queue, line, until)

    def forget_the_past(self) -> None:
        """Drop what no planning looks at any more, so that the memory does not grow with the days."""
        for id_, director in self.directors.items():
            if any(during.end <= self.now for during in director.off):
                self.directors[id_] = replace(director, off=tuple(each for each in director.off if each.end > self.now))
        for calendar in self._calendars.values():
            calendar.forget(self.now)

    # ---- who is looked at

    def _seat(self, state: ConsultState) -> None:
        rulebook = self.rulebook(state)
        queue = queue_of(state, rulebook)
        if queue is None:
            return
        line = self._lines.setdefault(queue, Line({}))
        if line.put(state.id, place_key(state, rulebook)):
            line.look_at(state.id)
        self._sort(line, state)

    def _sort(self, line: Line, state: ConsultState) -> None:
        """Note what planning could do for a request: give it a time, or move it up."""
        rulebook = self.rulebook(state)
        line.waiting.discard(state.id)
        line.movable.discard(state.id)
        if not is_ready(rulebook, state):
            return
        if state.booking is None:
            line.waiting.add(state.id)
        elif may_be_moved_up(state, rulebook):
            line.movable.add(state.id)

    def _unseat(self, state: ConsultState) -> None:
        queue = queue_of(state, self.rulebook(state))
        if queue is not None:
            self._lines[queue].remove(state.id)

    def _look_again(self, booking: Booking, rulebook: Rulebook) -> None:
        """Have planning look at whoever could use a time that was given back."""
        calendar = self.calendar(booking.director)
        during = with_buffer(booking.during, rulebook)
        if calendar is None or during.end <= self.now:
            return
        if calendar.director.max_a_day is not None:
            zone = calendar.director.zone
            day = local_date(during.start, zone)
            during = Interval(start_at(day, time(0), zone), start_at(day + ONE_DAY, time(0), zone))
        for line in self._lines_that_wait_for(booking.director):
            for id_ in line.waiting:
                line.look_at(id_)
        for line in self._lines_with(booking.director):
            for id_ in line.movable:
                if self._could_move_to(self.states[id_], booking.director, during):
                    line.look_at(id_)

    def _lines_with(self, director: int) -> Iterator[Line]:
        """Give the lines whose consults may be with a director."""
        return (line for queue, line in self._lines.items() if queue == director or isinstance(queue, str))

    def _lines_that_wait_for(self, director: int) -> Iterator[Line]:
        """Give the same, and those in which he is asked as a peer."""
        yield from self._lines_with(director)
        for other in self._asked_instead_of[director]:
            if other in self._lines:
                yield self._lines[other]

    def _could_move_to(self, state: ConsultState, director: int, during: Interval) -> bool:
        rulebook, booking = self.rulebook(state), state.booking
        openings = self.openings(director, rulebook)
        if booking is None or openings is None:
            return False
        reach = openings.reach_of(during)
        if booking.during.start <= reach.start:
            return False
        if booking.director == director and booking.during.start < reach.end + rulebook.policy.consult.duration:
            return True  # its own time is none that keeps it from there
        return openings.first(at_least=reach.start, latest=reach.end, before=booking.during.start) is not None

    def _look_further(self, queue: Queue, line: Line, until: datetime) -> None:
        """Have planning look at those who found nothing, if the days that came into reach hold an opening."""
        held: dict[tuple[int, int], bool] = {}
        for id_ in line.waiting:
            rulebook = self.rulebook(self.states[id_])
            for director in self._may_be_asked(queue, rulebook):
                key = (director, id(rulebook))
                if key not in held:
                    openings = self.openings(director, rulebook)
                    latest = self.now + HORIZON
                    held[key] = openings is not None and openings.first(at_least=until, latest=latest) is not None
                if held[key]:
                    line.look_at(id_)
                    break

    def _may_be_asked(self, queue: Queue, rulebook: Rulebook) -> Iterable[int]:
        if isinstance(queue, str) or rulebook.policy.director.assignment is Assignment.ANY:
            return self.directors
        return (queue, *(self.directors[queue].peers if queue in self.directors else ()))
