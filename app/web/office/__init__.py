"""The office's pages: find the case, see what can be done, ask, follow."""

from app.web.office import asking, changing, finding, following, looking, talking  # noqa: F401 -- each adds its routes
from app.web.office.blueprint import office

__all__ = ["office"]
