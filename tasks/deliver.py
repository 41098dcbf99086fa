"""Send what is to be sent."""

from app.clock import utcnow
from app.mail import delivery
from app.process import process
from tasks import app

#: messages a ring of the bell; far below the task's time limit. What is left, the next ring takes
AT_ONCE = 500


@app.task(name="deliver")
def deliver() -> None:
    """Send until nothing is due, then ring again if there is more than one turn could take."""
    running = process()
    sent = delivery.deliver_due(running.sessions, running.settings, clock=utcnow, limit=AT_ONCE)
    if sent >= AT_ONCE:
        running.nudger.nudge("deliver")
