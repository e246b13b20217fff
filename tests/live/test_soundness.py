"""Verdicts are right for seeded mistakes of parsers, writes and sources.

The generator is ``benchmarks/soundness.py``, which runs 2,000 combinations.
"""

from __future__ import annotations

import importlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_parsediff.diff.evidence import Evidence, Outcome, weigh
from pytest_parsediff.diff.verdict import Reason
from pytest_parsediff.live import weighing

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def soundness(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the generator, as a script would have it."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("soundness")


def run(soundness: Any, numbers: range) -> Counter[int]:
    """Run combinations, and return how often each rule was broken."""
    drawn = [soundness.draw(0, number) for number in numbers]
    judged = soundness.run_batch(drawn, settle=True)
    assert len(judged) > 2 * len(numbers)
    return Counter(rule for one in judged for rule in soundness.broken_rules(one))


def test_a_hundred_and_fifty_combinations_are_sound(soundness: Any) -> None:
    """No mutated untouched session is excused, and no unmutated one is accused."""
    assert not run(soundness, range(150))


@pytest.mark.parametrize(
    ("outcome", "reason", "rules"),
    [
        (Outcome.MOVED, Reason.MOVED_DURING_RUN, {1}),
        (Outcome.UNTOUCHED, None, {2}),
        (Outcome.NONE, Reason.NO_EVIDENCE, {2}),
    ],
)
def test_an_engine_that_weighs_nothing_is_found(
    soundness: Any,
    monkeypatch: pytest.MonkeyPatch,
    outcome: Outcome,
    reason: Reason | None,
    rules: set[int],
) -> None:
    """Who always excuses breaks the first rule, who always accuses the second."""

    def decided(*arguments: Any, **keywords: Any) -> Evidence:
        found = weigh(*arguments, **keywords)
        return replace(found, outcome=outcome, reason=reason)

    monkeypatch.setattr(weighing, "weigh", decided)
    assert rules <= set(run(soundness, range(150, 200)))


def test_the_same_seed_gives_the_same_combinations(soundness: Any) -> None:
    """What was found can be drawn again, by seed and number."""
    first, again = ([soundness.draw(seed, 7) for seed in range(9)] for _ in range(2))
    assert first == again
    assert len(set(map(str, first))) > 1


def test_the_script_prints_counts_and_rules(
    soundness: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table of sources by class, and a line per rule; the status is 0."""
    assert soundness.main(["--combinations", "12", "--jobs", "1"]) == 0
    shown = capsys.readouterr().out
    assert "| source" in shown
    assert "12 combinations" in shown
    assert "mutated untouched sessions are not changed" in shown


def test_the_script_fails_with_what_it_found(
    soundness: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A broken rule is status 1, and the combination is named."""
    monkeypatch.setattr(soundness, "broken_rules", lambda _: [1])
    assert soundness.main(["--only", "3"]) == 1
    assert "rule 1: #3 " in capsys.readouterr().out
