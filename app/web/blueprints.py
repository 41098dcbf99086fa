"""The blueprints, one a role."""

from flask import Blueprint

from app.web import (
    admin_directors,  # noqa: F401 -- adds its routes
    admin_letters,  # noqa: F401 -- adds its routes
    admin_policies,  # noqa: F401 -- adds its routes
    admin_withdrawals,  # noqa: F401 -- adds its routes
)
from app.web.admin import administrator
from app.web.coordinator import coordinator
from app.web.director import director
from app.web.documents import documents
from app.web.health import health
from app.web.letters import letters
from app.web.nurse import nurse
from app.web.office import office
from app.web.reports import reports
from app.web.signing_in import session

BLUEPRINTS: tuple[Blueprint, ...] = (
    health,
    session,
    office,
    letters,
    documents,
    nurse,
    director,
    coordinator,
    administrator,
    reports,
)
