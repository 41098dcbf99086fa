"""The policy files: read, checked, and given the holidays of their calendars."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import holidays

from scheduling.governing import NoPolicyError, governing
from scheduling.policy import Policy
from scheduling.policy_reader import PolicyErrors, read_policy
from scheduling.policy_words import Fallback
from scheduling.values import Rulebook

#: the years for which calendars are worked out
YEARS = range(1990, 2101)

#: a folder of this name holds earlier versions of files: found by their hash, never chosen for a new request
EARLIER = "earlier"

#: a folder of this name holds what other plans publish: to read, to try and to start from; none of them governs
PUBLISHED = "published"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policies by id, which of them may govern a denial, and every version that is known."""

    current_by_id: Mapping[str, Rulebook]
    in_force: frozenset[str] = frozenset()
    by_hash: Mapping[tuple[str, str], Rulebook] = field(default_factory=dict)

    def current(self, policy_id: str) -> Rulebook:
        """Return the rules of a plan as its file stands. Raises NoPolicyError."""
        found = self.current_by_id.get(policy_id)
        if found is None:
            known = ", ".join(sorted(self.current_by_id)) or "there is none"
            raise NoPolicyError(f"There is no policy {policy_id!r} (known: {known}); add policies/{policy_id}.toml.")
        return found

    def by_key(self, policy_id: str, policy_hash: str) -> Rulebook:
        """Return the rules that decided a consult, to the byte; as the file stands now where that version is gone.

        Deadlines are stored with the consult, so a changed file never changes one that is decided; to keep the rest
        too, move the old file to policies/earlier. Raises NoPolicyError if there is no file of that id at all.
        """
        return self.by_hash.get((policy_id, policy_hash[:12])) or self.current(policy_id)

    def lookup(self, key: str) -> Rulebook:
        """Return the rules with this key, `<id>@<first 12 of the hash>`; otherwise as `by_key`."""
        policy_id, _, policy_hash = key.rpartition("@")
        return self.by_key(policy_id, policy_hash)

    def falling_back(self) -> list[str]:
        """List the ids of the policies of which some version knows a designated peer as fallback."""
        known = [*self.current_by_id.values(), *self.by_hash.values()]
        return sorted({rules.policy.id for rules in known if rules.policy.director.fallback is not Fallback.NONE})

    def governing(
        self, *, decided_on: date, line_of_business: str = "", state: str = "", service: str = "", place: str = ""
    ) -> Rulebook:
        """Return the rules in force that govern a denial. Raises NoPolicyError where none does, or two do equally."""
        policies = [self.current_by_id[policy_id].policy for policy_id in sorted(self.in_force)]
        chosen = governing(
            policies,
            decided_on=decided_on,
            line_of_business=line_of_business,
            state=state,
            service=service,
            place=place,
        )
        return self.current_by_id[chosen.id]


def load_policies(folder: Path) -> Policies:
    """Read every policy file below a folder. Raises PolicyErrors with each fault, which names its file and key."""
    current: dict[str, Rulebook] = {}
    by_hash: dict[tuple[str, str], Rulebook] = {}
    in_force: set[str] = set()
    faults: list[str] = []
    for path in sorted(folder.rglob("*.toml")):
        try:
            rulebook = read_rulebook(path)
        except PolicyErrors as errors:
            faults += [f"{path}: {fault}" for fault in errors.faults]
            continue
        policy = rulebook.policy
        by_hash[policy.id, policy.hash[:12]] = rulebook
        if EARLIER in path.relative_to(folder).parts:
            continue
        if policy.id in current:
            faults.append(f"{path}: id: {policy.id!r} is that of another file too; each has an id of its own")
        current[policy.id] = rulebook
        if PUBLISHED not in path.relative_to(folder).parts:
            in_force.add(policy.id)
    if faults:
        raise PolicyErrors(faults)
    return Policies(current_by_id=current, in_force=frozenset(in_force), by_hash=by_hash)


def find_policy(folder: Path, policy_id: str) -> Path | None:
    """Return the file of a policy by its id, which is also its name."""
    found = sorted(folder.rglob("*.toml"))
    mine = (path for path in found if path.stem == policy_id and EARLIER not in path.relative_to(folder).parts)
    return next(mine, None)


def read_rulebook(path: Path) -> Rulebook:
    """Read one policy file with its holidays. Raises PolicyErrors with every fault."""
    policy = read_policy(read_toml(path))
    return Rulebook(policy=policy, holidays=holidays_of(policy))


def read_toml(path: Path) -> dict[str, object]:
    """Read a TOML file. Raises PolicyErrors with one fault if it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PolicyErrors([f"cannot be read: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyErrors([f"is no TOML: {error}"]) from None


def holidays_of(policy: Policy) -> frozenset[date]:
    """Return the holidays of a plan's calendar: each day itself, and the day on which it is observed.

    Raises PolicyErrors for a code that is none.
    """
    named = policy.plan.holidays
    if not isinstance(named, str):
        return frozenset(named)
    try:
        return _calendar(named)
    except NotImplementedError:
        allowed = "a country such as US, a part of one such as US-CA, or a list of dates"
        raise PolicyErrors([f"plan.holidays: {named!r} is the code of no holiday calendar; {allowed}"]) from None


@cache
def _calendar(code: str) -> frozenset[date]:
    # kept, since it takes 20 ms and most plans share one
    country, _, subdivision = code.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=YEARS))
