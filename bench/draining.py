"""How fast queued mail leaves through one sender to a server on this machine."""

import time
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session, sessionmaker

from app.clock import utcnow
from app.config import Settings
from app.db import transaction
from app.mail import delivery
from app.models import Consult, Message, MessageKind, Recipient
from tests.support.smtp import oracle

MESSAGES = 2000


def measure(sessions: sessionmaker[Session], settings: Settings, consult: Consult, body: bytes) -> dict[str, float]:
    """Return messages a second; each is a lane of its own."""
    now = datetime.now(UTC)
    rows = [
        {
            "consult_id": consult.id,
            "recipient": Recipient.OFFICE,
            "kind": MessageKind.NOTICE,
            "address": f"office{number}@drain.example",
            "message_id": f"drain-{number}-{now.timestamp()}@plan.example",
            "subject": "drain",
            "body": body,
            "created_at": now,
            "next_try_at": now,
        }
        for number in range(MESSAGES)
    ]
    with oracle() as mail:
        with transaction(sessions) as session:
            session.execute(insert(Message), rows)
        started = time.perf_counter()
        sent = delivery.deliver_due(sessions, replace(settings, smtp_url=mail.url), clock=utcnow)
        return {"drained": sent / (time.perf_counter() - started)}
