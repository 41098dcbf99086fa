"""Error pages: what went wrong, that nothing was lost, and what to do now."""

import logging

from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from psycopg.errors import ExclusionViolation, LockNotAvailable, QueryCanceled, UniqueViolation
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError

from app.errors import Refused
from app.web.edge import roll_back

log = logging.getLogger(__name__)

MEANWHILE = "Somebody else changed this a moment earlier. Nothing of yours was saved. Look at it again, then decide."
BUSY = "Peerline is busy. Nothing was lost and nothing was changed. Try again in a moment."
UNKNOWN = (
    "Something went wrong on our side, and what you just did may not have been saved. "
    "Open the case again to see how it stands before you repeat it."
)
VISIT_OVER = (
    "Your visit has ended, because nothing was done for a while or cookies are off. Nothing was sent. "
    "Go back, copy what you typed if you need it, and open the page again."
)

TITLES = {
    400: "We could not read that",
    403: "Not for you",
    404: "Not found",
    405: "That cannot be done here",
    409: "This has changed",
    413: "That is too large",
    422: "Some answers need your attention",
    429: "Too many tries",
    500: "Something went wrong",
    503: "Busy for a moment",
}
MESSAGES = {
    400: "Some of what was sent could not be read. Go back and try again.",
    404: "There is no such page, or it is not yours to see. Check the address, or find the case again.",
    405: "The address is right, but it cannot be used like this. Go back and use the buttons of the page.",
    413: "What you sent is larger than we take. Go back: shorten the text, or send fewer or smaller files at a time.",
}


def install(app: Flask) -> None:
    """Answer every error with a page of the design system."""
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(CSRFError, lambda _: error_page(400, VISIT_OVER))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(PoolTimeout, lambda _: error_page(503, BUSY, bare=True))
    app.register_error_handler(StaleDataError, lambda _: error_page(409, MEANWHILE))
    app.register_error_handler(InternalServerError, _unexpected)


def error_page(status: int, message: str, *, title: str = "", bare: bool = False) -> Response:
    """Make an error page. `bare` leaves out all that would need the database."""
    roll_back()
    name = "errors/error.html"
    page = render_template(name, title=title or TITLES.get(status, TITLES[500]), message=message, bare=bare)
    response = make_response(page, status)
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def _refused(error: Refused) -> Response:
    return error_page(error.status, error.message)


def _http(error: HTTPException) -> Response:
    if error.response is not None:
        return make_response(error.get_response())
    status = error.code or 500
    if status < 400:  # a redirect of the routing
        return make_response(error.get_response())
    page = error_page(status, MESSAGES.get(status, UNKNOWN))
    if status == 405:
        page.headers["Allow"] = dict(error.get_headers()).get("Allow", "")
    return page


def _database(error: DBAPIError) -> Response:
    log.warning("request=%s database %s", g.get("request_id"), type(error.orig).__name__)
    if isinstance(error.orig, LockNotAvailable | QueryCanceled):
        return error_page(503, BUSY)
    if isinstance(error.orig, UniqueViolation | ExclusionViolation):
        return error_page(409, MEANWHILE)
    if isinstance(error, OperationalError):
        return error_page(503, BUSY if request.method == "GET" else UNKNOWN, bare=True)
    return _report(error)


def _unexpected(error: InternalServerError) -> Response:
    return _report(error.original_exception or error)


def _report(error: BaseException) -> Response:
    # the chain of calls tells where; the message could hold what somebody typed and is left out
    trace, calls = error.__traceback__, []
    while trace is not None:
        calls.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    log.error("request=%s %s at %s", g.get("request_id"), type(error).__name__, " < ".join(reversed(calls[-8:])))
    return error_page(500, UNKNOWN, bare=True)
