"""A knock on the worker's door after a commit: best effort, never awaited, never the only way that work is found.

A lost nudge costs the seconds until the next sweep (house rule 3). The web process knows tasks by name only. Where a
knock still lies unanswered nobody knocks again: whoever answers it begins later than now, and sees what we committed.
"""

import logging
import time

from celery import Celery
from redis import Redis

log = logging.getLogger(__name__)

#: task name -> queue, its own alone; `Procfile` has a worker for each queue
QUEUES = {"assign": "assign", "deliver": "mail", "calendars": "calendars"}
