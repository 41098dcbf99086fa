"""The blueprint of the medical director, and what its pages share."""

from flask import Blueprint, flash, redirect
from flask.typing import ResponseReturnValue

from app.errors import NotFound
from app.history import account_actor
from app.web.access import account
from app.web.edge import nudge_after_commit

director = Blueprint("director", __name__, url_prefix="/director")


def me() -> int:
    """Return the director whose day the reader sees."""
    director_id = account().director_id
    if director_id is None:
        raise NotFound("This account belongs to no medical director. Ask an administrator.")
    return director_id


def actor() -> str:
    """Name who is signed in as the one who does something."""
    return account_actor(account().id)


def done(words: str, address: str) -> ResponseReturnValue:
    """Say what happened and what follows, wake planning and mail, and lead on."""
    nudge_after_commit("assign", "deliver")
    flash(words, "success")
    return redirect(address, code=303)
