"""The blueprint of the plan's desk, and what its pages share."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.consults.casefile import CaseFile
from app.history import account_actor
from app.web.access import account
from app.web.edge import nudge_after_commit
from app.web.office.words import refusal

coordinator = Blueprint("coordinator", __name__, url_prefix="/coordinator")

INVITED = "Whoever has a mail address gets the invitation for the calendar."
CHANGED = "This has changed since you opened the page. Nothing was saved. This is how it stands now."


def me() -> str:
    """Name the coordinator who is signed in, as the one who does something."""
    return account_actor(account().id)


def to_case(denial_id: int) -> Response:
    """Lead to the page of a case."""
    return redirect(url_for("coordinator.case", denial_id=denial_id), code=303)


def done(denial_id: int, words: str) -> ResponseReturnValue:
    """Say what happened and what follows, wake planning and mail, and lead to the case."""
    nudge_after_commit("assign", "deliver")
    flash(words, "success")
    return to_case(denial_id)


def tried(denial_id: int, file: CaseFile, words: Callable[[CaseFile], str]) -> ResponseReturnValue:
    """As `done`; or say why not where the policy refuses it, which is on record and changed nothing else."""
    if file.refused is None:
        return done(denial_id, words(file))
    why = refusal(file.refused)
    flash(f"{why.title}. {why.because} {why.instead}", "warning")
    return to_case(denial_id)
