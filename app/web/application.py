"""Puts the pages together."""

import logging
from collections.abc import Callable
from datetime import datetime
from os import environ

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app.config import Settings
from app.process import make_process
from app.web import access, assets, documents, errors, log, navigation, security, times, uploads
from app.web.blueprints import BLUEPRINTS
from app.web.edge import EdgeFlask, Peerline, close_session
from app.web.sessions import VisitInterface


def make_application(settings: Settings | None, *, clock: Callable[[], datetime]) -> Flask:
    """Make the application. See `app.create_app`."""
    settings = settings or Settings.from_environment(environ)
    app = EdgeFlask("app.web", static_folder=None)
    app.config["SECRET_KEY"] = settings.secret_key
    app.session_interface = VisitInterface()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["peerline"] = Peerline(process=make_process(settings), clock=clock)
    app.before_request(log.begin)
    app.before_request(access.guard)
    app.before_request(security.check_origin)
    uploads.install(app)
    security.protect(app)
    for part in (assets, documents, errors, navigation, times):
        part.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    _development_pages(app, settings)
    app.after_request(security.add_headers)
    app.after_request(log.finish)
    app.teardown_request(close_session)
    access.check_routes(app)
    if settings.trusted_proxies > 0:
        hops = settings.trusted_proxies
        proxied = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
        app.wsgi_app = proxied  # type: ignore[method-assign]  # how Flask wants to be wrapped
    _log_to_stderr()
    return app


def _development_pages(app: Flask, settings: Settings) -> None:
    if settings.development:
        from app.dev.mailbox import pages  # not there in production

        app.register_blueprint(pages)


def _log_to_stderr() -> None:
    logger = logging.getLogger("app")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
        if not logging.getLogger().handlers:
            logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
