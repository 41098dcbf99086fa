"""Static files: which versions the pages name, and how they are served."""

import gzip
import hashlib
import mimetypes
from functools import cache
from pathlib import Path

from flask import Flask, Response, request, url_for
from werkzeug.exceptions import NotFound

from app.models import Role
from app.web.access import allow

USWDS = "uswds/3.14.0"
HTMX = "htmx/4.0.1"

FOLDER = Path(__file__).resolve().parent / "static"
A_YEAR = "public, max-age=31536000, immutable"
_PACKED = {".css", ".js", ".svg"}


def install(app: Flask) -> None:
    """Serve the files of `static/`, and give templates `asset('name')`, an address that changes with the content."""
    app.add_url_rule("/static/<path:filename>", "static", allow(Role.ANYONE)(_serve))
    app.jinja_env.globals.update(asset=asset, USWDS=USWDS, HTMX=HTMX)


def asset(name: str) -> str:
    """Return the address of a static file."""
    return url_for("static", filename=name, v=_read(name)[1])


def _serve(filename: str) -> Response:
    if filename not in _names():
        raise NotFound
    body, tag = _read(filename)
    response = Response(mimetype=mimetypes.guess_type(filename)[0] or "application/octet-stream")
    if Path(filename).suffix in _PACKED:
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"]:
            body = _pack(filename)
            response.content_encoding = "gzip"
    response.set_data(body)
    response.headers["Cache-Control"] = A_YEAR
    response.set_etag(tag)
    response.make_conditional(request)
    return response


@cache
def _names() -> frozenset[str]:
    return frozenset(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file())


@cache
def _read(name: str) -> tuple[bytes, str]:
    body = (FOLDER / name).read_bytes()
    return body, hashlib.sha256(body).hexdigest()[:12]


@cache
def _pack(name: str) -> bytes:
    return gzip.compress(_read(name)[0], 9, mtime=0)
