"""That a case was handed out as a packet is on record: when, by whom, and which file."""

import hashlib
from datetime import datetime

from sqlalchemy.orm import Session

from app import history


def note_packet(session: Session, denial_id: int, content: bytes, *, by: str, now: datetime) -> None:
    """Put down that a packet of a case was made, with the figure of the file."""
    history.write(
        session,
        denial_id=denial_id,
        consult_id=None,
        what="packet_made",
        details={"sha256": hashlib.sha256(content).hexdigest()},
        by=by,
        now=now,
    )
