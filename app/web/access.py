"""Who may use a route. A route that does not say so keeps the application from starting."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Flask, Response, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.errors import Forbidden
from app.models import Role
from app.web.edge import visit
from app.web.sessions import Reader

View = TypeVar("View", bound=Callable[..., Any])


def allow(*roles: Role) -> Callable[[View], View]:
    """Declare who may use a route; written between the route and the function.

    `Role.ANYONE` is everybody, `Role.SIGNED_IN` every account, `Role.OFFICE` a visit in which a case has been opened.
    What of the data may be seen is the query's business: what is not for the reader is not there (404).
    """
    assert roles, "say who may use it"

    def mark(view: View) -> View:
        view.allowed = frozenset(roles)  # type: ignore[attr-defined]  # a mark on the function, read by `allowed`
        return view

    return mark


def allowed(app: Flask, endpoint: str) -> frozenset[Role]:
    """Return who may use an endpoint; empty if it does not say so."""
    return getattr(app.view_functions[endpoint], "allowed", frozenset())


def check_routes(app: Flask) -> None:
    """Refuse to start with a route that does not say who may use it."""
    silent = sorted(rule.endpoint for rule in app.url_map.iter_rules() if not allowed(app, rule.endpoint))
    assert not silent, f"routes without @allow: {', '.join(silent)}"


def guard() -> ResponseReturnValue | None:
    """Let a request through, or send the reader to where he can identify himself. Runs before every view."""
    if request.endpoint is None:
        return None
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # typed as the Flask it stands for
    roles = allowed(app, request.endpoint)
    if Role.ANYONE in roles:
        return None
    account = visit().account
    if account is not None and (Role.SIGNED_IN in roles or Role(account.role) in roles):
        return None
    if Role.OFFICE in roles and visit().denials:
        return None
    if account is not None and Role.OFFICE not in roles:
        raise Forbidden("Your account is not made for this page. Ask an administrator if you need it.")
    return _identify("office.start" if Role.OFFICE in roles else "session.sign_in")


def account() -> Reader:
    """Return the account that is signed in. Only for routes that every reader but an account is kept from."""
    reader = visit().account
    assert reader is not None, "the route allows more than accounts"
    return reader


def local_path(path: str) -> str | None:
    """Return the path if it leads to a page of ours, None for anything that could lead elsewhere."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if safe else None


def _identify(endpoint: str) -> ResponseReturnValue:
    target = url_for(endpoint)
    if request.method == "GET" and not request.headers.get("HX-Request"):
        target += "?" + urlencode({"next": request.path})
    if request.headers.get("HX-Request"):
        return Response(headers={"HX-Redirect": target})
    return redirect(target, code=303)
