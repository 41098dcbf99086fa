"""The browser of the journeys: an installed Chromium, or Playwright's own."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Browser, sync_playwright

#: with this variable a missing browser fails the tests instead of leaving them out
REQUIRED = "PEERLINE_REQUIRE_BROWSER"
NONE_FOUND = (
    "NO BROWSER FOUND: the journeys in a real browser did not run. "
    "Install one: apt install chromium libatomic1, or .venv/bin/playwright install chromium"
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def installed_browser() -> Path | None:
    """Return the program of an installed browser."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return Path(found) if found else None


def is_required() -> bool:
    """Tell whether tests without a browser must fail."""
    return os.environ.get(REQUIRED, "") not in ("", "0")


@contextmanager
def chromium() -> Iterator[Browser | None]:
    """Run a browser without a window; nothing where there is none."""
    if driver() is None:
        yield None
        return
    with sync_playwright() as playwright:
        program = installed_browser() or Path(playwright.chromium.executable_path)
        if not program.exists():
            yield None
            return
        browser = playwright.chromium.launch(executable_path=program)
        try:
            yield browser
        finally:
            browser.close()


def driver() -> str | None:
    """Return Playwright's Node if it starts: it needs libatomic, which a small Debian does not have."""
    node, _script = compute_driver_executable()
    starts = subprocess.run([node, "--version"], capture_output=True, check=False).returncode == 0
    return str(node) if starts else None
