"""Rows of a tool's own database as events."""

from __future__ import annotations

import math
import time
from pathlib import Path

import apsw
import pytest

from pytest_parsediff.adapters.sqlrows import read_rows
from pytest_parsediff.core.errors import (
    AdapterTimeoutError,
    OutputTooLargeError,
    SQLOutputError,
)
from pytest_parsediff.core.event import Event

ENDLESS = "WITH r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT {} FROM r"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Return a database with a table of two rows; its name needs escaping."""
    path = tmp_path / "a b?c#d%41.db"
    connection = apsw.Connection(str(path))
    connection.execute(
        "CREATE TABLE t (id, x); INSERT INTO t VALUES (1, 'a'), (2, NULL)"
    )
    connection.close()
    return path


def rows(
    db: Path, query: str, *, end: float = math.inf, max_bytes: float = 2**20
) -> list[Event]:
    """Return the events of a query."""
    return list(read_rows(db, query, end=end, max_bytes=max_bytes))


def test_rows_are_objects_in_the_order_of_the_columns(db: Path) -> None:
    """Each row is keyed by column name."""
    actual = rows(
        db, "SELECT x, id, id + 0.5 AS half FROM t ORDER BY id; -- that is all"
    )

    expected = [{"x": "a", "id": 1, "half": 1.5}, {"x": None, "id": 2, "half": 2.5}]
    assert expected == actual
    assert ["x", "id", "half"] == list(actual[0])


def test_no_rows_are_no_events(db: Path) -> None:
    """A SELECT that finds nothing is valid."""
    assert [] == rows(db, "SELECT * FROM t WHERE 0")


def test_no_snapshot_is_open_while_rows_are_handed_out(tmp_path: Path) -> None:
    """Whoever writes the database can reset its WAL in between."""
    path = tmp_path / "live.db"
    writer = apsw.Connection(str(path))
    setup = (
        "PRAGMA journal_mode = wal; CREATE TABLE t (id); INSERT INTO t VALUES (1), (2)"
    )
    writer.execute(setup).fetchall()

    found = read_rows(path, "SELECT id FROM t", end=math.inf, max_bytes=2**20)
    first = next(found)
    writer.execute("INSERT INTO t VALUES (3)").fetchall()
    ((is_busy, *_),) = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    writer.close()

    assert not is_busy
    assert [{"id": 1}, {"id": 2}] == [first, *found]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT id FROM t; SELECT x FROM t", "more than one statement"),
        ("DELETE FROM t", "query returns no rows"),
        ("ATTACH 'other.db' AS o", "query returns no rows"),
        ("UPDATE t SET x = 1 RETURNING id", "readonly"),
        (" /* nothing */ -- at all\n;", "query holds no statement"),
        ("", "query holds no statement"),
        ("SELECT id, x AS id FROM t", "column names twice: id"),
        ("SELECT x'00ff' AS raw", "column 'raw' holds a BLOB: b'\\x00\\xff'"),
        ("SELECT missing FROM t", "no such column"),
        ("SELECT CAST(x'ff' AS TEXT) AS bad", "utf-8"),
    ],
)
def test_a_query_that_gives_no_events_is_refused(
    db: Path, query: str, message: str
) -> None:
    """PD413 says what is wrong with it."""
    with pytest.raises(SQLOutputError, match="PD413") as caught:
        rows(db, query)

    assert message in caught.value.message


def test_a_missing_database_is_refused_and_not_made(tmp_path: Path) -> None:
    """A tool that never wrote its database is PD413."""
    with pytest.raises(SQLOutputError, match="the database does not exist"):
        rows(tmp_path / "missing.db", "SELECT 1")

    assert [] == list(tmp_path.iterdir())


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    """A database that is none is PD413."""
    (tmp_path / "text").write_text("no database" * 100)

    with pytest.raises(SQLOutputError, match="file is not a database"):
        rows(tmp_path / "text", "SELECT * FROM t")


def test_a_query_without_end_is_ended(db: Path) -> None:
    """A query counts against the time of its scan."""
    with pytest.raises(AdapterTimeoutError, match="PD402"):
        rows(db, ENDLESS.format("count(*) AS n"), end=time.monotonic())


def test_rows_without_end_are_too_many(db: Path) -> None:
    """Rows count against the output of their scan."""
    with pytest.raises(OutputTooLargeError, match="PD407"):
        rows(db, ENDLESS.format("n"))


def test_the_database_is_released(db: Path) -> None:
    """Nothing is held open after a query that failed half way."""
    with pytest.raises(SQLOutputError):
        rows(db, "SELECT id FROM t; SELECT x FROM t")

    assert str(db) not in [connection.filename for connection in apsw.connections()]
