"""A talk that an office asks for on the telephone, beside its reconsideration without a call."""

from flask.typing import ResponseReturnValue

from app.consults import without_call
from app.models import Role
from app.queries.office import RequestView
from app.web.access import allow
from app.web.coordinator.acting import FOLLOWS, is_stale, page, read_request, version_of
from app.web.coordinator.blueprint import coordinator, me, tried
from app.web.edge import db_session, now, setup
from app.web.forms import Form
from app.web.office.talking import check_none_asked, known_of_speaker, read_talk, shown_again, talk_fields


@coordinator.get("/cases/<int:denial_id>/talk")
@allow(Role.COORDINATOR)
def talk(denial_id: int) -> ResponseReturnValue:
    """Ask who talks and when."""
    shown = read_request(denial_id)
    check_none_asked(shown)
    form = version_of(shown)
    form.values.update(known_of_speaker(shown))
    return _page(shown, form)


@coordinator.post("/cases/<int:denial_id>/talk")
@allow(Role.COORDINATOR)
def ask_for_talk(denial_id: int) -> ResponseReturnValue:
    """Take down that the office asks for a talk: it takes its place in line now (NC-4, NC-9)."""
    shown, form = read_request(denial_id, lock=True), Form.typed()
    check_none_asked(shown)
    if shown_again(form):
        return _page(shown, form)
    wanted = read_talk(shown, form)
    if form.errors:
        return _page(shown, form), 422
    if is_stale(shown, form):
        return _page(shown, form), 409
    file = without_call.ask_for_talk(db_session(), shown.consult.id, wanted, setup=setup(), by=me(), now=now())
    return tried(denial_id, file, lambda _: f"The talk is asked for and in line. {FOLLOWS}")


def _page(shown: RequestView, form: Form) -> str:
    more = {name: value for name, value in talk_fields(shown, form).items() if name not in ("shown", "case", "form")}
    return page("talk", shown, form, **more)
