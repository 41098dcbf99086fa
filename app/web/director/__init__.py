"""The medical director's pages: whom to call, when, about what; the outcome; his own time."""

from app.web.director import consult, day, hours, recording
from app.web.director.blueprint import director

__all__ = ["consult", "day", "director", "hours", "recording"]
