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
QUEUES = {"assign": "assign", "deliver": "mail", "calendars": "calendars", "scan": "documents", "inbox": "inbox"}

#: after a failure nobody knocks for this long, so that a dead Redis cannot slow the pages
PAUSE_SECONDS = 30.0

#: a knock older than this is worthless: the sweep has been
EXPIRES_SECONDS = 60

#: seconds for an answer of Redis, and for a connection to it
TIMEOUTS = {"socket_timeout": 1, "socket_connect_timeout": 0.5}


class Nudger:
    """Sends nudges through Redis, with short time-outs, and swallows what goes wrong."""

    def __init__(self, redis_url: str) -> None:
        self._celery = Celery("nudges", broker=redis_url, set_as_current=False)
        self._celery.conf.update(
            broker_transport_options={**TIMEOUTS, "max_retries": 0},
            broker_connection_retry=False,
            broker_connection_max_retries=0,
            task_publish_retry=False,
            task_ignore_result=True,
        )
        self._redis = Redis.from_url(redis_url, **TIMEOUTS, retry=None)
        self._quiet_until = 0.0

    @property
    def is_pausing(self) -> bool:
        """Tell whether Redis has just failed and is left alone for a while."""
        return time.monotonic() < self._quiet_until

    def nudge(self, *names: str) -> None:
        """Wake the tasks of these names, or do nothing if Redis cannot be reached."""
        if self.is_pausing:
            return
        for name in names:
            try:
                if self._redis.llen(QUEUES[name]):
                    continue
                self._celery.send_task(name, queue=QUEUES[name], expires=EXPIRES_SECONDS, retry=False)
            except Exception as error:  # whatever the broker does, the request has been committed
                self._quiet_until = time.monotonic() + PAUSE_SECONDS
                log.warning("nudge %s failed (%s); the sweep will find the work", name, type(error).__name__)
                return
