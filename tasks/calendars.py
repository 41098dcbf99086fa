"""Read directors' busy calendars."""

from app.clock import utcnow
from app.feeds import refresh
from app.process import process
from tasks import app


@app.task(name="calendars")
def calendars() -> None:
    """Read each that is due; what is left when the task's time is over, the next ring takes."""
    running = process()
    settings = running.settings
    refresh.refresh_due(
        running.sessions, own_domain=settings.uid_domain, networks=settings.calendar_networks, clock=utcnow
    )
