"""Readers that cost others something: locks, changes, work for nothing."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
from wrong_case import Reader, Shows
from wrong_rows import FromTheWatermark, event_of
from wrong_snapshots import ReadsTheWAL
from wrong_stores import MESSAGES
from wrong_trees import connect, snapshot

from pytest_parsediff.core.event import Checkpoint, Emission, Source
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.laws.law import Law

_ALL_MESSAGES = "SELECT id, session, data, updated FROM message ORDER BY id"


class EmitsAfterCommit(Reader):
    """Reads in a transaction, ends it, and hands its rows out then."""

    name = "emits-after-commit"
    store = MESSAGES
    is_early = False

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield all rows, then a checkpoint."""
        with closing(connect(source)) as db:
            with snapshot(db):
                rows = db.execute(_ALL_MESSAGES).fetchall()
                if self.is_early:
                    yield from map(event_of, rows)
            if not self.is_early:
                yield from map(event_of, rows)
        yield Checkpoint("")


class EmitsInTransaction(EmitsAfterCommit):
    """Hands its rows out before it ends the transaction they come from.

    For as long as its consumer takes, the WAL of the writer can only grow.
    """

    name = "emits-under-an-open-transaction"
    law = Law.NO_PIN
    shows = Shows.QUIET
    fixed = EmitsAfterCommit
    is_early = True


class EmitsWhileReading(ReadsTheWAL):
    """Hands each row out as SQLite finds it: a cursor that is half read is a snapshot."""

    name = "half-read-cursor-pins-the-wal"
    law = Law.NO_PIN
    shows = Shows.QUIET
    fixed = ReadsTheWAL
    library = Library.APSW

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield all rows, then a checkpoint."""
        flags = apsw.SQLITE_OPEN_READONLY
        with closing(apsw.Connection(str(source.path), flags=flags)) as db:
            for row in db.execute(_ALL_MESSAGES):
                yield event_of(row)
        yield Checkpoint("")


class DefeatsTheIndex(FromTheWatermark):
    """Compares a function of the stamp, so that an idle poll walks the whole table."""

    name = "unindexed-idle-scan"
    law = Law.IDLE_CHEAP
    shows = Shows.QUIET
    fixed = FromTheWatermark
    query = (
        "SELECT id, session, data, updated FROM message"
        " WHERE CAST(updated AS INTEGER) >= ? ORDER BY updated, id"
    )


class AsksForEachRow(FromTheWatermark):
    """Looks each message up again in every poll, with news or without."""

    name = "idle-poll-grows-with-the-store"
    law = Law.IDLE_CHEAP
    shows = Shows.QUIET
    fixed = FromTheWatermark

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the right one does, and ask for all of it once more."""
        yield from super().scan(source, cursor)
        *events, _ = super().scan(source, None)
        with closing(connect(source)) as db:
            for event in events:
                assert isinstance(event, dict)
                db.execute("SELECT data FROM message WHERE id = ?", (event["id"],))


class LooksFirst(FromTheWatermark):
    """Looks at the header of the file before it connects."""

    name = "looks-at-the-header-first"
    is_late = False

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the right one does, if this is a database."""
        is_database = self.is_late or is_sqlite(source.path)
        with closing(connect(source)) as db:
            db.execute("SELECT id FROM message LIMIT 1").fetchone()
            if self.is_late:
                is_database = is_sqlite(source.path)
        if is_database:
            yield from super().scan(source, cursor)


def is_sqlite(path: Path) -> bool:
    """Return whether a file begins as databases do."""
    with open(path, "rb") as file:
        return file.read(16) == b"SQLite format 3\x00"


class LooksWhileConnected(LooksFirst):
    """Looks at the header of a database that it has open.

    To close the file drops the locks that the whole process holds on it, and a writer
    may then reset the WAL below a snapshot.
    """

    name = "sniffs-the-live-file"
    law = Law.READ_ONLY
    shows = Shows.QUIET
    fixed = LooksFirst
    is_late = True


class TellsWhenItRead(FromTheWatermark):
    """Puts the time of the scan into what it read."""

    name = "time-of-the-scan-in-events"
    law = Law.DETERMINISTIC
    shows = Shows.QUIET
    fixed = FromTheWatermark

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the right one does, each event with a time."""
        for emission in super().scan(source, cursor):
            if isinstance(emission, dict):
                emission["read_at"] = time.time_ns()
            yield emission


class MarksWhatItHasRead(FromTheWatermark):
    """Writes its watermark into the store it reads."""

    name = "writes-to-the-store"
    law = Law.READ_ONLY
    shows = Shows.QUIET
    fixed = FromTheWatermark

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield what the right one does, and remember how far it has come."""
        *events, last = super().scan(source, cursor)
        yield from events
        assert isinstance(last, Checkpoint)
        with closing(sqlite3.connect(source.path)) as db, db:
            db.execute("CREATE TABLE IF NOT EXISTS seen(watermark TEXT)")
            db.execute("INSERT INTO seen VALUES (?)", (last.cursor,))
        yield last
