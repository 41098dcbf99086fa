"""The desk changes an office's numbers and addresses: a caller says so, or a mail came back."""

from flask.typing import ResponseReturnValue

from app.consults.reach import change_reach
from app.models import Role
from app.web.access import allow
from app.web.coordinator.acting import is_stale, page, read_request
from app.web.coordinator.blueprint import coordinator, done, me
from app.web.edge import db_session, now, setup
from app.web.forms import Form
from app.web.office.reaching import TOLD
from app.web.reaching import form_of, read_reach


@coordinator.get("/cases/<int:denial_id>/numbers")
@allow(Role.COORDINATOR)
def numbers(denial_id: int) -> ResponseReturnValue:
    """Show who is called on which number, to be changed."""
    shown = read_request(denial_id)
    return page("numbers", shown, form_of(shown.consult))


@coordinator.post("/cases/<int:denial_id>/numbers")
@allow(Role.COORDINATOR)
def change_numbers(denial_id: int) -> ResponseReturnValue:
    """Change them; a talk to come is told anew where its invitation shows them (F4)."""
    shown, form = read_request(denial_id, lock=True), Form.typed()
    reach = read_reach(form, talk=shown.state.talk, needs_mail=False)
    if form.errors:
        return page("numbers", shown, form), 422
    if is_stale(shown, form):
        return page("numbers", shown, form), 409
    told = change_reach(db_session(), shown.consult.id, reach, setup=setup(), by=me(), now=now())
    return done(denial_id, f"The numbers are changed.{f' {TOLD}' if told else ''}")
