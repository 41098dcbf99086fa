"""Send what is to be sent."""

from app.clock import utcnow
from app.mail import delivery
from app.process import process
from tasks import app


@app.task(name="deliver")
def deliver() -> None:
    """Send until nothing is due or the turn is over; what is left, the next ring takes."""
    running = process()
    delivery.deliver_due(running.sessions, running.settings, clock=utcnow)
