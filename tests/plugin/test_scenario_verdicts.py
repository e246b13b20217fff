"""Verdicts of a scenario: ``stored.sql`` and ``expected.verdicts.jsonl``."""

from __future__ import annotations

from pathlib import Path

import pytest
from user_project import AddScenario

TOML = '[adapters.rows]\nkey = ["id"]\nsession = "x"\n'
STORED = """\
INSERT INTO sessions (id, adapter, session) VALUES (1, 'rows', 'b'), (2, 'rows', 'c');
INSERT INTO records (session_id, ordinal, key, line) VALUES
  (1, 0, '', '{"id": 3, "x": "b"}');
"""
VERDICTS = """\
{"class":"identical","fields":[],"reason":null,"session":"a"}
{"class":"changed","fields":["records"],"reason":"no_evidence","session":"b"}
{"class":"changed","fields":["presence"],"reason":"no_evidence","session":"c"}
"""


@pytest.fixture
def scenario(pytester: pytest.Pytester, add: AddScenario) -> Path:
    """Return a scenario with two sessions, one of which is stored as another one."""
    (pytester.path / "scenarios").mkdir()
    (pytester.path / "scenarios" / "parsediff.toml").write_text(TOML)
    folder = add("one")
    (folder / "stored.sql").write_text(STORED)
    return folder


def test_verdicts_that_are_expected(pytester: pytest.Pytester, scenario: Path) -> None:
    """What the script leaves out is recorded from the fixture, and so identical."""
    (scenario / "expected.verdicts.jsonl").write_text(VERDICTS)

    pytester.runpytest("--parsediff").assert_outcomes(passed=1)


def test_other_verdicts_fail(pytester: pytest.Pytester, scenario: Path) -> None:
    """PD518 with the lines that only one side has."""
    text = VERDICTS.replace("changed", "raced", 1)
    (scenario / "expected.verdicts.jsonl").write_text(text)

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "PD518: scenarios/one/expected.verdicts.jsonl: *",
            '-{"class":"raced","fields":[[]"records"],*"session":"b"}',
            '+{"class":"changed","fields":[[]"records"],*"session":"b"}',
        ]
    )


def test_verdicts_that_nobody_accepted_fail(
    pytester: pytest.Pytester, scenario: Path
) -> None:
    """A script without a golden of verdicts is not checked by anybody."""
    result = pytester.runpytest("--parsediff")

    result.stdout.fnmatch_lines(["PD518: *there is no golden of the verdicts of 3 *"])


@pytest.mark.parametrize("flags", [[], ["-n1"]])
def test_an_update_writes_them_too(
    pytester: pytest.Pytester, scenario: Path, flags: list[str]
) -> None:
    """In the same commit as the events; then the scenario passes."""
    (scenario / "expected.jsonl").unlink()
    if flags:
        pytest.importorskip("xdist", reason="pytest-xdist is not installed")

    result = pytester.runpytest_subprocess("--update-golden", *flags)

    result.stdout.fnmatch_lines(["update-golden: 2 created"])
    assert VERDICTS == (scenario / "expected.verdicts.jsonl").read_text()
    pytester.runpytest("--parsediff").assert_outcomes(passed=1)


def test_an_update_that_is_blocked_writes_neither(
    pytester: pytest.Pytester, scenario: Path, add: AddScenario
) -> None:
    """All or none, verdicts included."""
    add("broken", sql="nonsense;")

    pytester.runpytest("--update-golden")

    assert not (scenario / "expected.verdicts.jsonl").exists()


def test_without_a_script_everything_is_recorded(
    pytester: pytest.Pytester, scenario: Path
) -> None:
    """A parser that agrees with itself is identical throughout."""
    (scenario / "stored.sql").unlink()
    text = "".join(
        f'{{"class":"identical","fields":[],"reason":null,"session":"{session}"}}\n'
        for session in "ab"
    )
    (scenario / "expected.verdicts.jsonl").write_text(text)

    pytester.runpytest("--parsediff").assert_outcomes(passed=1)


def test_a_script_that_cannot_run(pytester: pytest.Pytester, scenario: Path) -> None:
    """Its error is that of any fixture SQL, with its own name and line."""
    (scenario / "stored.sql").write_text("INSERT INTO nowhere VALUES (1);\n")

    result = pytester.runpytest("--parsediff")

    result.stdout.fnmatch_lines(["PD201: scenarios/one/stored.sql:1:1: *"])


EVIDENCE = f'{TOML}evidence = "SELECT x, id FROM t ORDER BY id"\n'


@pytest.fixture
def written(pytester: pytest.Pytester, add: AddScenario) -> Path:
    """Return a scenario in which somebody writes into the session ``a``."""
    (pytester.path / "scenarios").mkdir()
    (pytester.path / "scenarios" / "parsediff.toml").write_text(EVIDENCE)
    folder = add("one")
    (folder / "writers").mkdir()
    (folder / "writers" / "agent.sql").write_text("INSERT INTO t VALUES (3, 'a');\n")
    return folder


def declare(folder: Path, at: str, expect: str = "raced", more: str = "") -> None:
    """Write a scenario.toml with the writer and a declaration."""
    (folder / "scenario.toml").write_text(
        f'[[writer]]\nscript = "writers/agent.sql"\n{at}\n'
        f'[sessions.a]\nexpect = "{expect}"\n{more}\n[stress]\nplans = 0\n'
    )


@pytest.mark.parametrize("at", ["", 'at = "observed"'])
def test_a_writer_between_look_and_parse_is_a_race(
    pytester: pytest.Pytester, written: Path, at: str
) -> None:
    """The declaration comes true; the other session stays identical."""
    declare(written, at)

    pytester.runpytest("--parsediff").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ('at = "recorded"', "the archive is behind (newer_than_archive)"),
        ('at = "judged"', "it is identical"),
        ('at = "parsed"', "it is identical"),
    ],
)
def test_a_writer_at_another_moment_is_none(
    pytester: pytest.Pytester, written: Path, at: str, message: str
) -> None:
    """The same write: before the run the archive is behind, after it nothing differs."""
    declare(written, at)

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"PD511: *'a' was declared raced: {message}"])


def test_a_race_that_nobody_declared_fails(
    pytester: pytest.Pytester, written: Path
) -> None:
    """In a scenario only the scenario itself writes."""
    declare(written, "", "changed", 'fields = ["records"]')
    toml = written / "scenario.toml"
    text = toml.read_text().replace("[sessions.a]", "[sessions.b]")
    toml.write_text(text)

    result = pytester.runpytest("--parsediff")

    result.stdout.fnmatch_lines(["PD510: session 'a' of adapter 'rows' is raced: *"])


def test_declarations_of_live_sessions_are_not_about_scenarios(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """parsediff.toml declares for live runs."""
    add("one")
    toml = pytester.path / "scenarios" / "parsediff.toml"
    toml.write_text('[sessions.nobody]\nexpect = "raced"\n')

    pytester.runpytest("--parsediff").assert_outcomes(passed=1)
