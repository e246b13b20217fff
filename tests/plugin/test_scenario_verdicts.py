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
        (
            'at = "recorded"',
            "PD618: *raced: no writer touched it while it was read; one did so at `recorded`",
        ),
        (
            'at = "judged"',
            "PD618: *raced: no writer touched it while it was read; one did so at `judged`",
        ),
        ('at = "parsed"', "PD511: *raced: it is identical"),
    ],
)
def test_a_writer_at_another_moment_is_none(
    pytester: pytest.Pytester, written: Path, at: str, message: str
) -> None:
    """The same write: before the run the archive is behind, after it nothing differs."""
    declare(written, at)

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([message])


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


COARSE = f'{TOML}evidence = "SELECT a.x, (SELECT count(*) FROM t) FROM t a"\n'


def test_a_race_of_a_session_that_nobody_wrote_is_none(
    pytester: pytest.Pytester, written: Path
) -> None:
    """Evidence of the whole store calls a change of the parser a race; the writer knows."""
    toml = pytester.path / "scenarios" / "parsediff.toml"
    toml.write_text(COARSE)
    declare(written, "")
    (written / "writers" / "agent.sql").write_text("INSERT INTO t VALUES (3, 'b');\n")
    (written / "stored.sql").write_text(STORED.replace("'b'", "'a'"))

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "PD618: *scenario.toml: session 'a' was declared raced: no writer touched it *"
        ]
    )
    assert "one did so" not in result.stdout.str()


@pytest.mark.parametrize(
    ("sessions", "said"),
    [
        ('"a"', ""),
        ('"a", "b"', "PD618: *session 'b' was declared raced: no writer touched it *"),
        ("", "PD103: marker raced: expected at least one session id"),
    ],
)
@pytest.mark.parametrize("is_in_toml", [True, False])
def test_markers_declare_races_of_scenarios_too(
    pytester: pytest.Pytester,
    written: Path,
    sessions: str,
    said: str,
    is_in_toml: bool,
) -> None:
    """By ``marks`` or by a conftest; each session that a marker names must be raced."""
    mark = f'marks = [{{ name = "raced", args = [{sessions}] }}]' if is_in_toml else ""
    (written / "scenario.toml").write_text(
        f'{mark}\n[[writer]]\nscript = "writers/agent.sql"\n[stress]\nplans = 0\n'
    )
    if not is_in_toml:
        (pytester.path / "scenarios" / "conftest.py").write_text(
            "import pytest\n"
            "def pytest_collection_modifyitems(items):\n"
            f"    items[0].add_marker(pytest.mark.raced({sessions}))\n"
        )

    result = pytester.runpytest("--parsediff", "--strict-markers")

    result.assert_outcomes(passed=int(not said), failed=int(bool(said)))
    if said:
        result.stdout.fnmatch_lines([said])


def test_declarations_of_live_sessions_are_not_about_scenarios(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """parsediff.toml declares for live runs."""
    add("one")
    toml = pytester.path / "scenarios" / "parsediff.toml"
    toml.write_text('[sessions.nobody]\nexpect = "raced"\n')

    pytester.runpytest("--parsediff").assert_outcomes(passed=1)
