"""JSON that nobody vouches for: read strictly, then asked for parts whose types are checked, each with its path."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.denials.records import LONGEST_LINE, Problem, Unreadable, text_fault

_NAME = re.compile(r"[A-Za-z_]{1,40}")
#: stands in an object that has a key twice, for the names of these keys; no key of a file is a tuple
_TWICE = ("twice",)


def read_json(text: str, line: int = 1) -> object:
    """Read one JSON value; `line` is where it begins in its file. Raises Unreadable: not JSON, NaN, a key twice."""
    doubles: list[str] = []

    def read_object(pairs: list[tuple[str, object]]) -> dict[object, object]:
        read: dict[object, object] = dict(pairs)
        if len(read) < len(pairs):
            names = [name for name, _ in pairs]
            read[_TWICE] = sorted({name for name in names if names.count(name) > 1})
            doubles.append("")
        return read

    try:
        value = json.loads(text, object_pairs_hook=read_object, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        place = f"line {line + error.lineno - 1}, column {error.colno}"
        raise Unreadable(place, f"the file is not JSON: {error.msg}") from None
    except RecursionError:
        raise Unreadable(f"line {line}", "the JSON is nested too deeply to be a FHIR bundle") from None
    except ValueError as error:  # also of a number with thousands of digits
        raise Unreadable(f"line {line}", f"the file is not JSON: {error}") from None
    if doubles:
        raise Unreadable(_find_double(value), "stands twice in one object; expected once")
    return value


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no number of JSON")


def _find_double(value: object) -> str:
    """Return the path of the first key that stands twice in its object."""
    todo: list[tuple[str, object]] = [("Bundle", value)]
    while todo:
        path, part = todo.pop()
        if isinstance(part, dict):
            if _TWICE in part:
                return f"{path}.{_shown(part[_TWICE][0])}"
            todo += [(f"{path}.{_shown(name)}", item) for name, item in reversed(part.items())]
        elif isinstance(part, list):
            todo += [(f"{path}[{number}]", item) for number, item in reversed(list(enumerate(part)))]
    return "Bundle"


def _shown(name: object) -> str:
    return name if isinstance(name, str) and _NAME.fullmatch(name) else "?"


@dataclass(frozen=True, slots=True)
class Node:
    """An object in the file, with its path. Asking for a part notes a problem where the part is not as it should be.

    `expected` says what a part must be; without it the part may be missing, but not of another type.
    """

    value: Mapping[str, object]
    path: str
    problems: list[Problem]
    "shared by all nodes of one bundle"

    def fault(self, name: str, message: str) -> None:
        """Note what is wrong with a part."""
        self.problems.append(Problem(f"{self.path}.{name}" if name else self.path, message))

    def text(self, name: str, expected: str = "", *, longest: int = LONGEST_LINE) -> str:
        """Return a part that is text, without blanks around it; empty where there is none."""
        value = self._part(name, str, expected or "text")
        text = value.strip() if isinstance(value, str) else ""
        if not text and (isinstance(value, str) or (expected and name not in self.value)):
            self.fault(name, f"is {'empty' if isinstance(value, str) else 'missing'}; expected {expected or 'text'}")
        elif fault := text_fault(text, longest=longest):
            self.fault(name, fault)
        return text

    def texts(self, name: str) -> list[str]:
        """Return a part that is a list of texts."""
        found = []
        for number, item in enumerate(self._list(name, "a list of texts")):
            fault = text_fault(item, longest=LONGEST_LINE) if isinstance(item, str) else f"found {kind(item)}"
            if fault:
                self.fault(f"{name}[{number}]", f"{fault}; expected text")
            else:
                found.append(str(item).strip())
        return found

    def node(self, name: str, expected: str = "") -> "Node | None":
        """Return a part that is an object."""
        value = self._part(name, dict, expected or "an object")
        if isinstance(value, dict):
            return Node(value, f"{self.path}.{name}", self.problems)
        if expected and name not in self.value:
            self.fault(name, f"is missing; expected {expected}")
        return None

    def nodes(self, name: str, expected: str = "") -> list["Node"]:
        """Return a part that is a list of objects."""
        items = self._list(name, expected or "a list of objects")
        if expected and not items and name not in self.value:
            self.fault(name, f"is missing; expected {expected}")
        found = []
        for number, item in enumerate(items):
            if isinstance(item, dict):
                found.append(Node(item, f"{self.path}.{name}[{number}]", self.problems))
            else:
                self.fault(f"{name}[{number}]", f"found {kind(item)}; expected an object")
        return found

    def extensions(self, url: str) -> list["Node"]:
        """Return the extensions with this address."""
        return [item for item in self.nodes("extension") if item.text("url", "the extension's address") == url]

    def _list(self, name: str, expected: str) -> list[object]:
        value = self._part(name, list, expected)
        if value == []:
            self.fault(name, f"found an empty list; expected {expected}")
        return value if isinstance(value, list) else []

    def _part(self, name: str, wanted: type, expected: str) -> object:
        if name in self.value and not isinstance(self.value[name], wanted):
            self.fault(name, f"found {kind(self.value[name])}; expected {expected}")
            return None
        return self.value.get(name)


def kind(value: object) -> str:
    """Name the type of a JSON value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    names = {dict: "an object", list: "a list", str: "text", int: "a number", float: "a number"}
    return names[type(value)]
