"""Sets a packet: one case for auditors, as a tagged PDF."""

import dataclasses
import json
from datetime import datetime
from typing import Any

from app.letters.render import OURS, Template, Templates
from app.mail import times


def render(packet: Any, templates: Templates, *, now: datetime) -> bytes:
    """Set a packet, a frozen row of `app.queries.packet`, with when it was made."""
    source = (OURS / "packet.typ").read_text(encoding="utf-8")
    data = json.dumps({**dataclasses.asdict(packet), "made_at": times.moment(now, packet.zone)})
    return templates.pdf(source, Template(name="packet", source=source, folder=None), data, now=now)
