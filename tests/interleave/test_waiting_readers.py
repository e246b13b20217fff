"""A reader that meets a lock: the writer that holds it cannot go on meanwhile."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from pytest_parsediff.interleave.drivers.apsw import ApswDriver
from pytest_parsediff.interleave.drivers.stdlib import StdlibDriver

#: What each test lasts if the reader is left to wait.
WAIT_S = 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a database whose readers and writers lock each other out."""
    path = tmp_path / "s.db"
    with apsw.Connection(str(path)) as writer:
        writer.execute("CREATE TABLE t(x)").fetchall()
    writer.close()
    return path


def test_a_reader_that_uses_apsw_is_told_at_once(path: Path) -> None:
    """However long it wants to wait, once its first statement has been reported."""
    writer = apsw.Connection(str(path))

    def reach(_kind: object, _label: str) -> None:
        if not writer.in_transaction:
            writer.execute("BEGIN EXCLUSIVE").fetchall()

    with ApswDriver().following(path.parent, reach):
        reader = apsw.Connection(str(path))
        reader.set_busy_timeout(WAIT_S * 1000)
        with pytest.raises(apsw.BusyError):
            reader.execute("SELECT * FROM t").fetchall()
        waits_ms = reader.pragma("busy_timeout")
        reader.close()
    writer.close()

    assert waits_ms == 0


def test_a_reader_that_uses_sqlite3_is_told_at_once(path: Path) -> None:
    """However long it wants to wait, even if the lock is older than its connection."""
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")

    with StdlibDriver().following(path.parent, lambda _kind, _label: None):
        reader = sqlite3.connect(path, timeout=WAIT_S)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            reader.execute("SELECT * FROM t").fetchall()
        (waits_ms,) = reader.execute("PRAGMA busy_timeout").fetchone()
        reader.close()
    writer.close()

    assert waits_ms == 0


def test_a_writer_that_connects_while_the_reader_does_hides_nobody(path: Path) -> None:
    """The reader's connection is followed all the same."""
    seen = []

    def reach(_kind: object, label: str) -> None:
        seen.append(label)
        if label == "connect":
            with closing(sqlite3.connect(path)) as writer:
                writer.execute("INSERT INTO t VALUES (1)")

    with (
        StdlibDriver().following(path.parent, reach) as witness,
        closing(sqlite3.connect(path)) as reader,
    ):
        reader.execute("SELECT * FROM t").fetchall()

    assert seen == ["connect", "SELECT * FROM t"]
    assert witness.connections == 1
