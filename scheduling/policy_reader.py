"""Reads a policy from a mapping, checking it against the classes of `policy`; all faults are named at once."""

import dataclasses
import hashlib
import json
import types
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from enum import StrEnum
from functools import cache, partial
from typing import Any, Union, cast, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from scheduling.policy import BusinessHours, ExampleDenial, Policy
from scheduling.policy_words import Anchor, DenialDate, Unit, Weekday
from scheduling.reading import (
    BROKEN,
    Place,
    WrongError,
    clock_time,
    day,
    day_or_instant,
    instant,
    interval,
    minutes_of,
    number,
    one_of,
    shown,
    switch,
    text,
    weekly_hours,
    whole,
    zone,
)
from scheduling.values import Decision, Denial, Hours, Interval, Setting, Urgency

#: what a wrong word is called, where "is not allowed" would say too little
_NO_WORD: Mapping[type[StrEnum], str] = {
    Unit: "is no unit",
    Anchor: "is no date of a denial",
    DenialDate: "is no date of a denial",
    Weekday: "is no day of the week",
}


class PolicyErrors(ValueError):
    """A mapping that is no policy. Each fault names the key and says what is allowed."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


def read_policy(mapping: Mapping[str, object]) -> Policy:
    """Read a policy. Raises PolicyErrors with every fault, each naming its key and what is allowed."""
    place = Place()
    policy = read_table(Policy, mapping, place)
    if place.faults:
        raise PolicyErrors(place.faults)
    return dataclasses.replace(cast(Policy, policy), hash=policy_hash(mapping))


def policy_hash(mapping: Mapping[str, object]) -> str:
    """Return the SHA-256 in hex of what a policy file says, whatever its order of keys, spaces and comments."""
    plain = json.dumps(mapping, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return hashlib.sha256(plain.encode()).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, (date, time)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is nothing a policy file can hold")


def read_denial(row: Mapping[str, object], place: Place, *, director: int | None = None) -> Denial:
    """Read the keys of a denial that the rules look at, as a scenario and an example write them."""

    def word(name: str, words: type[StrEnum]) -> dict[str, Any]:
        return {name: (place / name).read(partial(one_of, words), row[name])} if name in row else {}

    words = word("decision", Decision) | word("setting", Setting) | word("urgency", Urgency)
    for name in ("line_of_business", "reason"):
        if name in row:
            words[name] = (place / name).read(text, row[name])
    dates = {str(name): (place / name).read(day_or_instant, row[name]) for name in DenialDate if name in row}
    return Denial(director=director, dates=dates, **words)


DENIAL_KEYS = ("decision", "setting", "urgency", "line_of_business", "reason", *(str(name) for name in DenialDate))


def key_of(field: "dataclasses.Field[Any]") -> str:
    """Return the name under which a field stands in the file."""
    return cast(str, field.metadata.get("name", field.name))


@cache
def fields_of(kind: type) -> tuple[tuple["dataclasses.Field[Any]", Any], ...]:
    """Return the fields of a table with the types of their values."""
    hints = get_type_hints(kind)
    fields = [field for field in dataclasses.fields(kind) if not field.metadata.get("computed")]
    return tuple((field, hints[field.name]) for field in fields)


def read_table(kind: type, value: object, place: Place) -> Any:
    """Read a table into the class whose fields declare its keys; faults are kept in `place`."""
    before = len(place.faults)
    known = fields_of(kind)
    row = place.table(value, [key_of(field) for field, _ in known])
    if not isinstance(value, Mapping):
        return BROKEN
    read: dict[str, Any] = {}
    for field, hint in known:
        name = key_of(field)
        if name in row:
            read[field.name] = _value(hint, row[name], place / name, field.metadata)
        elif field.metadata.get("must"):
            _missing(field, hint, place / name)
    if len(place.faults) > before:
        return BROKEN
    made = kind(**read)
    for name, what in getattr(made, "contradictions", tuple)():
        (place / name).fault(what)
    return made


def _missing(field: "dataclasses.Field[Any]", hint: Any, place: Place) -> None:
    place.fault(f"is missing; it must be given: {field.metadata['doc']}")
    if dataclasses.is_dataclass(hint) and hint is not ExampleDenial:
        for inner, inner_hint in fields_of(cast(type, hint)):
            if inner.metadata.get("must"):
                _missing(inner, inner_hint, place / key_of(inner))


def _value(hint: Any, value: object, place: Place, limits: Mapping[str, Any]) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        kinds = [each for each in get_args(hint) if each is not type(None)]
        return _holidays(value, place) if str in kinds and len(kinds) > 1 else _value(kinds[0], value, place, limits)
    if origin is tuple:
        return _tuple(get_args(hint)[0], value, place, limits)
    if hint in _TABLES:
        return _TABLES[hint](value, place)
    if dataclasses.is_dataclass(hint):
        return read_table(cast(type, hint), value, place)
    return place.read(_simple(hint, limits), value)


def _simple(hint: Any, limits: Mapping[str, Any]) -> Any:
    if issubclass(hint, StrEnum):
        return partial(one_of, hint, what=_NO_WORD.get(hint, "is not allowed"))
    if hint is int:
        return partial(whole, least=limits["least"], most=limits["most"])
    if hint is float:
        return partial(number, least=limits["least"], most=limits["most"])
    if hint is str and limits.get("word"):
        return _word
    return {str: text, bool: switch, date: day, datetime: instant, ZoneInfo: zone}[hint]


def _tuple(hint: Any, value: object, place: Place, limits: Mapping[str, Any]) -> tuple[Any, ...]:
    if limits.get("one") and isinstance(value, str):
        return (_value(hint, value, place, {}),)
    read = [_value(hint, each, inner, limits if hint in (int, float) else {}) for inner, each in place.each(value)]
    if limits.get("one") and not read and isinstance(value, list):
        place.fault("is empty; name one or more")
    if issubclass(hint, (StrEnum, str, int)):
        for position, each in enumerate(read):
            if each is not BROKEN and each in read[:position]:
                place[position].fault(f"{shown(each)} is there twice")
    return tuple(read)


def _word(value: object) -> str:
    word = text(value)
    if not word or word.startswith(".") or not all(sign.isalnum() or sign in "-_." for sign in word):
        raise WrongError(f"{shown(value)} is no id; letters, digits, -, _ and . without spaces")
    return word


def _holidays(value: object, place: Place) -> str | tuple[date, ...]:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return tuple(inner.read(day, each) for inner, each in place.each(value))
    place.fault(f"{shown(value)} is neither the code of a holiday calendar, such as US or US-CA, nor a list of dates")
    return ()


def _business_hours(value: object, place: Place) -> BusinessHours:
    before = len(place.faults)
    row = place.table(value, ("from", "to"))
    default = BusinessHours()
    start = (place / "from").read(clock_time, row["from"]) if "from" in row else default.from_
    end = (place / "to").read(clock_time, row["to"]) if "to" in row else default.to
    if len(place.faults) > before:
        return default
    if start is None or minutes_of(start) >= minutes_of(end):
        place.fault("from is not before to")
        return default
    return BusinessHours(from_=start, to=end)


def _example_denial(value: object, place: Place) -> ExampleDenial:
    row = place.table(value, ("case", "director", *DENIAL_KEYS))
    return ExampleDenial(facts=read_denial(row, place), given=frozenset(row))


_TABLES: Mapping[Any, Any] = {
    Hours: partial(weekly_hours, weekdays=Weekday),
    Interval: interval,
    BusinessHours: _business_hours,
    ExampleDenial: _example_denial,
}
