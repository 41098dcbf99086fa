"""Celery, thin: a task wakes a use case that finds its work in the database. What Redis loses, a sweep finds again."""

import logging
import os
import sys
from typing import Any

from celery import Celery
from kombu import Queue

from app import nudge
from app.config import ConfigurationError, Settings

#: the queue of each task; the Procfile's worker and mailer consume them
QUEUES = {**nudge.QUEUES, "deadlines": "deadlines", "tidy": "deadlines"}


def configuration() -> dict[str, Any]:
    """Return Celery's settings; called when they are first needed, not at import."""
    from tasks.schedule import SCHEDULE

    try:
        settings = Settings.from_environment(os.environ)
    except ConfigurationError as error:
        sys.exit(str(error))
    return {
        "broker_url": settings.redis_url,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # without time-outs a half-open connection blocks for ever
        "broker_transport_options": {
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 10,
        },
        "result_backend": None,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        # a message is a doorbell: acknowledged early, sent once. The lease in the database is the recovery
        "task_acks_late": False,
        "task_publish_retry": False,
        # hard, never soft: a soft limit raises inside a commit and leaves its outcome unknown
        "task_time_limit": 90,
        "worker_prefetch_multiplier": 1,
        "task_queues": [Queue(name) for name in QUEUES.values()],
        "task_routes": {task: {"queue": queue} for task, queue in QUEUES.items()},
        # a task without a queue of its own fails where it is sent, not in a queue that nobody reads
        "task_create_missing_queues": False,
        "timezone": "UTC",
        "enable_utc": True,
        "beat_schedule": SCHEDULE,
    }


# Celery's own log keeps to warnings (a line for every ring says nothing); ours says what happened to which consult.
logging.getLogger("app").setLevel(logging.INFO)

app = Celery("peerline", include=[f"tasks.{module}" for module in QUEUES])
app.add_defaults(configuration)
