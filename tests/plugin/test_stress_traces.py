"""A recorded trace as the writer of a scenario: what fits its store badly is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CONFTEST = """\
import sqlite3
from contextlib import closing
import pytest


def scan(path):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT id, data FROM message ORDER BY id").fetchall()
    yield from ({"id": id, "data": data} for id, data in rows)


@pytest.hookimpl(optionalhook=True)
def pytest_parsediff_adapters(config):
    return {"all": scan}
"""
SQL = """\
PRAGMA journal_mode = wal;
CREATE TABLE message(id TEXT PRIMARY KEY, data TEXT);
INSERT INTO message VALUES ('m0', 'v0');
"""
CAME = {"op": "insert", "table": "message", "row": {"id": "m1", "data": "v1"}}
LOST = {"op": "delete", "table": "message", "id": "m9"}


@pytest.fixture
def scenario(pytester: pytest.Pytester) -> Path:
    """Return the folder of a scenario whose writer is a trace that is not there yet."""
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\n")
    folder = pytester.path / "scenarios/one"
    folder.mkdir(parents=True)
    tables = '[adapters.all]\nkey = ["id"]\n'
    (pytester.path / "scenarios/parsediff.toml").write_text(tables)
    (folder / "fixture.sql").write_text(SQL)
    (folder / "expected.jsonl").write_text('{"data":"v0","id":"m0"}\n')
    (folder / "scenario.toml").write_text(
        'adapter = "all"\n[stress]\nlaws = ["snapshot"]\n'
        '[[writer]]\nscript = "trace.jsonl"\n'
    )
    return folder


def record(folder: Path, *changes: dict[str, Any]) -> None:
    """Write a trace of one change per commit."""
    lines = [json.dumps({"changes": [change]}) + "\n" for change in changes]
    (folder / "trace.jsonl").write_text("".join(lines))


def stress(pytester: pytest.Pytester) -> pytest.RunResult:
    """Run a few plans."""
    return pytester.runpytest_subprocess("--parsediff", "--parsediff-stress=10")


def test_a_trace_is_replayed(pytester: pytest.Pytester, scenario: Path) -> None:
    """All of it fits, and nothing is said about it."""
    record(scenario, CAME)

    result = stress(pytester)

    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*find no row*")


def test_changes_that_find_no_row_are_told(
    pytester: pytest.Pytester, scenario: Path
) -> None:
    """What else there is in the trace is replayed."""
    record(scenario, CAME, LOST)

    result = stress(pytester)

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines("*trace.jsonl: 1 of 2 changes finds no row")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (LOST, "*PD611: *trace.jsonl:1: no change finds its row in this store"),
        ({**CAME, "table": "none"}, "*PD611: *trace.jsonl:1: *: no such table: none"),
        ({**CAME, "op": "moved"}, "*PD611: *trace.jsonl:1: *: unknown op 'moved'"),
    ],
)
def test_a_trace_of_another_store_fails_with_its_line(
    pytester: pytest.Pytester, scenario: Path, change: dict[str, Any], told: str
) -> None:
    """Before any plan is run."""
    record(scenario, change)

    result = stress(pytester)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(told)


def test_one_of_several_writers_may_need_what_another_one_wrote(
    pytester: pytest.Pytester, scenario: Path
) -> None:
    """So nothing is tried before."""
    record(scenario, LOST)
    (scenario / "second.sql").write_text("INSERT INTO message VALUES ('m9', 'v');")
    with (scenario / "scenario.toml").open("a") as toml:
        toml.write('[[writer]]\nscript = "second.sql"\n')

    stress(pytester).assert_outcomes(passed=2)
