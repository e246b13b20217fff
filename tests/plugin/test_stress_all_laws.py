"""Laws on every scenario: on those that have no writer and no table too."""

from __future__ import annotations

import re

import pytest

from pytest_parsediff.strategies import OPENCODE_SCHEMA

ROWS = """\
INSERT INTO session(id, project_id, slug, directory, title, version, time_created,
    time_updated) VALUES ('ses_b', 'p', 's', '/srv', 'One', '1.18.0', 1000, 1000);
INSERT INTO message VALUES ('msg_a', 'ses_b', 1000, 1000, '{"role":"user"}');
INSERT INTO part VALUES ('prt_a', 'msg_a', 'ses_b', 1000, 1000,
    '{"type":"compaction","auto":true}');
"""
TORN = """\
import sqlite3
import pytest


def torn(path):
    with sqlite3.connect(path.as_uri() + "?mode=ro", uri=True) as db:
        counts = dict(db.execute("SELECT session_id, count(*) FROM message GROUP BY 1").fetchall())
        rows = db.execute("SELECT id FROM session ORDER BY id").fetchall()
    db.close()
    for (id,) in rows:
        yield {"session": id, "messages": counts.get(id, 0)}


@pytest.hookimpl(optionalhook=True)
def pytest_parsediff_adapters(config):
    return {"torn": torn}
"""
ALL = ("--parsediff", "--parsediff-laws=all", "--parsediff-stress=10")
MADE = "--parsediff-stress-writer=opencode"


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """Return a project with one scenario that nobody writes to, and its golden."""
    pytester.makeini("[pytest]\n")
    folder = pytester.mkdir("scenarios")
    (folder / "parsediff.toml").write_text('adapter = "opencode"\n')
    store = folder / "one"
    store.mkdir()
    (store / "fixture.sql").write_text(
        f"PRAGMA journal_mode = wal;\n{OPENCODE_SCHEMA}{ROWS}"
    )
    pytester.runpytest("--parsediff", "--update-golden").assert_outcomes(passed=1)
    return pytester


def test_a_scenario_without_writers_runs_no_plans_unless_laws_are_named(
    project: pytest.Pytester,
) -> None:
    """Asked for plans alone, it has none to run."""
    plain = project.runpytest("--parsediff", "--parsediff-stress=10")
    held = project.runpytest("--parsediff", "--parsediff-laws=converges,crash-safe")

    plain.assert_outcomes(passed=1)
    held.assert_outcomes(passed=2, skipped=1)
    held.stdout.fnmatch_lines(["*one-plans-0: * plans (* sweep complete)*"])


def test_all_laws_hold_with_a_writer_that_is_made(project: pytest.Pytester) -> None:
    """Its steps come between the reads."""
    result = project.runpytest(*ALL, MADE)

    result.assert_outcomes(passed=2)
    (covered,) = re.findall(r"gaps covered (\d+)/", result.stdout.str())
    assert int(covered) > 1


def test_ini_values_do_the_same(project: pytest.Pytester) -> None:
    """Both flags have one."""
    project.makeini(
        "[pytest]\nparsediff_laws = converges\nparsediff_stress_writer = opencode\n"
        "parsediff_stress = 10\n"
    )

    result = project.runpytest("--parsediff")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*one-plans-0: 10 plans (10 of * sweep)*"])


def test_the_strategy_crash_ends_when_every_point_was_killed_at(
    project: pytest.Pytester,
) -> None:
    """What is behind the end is skipped."""
    result = project.runpytest(
        "--parsediff",
        "--parsediff-laws=crash-safe",
        "--parsediff-stress=200",
        "--parsediff-stress-strategy=crash",
        "-rs",
    )

    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "*one-plans-0: * plans (* crash complete)*",
            "SKIPPED * plans are in the blocks before",
        ]
    )


def test_a_space_that_is_too_large_is_passed_over_with_its_size(
    project: pytest.Pytester,
) -> None:
    """The laws without plans are held all the same."""
    exhaustive = "--parsediff-stress-strategy=exhaustive"
    laws = "--parsediff-laws=converges"

    larger = project.runpytest(
        *ALL[:1], laws, MADE, "--parsediff-stress=100", exhaustive, "-rs"
    )
    small = project.runpytest(*ALL[:1], laws, "--parsediff-stress=100", exhaustive)

    larger.assert_outcomes(passed=1, skipped=1)
    larger.stdout.fnmatch_lines(["SKIPPED *: all of it is *,* plans, more than 100"])
    small.assert_outcomes(passed=2)
    small.stdout.fnmatch_lines(["*: 1 plan (1 exhaustive complete)*"])


@pytest.mark.parametrize("state", ["killed-wal", "live"])
def test_what_a_writer_left_in_the_wal_is_in_the_store(
    project: pytest.Pytester, state: str
) -> None:
    """Plans begin with what is committed, wherever it is."""
    toml = project.path / "scenarios/one/scenario.toml"
    toml.write_text(f'state = "{state}"\n')

    result = project.runpytest(*ALL, MADE)

    result.assert_outcomes(passed=2)


def test_a_replay_is_held_to_the_same_laws_with_the_same_writer(
    project: pytest.Pytester,
) -> None:
    """The command that is printed finds it again."""
    project.makeconftest(TORN)
    toml = project.path / "scenarios/parsediff.toml"
    toml.write_text(
        'adapter = "torn"\n[adapters.torn]\nsession = "session"\nkey = ["session"]\n'
    )

    result = project.runpytest(
        "--parsediff", "--parsediff-laws=snapshot", "--parsediff-stress=100", MADE
    )

    result.stdout.fnmatch_lines(["PD615: *one: law snapshot is broken: *"])
    found = re.search(
        r"replay: pytest (.*--parsediff-replay=pd1:\S+)", result.stdout.str()
    )
    assert found is not None
    arguments = found[1].split()
    assert {"--parsediff-laws=snapshot", MADE} <= set(arguments)
    again = project.runpytest(*arguments)
    again.stdout.fnmatch_lines(["PD615: *one: law snapshot is broken: *"])


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--parsediff-laws=most", "expected all, or some of read-only, *, got 'most'"),
        ("--parsediff-stress-writer=me", "expected one of opencode, got 'me'"),
    ],
)
def test_names_that_are_none_are_usage_errors(
    project: pytest.Pytester, flag: str, message: str
) -> None:
    """They say which ones there are."""
    result = project.runpytest("--parsediff", flag)

    assert pytest.ExitCode.USAGE_ERROR is result.ret
    result.stderr.fnmatch_lines([f"ERROR: PD116: {flag.partition('=')[0]}: {message}"])
