"""The nurse's pages: what is due or talked about first, and one case with all that decides it. A nurse never denies."""

from app.web.nurse import case, deciding, informing, worklist  # noqa: F401 -- each adds its routes
from app.web.nurse.blueprint import nurse

__all__ = ["nurse"]
