"""The page on parse-diff says of each behaviour which test pins it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from docs_blocks import REPOSITORY
from test_docs import section

_PINS = re.compile(r"^Pins: (.+?)\.?\Z", re.MULTILINE | re.DOTALL)


def functions() -> Iterator[tuple[str, str]]:
    """Yield id and docstring of each test function below tests/diff."""
    for path in sorted((REPOSITORY / "tests" / "diff").glob("test_*.py")):
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{path.name}::{node.name}", ast.get_docstring(node) or ""


def rows() -> list[tuple[str, list[str]]]:
    """Return behaviour and tests of each row of the table."""
    table = section("parse-diff.md", "Where it is pinned")
    found = re.findall(r"^\| (.+?) \| (`.+`) \|$", table, re.MULTILINE)
    return [(one, re.findall(r"`([^`]+)`", named)) for one, named in found]


def test_each_row_names_tests_that_are_there() -> None:
    """No row outlives its test."""
    known = {name for name, _ in functions()}
    assert [] == [name for _, named in rows() for name in named if name not in known]


def test_each_test_that_pins_a_behaviour_has_a_row() -> None:
    """The table says of such a test what its docstring says."""
    pinned = {
        name: " ".join(found[1].split())
        for name, text in functions()
        if (found := _PINS.search(text))
    }
    table = {name: behaviour for behaviour, named in rows() for name in named}
    assert 20 < len(pinned)
    assert pinned == {name: table.get(name) for name in pinned}


def test_every_test_that_the_page_names_is_there() -> None:
    """Wherever it lies below tests, and whichever table names it."""
    tests = REPOSITORY / "tests"
    text = (REPOSITORY / "docs" / "parse-diff.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:[\w/]+/)?(test_\w+\.py)::(test_\w+)`", text))
    known = {
        (path.name, node.name)
        for path in tests.rglob("test_*.py")
        for node in ast.parse(path.read_bytes()).body
        if isinstance(node, ast.FunctionDef)
    }
    assert 80 < len(named)
    assert set() == named - known
