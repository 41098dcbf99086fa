"""What tests of documents share."""

from tests.app.conftest import peerline

__all__ = ["peerline"]
