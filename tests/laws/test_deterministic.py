"""The law ``deterministic`` on quiet stores, and the proof of ``read-only`` there."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from law_bench import Base, database_rig

from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.event import Emission, Source
from pytest_parsediff.laws.deterministic import check_deterministic
from pytest_parsediff.laws.law import Law
from pytest_parsediff.laws.readonly import check_quiet_store


class Counts(Base):
    """Numbers its scans in its events."""

    number = 0

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the right one does, with the number of the scan."""
        self.number += 1
        for emission in super().scan(source, cursor):
            if isinstance(emission, dict):
                emission["scan"] = self.number
            yield emission


class RemembersTheTime(Base):
    """Emits nothing of a file that is younger than the first one it saw."""

    known: int | None = None

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the right one does, of the first file only."""
        time.sleep(0.02)  # longer than the clock of the file system stands still
        made = os.stat(source.path).st_ctime_ns
        self.known = self.known or made
        if self.known == made:
            yield from super().scan(source, cursor)


class Reverses(Base):
    """Turns the order around with every scan."""

    is_odd = False

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield the rows in turn from the beginning and from the end."""
        *events, last = super().scan(source, cursor)
        self.is_odd = not self.is_odd
        yield from events if self.is_odd else reversed(events)
        yield last


def test_a_reader_of_rows_alone_is_deterministic(tmp_path: Path) -> None:
    """Equal stores, equal lines."""
    assert check_deterministic(database_rig(Base(), tmp_path)) is None


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        (Counts, "a second scan of the same store differs"),
        (RemembersTheTime, "a scan of an equal store differs"),
        (Reverses, "a second scan of the same store differs"),
    ],
)
def test_what_is_no_function_of_the_store_is_found(
    tmp_path: Path, reader: type[Base], message: str
) -> None:
    """The first event that differs is shown as it was and as it is."""
    violation = check_deterministic(database_rig(reader(), tmp_path))

    assert violation is not None
    assert Law.DETERMINISTIC is violation.law
    assert message == violation.message
    assert '"m0"' in violation.details[0]
    assert 2 == len(violation.details)


def test_order_counts_only_where_the_adapter_says_so(tmp_path: Path) -> None:
    """Without ``ordered`` the same events in another order are the same output."""
    config = AdapterConfig(session="/session", key=["/id"], ordered=False)

    assert (
        check_deterministic(database_rig(Reverses(), tmp_path, config=config)) is None
    )


class Converts(Base):
    """Switches the store to a rollback journal, and back."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the right one does."""
        db = sqlite3.connect(source.path)
        db.execute("PRAGMA journal_mode = delete")
        db.close()
        yield from super().scan(source, cursor)


class LeavesAFile(Base):
    """Keeps a note beside the store."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the right one does."""
        (source.root / "seen.json").write_text("{}")
        yield from super().scan(source, cursor)


@pytest.mark.parametrize(
    ("reader", "what"),
    [(Converts, "changed store.db"), (LeavesAFile, "created seen.json")],
)
def test_a_trace_in_a_quiet_store_is_named(
    tmp_path: Path, reader: type[Base], what: str
) -> None:
    """Files are compared by content, name, time and permissions."""
    violation = check_quiet_store(database_rig(reader(), tmp_path))

    assert violation is not None
    assert Law.READ_ONLY is violation.law
    assert what in violation.message


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    """The sidecars of a connection that only reads are allowed."""
    assert check_quiet_store(database_rig(Base(), tmp_path)) is None
