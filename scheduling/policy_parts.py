"""What the tables of a policy file are made of: keys with what they allow, and the deadline."""
# ruff: noqa: RUF009 -- `key` and `must` return fields, which is what dataclasses want

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from scheduling.policy_words import Anchor, DenialDate, Unit, Unknown
from scheduling.values import Denial, Setting, Urgency

MINUTES_A_DAY = 24 * 60


def key(default: Any = None, doc: str = "", /, **constraints: object) -> Any:
    """Declare a key of the file: its default, what it means, and what it allows (`least`, `most`, `name`, `one`)."""
    return field(default=default, metadata={"doc": doc, **constraints})


def must(doc: str, /, **constraints: object) -> Any:
    """Declare a key that must be given."""
    return field(metadata={"doc": doc, "must": True, **constraints})


#: (key, what is wrong): a contradiction within one table
Contradictions = Iterator[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A deadline in one of four forms, the cases it holds for, and whether it binds."""

    within: int | None = key(None, "how many units after what it counts from", least=0, most=10_000_000)
    unit: Unit | None = key(None, "the unit of `within`")
    of: tuple[Anchor, ...] = key((), "what it counts from; of several the latest that is known", one=True)
    before: DenialDate | None = key(None, "up to that instant")
    by: DenialDate | None = key(None, "through the date that the denial itself carries")
    latest: tuple["Deadline", ...] = key((), "the later of several, of those known")
    settings: tuple[Setting, ...] = key((), "for these settings only; []: all")
    urgency: tuple[Urgency, ...] = key((), "for this urgency only; []: both")
    binding: bool = key(True, "false: advice; shown, never refuses, never escalates")
    unknown: Unknown = key(Unknown.IGNORE, "wait: not reached while one of its dates is missing")

    def contradictions(self) -> Contradictions:
        """Name what does not go together in one deadline."""
        forms = {"within": self.within, "before": self.before, "by": self.by, "latest": self.latest or None}
        given = [name for name, value in forms.items() if value is not None]
        if len(given) != 1:
            said = " and ".join(given) + " exclude one another" if given else "says nothing"
            yield "", f"{said}; a deadline has one of within (with unit and of), before, by, latest"
        if self.within is None:
            for name in ("unit", "of"):
                if getattr(self, name):
                    yield name, "goes with within only"
        else:
            if self.unit is None:
                yield "unit", f"is missing; one of {', '.join(Unit)}"
            elif self.within > _MOST[self.unit]:
                yield "within", f"{self.within} {self.unit} is more than ten years; at most {_MOST[self.unit]}"
            if not self.of:
                yield "of", f"is missing; one or more of {', '.join(Anchor)}"
        for position, inner in enumerate(self.latest):
            if not inner.binding:
                yield f"latest[{position}].binding", "advice cannot be part of another deadline; say it outside"

    def holds_for(self, denial: Denial) -> bool:
        """Tell whether this deadline is one of the case at all."""
        return (not self.settings or denial.setting in self.settings) and (
            not self.urgency or denial.urgency in self.urgency
        )


_MOST = {
    Unit.MINUTES: 3660 * MINUTES_A_DAY,
    Unit.HOURS: 3660 * 24,
    Unit.BUSINESS_DAY_HOURS: 2600 * 24,
    Unit.CALENDAR_DAYS: 3660,
    Unit.BUSINESS_DAYS: 2600,
}
