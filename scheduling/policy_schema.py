"""Writes the policy format as a JSON Schema, from the classes that read it; editors use it to help who writes a file.

It knows keys, types and words. What contradicts itself is found by `policy_reader` alone.
"""

import dataclasses
import types
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Union, cast, get_args, get_origin
from zoneinfo import ZoneInfo

from scheduling.policy import BusinessHours, ExampleDenial, Policy
from scheduling.policy_reader import fields_of, key_of
from scheduling.policy_words import DenialDate, Weekday
from scheduling.values import Decision, Hours, Interval, Setting, Urgency

Schema = dict[str, Any]

_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$"
_SPAN = r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$"


def policy_schema() -> Schema:
    """Return the schema of a policy file. Dates are strings there, as JSON has none."""
    schema: Schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Peerline policy, format 1"}
    definitions: dict[str, Schema] = {}
    return schema | _table(Policy, definitions) | {"$defs": dict(sorted(definitions.items()))}


def _table(kind: type, definitions: dict[str, Schema]) -> Schema:
    properties = {}
    required = []
    for field, hint in fields_of(kind):
        name = key_of(field)
        properties[name] = _value(hint, definitions, field.metadata) | {"description": field.metadata["doc"]}
        if field.metadata.get("must"):
            required.append(name)
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def _value(hint: Any, definitions: dict[str, Schema], limits: Mapping[str, Any]) -> Schema:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        kinds = [each for each in get_args(hint) if each is not type(None)]
        options = [_value(each, definitions, limits) for each in kinds]
        return options[0] if len(options) == 1 else {"anyOf": options}
    if origin is tuple:
        kind = get_args(hint)[0]
        element = _value(kind, definitions, limits if kind is int else {})
        several: Schema = {"type": "array", "items": element}
        return {"anyOf": [element, several | {"minItems": 1}]} if limits.get("one") else several
    if hint in _SIMPLE:
        return dict(_SIMPLE[hint])
    if dataclasses.is_dataclass(hint):
        return _named(cast(type, hint), definitions)
    if issubclass(hint, StrEnum):
        return {"enum": [str(word) for word in hint]}
    if hint is int:
        return {"type": "integer", "minimum": limits["least"], "maximum": limits["most"]}
    raise AssertionError(f"{hint} has no schema")


def _named(kind: type, definitions: dict[str, Schema]) -> Schema:
    """Refer to a table by its name, so that a deadline may hold deadlines."""
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}
        definitions[kind.__name__] = _table(kind, definitions)
    return {"$ref": f"#/$defs/{kind.__name__}"}


_DATE: Schema = {"type": "string", "format": "date"}
_INSTANT: Schema = {"type": "string", "format": "date-time"}
_SPANS: Schema = {"type": "array", "items": {"type": "string", "pattern": _SPAN}}


def _open_table(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


_SIMPLE: Mapping[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    date: _DATE,
    datetime: _INSTANT,
    ZoneInfo: {"type": "string", "examples": ["America/New_York"]},
    Hours: _open_table({str(day): _SPANS for day in Weekday}),
    BusinessHours: _open_table(
        {"from": {"type": "string", "pattern": _CLOCK}, "to": {"type": "string", "pattern": _CLOCK}}
    ),
    Interval: _open_table({"from": _INSTANT, "to": _INSTANT}) | {"required": ["from", "to"]},
    ExampleDenial: _open_table(
        {
            "case": {"type": "string"},
            "director": {"type": "string"},
            "decision": {"enum": [str(word) for word in Decision]},
            "setting": {"enum": [str(word) for word in Setting]},
            "urgency": {"enum": [str(word) for word in Urgency]},
            "line_of_business": {"type": "string"},
            "reason": {"type": "string"},
            **{str(name): {"anyOf": [_DATE, _INSTANT]} for name in DenialDate},
        }
    ),
}
