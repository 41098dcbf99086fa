"""The office's pages: find the case, see what can be done, ask, follow."""

from app.web.office.blueprint import office
from app.web.office import asking, changing, finding, following, looking  # noqa: F401, I001 -- each adds its routes

__all__ = ["office"]
