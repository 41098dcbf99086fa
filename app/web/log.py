"""One line for each request: ids and figures, no query strings, no addresses of pages, nothing that was typed."""

import logging
import secrets
import time

from flask import Response, g, request

log = logging.getLogger("app.web.request")


def begin() -> None:
    """Give the request its id and its starting time."""
    g.request_id = secrets.token_hex(8)
    g.began = time.monotonic()


def finish(response: Response) -> Response:
    """Write the line. Static files and health checks say nothing when they go well."""
    response.headers["X-Request-Id"] = g.get("request_id", "")
    quiet = request.endpoint in ("static", "health.live", "health.ready") and response.status_code < 400
    if not quiet:
        took = (time.monotonic() - g.get("began", time.monotonic())) * 1000
        endpoint = request.endpoint or "-"
        log.info("request=%s %s %s %d %.0f ms", g.request_id, request.method, endpoint, response.status_code, took)
    return response
