"""Read what comes back by mail."""

from app.clock import utcnow
from app.db import one_after_another
from app.mail import inbox as mail
from app.process import process
from tasks import app


@app.task(name="inbox")
def inbox() -> None:
    """Store what came in. Of many rings at once one reads: a mailbox is not asked twice at the same time."""
    running = process()
    with one_after_another(running.engine, "inbox") as alone:
        if alone:
            mail.read(running.sessions, running.settings, clock=utcnow)
