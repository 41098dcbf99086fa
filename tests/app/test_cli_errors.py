"""A command that cannot start says in a sentence why, and ends with 1."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main


def test_faults_in_policy_files_are_named_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    (tmp_path / "broken.toml").write_text('id = "broken"\nname = "Broken"\n[plan]\ntime_zone = "Mars/Olympus"\n')
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://:x@127.0.0.1:1/0",
        "SMTP_URL": "smtp://127.0.0.1:1",
        "PEERLINE_SECRET_KEY": "x" * 40,
        "PEERLINE_ACCESS_CODE_KEY": "y" * 40,
        "PEERLINE_DOCUMENT_KEY": "d" * 32,
        "PEERLINE_DOCUMENTS_DIR": str(tmp_path),
        "PEERLINE_CLAMD_URL": "none",
        "PEERLINE_MAIL_FROM": "consults@plan.example",
        "PEERLINE_BASE_URL": "https://p2p.plan.example",
        "PEERLINE_POLICIES_DIR": str(tmp_path),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    done = CliRunner().invoke(main, ["sweep"])

    assert done.exit_code == 1
    assert "broken.toml: plan.time_zone" in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
