"""The figures of a year: those of the file as it stands, and what one director or one hour more would change."""

from typing import Any

from app.year.counting import DEADLINES, REVIEW_DUE
from app.year.description import Year
from app.year.people import Person, one_hour_more, one_more, people_of
from app.year.play import Play
from app.year.tally import Durations, Tally
from scheduling.values import Rulebook

#: what comes of plain figures, ready for JSON; durations are minutes
Figures = dict[str, Any]

#: waits are shown by days up to so many
DAYS = 14


def figures(year: Year, rulebook: Rulebook, *, variants: bool = True) -> Figures:
    """Play a year, and its variants on the same draw, and return all figures. The same year gives the same figures."""
    people = people_of(year, rulebook)
    found = _played(year, rulebook, people)
    found["variants"] = _variants(year, rulebook, people, found) if variants else []
    return found


def _variants(year: Year, rulebook: Rulebook, people: tuple[Person, ...], base: Figures) -> list[Figures]:
    shares = [row["booked_share"] or 0.0 for row in base["directors"]]
    busiest = people[shares.index(max(shares))]
    tried = (
        (f"one director more, like {busiest.name}", one_more(people, busiest)),
        ("one hour more a day for each director", one_hour_more(people)),
    )
    return [{"what": what, **_short(_played(year, rulebook, changed))} for what, changed in tried]


def _short(found: Figures) -> Figures:
    """Keep what a variant is compared by."""
    return {name: found[name] for name in ("talks", "waits", "deadlines", "booked_share")}


def _played(year: Year, rulebook: Rulebook, people: tuple[Person, ...]) -> Figures:
    tally = Play(year, rulebook, people).play()
    open_minutes = sum(each.open_minutes for each in tally.directors)
    booked = sum(each.booked_minutes for each in tally.directors)
    return {
        "title": year.title,
        "policy": rulebook.policy.key,
        "seed": year.seed,
        "start": year.start.isoformat(),
        "days": year.days,
        "asked": _plain(tally.asked),
        "refused": _plain(tally.refused),
        "talks": sum(tally.completed.values()),
        "outcomes": _plain(tally.completed),
        "settled_by_nurse": _plain(tally.settled),
        "closed_otherwise": {**_plain(tally.cancelled), "not_reached": tally.not_reached},
        "still_open": _plain(tally.open),
        "waits": {name: _spread(tally.waits[name]) for name in ("all", "emergent", "elective")},
        "waits_by_days": tally.waits["all"].by_days(DAYS),
        "deadlines": {name: _deadline(tally, name) for name in (*DEADLINES, REVIEW_DUE)},
        "booked_share": _share(booked, open_minutes),
        "with_peer": tally.happened["with_peer"],
        "lost_times": _plain(tally.returned),
        "review_minutes": _spread(tally.decisions),
        "nurse_share": _share(tally.nurse_minutes, tally.staffed_minutes),
        "directors": [_director(person, tally) for person in people],
        "weeks": [
            {"asked": week.asked, "talked": week.talked, "settled": week.settled, "open_at_end": week.open_at_end}
            for week in tally.weeks
        ],
    }


def _director(person: Person, tally: Tally) -> Figures:
    count = tally.directors[person.director.id]
    return {
        "name": person.name,
        "decided": count.decided,
        "talks": count.talks,
        "open_hours": round(count.open_minutes / 60, 1),
        "booked_share": _share(count.booked_minutes, count.open_minutes),
        "office_absent": count.office_absent,
        "director_absent": count.director_absent,
        "sick_days": count.sick_days,
    }


def _spread(durations: Durations) -> Figures:
    mean = durations.mean
    return {
        "count": durations.count,
        "median": durations.percentile(50),
        "p90": durations.percentile(90),
        "p95": durations.percentile(95),
        "mean": None if mean is None else round(mean),
        "longest": durations.longest,
    }


def _deadline(tally: Tally, name: str) -> Figures:
    counted = dict.fromkeys(("met", "missed", "not_needed", "open"), 0)
    causes: dict[str, int] = {}
    for (deadline, state, cause), count in sorted(tally.deadlines.items()):
        if deadline == name:
            counted[state] += count
            if state == "missed":
                causes[cause] = causes.get(cause, 0) + count
    return {
        **counted,
        "missed_by_cause": causes,
        "met_share": _share(counted["met"], counted["met"] + counted["missed"]),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _plain(counter: dict[str, int]) -> dict[str, int]:
    return {str(name): count for name, count in sorted(counter.items()) if count}
