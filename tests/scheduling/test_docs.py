"""What the documentation says of the rules is what the rules say of themselves."""

import json
import tomllib
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

from app.config import POLICIES_DIR
from docs.write_rules import written
from scheduling.policy import Policy
from scheduling.policy_reader import fields_of, key_of
from scheduling.policy_schema import policy_schema


@pytest.mark.parametrize("path", written(), ids=lambda path: path.name)
def test_the_documentation_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == written()[path], "run: python -m docs.write_rules"


def test_the_schema_names_every_key_of_the_format() -> None:
    schema = policy_schema()
    assert list(schema["properties"]) == [key_of(field) for field, _ in fields_of(Policy)]
    assert schema["required"] == ["id", "name", "plan"]
    assert schema["$defs"]["Plan"]["required"] == ["time_zone"]
    assert schema["$defs"]["Deadline"]["properties"]["latest"]["items"] == {"$ref": "#/$defs/Deadline"}


def check(value: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Check what a shipped policy needs of JSON Schema: types, keys, words, bounds, references."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        assert any(fits(value, option, definitions) for option in schema["anyOf"])
    elif "enum" in schema:
        assert value in schema["enum"]
    elif schema["type"] == "object":
        assert set(schema.get("required", ())) <= set(value) <= set(schema["properties"])
        for name, inner in value.items():
            check(inner, schema["properties"][name], definitions)
    elif schema["type"] == "array":
        assert isinstance(value, list)
        for inner in value:
            check(inner, schema["items"], definitions)
    elif schema["type"] == "integer":
        assert schema["minimum"] <= value <= schema["maximum"]
    elif schema["type"] == "boolean":
        assert isinstance(value, bool)
    else:
        assert isinstance(value, (str, date, time))


def fits(value: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> bool:
    """Tell whether a value fits a schema."""
    try:
        check(value, schema, definitions)
    except (AssertionError, TypeError):
        return False
    return True


@pytest.mark.parametrize("file", sorted(POLICIES_DIR.rglob("*.toml")), ids=lambda file: file.stem)
def test_every_shipped_policy_fits_the_schema(file: Path) -> None:
    schema = json.loads(json.dumps(policy_schema()))
    check(tomllib.loads(file.read_text(encoding="utf-8")), schema, schema["$defs"])
