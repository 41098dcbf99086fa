"""The directors of a year: groups told apart, each with the weeks that are off, and who decides which kind."""

from dataclasses import dataclass, replace
from datetime import time, timedelta
from itertools import accumulate

from app.year.description import Directors, Kind, Year, decides
from app.year.drawing import Chance, pick
from scheduling.business_time import start_at
from scheduling.values import Director, Hours, Interval, Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One director of the year. `added`: one more than the file names."""

    name: str
    of: Directors
    director: Director
    added: bool = False


def people_of(year: Year, rulebook: Rulebook) -> tuple[Person, ...]:
    """Return the directors, with ids in the order of the file."""
    members = [(group, name) for group in year.director for name in names_of(group)]
    ids = {name: id_ for id_, (_, name) in enumerate(members)}
    by_group = {group.id: [ids[name] for name in names_of(group)] for group in year.director}
    people = []
    for group, name in members:
        peers = dict.fromkeys(peer for named in group.peers for peer in by_group[named] if peer != ids[name])
        zone = group.time_zone or rulebook.policy.plan.time_zone
        director = Director(
            id=ids[name],
            zone=zone,
            hours=group.hours,
            peers=tuple(peers),
            lines_of_business=frozenset(group.lines_of_business),
            specialties=frozenset(group.specialties),
            max_a_day=group.max_a_day,
        )
        person = Person(name=name, of=group, director=director)
        people.append(replace(person, director=replace(director, off=(*group.time_off, *_weeks_off(year, person)))))
    return tuple(people)


def names_of(group: Directors) -> list[str]:
    """Return the names of a group's directors: its own, or of several each with a number after it."""
    if group.number == 1:
        return [group.id]
    width = len(str(group.number))
    return [f"{group.id}-{number:0{width}}" for number in range(1, group.number + 1)]


def one_more(people: tuple[Person, ...], like: Person) -> tuple[Person, ...]:
    """Return the directors with one more who has the hours, the lines and the share of another."""
    director = replace(like.director, id=len(people))
    return (*people, replace(like, name=f"{like.name}, one more", director=director, added=True))


def one_hour_more(people: tuple[Person, ...]) -> tuple[Person, ...]:
    """Return the directors with an hour more on each day on which they have any: at its end, else at its start."""
    return tuple(
        replace(person, director=replace(person.director, hours=_longer(person.director.hours))) for person in people
    )


def _longer(hours: Hours) -> Hours:
    return Hours(spans={day: _with_an_hour(spans) for day, spans in hours.spans.items()})


def _with_an_hour(spans: tuple[tuple[time, time | None], ...]) -> tuple[tuple[time, time | None], ...]:
    if not spans:
        return spans
    start, end = spans[-1]
    if end is not None:
        later = None if end.hour == 23 else end.replace(hour=end.hour + 1)
        return (*spans[:-1], (start, later))
    start, end = spans[0]
    return ((start.replace(hour=max(start.hour - 1, 0)), end), *spans[1:])


def _weeks_off(year: Year, person: Person) -> tuple[Interval, ...]:
    """Draw the weeks that are off, Mondays to Sundays, as many as fall to the days that are played."""
    weeks = [year.start + timedelta(days=day) for day in range(year.days) if _is_monday(year, day)]
    wanted = min(round(person.of.weeks_off * year.days / 365), len(weeks))
    chance = Chance(year.seed).of("weeks off", person.name)
    chosen = sorted(weeks, key=lambda _: chance.random())[:wanted]
    zone = person.director.zone
    return tuple(
        Interval(start_at(monday, time(0), zone), start_at(monday + timedelta(days=7), time(0), zone))
        for monday in sorted(chosen)
    )


def _is_monday(year: Year, day: int) -> bool:
    return (year.start + timedelta(days=day)).weekday() == 0


class WhoDecides:
    """Picks the denying director: by share among those who decide the kind. One added takes his share from each."""

    def __init__(self, people: tuple[Person, ...]) -> None:
        self._people = people
        self._of_kind: dict[int, tuple[list[Person], list[float], list[Person], float]] = {}

    def pick(self, kind: Kind, chance: float, chance_of_added: float) -> int:
        """Return a director's id. `chance`, `chance_of_added`: from 0 to 1, the same whoever is added."""
        known = self._of_kind.get(id(kind))
        if known is None:
            able = [person for person in self._people if decides(person.of, kind)]
            named = [person for person in able if not person.added]
            added = [person for person in able if person.added]
            total = sum(person.of.share for person in able)
            share = sum(person.of.share for person in added) / total
            known = self._of_kind[id(kind)] = (named, list(accumulate(p.of.share for p in named)), added, share)
        named, weights, added, share = known
        if chance_of_added < share:
            return added[0].director.id
        return named[pick(chance, weights)].director.id
