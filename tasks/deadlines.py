"""Let due times pass."""

from app.clock import utcnow
from app.consults import deadlines as due
from app.consults import followup
from app.process import process
from tasks import app


@app.task(name="deadlines")
def deadlines() -> None:
    """Mark what is overdue, and what follows from decisions as told or soon due."""
    running = process()
    due.pass_due_times(running.sessions, setup=running.setup, now=utcnow())
    followup.sweep(running.sessions, now=utcnow())
