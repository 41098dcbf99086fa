"""Read what comes back by mail."""

from app.clock import utcnow
from app.consults import inbound
from app.db import one_after_another
from app.mail import inbox as mail
from app.process import process
from tasks import app


@app.task(name="inbox")
def inbox() -> None:
    """Store what came in, then do what follows. Of many rings at once one reads: a mailbox is asked once at a time."""
    running = process()
    with one_after_another(running.engine, "inbox") as alone:
        if alone:
            mail.read(running.sessions, running.settings, clock=utcnow)
            inbound.act_on_all(running.sessions, setup=running.setup, now=utcnow())
