"""Have documents scanned."""

from app import scanning
from app.clock import utcnow
from app.db import one_after_another
from app.process import process
from tasks import app


@app.task(name="scan")
def scan() -> None:
    """Ask the virus scanner about what waits for it; of many knocks at once two are answered."""
    running = process()
    with one_after_another(running.engine, "scan") as alone:
        if alone:
            scanning.scan_waiting(running.sessions, store=running.store, clamd=running.clamd, clock=utcnow)
