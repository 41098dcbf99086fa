"""A month of changes and of a mail server that fails by chance: in the end every calendar shows what holds.

Each person's calendar follows the mails as RFC 5546 says (E to H, J1, J5; reliability 4.3, I4 and I5).
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consults import desk, office
from app.errors import Refused
from app.mail import delivery
from app.mail.smtp import Outcome
from app.models import Consult, Director, DirectorOff
from scheduling.values import Interval
from tests.support import factories
from tests.support.factories import NOW
from tests.support.recipients import (
    BUSY,
    CUT_OFF,
    TAKEN,
    CalendarOfOne,
    booked_consult,
    live_booking,
    messages,
    plan,
    state,
)

SETUP = factories.setup()
STEPS = 30


@dataclass(slots=True)
class Month:
    """One case, two directors who could have it, an office, and the mails between them."""

    session: Session
    chance: random.Random
    consult: Consult
    directors: list[Director]
    now: datetime = NOW
    calendars: dict[str, CalendarOfOne] = field(default_factory=lambda: defaultdict(CalendarOfOne))
    answers: Sequence[Outcome | None] = (TAKEN, TAKEN, BUSY, CUT_OFF, None)
    "what may come of a try; None: the worker died with it"
    hasty: bool = True
    "things may change while a message is being sent"

    def step(self) -> None:
        """Let one thing happen."""
        self.now += timedelta(minutes=self.chance.choice([0, 0, 0, 1, 7, 70]))
        happening = self.chance.choice(
            [self.other_times, self.declined, self.reassigned, self.away, self.back, *[self.deliver] * 4]
        )
        try:
            with self.session.begin_nested():
                happening()
        except Refused:
            return

    def other_times(self) -> None:
        """Let the office ask for another time."""
        start = self.now + timedelta(days=self.chance.randint(1, 20))
        window = Interval(start, start + timedelta(days=3))
        office.reschedule(self.session, self.consult.id, [window], setup=SETUP, by="office", now=self.now)
        self.maybe_plan()

    def declined(self) -> None:
        """Let the director give the time back."""
        desk.director_declines(self.session, self.consult.id, setup=SETUP, by="system", now=self.now)
        self.maybe_plan()

    def reassigned(self) -> None:
        """Give it to one of the two."""
        who = self.chance.choice(self.directors)
        desk.reassign(self.session, self.consult.id, who.id, "by chance", setup=SETUP, by="account:1", now=self.now)
        self.maybe_plan()

    def away(self) -> None:
        """Take whoever has it out for a month, so that the time is lost and none is found."""
        whole = Interval(self.now, self.now + timedelta(days=90))
        desk.take_director_out(
            self.session, self.consult.director_id or 0, whole, "away", setup=SETUP, by="account:1", now=self.now
        )
        self.maybe_plan()

    def back(self) -> None:
        """Take back all time off."""
        for off in self.session.scalars(select(DirectorOff).where(DirectorOff.note == "away")).all():
            desk.put_back(self.session, off.id, by="account:1", now=self.now)
        self.maybe_plan()

    def withdrawn(self) -> None:
        """Let the office withdraw, unless the call has begun."""
        with suppress(Refused), self.session.begin_nested():
            office.withdraw(self.session, self.consult.id, setup=SETUP, by="office", now=self.now)

    def maybe_plan(self) -> None:
        """Plan the lines, now or later."""
        if self.chance.random() < 0.8:
            self.plan()

    def plan(self) -> None:
        """Plan both lines."""
        for who in self.directors:
            plan(self.session, who.id, self.now)

    def deliver(self) -> None:
        """Send a few messages, through whatever trouble there is."""
        for _ in range(self.chance.randint(1, 4)):
            claimed = delivery.claim(self.session, now=self.now)
            if claimed is None:
                return
            outcome = self.chance.choice(self.answers)
            arrives = outcome is TAKEN or (outcome in (CUT_OFF, None) and self.chance.random() < 0.5)
            if arrives:
                self.calendars[claimed.address].read(claimed.body)
            if outcome is not None:
                if self.hasty and self.chance.random() < 0.2:
                    self.other_times()
                delivery.mark(self.session, claimed, outcome, now=self.now)

    def calm_down(self) -> None:
        """Heal everything and let it run until nothing is left to do."""
        self.back()
        self.plan()
        self.now += timedelta(minutes=61)  # after every lease and every wait
        while (claimed := delivery.claim(self.session, now=self.now)) is not None:
            self.calendars[claimed.address].read(claimed.body)
            delivery.mark(self.session, claimed, TAKEN, now=self.now)


@pytest.mark.parametrize("seed", range(14))
def test_after_any_month_every_calendar_shows_what_holds(session: Session, seed: int) -> None:
    month = begin(session, seed)
    for _ in range(STEPS):
        month.step()
    if seed % 2:
        month.withdrawn()
    month.calm_down()

    assert "waiting" not in {state(message) for message in messages(session)}
    booking = live_booking(session, month.consult.id)
    assert (booking is not None) is month.consult.status.open
    starts = [] if booking is None else [booking.during.lower]
    assert list(month.calendars[month.consult.office_email].events.values()) == starts
    for who in month.directors:
        mine = starts if booking is not None and booking.director_id == who.id else []
        assert list(month.calendars[who.email].events.values()) == mine
    assert set(month.calendars) <= {month.consult.office_email, *(who.email for who in month.directors)}


@pytest.mark.parametrize("seed", range(4))
def test_a_server_that_says_what_it_does_leaves_nobody_puzzled(session: Session, seed: int) -> None:
    """G3: without doubt and deaths, nobody reads that something is off that he never read of."""
    month = begin(session, seed + 100)
    month.answers, month.hasty = (TAKEN, BUSY), False
    for _ in range(STEPS):
        month.step()
    month.calm_down()

    assert sum(calendar.puzzles for calendar in month.calendars.values()) == 0


def begin(session: Session, seed: int) -> Month:
    """Begin with a consult that is booked."""
    consult, who = booked_consult(session, move_up=False)
    return Month(session, random.Random(seed), consult, [who, factories.director(session)])
