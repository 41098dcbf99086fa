"""Everything that is due, done once, without Celery or Redis: the drain when they are down (house rule 3)."""

from dataclasses import dataclass
from datetime import datetime

from app import keeping, scanning
from app.consults import assignment, deadlines, declines, followup, inbound, reminders
from app.db import one_after_another
from app.feeds import refresh
from app.mail import delivery, inbox
from app.process import Process


@dataclass(frozen=True, slots=True)
class Swept:
    """How much there was to do."""

    calendars: int
    answers: int
    returned: int
    overdue: int
    assigned: int
    reminded: int
    delivered: int
    followed: int
    scanned: int = 0


def _answers(running: Process, now: datetime) -> int:
    with one_after_another(running.engine, "inbox") as alone:
        if not alone:
            return 0
        inbox.read(running.sessions, running.settings, clock=lambda: now)
        return inbound.act_on_all(running.sessions, setup=running.setup, now=now)


def sweep(running: Process, *, now: datetime) -> Swept:
    """Read mail and busy calendars, let due times pass, plan every line, send, see what that proves, once."""
    settings = running.settings
    calendars = refresh.refresh_due(
        running.sessions, own_domain=settings.uid_domain, networks=settings.calendar_networks, clock=lambda: now
    )
    answers = _answers(running, now)
    returned = declines.return_due(running.sessions, setup=running.setup, now=now)
    overdue = deadlines.pass_due_times(running.sessions, setup=running.setup, now=now)
    scanned = scanning.scan_waiting(running.sessions, store=running.store, clamd=running.clamd, clock=lambda: now)
    keeping.tidy(running.sessions, store=running.store, now=now)
    assigned = assignment.assign_all(running.sessions, setup=running.setup, now=now)
    reminded = reminders.remind_all(running.sessions, setup=running.setup, now=now)
    delivered = delivery.deliver_due(running.sessions, running.settings, clock=lambda: now)
    followed = followup.sweep(running.sessions, now=now)
    return Swept(
        calendars=calendars,
        answers=answers,
        returned=returned,
        overdue=overdue,
        assigned=assigned,
        reminded=reminded,
        delivered=delivered,
        followed=followed,
        scanned=scanned,
    )
