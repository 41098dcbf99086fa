"""The rules stay pure: `scheduling` imports the standard library and itself, and neither clock, file nor network.

What may import what between our own packages is import-linter's business (pyproject.toml).
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.dev.surroundings import ROOT

RULES = sorted((ROOT / "scheduling").rglob("*.py"))
#: parts of the standard library that reach outside of the process
OUTSIDE = {
    "asyncio",
    "io",
    "os",
    "pathlib",
    "random",
    "secrets",
    "shutil",
    "socket",
    "sqlite3",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "tomllib",
    "urllib",
}


@pytest.mark.parametrize("file", RULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_rules_import_only_what_stays_inside(file: Path) -> None:
    imported = set(imports(ast.parse(file.read_text())))
    foreign = imported - set(sys.stdlib_module_names) - {"scheduling"}
    assert not foreign, f"{file.name} imports {foreign}; the rules know the standard library alone"
    assert not imported & OUTSIDE, f"{file.name} imports {imported & OUTSIDE}; hand the rules a value instead"


@pytest.mark.parametrize("file", RULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_rules_read_no_clock(file: Path) -> None:
    read = [
        node.lineno
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in ("now", "today", "utcnow")
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("datetime", "date")
    ]
    assert not read, f"{file.name}:{read} asks what time it is; hand it `now` as an argument"


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "scheduling" if node.level else str(node.module).partition(".")[0]
