"""A reader that meets a lock: the writer that holds it cannot go on meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from pytest_parsediff.interleave.drivers.apsw import ApswDriver


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """Return a database that somebody has locked everybody out of."""
    path = tmp_path / "s.db"
    writer = apsw.Connection(str(path))
    writer.execute("CREATE TABLE t(x); BEGIN EXCLUSIVE").fetchall()
    yield path
    writer.close()


def test_a_lock_is_told_at_once(locked: Path) -> None:
    """However long the reader wants to wait, it is told after no further gap."""
    with ApswDriver().following(locked.parent, lambda _kind, _label: None) as witness:
        reader = apsw.Connection(str(locked))
        reader.set_busy_timeout(3_600_000)
        with pytest.raises(apsw.BusyError):
            reader.execute("SELECT * FROM t").fetchall()
        reader.close()

    assert witness.gaps > 0
