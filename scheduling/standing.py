"""The open consults as they stand, with the directors' time: what planning reads and changes.

It is kept from one planning to the next: `put` what has changed, then plan again. Only those are looked at for whom
something may be different: who is new or has changed; who could use a time that was given back; who found nothing, once
the sixty days reach a time that is free. For all others planning would do nothing, as it did before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time

from scheduling.business_time import ONE_DAY, local_date, start_at
from scheduling.eligibility import is_ready, may_be_moved_up
from scheduling.line import Line, PlaceKey
from scheduling.openings import HORIZON, DirectorCalendar, Openings
from scheduling.places import Queue, place_key, queue_of, with_buffer
from scheduling.values import Booking, ConsultState, Director, Interval, Rulebook

#: how far beyond the sixty days the next opening is looked for at once
_FURTHER = 7 * ONE_DAY


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
        self._lines = {queue: Line(standing) for queue, standing in keys.items()}
        #: the queues in which planning has somebody to look at
        self.unseen = set(self._lines)
        #: the next opening that the days to come will bring into reach, by director and rules
        self._next_starts: dict[tuple[int, int], datetime] = {}
        for queue, standing in keys.items():
            for id_ in standing:
                self._sort(self._lines[queue], self.states[id_])

    def rulebook(self, state: ConsultState) -> Rulebook:
        """Return the rules of a consult."""
        return self.rulebooks[state.rulebook]

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
            self._look_at(queue, state.id)

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
        """Let the clock run on: the sixty days reach further, and whoever found nothing may find something there."""
        until, self.now = self.now + HORIZON, now
        for queue, line in self._lines.items():
            if not line.waiting:
                continue
            if line.quiet_until <= now + HORIZON:
                line.quiet_until = min(self._look_further(queue, self.states[id_], until) for id_ in line.waiting)
            else:
                for id_ in line.fresh & line.waiting:
                    line.quiet_until = min(line.quiet_until, self._look_further(queue, self.states[id_], until))
            line.fresh.clear()

    def forget_the_past(self) -> None:
        """Drop what no planning looks at any more, so that the memory does not grow with the days."""
        for id_, director in self.directors.items():
            if any(during.end <= self.now for during in director.off):
                self.directors[id_] = replace(director, off=tuple(each for each in director.off if each.end > self.now))
        for calendar in self._calendars.values():
            calendar.forget(self.now)

    # ---- who is looked at

    def _look_at(self, queue: Queue, id_: int) -> None:
        self._lines[queue].look_at(id_)
        self.unseen.add(queue)

    def _seat(self, state: ConsultState) -> None:
        rulebook = self.rulebook(state)
        queue = queue_of(state, rulebook)
        if queue is None:
            return
        if (line := self._lines.get(queue)) is None:
            line = self._lines[queue] = Line({})
        if line.put(state.id, place_key(state, rulebook)):
            self._look_at(queue, state.id)
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
            line.fresh.add(state.id)
        elif may_be_moved_up(state, rulebook):
            line.movable.add(state.id)

    def _unseat(self, state: ConsultState) -> None:
        queue = queue_of(state, self.rulebook(state))
        if queue is not None:
            self._lines[queue].remove(state.id)

    def _look_again(self, booking: Booking, rulebook: Rulebook) -> None:
        """Have planning look at whoever could use a time that was given back."""
        director, calendar = booking.director, self.calendar(booking.director)
        during = with_buffer(booking.during, rulebook)
        if calendar is None or during.end <= self.now:
            return
        if calendar.director.max_a_day is not None:
            zone = calendar.director.zone
            day = local_date(during.start, zone)
            during = Interval(start_at(day, time(0), zone), start_at(day + ONE_DAY, time(0), zone))
        for queue, line in self._lines.items():
            is_own = queue == director or isinstance(queue, str)
            if is_own or queue in self._asked_instead_of[director]:
                for id_ in line.waiting:
                    if self._could_use(self.states[id_], director, during, is_own=is_own):
                        self._look_at(queue, id_)
            if is_own:
                for id_ in line.movable:
                    if self._could_move_to(self.states[id_], director, during):
                        self._look_at(queue, id_)

    def _could_use(self, state: ConsultState, director: int, during: Interval, *, is_own: bool) -> bool:
        """Tell whether a request without a time could have one there; with a peer only before its deadline."""
        before = None if is_own else state.deadlines.binding
        if not is_own and (before is None or before <= self.now):
            return False
        openings = self.openings(director, self.rulebook(state))
        if openings is None:
            return False
        reach = openings.reach_of(during)
        at_least = max(reach.start, self.now)
        if before is not None and before <= at_least:
            return False
        return openings.first(at_least=at_least, latest=reach.end, before=before, windows=state.windows) is not None

    def _could_move_to(self, state: ConsultState, director: int, during: Interval) -> bool:
        """Tell whether a consult that has a time could have an earlier one there."""
        rulebook, booking = self.rulebook(state), state.booking
        openings = self.openings(director, rulebook)
        if booking is None or openings is None:
            return False
        reach, start = openings.reach_of(during), booking.during.start
        if start <= reach.start:
            return False
        if booking.director == director and start < reach.end + rulebook.policy.consult.duration:
            return True  # its own time is none that keeps it from there
        at_least = max(reach.start, self.now)
        return openings.first(at_least=at_least, latest=reach.end, before=start, windows=state.windows) is not None

    def _look_further(self, queue: Queue, state: ConsultState, until: datetime) -> datetime:
        """Have planning look at a request if what came into reach after `until` holds an opening that may be for it.

        Returns the next such opening that is not in reach yet, or how far was looked.
        """
        if state.windows and all(window.end <= until for window in state.windows):
            return self.now + HORIZON + _FURTHER
        rulebook, deadline = self.rulebook(state), state.deadlines.binding
        directors = [queue] if isinstance(queue, int) else list(self.directors)
        if isinstance(queue, int) and deadline is not None and deadline > until and queue in self.directors:
            directors += self.directors[queue].peers
        starts = [self._next_start(each, rulebook, until) for each in directors if each in self.directors]
        start = min(starts, default=until + _FURTHER)
        if start <= self.now + HORIZON:
            self._look_at(queue, state.id)
        return start

    def _next_start(self, director: int, rulebook: Rulebook, until: datetime) -> datetime:
        """Return the first opening from `until` on; where there is none for a week, the end of that."""
        key = (director, id(rulebook))
        known = self._next_starts.get(key)
        # of a full day that is free again the rest counts too
        if known is None or known <= until or self.directors[director].max_a_day is not None:
            openings = self.openings(director, rulebook)
            latest = self.now + HORIZON + _FURTHER
            found = openings and openings.first(at_least=until, latest=latest)
            known = self._next_starts[key] = found.start if found else latest
        return known
