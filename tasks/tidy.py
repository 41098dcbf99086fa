"""Clear the folder of documents of what nobody needs."""

from app import scanning
from app.clock import utcnow
from app.process import process
from tasks import app


@app.task(name="tidy")
def tidy() -> None:
    """Remove files that belong to no document."""
    running = process()
    scanning.tidy(running.sessions, store=running.store, now=utcnow())
