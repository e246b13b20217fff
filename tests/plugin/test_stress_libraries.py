"""Scenarios whose adapter reads through two SQLite libraries."""

from __future__ import annotations

from pathlib import Path

import pytest

SQL = """\
PRAGMA journal_mode = wal;
CREATE TABLE a(id TEXT PRIMARY KEY, n INTEGER);
INSERT INTO a VALUES ('x', 1), ('y', 1);
"""
#: ``both``: each scan; ``torn``: the same, wrong; ``later``: apsw from the second on.
READER = """\
import sqlite3
from contextlib import closing
import apsw
from pytest_parsediff import Checkpoint

ALL = "SELECT id, n FROM a ORDER BY id"


def by_stdlib(path, sql=ALL):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(sql).fetchall()


def by_apsw(path, sql=ALL):
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as db:
        return db.execute(sql).fetchall()


def both(path):
    by_apsw(path)
    for id, n in by_stdlib(path):
        yield {"id": id, "s": "s", "n": n}


def torn(path):
    one = "SELECT id, n FROM a WHERE id = 'x'"
    rows = by_stdlib(path, one) + by_apsw(path, one.replace("'x'", "'y'"))
    for id, n in rows:
        yield {"id": id, "s": "s", "n": n}


class Later:
    name = "later"

    def scan(self, source, cursor):
        for id, n in (by_apsw if cursor else by_stdlib)(source.path):
            yield {"id": id, "s": "s", "n": n}
        yield Checkpoint("1")


def pytest_parsediff_adapters(config):
    return {"both": both, "torn": torn, "later": Later()}
"""


@pytest.fixture
def folder(pytester: pytest.Pytester) -> Path:
    """Return a scenario with a writer that updates two rows in one transaction."""
    pytester.makeconftest(READER)
    pytester.makeini("[pytest]\n")
    root = pytester.mkdir("scenarios")
    tables = [
        f'[adapters.{name}]\nsession = "s"\nkey = ["id"]\n'
        for name in ("both", "torn", "later")
    ]
    (root / "parsediff.toml").write_text("".join(tables))
    folder = root / "one"
    (folder / "writers").mkdir(parents=True)
    (folder / "fixture.sql").write_text(SQL)
    (folder / "writers" / "agent.sql").write_text("UPDATE a SET n = n + 1;\n")
    golden = '{"id":"x","n":1,"s":"s"}\n{"id":"y","n":1,"s":"s"}\n'
    (folder / "expected.jsonl").write_text(golden)
    return folder


def choose(folder: Path, adapter: str) -> None:
    """Let *adapter* read the scenario."""
    (folder / "scenario.toml").write_text(
        f'adapter = "{adapter}"\n[[writer]]\nscript = "writers/agent.sql"\n'
        '[stress]\nplans = 30\nlaws = ["snapshot", "converges"]\n'
    )


def test_a_reader_of_both_is_followed_through_both(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """Writers are in another process; that locks are at risk is said."""
    choose(folder, "both")

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["one: the adapter reads through two SQLite libraries in one process, which *"]
    )


def test_what_is_torn_between_two_libraries_is_found(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """A gap is before the snapshot of either."""
    choose(folder, "torn")

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["PD615: *law snapshot is broken: *"])


def test_a_reader_that_changes_the_library_is_refused(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """Its golden is still compared."""
    choose(folder, "later")

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["PD617: *store.db: writers use sqlite3, and the reader apsw, in one process"]
    )
