"""The ``parsediff`` fixture of hand-written tests."""

from __future__ import annotations

import pytest
from user_project import AddScenario


@pytest.mark.parametrize("flags", [(), ("--parsediff",)], ids=["off", "on"])
def test_scenarios_and_sql(
    pytester: pytest.Pytester, add: AddScenario, flags: tuple[str, ...]
) -> None:
    """The fixture works whether or not scenarios are collected."""
    add("a", golden=None, toml='redact = ["x"]\n')
    pytester.makepyfile(
        """
from pathlib import Path

def test_scenario(parsediff):
    result = parsediff("scenarios/a")
    assert [{"id": 1, "x": "<REDACTED>"}, {"id": 2, "x": "<REDACTED>"}] == result.events
    assert result.jsonl.count(b"\\n") == len(result.lines) == 2

def test_sql(parsediff):
    script = "CREATE TABLE t (id, x); INSERT INTO t VALUES (7, 'y');"
    assert [{"id": 7, "x": "y"}] == parsediff.sql(script).events

def test_inline(parsediff):
    def adapter(path):
        yield {"source": str(path)}
    assert [{"source": "<ROOT>"}] == parsediff.sql("CREATE TABLE t (x);", adapter=adapter).events

def test_named(parsediff):
    assert parsediff.sql("", adapter="tests_adapter:read").events == [{"n": 1}]
"""
    )
    pytester.makepyfile(tests_adapter="def read(path):\n    return [{'n': 1}]\n")

    result = pytester.runpytest(*flags, "test_scenarios_and_sql.py")

    result.assert_outcomes(passed=4)


def test_errors_are_typed(pytester: pytest.Pytester, add: AddScenario) -> None:
    """What would fail a scenario raises the same error in a test."""
    add("a")
    pytester.makepyfile(
        """
import pytest
from pytest_parsediff import ParsediffError

def test_sql(parsediff):
    with pytest.raises(ParsediffError, match="PD201"):
        parsediff.sql("CREATE TABEL t (x);")

def test_writes(parsediff):
    def adapter(path):
        (path.parent / "lock").write_text("")
        return []
    with pytest.raises(ParsediffError, match="PD406.*created lock"):
        parsediff("scenarios/a", adapter=adapter)
"""
    )

    result = pytester.runpytest("test_errors_are_typed.py")

    result.assert_outcomes(passed=2)
