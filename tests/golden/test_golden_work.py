"""The work of an explanation grows with the events, not with their square."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import pytest
from golden_lines import ID, encode, event, events

from pytest_parsediff.golden import align as align_module
from pytest_parsediff.golden import pairing as pairing_module
from pytest_parsediff.golden import values as values_module
from pytest_parsediff.golden.explain import explain

P = ParamSpec("P")
R = TypeVar("R")


def test_the_work_is_linear_in_the_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """5,000 changed events are parsed once per side; likeness is asked once per pair."""
    calls: dict[str, int] = {}
    modules = {
        "read_line": align_module,
        "leaves": align_module,
        "_is_same": pairing_module,
        "_is_similar": pairing_module,
        "_differs_once": pairing_module,
    }
    for name, module in modules.items():
        monkeypatch.setattr(module, name, counted(getattr(module, name), calls, name))
    expected = [event(n, text="x" * (n % 7), count=n) for n in range(5_000)]
    actual = [event(n, text="y" * (n % 5), count=n + 3) for n in range(5_000)]
    actual[1_000:1_010] = []

    found = explain(expected, actual)

    assert (4_990, 10) == (found.totals.changed, found.totals.missing)
    assert 9_990 == calls["read_line"] == calls["leaves"]
    assert sum(calls.values()) <= 6 * 5_000 + 9_990


def test_events_alike_by_place_only_are_compared_linearly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without any value of its own an event is compared with a few others only."""
    calls: dict[str, int] = {}
    similar = counted(pairing_module._is_similar, calls, "similar")
    monkeypatch.setattr(pairing_module, "_is_similar", similar)
    expected = [encode({"kind": "a", "n": n % 3, "m": 1}) for n in range(5_000)]
    actual = [encode({"kind": "a", "n": n % 3, "m": 2}) for n in range(4_000)]

    found = explain(expected, actual)

    assert 4_000 == found.totals.matched
    assert calls["similar"] <= 10_000


def test_a_key_that_is_unique_needs_no_likeness(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only what the key leaves over is looked at value by value."""
    calls: dict[str, int] = {}
    leaves = counted(values_module.leaves, calls, "leaves")
    monkeypatch.setattr(align_module, "leaves", leaves)

    found = explain(events(5_000, n=1), events(4_999, n=2), key=ID)

    assert (4_999, 1) == (found.totals.changed, found.totals.missing)
    assert 1 == calls["leaves"]


def test_unequal_lines_alone_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A move among 5,000 events and one change parse two lines and a glance."""
    calls: dict[str, int] = {}
    read_line = counted(values_module.read_line, calls, "read")
    monkeypatch.setattr(align_module, "read_line", read_line)
    expected = events(5_000)
    actual = [*expected[1:], expected[0]]
    actual[77] = event(78, n=1)

    explain(expected, actual, key=ID)

    assert 2 == calls["read"]


def counted(
    function: Callable[P, R], calls: dict[str, int], name: str
) -> Callable[P, R]:
    """Return *function*, counting its calls."""

    def count(*args: P.args, **kwargs: P.kwargs) -> R:
        calls[name] = calls.get(name, 0) + 1
        return function(*args, **kwargs)

    return count
