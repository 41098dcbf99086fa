"""Let due times pass."""

from app.clock import utcnow
from app.consults import deadlines as due
from app.consults import declines, followup, reminders
from app.process import process
from tasks import app


@app.task(name="deadlines")
def deadlines() -> None:
    """Mark what is overdue, remind of talks, and mark what follows from decisions as told or soon due."""
    running, now = process(), utcnow()
    due.pass_due_times(running.sessions, setup=running.setup, now=now)
    if declines.return_due(running.sessions, setup=running.setup, now=now):
        running.nudger.nudge("assign")
    reminders.remind_all(running.sessions, setup=running.setup, now=now)
    followup.sweep(running.sessions, now=now)
