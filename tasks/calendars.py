"""Read directors' busy calendars."""

from app.clock import utcnow
from app.db import one_after_another
from app.feeds import refresh
from app.process import process
from tasks import app


@app.task(name="calendars")
def calendars() -> None:
    """Read those that are due; what is left, the next ring takes. One at a time: slow servers hold up no other work."""
    running = process()
    settings = running.settings
    with one_after_another(running.engine, "calendars") as alone:
        if alone:
            refresh.refresh_due(
                running.sessions, own_domain=settings.uid_domain, networks=settings.calendar_networks, clock=utcnow
            )
