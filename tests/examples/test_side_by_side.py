"""``agentsview parse-diff`` and ours give one class, or the reason is known."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def side_by_side(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("side_by_side")


@pytest.fixture
def agentsview() -> str:
    """Return the path of the program."""
    found = shutil.which("agentsview")
    if found is None:
        pytest.skip("agentsview is not installed")
    return found


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("claude-code", "nothing", ["identical", "identical", "identical"]),
        ("claude-code", "genuine drift", ["changed", "changed", "changed"]),
        ("claude-code", "touch and genuine drift", ["raced", "changed", "changed"]),
        ("opencode", "stale archive", ["changed", "changed", "raced"]),
    ],
)
def test_one_session_is_judged_three_times(
    side_by_side: Any,
    agentsview: str,
    tmp_path: Path,
    kind: str,
    name: str,
    expected: list[str],
) -> None:
    """By agentsview, by us over its database, and by us over our archive."""
    (situation,) = (one for one in side_by_side.SITUATIONS if one.name == name)
    cells = side_by_side.compare(agentsview, kind, situation, tmp_path / "place")
    assert expected == [one.partition(" ")[0] for one in cells[2:5]]
    assert cells[5]


def test_each_difference_has_its_reason(side_by_side: Any) -> None:
    """A reason is given only where a situation can happen."""
    for one in side_by_side.SITUATIONS:
        assert set(one.reasons) <= set(one.kinds)
