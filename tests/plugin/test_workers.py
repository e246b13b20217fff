"""The same with pytest-xdist as without."""

from __future__ import annotations

import pytest
from user_project import AddScenario

pytest.importorskip("xdist", reason="pytest-xdist is not installed")


@pytest.mark.parametrize("dist", ["load", "loadfile", "worksteal"])
def test_outcomes_and_counts_are_the_same(
    pytester: pytest.Pytester, add: AddScenario, dist: str
) -> None:
    """Passes, failures, skips and broken folders add up, whoever ran them."""
    for number in range(4):
        add(f"good{number}")
    add("bad", golden="{}\n")
    add("skipped", toml='[[marks]]\nname = "skip"\nkwargs = {reason = "no"}\n')
    add("broken", toml="x = 1\n")

    result = pytester.runpytest_subprocess("--parsediff", "-n2", f"--dist={dist}")

    result.assert_outcomes(passed=4, failed=1, skipped=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "PD101: scenarios/broken/scenario.toml:1: *",
            "PD302: scenarios/bad/expected.jsonl: *",
            "accept: pytest scenarios/bad/fixture.sql::bad --parsediff --update-golden",
            "goldens: 4 match, 1 mismatch",
            "FAILED scenarios/bad/fixture.sql::bad - PD302: *",
        ]
    )


def test_junit_is_the_same(pytester: pytest.Pytester, add: AddScenario) -> None:
    """The message of a failure survives the way from the worker."""
    add("bad", golden="{}\n")

    pytester.runpytest_subprocess("--parsediff", "-n1", "--junitxml=junit.xml")

    text = (pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert 'message="PD302: ' in text


def test_stores_of_passing_scenarios_are_gone(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """Workers leave no folder behind either."""
    add("a")
    add("b")
    tmp = pytester.mkdir("stores")
    pytester.makeini(f"[pytest]\nparsediff_adapter = rows\nparsediff_tmp = {tmp}\n")

    pytester.runpytest_subprocess("--parsediff", "-n2").assert_outcomes(passed=2)

    assert [] == list(tmp.iterdir())
