"""Reads a scenario: a policy, directors, denials, what happens, and what must come of it. All faults are named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from scheduling.policy import Policy
from scheduling.policy_reader import DENIAL_KEYS, read_denial
from scheduling.policy_words import Assignment, DenialDate, Profession, Relation, Weekday
from scheduling.reading import (
    BROKEN,
    Place,
    day_or_instant,
    instant,
    interval,
    one_of,
    shown,
    switch,
    text,
    weekly_hours,
    whole,
    zone,
)
from scheduling.values import Denial, Director, Hours, Interval, Request, ReviewDecision, What


class Do(StrEnum):
    """What can be done in a scenario."""

    REQUEST = "request"
    INFORMATION = "information"
    RECONSIDERATION = "reconsideration"
    TALK = "talk"
    REVIEW = "review"
    WITHDRAW = "withdraw"
    RESCHEDULE = "reschedule"
    FILE_APPEAL = "file_appeal"
    DIRECTOR_OFF = "director_off"
    DIRECTOR_DECLINES = "director_declines"
    OUTCOME = "outcome"
    NO_SHOW = "no_show"
    OFFICE_ACCEPTS_PEER = "office_accepts_peer"
    OFFICE_DECLINES_PEER = "office_declines_peer"
    REASSIGN = "reassign"
    DATE = "date"


class Determination(StrEnum):
    """What may be recorded as the outcome of a talk."""

    UPHELD = "upheld"
    OVERTURNED = "overturned"
    MODIFIED = "modified"
    DISCUSSED = "discussed"
    PLAN_ERROR = "plan_error"


class Side(StrEnum):
    """Who did not come."""

    OFFICE = "office"
    DIRECTOR = "director"


#: the details of each happening, in the order in which they are printed
DETAILS: Mapping[What, tuple[str, ...]] = {
    What.RECEIVED: ("place", "request_by", "occur_by", "sla", "target"),
    What.REFUSED: ("reason",),
    What.AWAITING_INFORMATION: (),
    What.TALK_ASKED: ("place", "occur_by", "sla", "target"),
    What.REVIEW_OPENED: ("kind", "due"),
    What.REVIEW_DECIDED: ("decision",),
    What.REVIEW_OVERDUE: (),
    What.BOOKED: ("director", "start", "end"),
    What.MOVED: ("director", "start", "end"),
    What.RETURNED: ("reason",),
    What.UNPLACED: ("reason",),
    What.PEER_OFFERED: ("director", "start"),
    What.CANCELLED: ("reason",),
    What.COMPLETED: ("determination",),
    What.NOT_REACHED: (),
    What.ESCALATED: ("reason", "cause"),
}

_INSTANTS = ("request_by", "occur_by", "sla", "target", "due", "start", "end")


class ScenarioErrors(ValueError):
    """A mapping that is no scenario. Each fault names its place and says what is allowed."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """An event: when, what is done, to which case, and what the event says besides."""

    at: datetime
    do: Do
    case: str | None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must, or must never, happen to a case; what is left out is not compared."""

    case: str
    what: What
    at: datetime | None = None
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A story as a file tells it. Directors have their position in the file as id; `director_names` by id."""

    title: str
    policy: str
    until: datetime | None
    directors: tuple[Director, ...]
    director_names: tuple[str, ...]
    denials: Mapping[str, Denial]
    events: tuple[Played, ...]
    expects: tuple[Expected, ...]
    nevers: tuple[Expected, ...]

    def directors_under(self, policy: Policy) -> tuple[Director, ...]:
        """Return the directors; the lines of business in a scenario are for `assignment = "any"` alone."""
        if policy.director.assignment is Assignment.ANY:
            return self.directors
        return tuple(replace(director, lines_of_business=frozenset()) for director in self.directors)


def read_scenario(mapping: Mapping[str, object]) -> Scenario:
    """Read a scenario. Raises ScenarioErrors with every fault."""
    reader = _Reader(Place())
    scenario = reader.scenario(mapping)
    if reader.place.faults:
        raise ScenarioErrors(reader.place.faults)
    return scenario


class _Row:
    """A table of a scenario, read key by key."""

    def __init__(self, value: object, place: Place, known: Sequence[str]) -> None:
        self.place = place
        self._given = isinstance(value, Mapping)
        self._row = place.table(value, known)

    def must(self, name: str, reader: Any, what: str) -> Any:
        if name in self._row:
            return (self.place / name).read(reader, self._row[name])
        if self._given:
            (self.place / name).fault(f"is missing; {what}")
        return BROKEN

    def may(self, name: str, reader: Any, default: Any) -> Any:
        return (self.place / name).read(reader, self._row[name]) if name in self._row else default

    def rest(self, *names: str) -> Mapping[str, object]:
        return {name: self._row[name] for name in names if name in self._row}

    def each(self, name: str) -> list[tuple[Place, object]]:
        return (self.place / name).each(self._row[name]) if name in self._row else []

    def intervals(self, name: str) -> tuple[Interval, ...]:
        return tuple(interval(value, place) for place, value in self.each(name))

    def texts(self, name: str) -> list[tuple[Place, str]]:
        return [(place, place.read(text, value)) for place, value in self.each(name)]


_TALK_KEYS = ("move_up", "windows", "speaker", "relation")
_REQUEST_KEYS = ("received", "reconsideration", "talk", "information", *_TALK_KEYS)

#: the keys of each event besides `at`, `do` and `case`
_EVENT_KEYS: Mapping[Do, tuple[str, ...]] = {
    Do.REQUEST: _REQUEST_KEYS,
    Do.TALK: _TALK_KEYS,
    Do.REVIEW: ("decision",),
    Do.RESCHEDULE: ("windows",),
    Do.DIRECTOR_OFF: ("director", "from", "to"),
    Do.OUTCOME: ("determination",),
    Do.NO_SHOW: ("by",),
    Do.REASSIGN: ("director",),
    Do.DATE: ("name", "value"),
}


class _Reader:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.director_ids: dict[str, int] = {}
        self.cases: dict[str, Denial] = {}

    def scenario(self, mapping: Mapping[str, object]) -> Scenario:
        known = ("title", "policy", "until", "director", "denial", "event", "expect", "never")
        row = _Row(mapping, self.place, known)
        title = row.may("title", text, "")
        policy = row.must("policy", text, "the id of a shipped policy, or the path of a file")
        until = row.may("until", instant, None)
        tables = {name: row.each(name) for name in ("director", "denial", "event", "expect", "never")}
        self._name_directors(tables["director"])
        directors = [self._director(value, place) for place, value in tables["director"]]
        for place, value in tables["denial"]:
            self._denial(value, place)
        return Scenario(
            title=title,
            policy=policy,
            until=until,
            directors=tuple(directors),
            director_names=tuple(self.director_ids),
            denials=self.cases,
            events=tuple(self._event(value, place) for place, value in tables["event"]),
            expects=tuple(self._expected(value, place) for place, value in tables["expect"]),
            nevers=tuple(self._expected(value, place) for place, value in tables["never"]),
        )

    def _name_directors(self, rows: Sequence[tuple[Place, object]]) -> None:
        """Peers may be named before they come, so all ids are read first."""
        for place, value in rows:
            name = value.get("id") if isinstance(value, Mapping) else None
            if isinstance(name, str):
                if name in self.director_ids:
                    (place / "id").fault(f"{name!r} is there twice; each director has an id of his own")
                self.director_ids.setdefault(name, len(self.director_ids))

    def _director(self, value: object, place: Place) -> Director:
        keys = ("id", "name", "time_zone", "hours", "peers", "lines_of_business", "time_off")
        row = _Row(value, place, keys)
        name = row.must("id", text, "a short name of the director")
        row.may("name", text, "")
        hours = row.rest("hours")
        return Director(
            id=self.director_ids.get(name, -1),
            zone=row.must("time_zone", zone, "one such as America/New_York"),
            hours=weekly_hours(hours["hours"], place / "hours", Weekday) if hours else Hours(),
            off=row.intervals("time_off"),
            peers=tuple(self._director_id(peer, at) for at, peer in row.texts("peers")),
            lines_of_business=frozenset(line for _, line in row.texts("lines_of_business")),
        )

    def _denial(self, value: object, place: Place) -> None:
        row = _Row(value, place, ("case", "director", *DENIAL_KEYS))
        case = row.must("case", text, "a short name of the case")
        director = row.may("director", text, None)
        if director is not None:
            director = self._director_id(director, place / "director")
        denial = read_denial(row.rest(*DENIAL_KEYS), place, director=director)
        if case in self.cases:
            (place / "case").fault(f"{case!r} is there twice; each denial has a case of its own")
        if case is not BROKEN:
            self.cases[case] = denial

    def _event(self, value: object, place: Place) -> Played:
        do = BROKEN
        if isinstance(value, Mapping) and "do" in value:
            do = (place / "do").read(partial(one_of, Do), value["do"])
        keys = [key for keys in _EVENT_KEYS.values() for key in keys] if do is BROKEN else _EVENT_KEYS.get(do, ())
        of_case = () if do is Do.DIRECTOR_OFF else ("case",)
        row = _Row(value, place, ("at", "do", *of_case, *keys))
        at = row.must("at", instant, "the moment of the event")
        if isinstance(value, Mapping) and "do" not in value:
            (place / "do").fault(f"is missing; one of {', '.join(Do)}")
        case = self._case(row) if of_case else None
        details = {} if do is BROKEN else self._event_details(do, row, at)
        return Played(at=at, do=do, case=case, details=details)

    def _event_details(self, do: Do, row: _Row, at: datetime) -> dict[str, Any]:
        if do is Do.REQUEST:
            return {"request": self._request(row, at)}
        if do is Do.TALK:
            return {"request": self._talk(row, at)}
        if do is Do.REVIEW:
            return {"decision": row.must("decision", partial(one_of, ReviewDecision), "approve or not_approved")}
        if do is Do.RESCHEDULE:
            return {"windows": row.intervals("windows")}
        if do is Do.DIRECTOR_OFF:
            missing = [name for name in ("from", "to") if name not in row.rest("from", "to")]
            for name in missing:
                (row.place / name).fault("is missing; an instant")
            during = BROKEN if missing else interval(row.rest("from", "to"), row.place)
            return {"director": self._named_director(row), "during": during}
        if do is Do.OUTCOME:
            words = partial(one_of, Determination)
            return {"determination": row.must("determination", words, f"one of {', '.join(Determination)}")}
        if do is Do.NO_SHOW:
            return {"by": row.must("by", partial(one_of, Side), "office or director")}
        if do is Do.REASSIGN:
            return {"director": self._named_director(row)}
        if do is Do.DATE:
            dates = partial(one_of, DenialDate, what="is no date of a denial")
            return {
                "name": row.must("name", dates, f"one of {', '.join(DenialDate)}"),
                "value": row.must("value", day_or_instant, "a date, or an instant"),
            }
        return {}

    def _request(self, row: _Row, at: datetime) -> Request:
        received = row.may("received", instant, at)
        if received is not BROKEN and at is not BROKEN and received > at:
            (row.place / "received").fault("is after `at`; a request is recorded when it was received, or later")
        reconsideration, talk = row.may("reconsideration", switch, False), row.may("talk", switch, True)
        if talk is False and reconsideration is not True:
            (row.place / "talk").fault("is false, so reconsideration has to be true: there is nothing else to ask for")
            talk = True
        return replace(
            self._talk(row, at),
            received=received,
            reconsideration=reconsideration,
            talk=talk,
            information=row.may("information", switch, False),
        )

    def _talk(self, row: _Row, at: datetime) -> Request:
        """Read who talks and when."""
        return Request(
            received=at,
            windows=row.intervals("windows"),
            move_up=row.may("move_up", switch, False),
            speaker=row.may("speaker", partial(one_of, Profession), Profession.PHYSICIAN),
            relation=row.may("relation", partial(one_of, Relation), Relation.TREATING),
        )

    def _expected(self, value: object, place: Place) -> Expected:
        what = BROKEN
        if isinstance(value, Mapping) and "happens" in value:
            what = (place / "happens").read(partial(one_of, What), value["happens"])
        every = dict.fromkeys(name for names in DETAILS.values() for name in names)
        keys = tuple(every) if what is BROKEN else DETAILS[what]
        row = _Row(value, place, ("case", "happens", "at", *keys))
        if isinstance(value, Mapping) and "happens" not in value:
            (place / "happens").fault(f"is missing; one of {', '.join(What)}")
        details = {name: self._detail(name, row) for name in row.rest(*keys)}
        return Expected(case=self._case(row), what=what, at=row.may("at", instant, None), details=details)

    def _detail(self, name: str, row: _Row) -> object:
        if name == "director":
            return self._named_director(row)
        if name == "place":
            return row.may(name, partial(whole, least=1, most=10**9), None)
        return row.may(name, instant if name in _INSTANTS else text, None)

    def _case(self, row: _Row) -> str:
        case: str = row.must("case", text, "which case")
        if case is not BROKEN and case not in self.cases:
            (row.place / "case").fault(f"{shown(case)} is no case here; {_one_of(self.cases)}")
        return case

    def _named_director(self, row: _Row) -> int:
        name = row.must("director", text, "which director")
        return -1 if name is BROKEN else self._director_id(name, row.place / "director")

    def _director_id(self, name: str, place: Place) -> int:
        if name is not BROKEN and name not in self.director_ids:
            place.fault(f"{shown(name)} is no director here; {_one_of(self.director_ids)}")
        return self.director_ids.get(name, -1)


def _one_of(names: Mapping[str, object]) -> str:
    return f"one of {', '.join(names)}" if names else "there is none"
