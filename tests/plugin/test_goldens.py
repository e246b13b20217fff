"""What passes, what fails, and what a failure shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from user_project import GOLDEN, AddScenario


def failure(result: pytest.RunResult) -> list[str]:
    """Return the lines of the first failure's text."""
    text = result.stdout.str()
    found = re.search(
        r"^_{5,} \S+ _{5,}\n(.*?)^(?:_{5,}|={5,})", text, re.DOTALL | re.MULTILINE
    )
    assert found, text
    return found[1].rstrip("\n").split("\n")


def test_equal_bytes_pass(pytester: pytest.Pytester, add: AddScenario) -> None:
    """The golden of a quiet run is a passing test."""
    add("a")

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["goldens: 1 match"])


def test_a_missing_golden_fails_and_writes_nothing(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """Without a golden the scenario fails with PD301 and tells how to accept."""
    folder = add("a", golden=None)

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(failed=1)
    lines = failure(result)
    assert (
        "PD301: scenarios/a/expected.jsonl: there is no golden for 2 events" == lines[0]
    )
    assert (
        "accept: pytest scenarios/a/fixture.sql::a --parsediff --update-golden"
        == lines[-1]
    )
    assert not (folder / "expected.jsonl").exists()


@pytest.mark.parametrize(
    ("golden", "shown"),
    [
        ('{"id":1,"x":"a"}\n{"id":2,"x":"B"}\n', "/x"),
        ('{"id":1,"x":"a"}\n', "extra"),
        (GOLDEN + '{"id":3,"x":"c"}\n', "missing"),
        ('{"id":2,"x":"b"}\n{"id":1,"x":"a"}\n', "moved"),
    ],
    ids=["changed", "extra", "missing", "moved"],
)
def test_each_damage_is_seen_and_named(
    pytester: pytest.Pytester, add: AddScenario, golden: str, shown: str
) -> None:
    """A changed value, a lost event, a new one and a swap each fail with PD302."""
    add("a", golden=golden)

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(failed=1)
    lines = failure(result)
    assert lines[0].startswith("PD302: scenarios/a/expected.jsonl: ")
    assert any(shown in line for line in lines[1:])


def test_the_actual_lines_are_kept(pytester: pytest.Pytester, add: AddScenario) -> None:
    """The path that a failure prints holds the canonical output, byte for byte."""
    add("a", golden="{}\n")

    result = pytester.runpytest("--parsediff")

    (line,) = [line for line in failure(result) if line.startswith("actual lines: ")]
    assert GOLDEN == Path(line.removeprefix("actual lines: ")).read_text("utf-8")


def test_a_pass_leaves_no_folder_behind(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """Throwaway stores of passing scenarios are gone after the run."""
    add("a")
    tmp = pytester.mkdir("stores")
    pytester.makeini(f"[pytest]\nparsediff_adapter = rows\nparsediff_tmp = {tmp}\n")

    pytester.runpytest("--parsediff").assert_outcomes(passed=1)

    assert [] == list(tmp.iterdir())


def test_equal_values_in_other_bytes_pass_with_a_note(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """A golden by hand, with spaces and 1.0 for 1, passes and is called not canonical."""
    add("a", golden='{"id": 1.0, "x": "a"}\n{"x": "b", "id": 2}\n')

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["goldens: 1 not canonical", "scenarios/a/fixture.sql::a: *not canonical*"]
    )


@pytest.mark.parametrize(
    ("golden", "code"),
    [
        (GOLDEN.replace("\n", "\r\n"), "PD309"),
        ("\ufeff" + GOLDEN, "PD309"),
        (b'{"id":1,"x":"\xff"}\n', "PD307"),
        ("[1]\n", "PD307"),
        ("<<<<<<< ours\n" + GOLDEN + "=======\n>>>>>>> theirs\n", "PD308"),
    ],
    ids=["crlf", "bom", "not utf-8", "not an object", "merge"],
)
def test_a_broken_golden_has_a_cause_of_its_own(
    pytester: pytest.Pytester, add: AddScenario, golden: str | bytes, code: str
) -> None:
    """What is wrong with the file is said, not drowned in a diff."""
    add("a", golden=golden)

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(failed=1)
    lines = failure(result)
    assert lines[0].startswith(f"{code}: scenarios/a/expected.jsonl")
    assert lines[-1].startswith("hint: ")


def test_a_huge_difference_is_bounded(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """2,000 changed events give a page, with totals."""
    values = ", ".join(f"({n}, 'v{n}')" for n in range(2000))
    add(
        "a",
        sql=f"CREATE TABLE t (id INTEGER, x TEXT); INSERT INTO t VALUES {values};",
        golden="".join(f'{{"id":{n},"x":"w{n}"}}\n' for n in range(2000)),
    )

    lines = failure(pytester.runpytest("--parsediff"))

    assert len(lines) < 120
    assert any("2000" in line and "changed" in line for line in lines)


def test_control_characters_do_not_reach_the_terminal(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """An escape sequence in a store is printed as text."""
    add(
        "a",
        sql="CREATE TABLE t (id, x); INSERT INTO t VALUES (1, char(27)||'[2J');",
        golden='{"id":1,"x":"y"}\n',
    )

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(failed=1)
    assert "\x1b[2J" not in result.stdout.str()


def test_failures_are_coloured_on_a_terminal(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """The diff is red and green, also when the item ran in an xdist worker."""
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    add("a", golden='{"id":1,"x":"a"}\n{"id":2,"x":"c"}\n')

    alone = pytester.runpytest("--parsediff", "--color=yes")
    distributed = pytester.runpytest_subprocess("--parsediff", "--color=yes", "-n1")

    for result in (alone, distributed):
        assert '\x1b[31m-{"id":2,"x":"c"}' in result.stdout.str()
        assert '\x1b[32m+{"id":2,"x":"b"}' in result.stdout.str()


def test_the_short_summary_says_why(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """The line of a failed scenario has its code, with and without workers."""
    add("a", golden=None)

    result = pytester.runpytest("--parsediff", "-rf")

    result.stdout.fnmatch_lines(
        ["FAILED scenarios/a/fixture.sql::a - PD301: there is no golden for 2 events"]
    )


def test_no_event_against_an_empty_golden_passes(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """An empty golden is a statement: no event is right."""
    add("a", sql="CREATE TABLE t (id, x);", golden="")

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(passed=1)
