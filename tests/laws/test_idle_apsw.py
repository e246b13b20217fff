"""The law ``idle-cheap`` for readers that go through apsw, whose statements have parameters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from law_bench import Base, database_rig

from pytest_parsediff.core.event import Checkpoint, Emission, Source
from pytest_parsediff.interleave.drivers.apsw import ApswDriver
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.laws.idle import check_idle_cheap


class ByIndex(Base):
    """Asks by the column that has an index."""

    query = "SELECT id, session, updated FROM message WHERE updated >= ?"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield a row per event, then a checkpoint."""
        last = int(cursor or 0)
        flags = apsw.SQLITE_OPEN_READONLY
        with closing(apsw.Connection(str(source.path), flags=flags)) as db:
            rows = db.execute(self.query, (last,)).fetchall()
        for row_id, session, updated in rows:
            yield {"id": row_id, "session": session, "updated": updated}
            last = max(last, int(str(updated)))
        yield Checkpoint(str(last))


class DefeatsTheIndex(ByIndex):
    """Asks by an expression that has none."""

    query = ByIndex.query.replace("updated >=", "+updated >=")


@pytest.mark.parametrize(
    ("reader", "is_cheap"), [(ByIndex, True), (DefeatsTheIndex, False)]
)
def test_walks_are_seen_in_statements_with_parameters(
    tmp_path: Path, reader: type[Base], is_cheap: bool
) -> None:
    """SQLite tells the plan whatever the values are."""
    rig = database_rig(reader(), tmp_path, library=Library.APSW, driver=ApswDriver())

    violation = check_idle_cheap(rig)

    assert is_cheap is (violation is None)
    if violation is not None:
        assert violation.details[0].startswith("SCAN message")
