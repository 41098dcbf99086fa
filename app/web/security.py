"""Headers on every answer, and the checks that a form was sent from our own pages."""

from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect

from app.errors import Forbidden
from app.web.edge import settings

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}

csrf = CSRFProtect()


def protect(app: Flask) -> None:
    """Switch on the CSRF token for every form, and the limits of what is read from one."""
    app.config.update(
        # the token lives as long as the visit it is tied to
        WTF_CSRF_TIME_LIMIT=None,
        # it would ask for a Referer, which our Referrer-Policy keeps browsers from sending; see check_origin
        WTF_CSRF_SSL_STRICT=False,
        MAX_CONTENT_LENGTH=1024 * 1024,
        MAX_FORM_MEMORY_SIZE=512 * 1024,
        MAX_FORM_PARTS=500,
    )
    csrf.init_app(app)


def check_origin() -> None:
    """Refuse a form that another site sent, beside the token, by what the browser itself says."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site:
        ours = site in ("same-origin", "none")
    else:
        # under no-referrer a browser names "null" as the origin of our own forms; the token decides then
        ours = origin in (None, "null") or urlsplit(origin).netloc == request.host
    if not ours:
        raise Forbidden(
            "This form was sent from another site. Nothing was changed. Open the page here and send it again."
        )


def add_headers(response: Response) -> Response:
    """Add the headers; pages are never kept by a browser or a proxy."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if settings().base_url.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
