"""The pages of the plan's desk: the day, the telephone, one case, the lines, what needs a person."""

from app.web.coordinator import (  # noqa: F401 -- each adds its routes
    acting,
    calls,
    case,
    deciding,
    documents,
    followup,
    late,
    leaving,
    left,
    letters,
    mails,
    queues,
    reaching,
    talking,
    today,
    wrong_patient,
)
from app.web.coordinator.blueprint import coordinator

__all__ = ["coordinator"]
