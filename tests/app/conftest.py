"""What tests of the use cases and commands share."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from app.config import Settings
from tests.support.environment import environment


@pytest.fixture
def peerline(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command of ours on a database of the test's own."""
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)

    def run(command, *arguments: str) -> Result:
        return CliRunner().invoke(command, arguments)

    return run
