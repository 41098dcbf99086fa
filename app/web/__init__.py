"""The pages: server rendered, one blueprint a role. Views call use cases and queries, and hold no rules."""

from app.web.access import account, allow
from app.web.edge import db_session, now, nudge_after_commit, settings, setup, visit
from app.web.forms import Form

__all__ = ["Form", "account", "allow", "db_session", "now", "nudge_after_commit", "settings", "setup", "visit"]
