"""What the code reads beside itself is named as its data, so that it is there where Peerline is installed."""

import fnmatch
import tomllib

from app.dev.surroundings import ROOT


def test_every_file_that_is_no_code_is_named_as_data() -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    patterns = [f"*/{pattern}" for pattern in named["*"]] + ["app/web/static/*"]
    files = [
        file.relative_to(ROOT).as_posix()
        for folder in ("app", "migrations", "policies", "scheduling", "tasks")
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and file.suffix not in (".py", ".pyc")
    ]
    assert any(file.endswith("frame.typ") for file in files)
    missing = [file for file in files if not any(fnmatch.fnmatch(file, pattern) for pattern in patterns)]
    assert missing == [], "add their names to [tool.setuptools.package-data] in pyproject.toml"
