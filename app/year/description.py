"""What a year file may say. Each class is a table of it, each field a key with its meaning and what it allows."""
# ruff: noqa: RUF009 -- `key` and `must` return fields, which is what dataclasses want

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from zoneinfo import ZoneInfo

from scheduling.policy import BusinessHours
from scheduling.policy_parts import Contradictions, key, must
from scheduling.policy_reader import read_table
from scheduling.reading import Place
from scheduling.values import Decision, Hours, Interval, Setting, Urgency

A_SHARE = {"least": 0.0, "most": 1.0}
A_WEIGHT = {"least": 0.0, "most": 1e6}
_HOURS_A_YEAR = 366 * 24


class YearErrors(ValueError):
    """A mapping that is no year. Each fault names its place and says what is allowed."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a spread: how much of it lies evenly between two numbers."""

    share: float = key(1.0, "weight of this part among those of its list", **A_WEIGHT)
    from_: int = must("the least, included", name="from", least=0, most=_HOURS_A_YEAR)
    to: int = must("the most, included", least=0, most=_HOURS_A_YEAR)

    def contradictions(self) -> Contradictions:
        """The least comes first."""
        if self.from_ > self.to:
            yield "from", f"{self.from_} is more than to, {self.to}"


#: how something varies: parts, each evenly spread
Spread = tuple[Part, ...]


