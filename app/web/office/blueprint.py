"""The blueprint of the office's pages, and what all of them check first."""

from collections.abc import Sequence

from flask import Blueprint

from app.errors import NotFound
from app.web.edge import visit

office = Blueprint("office", __name__)

NOT_OPEN = "This case is not open in your visit. Find it with the number, the birth date and the code of the letter."


def opened() -> Sequence[int]:
    """Return the denials whose case was opened in this visit; queries show nothing else."""
    return visit().denials


def must_be_open(denial_id: int) -> None:
    """Raise NotFound for a case that was not opened in this visit: it looks as if there were none (M4)."""
    if denial_id not in opened():
        raise NotFound(NOT_OPEN)
