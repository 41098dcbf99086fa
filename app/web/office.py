"""The office's pages: find the case, what can be done, ask, follow."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.models import Role
from app.web.access import allow

office = Blueprint("office", __name__)


@office.get("/")
@allow(Role.ANYONE)
def start() -> ResponseReturnValue:
    """Show how to find a case."""
    return render_template("office/start.html")


@office.get("/cases")
@allow(Role.OFFICE)
def cases() -> ResponseReturnValue:
    """List the cases that were opened."""
    return render_template("office/start.html")