def spread(start: int, end: int) -> Spread:
    """Return what lies evenly between two numbers."""
    return (Part(from_=start, to=end),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByWeekday:
    """A weight for each day of the week."""

    mon: float = key(1.0, "Mondays", **A_WEIGHT)
    tue: float = key(1.0, "Tuesdays", **A_WEIGHT)
    wed: float = key(1.0, "Wednesdays", **A_WEIGHT)
    thu: float = key(1.0, "Thursdays", **A_WEIGHT)
    fri: float = key(1.0, "Fridays", **A_WEIGHT)
    sat: float = key(0.0, "Saturdays", **A_WEIGHT)
    sun: float = key(0.0, "Sundays", **A_WEIGHT)

    def weights(self) -> tuple[float, ...]:
        """Return the seven, Monday first."""
        return self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun


@dataclass(frozen=True, slots=True, kw_only=True)
class ByUrgency:
    """A share for each urgency."""

    emergent: float = key(0.0, "of emergent cases", **A_SHARE)
    elective: float = key(0.0, "of elective cases", **A_SHARE)

    def of(self, urgency: Urgency) -> float:
        """Return the share for an urgency."""
        return self.emergent if urgency is Urgency.EMERGENT else self.elective


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """How many ask, and when."""

    a_year: int = must("requests in 365 days", least=0, most=10_000_000)
    by_weekday: ByWeekday = key(ByWeekday(), "weights of the days of the week")
    by_hour: tuple[float, ...] = key(
        (*[0.0] * 8, *[1.0] * 9, *[0.0] * 7), "24 weights, of the plan's hours from midnight on", **A_WEIGHT
    )
    on_holidays: float = key(0.0, "share of an ordinary day's requests that comes on a holiday of the plan", **A_SHARE)

    def contradictions(self) -> Contradictions:
        """There are 24 hours a day, and some of them must be for asking."""
        if len(self.by_hour) != 24:
            yield "by_hour", f"has {len(self.by_hour)} weights; 24, one for each hour"
        for name, weights in (("by_hour", self.by_hour), ("by_weekday", self.by_weekday.weights())):
            if not any(weights):
                yield name, "are all 0, so nobody ever asks; one at least above 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of denial that is asked about."""

    share: float = key(1.0, "weight of this kind among the kinds", **A_WEIGHT)
    urgency: Urgency = key(Urgency.ELECTIVE, "how pressing")
    setting: Setting = key(Setting.PRE_SERVICE, "when the plan decided, seen from the service")
    decision: Decision = key(Decision.DENY, "what the plan did")
    line_of_business: str = key("", "as in a denial; left out: none named")
    reason: str = key("", "as in a denial")
    specialty: str = key("", "the requester's, matched with a director's where the policy looks at it")
    director: str = key("", "only this director, or this group, decides them; left out: all who cover the line")
    reconsideration: float = key(0.0, "share that asks for reconsideration, where the policy offers it", **A_SHARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """Dates of a denial, in hours from the decision; those left out are not known."""

    letter: int | None = key(None, "the letter", least=0, most=_HOURS_A_YEAR)
    verbal_notice: int | None = key(None, "the notice by phone", least=0, most=_HOURS_A_YEAR)
    written_notice: int | None = key(None, "the written notice", least=0, most=_HOURS_A_YEAR)
    discharge: int | None = key(None, "the discharge", least=0, most=_HOURS_A_YEAR)
    service: int | None = key(None, "the service", least=0, most=_HOURS_A_YEAR)
    decision_due: int | None = key(None, "when the decision was due", least=0, most=_HOURS_A_YEAR)
    notice_deadline: int | None = key(None, "the last day the denial itself names", least=0, most=_HOURS_A_YEAR)
    appeal_deadline: int | None = key(None, "the last day to appeal", least=0, most=_HOURS_A_YEAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Denials:
    """When the plan had decided."""

    asked_after_hours: Spread = key(spread(1, 72), "hours from the decision to the request")
    asked_before_decision: bool = key(False, "the decision is still to come by as many hours (talks before a denial)")
    dates: Dates = key(Dates(), "the other dates of the denials")


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What offices do. Where the policy refuses something, they do not try it."""

    information: float = key(0.5, "share that sends clinical information with the request", **A_SHARE)
    information_later: float = key(0.3, "share that sends it later", **A_SHARE)
    information_after_hours: Spread = key(spread(2, 48), "hours until it is there")
    any_time: float = key(0.5, "share that can talk at any time", **A_SHARE)
    windows: int = key(2, "windows that the others give", least=1, most=20)
    window_minutes: Spread = key(spread(120, 240), "how wide a window is")
    window_within_days: int = key(5, "business days ahead in which they lie", least=1, most=60)
    window_clock: BusinessHours = key(BusinessHours(), "hours in which they lie")
    new_windows_after_hours: Spread = key(
        spread(2, 24), "hours until it gives others, where no opening lies in them; doubled each time in vain"
    )
    move_up: float = key(0.5, "share that agrees to be moved up", **A_SHARE)
    reschedules: float = key(0.0, "share of booked times that the office gives up for others", **A_SHARE)
    absent: float = key(0.0, "share of booked times at which the first call is not answered", **A_SHARE)
    absent_again: float = key(0.5, "share of the further calls for that time that are not", **A_SHARE)
    accepts_peer: float = key(0.5, "share that accepts a peer it is offered", **A_SHARE)
    declines_peer: float = key(0.0, "share that would rather wait than talk with a peer it was given", **A_SHARE)
    answers_after_hours: Spread = key(spread(1, 4), "hours until it answers about a peer")
    gives_up_after_days: int = key(30, "days after which it withdraws what has no time", least=1, most=365)

    def contradictions(self) -> Contradictions:
        """Nobody sends it both with the request and later; a window lasts."""
        if any(part.from_ < 1 for part in self.window_minutes):
            yield "window_minutes", "has a window of 0 minutes; from 1"
        if self.information + self.information_later > 1:
            yield (
                "information_later",
                f"{self.information:g} and {self.information_later:g} are more than all; at most 1",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Weights of what a talk comes to, among those the policy allows."""

    upheld: float = key(7.0, "upheld", **A_WEIGHT)
    overturned: float = key(2.0, "overturned", **A_WEIGHT)
    modified: float = key(1.0, "modified", **A_WEIGHT)
    plan_error: float = key(0.0, "an error of the plan", **A_WEIGHT)
    discussed: float = key(10.0, "discussed, where a talk decides nothing", **A_WEIGHT)

    def contradictions(self) -> Contradictions:
        """A talk comes to something."""
        if not self.upheld + self.overturned + self.modified or not self.discussed:
            yield "", "leaves a talk without an outcome; upheld, overturned or modified, and discussed, above 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """The calls."""

    minutes: Spread = key(spread(10, 25), "how long a call is; the next begins when it is over")
    outcome: Outcomes = key(Outcomes(), "what comes of it")


_OFFICE_HOURS = Hours(spans=dict.fromkeys(range(5), ((time(8), time(16, 30)),)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Nurses:
    """Who decides reconsiderations and prepares briefs, whichever is due or talked about first."""

    number: int = key(1, "nurses at work in these hours", least=0, most=1000)
    hours: Hours = key(_OFFICE_HOURS, "staffed hours, in the plan's zone; none on its holidays")
    minutes: Spread = key(spread(20, 40), "minutes for a reconsideration")
    brief_minutes: Spread = key(spread(10, 15), "minutes for a brief")
    approves: ByUrgency = key(ByUrgency(emergent=0.3, elective=0.3), "share of reconsiderations that are approved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Directors:
    """One director, or a group of them with the same hours."""

    id: str = must("a short name", word=True)
    number: int = key(1, "how many; of several each has a number after the name", least=1, most=500)
    time_zone: ZoneInfo | None = key(None, "left out: the plan's")
    hours: Hours = must("the hours for consults")
    share: float = key(1.0, "weight of the denials that each of them decides", **A_WEIGHT)
    peers: tuple[str, ...] = key((), "designated peers in order: directors, or groups (the others of it)")
    lines_of_business: tuple[str, ...] = key((), "lines of business; []: all")
    specialties: tuple[str, ...] = key((), "specialties")
    max_a_day: int | None = key(None, "consults a day at most", least=1, most=1000)
    time_off: tuple[Interval, ...] = key((), "time off of each of them, known from the beginning")
    weeks_off: int = key(0, "weeks off in 365 days, drawn, known from the beginning", least=0, most=52)
    sick_days: float = key(
        0.0, "sick days in 365 days, drawn, known an hour before the day's first", least=0.0, most=200.0
    )
    absent: float = key(0.0, "share of talks at which the director does not call", **A_SHARE)
    declines: float = key(0.0, "share of booked times that the director declines", **A_SHARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """A year of one plan."""

    title: str = key("", "what it shows")
    policy: str = must("the id of a shipped policy, or the path of a policy file relative to this one")
    seed: int = key(1, "the chance: the same number, the same year", least=0, most=2**63 - 1)
    start: date = must("the first day")
    days: int = key(365, "how many days", least=1, most=3660)
    arrivals: Arrivals = must("how many ask, and when")
    kind: tuple[Kind, ...] = key((Kind(),), "the kinds of denials; left out: elective, pre-service")
    denial: Denials = key(Denials(), "when the plan had decided")
    office: Office = key(Office(), "what offices do")
    talk: Talk = key(Talk(), "the calls")
    nurse: Nurses = key(Nurses(), "the nurses")
    director: tuple[Directors, ...] = must("the directors, one at least")

    def contradictions(self) -> Contradictions:
        """Whoever is named must be there, and there must be somebody for each kind."""
        if not self.director:
            yield "director", "is empty; one [[director]] at least"
        if not any(kind.share for kind in self.kind):
            yield "kind", "has no share above 0, so nothing is asked about; one at least"
        for position, kind in enumerate(self.kind):
            if kind.share and self.director and not any(decides(each, kind) for each in self.director):
                who = f"director {kind.director!r}" if kind.director else "director with a share"
                yield f"kind[{position}]", f"no {who} covers {kind.line_of_business!r}, so nobody decides it"


def decides(director: Directors, kind: Kind) -> bool:
    """Tell whether a director, or one of a group, decides denials of a kind."""
    lines = director.lines_of_business
    return (
        director.share > 0
        and (not kind.director or director.id == kind.director)
        and (not lines or not kind.line_of_business or kind.line_of_business in lines)
    )


def read_year(mapping: Mapping[str, object]) -> Year:
    """Read a year. Raises YearErrors with every fault."""
    place = Place()
    _check_names(mapping, place)
    year = read_table(Year, mapping, place)
    if place.faults:
        raise YearErrors(place.faults)
    assert isinstance(year, Year)
    return year


def _check_names(mapping: Mapping[str, object], place: Place) -> None:
    """Fault directors who are there twice, or are named and not there, whatever else is wrong with the file."""
    rows = _tables(mapping.get("director"), place / "director")
    names = [row.get("id") for _, row in rows]
    known = f"one of {', '.join(str(name) for name in dict.fromkeys(names) if name is not None) or 'none'}"
    for position, (at, row) in enumerate(rows):
        if isinstance(row.get("id"), str) and row["id"] in names[:position]:
            (at / "id").fault(f"{row['id']!r} is there twice; each has an id of its own")
        peers = row.get("peers")
        for number, peer in enumerate(peers if isinstance(peers, list) else []):
            if isinstance(peer, str) and peer not in names:
                (at / "peers")[number].fault(f"{peer!r} is no director here; {known}")
    for at, row in _tables(mapping.get("kind"), place / "kind"):
        if isinstance(row.get("director"), str) and row["director"] not in ("", *names):
            (at / "director").fault(f"{row['director']!r} is no director here; {known}")


def _tables(value: object, place: Place) -> list[tuple[Place, Mapping[str, object]]]:
    rows = value if isinstance(value, list) else []
    return [(place[position], row) for position, row in enumerate(rows) if isinstance(row, Mapping)]
