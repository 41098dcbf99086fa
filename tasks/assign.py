"""Plan every director's line."""

from app.clock import utcnow
from app.consults import assignment
from app.process import process
from tasks import app


@app.task(name="assign")
def assign() -> None:
    """Book whoever waits, then wake the mailer."""
    running = process()
    if assignment.assign_all(running.sessions, setup=running.setup, now=utcnow()):
        running.nudger.nudge("deliver")
