"""The Flask application."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import reset_tzpath

from app.clock import utcnow

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Settings

# Zones from the locked package tzdata: a deadline may not depend on what the machine last knew of daylight saving.
reset_tzpath(to=())


def create_app(settings: Settings | None = None, *, clock: Callable[[], datetime] = utcnow) -> Flask:
    """Make the application; without `settings` they are read from the environment.

    Raises ConfigurationError when the environment lacks something, and AssertionError when a route does not say who
    may use it.
    """
    # imported here, so that workers and commands, which import `app.…`, do not load the pages
    from app.web.application import make_application

    return make_application(settings, clock=clock)
