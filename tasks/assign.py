"""Plan every director's line."""

from app.clock import utcnow
from app.consults import assignment
from app.db import one_after_another
from app.process import process
from tasks import app


@app.task(name="assign")
def assign() -> None:
    """Book whoever waits, then wake the mailer. Of many knocks at once two are answered: each finds all there is."""
    running = process()
    with one_after_another(running.engine, "assign") as alone:
        if alone and assignment.assign_all(running.sessions, setup=running.setup, now=utcnow()):
            running.nudger.nudge("deliver")
