"""The independent model's line: who gets which opening, looked for minute by minute."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.independent.clock import DAY, MINUTE, Mapping, instant
from tests.independent.facts import HORIZON, Booking, Director, Known, Request


class Line(Known):
    def plan(self) -> None:
        changed = True
        while changed:
            changed = False
            for director in ["every"] if self.any else list(self.directors):
                while any(self.take_turn(request) for request in self.line(director)):
                    changed = True

    def take_turn(self, request: Request) -> bool:
        """Book or move it, if it can be; whether it was."""
        if self.begun(request) or not self.is_ready(request):
            return False
        own = list(self.directors) if self.any else [request.director or ""]
        if request.booking:
            return self.move_up(request, own)
        binding = self.binding(request)
        found = self.opening(request, own)
        is_late = found is None or (binding is not None and found[0] >= binding)
        cause = self.cause(request, binding)
        fallback = self.policy["director"]["fallback"]
        if binding and is_late and cause != "office_windows" and not self.any:
            if fallback == "designated_peer" and not request.declined_peer:
                found = self.of_a_peer(request, binding) or found
            if fallback == "office_choice" and request.offered is None and (offer := self.of_a_peer(request, binding)):
                request.offered, request.offer_open = offer[1], True
                self.say(request.case, "peer_offered", director=offer[1], start=offer[0])
        if found is None:
            self.leave_unplaced(request, binding, cause)
            return False
        self.take(request, found, "booked")
        if binding and found[0] >= binding:
            known = self.deadlines(request)
            missed = any((end := known[name]) and found[0] >= end for name in ("occur_by", "sla"))
            self.say(request.case, "escalated", reason="after_deadline" if missed else "after_target", cause=cause)
        return True

    def move_up(self, request: Request, own: list[str]) -> bool:
        assert request.booking
        if not request.move_up or self.queue["move_up"] != "if_agreed":
            return False
        nearest = self.now + timedelta(minutes=self.queue["move_up_notice_minutes"])
        found = self.opening(request, own, since=nearest, before=request.booking.start)
        if found is None:
            return False
        request.move_up = False
        self.take(request, found, "moved")
        return True

    def take(self, request: Request, found: tuple[datetime, str], happens: str) -> None:
        start, director = found
        request.booking = Booking(director, start, start + self.length)
        request.attempts, request.unplaced = 0, None
        self.say(request.case, happens, director=director, start=start, end=start + self.length)

    def of_a_peer(self, request: Request, binding: datetime) -> tuple[datetime, str] | None:
        peers = self.directors[request.director or ""].facts.get("peers", []) if request.director else []
        return next((found for peer in peers if (found := self.opening(request, [peer], before=binding))), None)

    def leave_unplaced(self, request: Request, binding: datetime | None, cause: str) -> None:
        if request.director is None and not self.any:
            return
        reason = "no_opening_in_windows" if request.windows else "no_opening"
        if request.unplaced == reason:
            return
        request.unplaced = reason
        self.say(request.case, "unplaced", reason=reason)
        if binding:
            self.say(request.case, "escalated", reason="no_opening_before_deadline", cause=cause)

    def cause(self, request: Request, binding: datetime | None) -> str:
        if binding is None:
            return "plan"
        if not self.clock.business_between(request.received, binding):
            return "unavoidable"
        if request.declined_peer:
            return "office_choice"
        soonest = self.now + timedelta(minutes=self.consult["notice_minutes"])
        starts = [start for w in request.windows if (start := max(w["from"], soonest)) + self.length <= w["to"]]
        if request.windows and not any(start < binding for start in starts):
            return "office_windows"
        return "plan"

    def opening(
        self, request: Request, directors: list[str], *, since: datetime | None = None, before: datetime | None = None
    ) -> tuple[datetime, str] | None:
        """The earliest start it can have with any of them, and with whom."""
        first = self.now + timedelta(minutes=self.consult["notice_minutes"])
        first = max(first, since or first)
        review = request.review
        waits = request.reconsideration and self.way(request)["consult"] == "booked_after_due"
        if waits and not (review and review.decided):
            first = max(first, self.due(request) or first)
        best: list[tuple[Any, ...]] = []
        for order, name in enumerate(directors):
            if name and (not self.any or self.covers(name, request)):
                start = self.earliest_start(request, name, first, before)
                if start:
                    best.append((start, self.busyness(name, start, request) if self.any else 0, order, name))
        return (min(best)[0], min(best)[3]) if best else None

    def covers(self, name: str, request: Request) -> bool:
        lines = self.directors[name].facts.get("lines_of_business", [])
        return not lines or self.fact(request, "line_of_business", lines[0]) in lines

    def busyness(self, name: str, start: datetime, request: Request) -> int:
        day = self.clock.local(start)
        bookings = [r.booking for r in self.requests if r.booking and r is not request]
        return sum(1 for b in bookings if b.director == name and self.clock.local(b.start) == day)

    def earliest_start(self, request: Request, name: str, first: datetime, before: datetime | None) -> datetime | None:
        director, every = self.directors[name], self.consult["start_every_minutes"]
        last = self.now + HORIZON
        day = self.now.astimezone(director.zone).date() - DAY
        taken = [r.booking for r in self.requests if r.booking and r.booking.director == name and r is not request]
        while day <= last.astimezone(director.zone).date():
            for opens, closes in self.spans(director, day):
                start = max(opens, first).astimezone(director.zone).replace(second=0, microsecond=0).astimezone(UTC)
                while start + self.length <= closes:
                    if start.astimezone(director.zone).minute % every:
                        start += MINUTE
                        continue
                    if start > last or (before and start >= before):
                        return None
                    if start >= first and self.is_free(request, director, taken, start):
                        return start
                    start += every * MINUTE
            day += DAY
        return None

    def is_free(self, request: Request, director: Director, taken: list[Booking], start: datetime) -> bool:
        end = start + self.length
        if any(start < b.end + self.buffer and b.start < end + self.buffer for b in taken):
            return False
        if any(start < to and since < end for since, to in director.away):
            return False
        if request.windows and not any(w["from"] <= start and end <= w["to"] for w in request.windows):
            return False
        return not self.consult["hours"] or self.in_consult_hours(start, end)

    def in_consult_hours(self, start: datetime, end: datetime) -> bool:
        day = self.clock.local(start)
        for each in (day - DAY, day, day + DAY):
            for opens, closes in local_spans(self.consult["hours"], self.clock.zone, each):
                if opens <= start and end <= closes:
                    return True
        return False

    def spans(self, director: Director, day: Any) -> list[tuple[datetime, datetime]]:
        if day not in director.spans:
            off = day in self.clock.holidays
            director.spans[day] = [] if off else local_spans(director.facts["hours"], director.zone, day)
        return director.spans[day]


def local_spans(hours: Mapping, zone: ZoneInfo, day: Any) -> list[tuple[datetime, datetime]]:
    spans = [text.split("-") for text in hours.get(day.strftime("%a").lower(), [])]
    return sorted((instant(zone, day, since), instant(zone, day, to, end=True)) for since, to in spans)
