"""Everything that is due, done once, without Celery or Redis: the drain when they are down (house rule 3)."""

from dataclasses import dataclass
from datetime import datetime

from app.consults import assignment, deadlines, followup, reminders
from app.mail import delivery
from app.process import Process


@dataclass(frozen=True, slots=True)
class Swept:
    """How much there was to do."""

    overdue: int
    assigned: int
    reminded: int
    delivered: int
    followed: int


def sweep(running: Process, *, now: datetime) -> Swept:
    """Let due times pass, plan every line, send, and see what that proves. A second time finds nothing."""
    overdue = deadlines.pass_due_times(running.sessions, setup=running.setup, now=now)
    assigned = assignment.assign_all(running.sessions, setup=running.setup, now=now)
    reminded = reminders.remind_all(running.sessions, setup=running.setup, now=now)
    delivered = delivery.deliver_due(running.sessions, running.settings, clock=lambda: now)
    followed = followup.sweep(running.sessions, now=now)
    return Swept(overdue=overdue, assigned=assigned, reminded=reminded, delivered=delivered, followed=followed)
