"""What tests of the use cases and commands share."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from app.config import Settings


@pytest.fixture
def peerline(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command of ours on a database of the test's own."""
    environment = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SMTP_URL": settings.smtp_url,
        "PEERLINE_SECRET_KEY": settings.secret_key,
        "PEERLINE_ACCESS_CODE_KEY": settings.access_code_key,
        "PEERLINE_MAIL_FROM": settings.mail_from,
        "PEERLINE_MAIL_NAME": settings.mail_name,
        "PEERLINE_UID_DOMAIN": settings.uid_domain,
        "PEERLINE_BASE_URL": settings.base_url,
        "PEERLINE_POLICIES_DIR": str(settings.policies_dir),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(command, *arguments: str) -> Result:
        return CliRunner().invoke(command, arguments)

    return run
