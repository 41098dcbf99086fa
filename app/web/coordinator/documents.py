"""Documents on the desk: all of a case, and a fax that is attached to it."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.models import Role
from app.web import uploads
from app.web.access import allow
from app.web.coordinator.blueprint import coordinator, me
from app.web.coordinator.deciding import read_case
from app.web.document_words import what_came_of_it
from app.web.documents import listing
from app.web.uploads import takes_files


@coordinator.get("/cases/<int:denial_id>/documents")
@allow(Role.COORDINATOR)
def documents(denial_id: int) -> ResponseReturnValue:
    """Show the documents of a case."""
    shown = read_case(denial_id)
    takes = shown.rulebook.policy.clinical_information.rule != "refused"
    return render_template("coordinator/documents.html", case=shown, takes=takes)


@coordinator.post("/cases/<int:denial_id>/documents")
@allow(Role.COORDINATOR)
@takes_files
def attach(denial_id: int) -> ResponseReturnValue:
    """Attach what came by fax or on paper: it is information that staff confirmed (NC-8)."""
    read_case(denial_id)
    taken = uploads.receive(denial_id, by=me())
    said = what_came_of_it(taken) if taken else "Choose a file first."
    if request.headers.get("HX-Request"):
        return listing(denial_id, said)
    flash(said, "success" if taken and not taken.refused else "warning")
    return redirect(url_for("coordinator.documents", denial_id=denial_id), code=303)
