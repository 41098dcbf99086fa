"""What every use case needs besides the database."""

from dataclasses import dataclass, field

from app.lane import Desk
from app.letters.render import Templates
from app.policies import Policies
from scheduling.values import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The policies in force, in whose name mail is written, and what letters are set in."""

    policies: Policies
    desk: Desk
    templates: Templates = field(default_factory=Templates)

    def rulebook(self, policy_id: str, policy_hash: str) -> Rulebook:
        """Find the rules that decided a consult, to the byte."""
        return self.policies.by_key(policy_id, policy_hash)
