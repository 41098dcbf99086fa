"""What every use case needs besides the database."""

from dataclasses import dataclass

from app.outbox import Desk
from app.policies import Policies
from scheduling.values import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The policies in force, and in whose name mail is written."""

    policies: Policies
    desk: Desk

    def rulebook(self, policy_id: str, policy_hash: str) -> Rulebook:
        """Find the rules that decided a consult, to the byte."""
        return self.policies.by_key(policy_id, policy_hash)
