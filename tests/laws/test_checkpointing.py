"""A reader that moves the WAL into the main file changes the store, though no row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from law_bench import Base, database_rig

from pytest_parsediff.core.event import Emission, Source
from pytest_parsediff.laws.readonly import check_quiet_store


class Checkpoints(Base):
    """Asks for a checkpoint before it reads."""

    name = "checkpoints"
    ask = "PRAGMA wal_checkpoint(PASSIVE)"
    suffix = ""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the parent does."""
        path = source.root.parent / "own.db" if self.suffix else source.path
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA user_version").fetchall()
            db.execute(self.ask).fetchall()
        yield from super().scan(source, cursor)


class Quoted(Checkpoints):
    """Spells it another way."""

    ask = ' pragma "main".WAL_CHECKPOINT'


class Asks(Checkpoints):
    """Asks only how often that is done."""

    ask = "PRAGMA wal_autocheckpoint"


class OfItsOwn(Checkpoints):
    """Has a database of its own."""

    suffix = "own.db"


@pytest.mark.parametrize(
    ("reader", "is_broken"),
    [(Checkpoints, True), (Quoted, True), (Asks, False), (OfItsOwn, False)],
)
def test_a_reader_asks_for_no_checkpoint(
    tmp_path: Path, reader: type[Checkpoints], is_broken: bool
) -> None:
    """Of a store that the agent alone writes."""
    violation = check_quiet_store(database_rig(reader(), tmp_path))

    assert is_broken is (violation is not None)
    if violation is not None:
        assert "wal_checkpoint" in violation.message.lower()
