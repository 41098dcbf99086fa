"""Clear the folder of documents of what nobody needs."""

from app import keeping
from app.clock import utcnow
from app.process import process
from tasks import app


@app.task(name="tidy")
def tidy() -> None:
    """Remove files that belong to no document."""
    running = process()
    keeping.tidy(running.sessions, store=running.store, now=utcnow())
