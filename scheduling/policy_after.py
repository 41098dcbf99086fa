"""The tables of a policy file about what comes after: words for notices, appeals, the follow-up, letters."""
# ruff: noqa: RUF009 -- `key` returns a field, which is what dataclasses want

from dataclasses import dataclass

from scheduling.policy_parts import Contradictions, Deadline, key


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Words for the notice."""

    upheld: str = key("", "after an upheld decision")
    overturned: str = key("", "after an overturned one")
    modified: str = key("", "after a modified one")
    discussed: str = key("", "after a talk that decided nothing")
    not_reached: str = key("", "when the office could not be reached")
    window_closed: str = key("", "when it is too late to ask")

    def get(self, ending: str, default: str = "") -> str:
        """Return the words for an ending; `default` where the policy has none."""
        return str(getattr(self, ending, "")) or default


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """One way to have a decision looked at again."""

    name: str = key("", "what the plan calls it")
    address: tuple[str, ...] = key((), "where it is sent, line by line")
    phone: str = key("", "whom to call about it")
    fax: str = key("", "where it may be faxed")
    deadline: tuple[Deadline, ...] = key((), "until when; the earliest that is known")
    until: str = key("", "the last day in words, for cases in which no deadline gives a date")

    def contradictions(self) -> Contradictions:
        """Advice is no last day."""
        for position, rule in enumerate(self.deadline):
            if not rule.binding:
                yield f"deadline[{position}].binding", "advice is no last day; leave it out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeals:
    """What remains where a decision stands (BSP-8, NC-5)."""

    provider: Appeal = key(Appeal(name="Provider dispute"), "the provider's own way")
    member: Appeal = key(
        Appeal(name="Member appeal"), "the member's; a denial's own last day to appeal goes before `deadline`"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """How many business days each item may take after a decision was changed, to close of business (BSP-7)."""

    authorization_changed: int = key(1, "the authorization is changed in the plan's own system", least=0, most=60)
    provider_told: int = key(1, "the provider is told", least=0, most=60)
    member_notice: int = key(2, "the member's notice is sent", least=0, most=60)
    appeals_told: int = key(2, "Appeals is told", least=0, most=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """What the plan's letters carry, and whether the member's is Peerline's to draft."""

    letterhead: tuple[str, ...] = key((), "lines under the plan's name at the head of a letter")
    language: str = key("en", "the language tag of the letters")
    member: bool = key(False, "true: Peerline drafts the member's notice; false: the plan's own template is used")
    member_template: str = key("", "the name of the plan's own template for the member's notice")
    member_phone: str = key("", "whom a member can call; the member's notice carries it")

    def contradictions(self) -> Contradictions:
        """A notice that nobody can ask about helps no member."""
        if self.member and not self.member_phone:
            yield "member_phone", "is missing; the member's notice says whom to call"
