"""Every ring is heard: what beat rings is a task, every task has a queue, every queue has a process that serves it."""

import importlib
import re

from app.dev.stack import procfile
from tasks import QUEUES, app
from tasks.schedule import SCHEDULE


def test_every_queue_is_served_by_one_process() -> None:
    served = [
        queue
        for line in procfile().values()
        for queues in re.findall(r" -Q (\S+)", line)
        for queue in queues.split(",")
    ]
    assert sorted(served) == sorted(set(QUEUES.values()))


def test_every_task_has_a_queue_and_every_queue_a_task() -> None:
    for module in QUEUES:
        importlib.import_module(f"tasks.{module}")
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert ours == set(QUEUES)


def test_what_beat_rings_is_a_task_and_goes_to_its_queue_and_expires() -> None:
    for name, entry in SCHEDULE.items():
        assert entry["task"] in QUEUES, name
        assert entry["options"].get("queue", QUEUES[entry["task"]]) == QUEUES[entry["task"]], name
        assert entry["options"]["expires"], f"{name}: a ring that nobody took must not be done twice later"
