"""Short ways to say what a test of the rules is about."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from scheduling import fifo, life
from scheduling.policy_reader import read_policy
from scheduling.reading import Place, spans
from scheduling.values import (
    Booking,
    ConsultState,
    Denial,
    Director,
    Happening,
    Hours,
    Interval,
    Request,
    Rulebook,
    Status,
    Step,
    What,
)

EASTERN = "America/New_York"
#: Monday, 2 March 2026, 09:00 in New York
MONDAY = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo(EASTERN)).astimezone(UTC)
#: noon of that day
LATER = MONDAY + timedelta(hours=3)


def at(text: str, zone: str = EASTERN) -> datetime:
    """Read a local time such as "2026-03-02 09:00", or one with an offset of its own, as UTC."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def rules(toml: str = "", *, zone: str = EASTERN, holidays: Iterable[date] = ()) -> Rulebook:
    """Make the rules of a plan from what differs from the defaults, written as in a policy file."""
    given: dict[str, Any] = tomllib.loads(toml)
    given = {"id": "plan", "name": "The plan", **given, "plan": {"time_zone": zone, **given.get("plan", {})}}
    return Rulebook(policy=read_policy(given), holidays=frozenset(holidays))


def hours(week: Mapping[str, Sequence[str]]) -> Hours:
    """Write weekly hours as a scenario does; "daily" stands for every day."""
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    by_day = {name: week.get(name, week.get("daily", ())) for name in names}
    return Hours(spans={names.index(name): spans(list(each), Place()) for name, each in by_day.items() if each})


def director(id_: int = 0, week: Mapping[str, Sequence[str]] | None = None, **more: Any) -> Director:
    """Make a director who has time every day from 9 to 12 unless said otherwise."""
    more = {"zone": ZoneInfo(more.pop("zone", EASTERN)), **more}
    week = {"daily": ["09:00-12:00"]} if week is None else week
    return Director(id=id_, hours=hours(week), **more)


def span(start: str, end: str, zone: str = EASTERN) -> Interval:
    """Make a span of time between two local times."""
    return Interval(at(start, zone), at(end, zone))


def denial(**more: Any) -> Denial:
    """Make a denial of director 0."""
    return Denial(**{"director": 0, **more})


def asked(
    rulebook: Rulebook, id_: int = 1, *, now: datetime = MONDAY, about: Denial | None = None, **more: Any
) -> Step:
    """Ask for a consult."""
    request = Request(**{"received": now, **more})
    return life.ask(rulebook, "rules", about or denial(), request, id=id_, arrival=id_, now=now)


def consult(rulebook: Rulebook, id_: int = 1, **more: Any) -> ConsultState:
    """Make an open request, as it is right after it was received."""
    state = asked(rulebook, id_, **more).state
    assert state is not None
    return state


def booked(state: ConsultState, start: str, end: str, director: int = 0) -> ConsultState:
    """Give a consult a time."""
    return replace(state, status=Status.BOOKED, booking=Booking(director=director, during=span(start, end)))


def planned(
    rulebook: Rulebook,
    states: Sequence[ConsultState],
    directors: Sequence[Director] | None = None,
    *,
    now: datetime = MONDAY,
) -> fifo.Plan:
    """Plan all queues."""
    people = {person.id: person for person in (directors or [director()])}
    return fifo.plan(states, people, {"rules": rulebook}, now=now)


def after(plan: fifo.Plan, states: Sequence[ConsultState]) -> dict[int, ConsultState]:
    """Return the consults as they stand after a plan, by id."""
    standing = {state.id: state for state in states}
    standing |= {step.state.id: step.state for step in plan.changes if step.state is not None}
    return standing


def starts(plan: fifo.Plan, states: Sequence[ConsultState] = (), zone: str = EASTERN) -> dict[int, str | None]:
    """Return when each consult starts, in local time, by id."""
    return {
        id_: state.booking and f"{state.booking.during.start.astimezone(ZoneInfo(zone)):%a %d %b %H:%M}"
        for id_, state in after(plan, states).items()
    }


def said(happenings: Iterable[Happening]) -> list[str]:
    """Return what happened, each with its reason or what else tells it apart."""
    rows = []
    for each in happenings:
        words = [each.details.get(key) for key in ("reason", "cause", "kind", "decision", "determination")]
        rows.append(" ".join([each.what.value, *(str(word) for word in words if word is not None)]))
    return rows


def only(step: Step, what: What) -> Happening:
    """Return the one happening of its kind."""
    found = [each for each in step.happenings if each.what is what]
    assert len(found) == 1, said(step.happenings)
    return found[0]


def clock(text: str) -> time:
    """Read HH:MM."""
    return time.fromisoformat(text)


def in_two_hours(state: ConsultState) -> ConsultState:
    """Book it for eleven."""
    return booked(state, "2026-03-02 11:00", "2026-03-02 11:30")


def begun(state: ConsultState) -> ConsultState:
    """Book it for nine: at LATER it has begun, and nobody has recorded an outcome."""
    return booked(state, "2026-03-02 09:00", "2026-03-02 09:30")


def nothing(step: Step, before: ConsultState) -> bool:
    """Tell whether an event changed nothing and said nothing."""
    return step == Step(state=before)
