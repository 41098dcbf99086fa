"""The office's pages: find the case, see what can be done, ask, follow."""

from app.web.office import (  # noqa: F401 -- each adds its routes
    asking,
    changing,
    documents,
    finding,
    following,
    looking,
    reaching,
    talking,
)
from app.web.office.blueprint import office

__all__ = ["office"]
