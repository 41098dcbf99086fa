"""The director's calendars: talks to subscribe to, and the busy calendar that is read."""

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.consults import calendars as use_cases
from app.errors import NotFound
from app.feeds.fetch import FetchError, read_address
from app.feeds.publish import feed
from app.models import Role
from app.queries import calendars as queries
from app.queries import director as people
from app.web.access import allow
from app.web.director.blueprint import actor, director, done, me
from app.web.edge import db_session, now, nudge_after_commit, settings
from app.web.forms import Form

#: longer ones are cut off on their way by some programs
LONGEST = 2000


@director.get("/calendars", endpoint="calendars")
@allow(Role.DIRECTOR)
def own_calendars() -> ResponseReturnValue:
    """Show both calendars and how they stand."""
    return _page(Form())


@director.post("/calendars/feed")
@allow(Role.DIRECTOR)
def make_feed() -> ResponseReturnValue:
    """Make a new private address, and show it this once."""
    token = use_cases.new_feed_token(db_session(), me(), now=now())
    return _page(Form(), address=settings().base_url + url_for("director.feed_of", token=token))


@director.post("/calendars/feed/remove")
@allow(Role.DIRECTOR)
def revoke_feed() -> ResponseReturnValue:
    """Let the private address work no more."""
    use_cases.revoke_feed(db_session(), me())
    return done("The address works no more.", url_for("director.calendars"))


@director.post("/calendars/busy")
@allow(Role.DIRECTOR)
def name_busy_calendar() -> ResponseReturnValue:
    """Read busy times from this address from now on."""
    form = Form.typed()
    address = form.text("address", missing="Enter the address of your calendar.", limit=LONGEST)
    if address and not form.errors:
        try:
            read_address(address)
        except FetchError as wrong:
            form.fail("address", str(wrong))
    if form.errors:
        return _page(form), 422
    use_cases.name_busy_calendar(db_session(), me(), address, by=actor(), now=now())
    nudge_after_commit("calendars")
    return done("It is read within a minute, and again every quarter of an hour.", url_for("director.calendars"))


@director.post("/calendars/busy/remove")
@allow(Role.DIRECTOR)
def forget_busy_calendar() -> ResponseReturnValue:
    """Read no busy calendar any more."""
    use_cases.forget_busy_calendar(db_session(), me(), by=actor(), now=now())
    return done("It is not read any more, and what it said is not busy any more.", url_for("director.calendars"))


@director.get("/feed/<token>.ics")
@allow(Role.ANYONE)
def feed_of(token: str) -> ResponseReturnValue:
    """Give the talks to a calendar that knows the private address; it cannot sign in."""
    talks = queries.talks_of(
        db_session(), token, base_url=settings().base_url, uid_domain=settings().uid_domain, now=now()
    )
    if talks is None:
        raise NotFound("There is no calendar at this address. Make a new address on the page Calendars.")
    response = Response(feed(talks), content_type="text/calendar; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    return response.make_conditional(request)


def _page(form: Form, *, address: str = "") -> str:
    return render_template(
        "director/calendars.html",
        who=people.person(db_session(), me()),
        form=form,
        state=queries.calendars_of(db_session(), me(), now=now()),
        address=address,
        now=now(),
    )
