"""The medical director's pages: whom to call, when, about what; the outcome; his own time."""

from app.web.director import calendars, consult, day, hours, recording
from app.web.director.blueprint import director

__all__ = ["calendars", "consult", "day", "director", "hours", "recording"]
