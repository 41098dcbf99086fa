"""What beat rings, and why that often. It only rings: work is found by state, so a missed ring is caught up."""

from typing import Any

#: a ring that nobody took is dropped: the next one finds the same work
EXPIRES = {"expires": 30}

SCHEDULE: dict[str, dict[str, Any]] = {
    # An office watches its page while it waits; a nudge that Redis lost must not cost more than it would wait anyway.
    "assign": {"task": "assign", "schedule": 10.0, "options": {"queue": "assign", **EXPIRES}},
    # Mail that could not be sent is due again after a minute at the earliest; a lost nudge costs ten seconds.
    "deliver": {"task": "deliver", "schedule": 10.0, "options": {"queue": "mail", **EXPIRES}},
    # Nobody can open a document before it is scanned; a scanner that was down is asked again a minute later.
    "scan": {"task": "scan", "schedule": 30.0, "options": {"queue": "documents", **EXPIRES}},
    # What a crash left behind takes room and harms nobody; it is older than a day when it goes.
    "tidy": {"task": "tidy", "schedule": 3600.0, "options": {"queue": "deadlines", **EXPIRES}},
    # Due times are minutes to days away; half a minute late is never late for a person.
    "deadlines": {"task": "deadlines", "schedule": 30.0, "options": {"queue": "deadlines", **EXPIRES}},
    # People answer within hours; a mail server that is asked twice a minute does not notice.
    "inbox": {"task": "inbox", "schedule": 30.0, "options": {"queue": "inbox", **EXPIRES}},
    # Each calendar is read every quarter of an hour; a minute spreads them over it.
    "calendars": {"task": "calendars", "schedule": 60.0, "options": {"queue": "calendars", **EXPIRES}},
}
