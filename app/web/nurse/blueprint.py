"""The blueprint of the nurse's pages, and what they share."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from app.web.edge import nudge_after_commit
from scheduling.values import ReviewKind

nurse = Blueprint("nurse", __name__, url_prefix="/nurse")

KINDS = {ReviewKind.RECONSIDERATION: "Reconsideration", ReviewKind.BRIEF: "Brief for the director"}


def done(words: str, address: str | None = None) -> ResponseReturnValue:
    """Say what happened, wake planning and mail, and lead on: to the worklist, if nowhere else."""
    nudge_after_commit("assign", "deliver")
    flash(words, "success")
    return redirect(address or url_for("nurse.worklist"), code=303)
