"""Every ring is heard: what beat rings is a task, every task has a queue, every queue has a process that serves it."""

import re
import subprocess
import sys

from app import nudge
from app.config import Settings
from app.dev.stack import procfile
from app.dev.surroundings import ROOT
from tasks import QUEUES
from tasks.schedule import SCHEDULE
from tests.support.environment import environment


def test_every_queue_is_served_by_one_process() -> None:
    served = [
        queue
        for line in procfile().values()
        for queues in re.findall(r" -Q (\S+)", line)
        for queue in queues.split(",")
    ]
    assert sorted(served) == sorted(set(QUEUES.values()))


def test_a_knock_lies_in_a_queue_of_its_own() -> None:
    """Nobody knocks where one lies unanswered; a ring for another task would be taken for it."""
    for task, queue in nudge.QUEUES.items():
        assert [other for other, its in QUEUES.items() if its == queue] == [task]


def test_every_task_has_a_queue_and_every_queue_a_task(settings: Settings) -> None:
    # a process of its own, since Celery keeps what it is once told
    script = "from tasks import app; app.loader.import_default_modules(); print(*app.tasks)"
    names = subprocess.run(
        [sys.executable, "-c", script], env=environment(settings), cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {name for name in names.stdout.split() if not name.startswith("celery.")} == set(QUEUES)


def test_what_beat_rings_is_a_task_and_goes_to_its_queue_and_expires() -> None:
    for name, entry in SCHEDULE.items():
        assert entry["task"] in QUEUES, name
        assert entry["options"].get("queue", QUEUES[entry["task"]]) == QUEUES[entry["task"]], name
        assert entry["options"]["expires"], f"{name}: a ring that nobody took must not be done twice later"
