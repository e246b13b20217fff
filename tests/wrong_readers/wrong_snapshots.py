"""Readers that take one snapshot too many, look at the wrong file, or meet a lock."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from typing import Any, TypeAlias

import apsw
from wrong_case import Reader
from wrong_rows import event_of
from wrong_stores import COMPACTED, LOCKED, MESSAGES, TOTALS, UNCHECKPOINTED
from wrong_trees import connect, snapshot

from pytest_parsediff.core.event import Checkpoint, Context, Emission, Source
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.laws.law import Law

_ALL_MESSAGES = "SELECT id, session, data, updated FROM message ORDER BY id"


#: Around statements that are to see one state, or are not.
Reading: TypeAlias = Callable[[sqlite3.Connection], AbstractContextManager[None]]


def _autocommit(_db: sqlite3.Connection) -> AbstractContextManager[None]:
    return nullcontext()


class TreesInOneSnapshot(Reader):
    """Reads each session and its parts in one read transaction."""

    name = "trees-in-one-snapshot"
    store = TOTALS
    emits = "session"
    key = ("/kind", "/id")
    reading: Reading = staticmethod(snapshot)

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield every session with its parts, then a checkpoint."""
        with closing(connect(source)) as db:
            trees = []
            with self.reading(db):
                sessions = db.execute("SELECT id, tokens FROM session ORDER BY id")
                for session, tokens in sessions.fetchall():
                    parts = db.execute(
                        "SELECT id, tokens FROM part WHERE session_id = ? ORDER BY id",
                        (session,),
                    ).fetchall()
                    trees.append((session, tokens, parts))
        for session, tokens, parts in trees:
            common = {"session": session, "kind": "session"}
            yield {**common, "id": session, "tokens": tokens}
            for id_, part in parts:
                yield {**common, "kind": "part", "id": id_, "tokens": part}
        yield Checkpoint("")


class TreesInAutocommit(TreesInOneSnapshot):
    """Reads a session in one snapshot and its parts in another.

    The total of the session and the sum over its parts then come from two commits; by
    timing alone that was seen once in a hundred reads.
    """

    name = "torn-tree-autocommit"
    law = Law.SNAPSHOT
    fixed = TreesInOneSnapshot
    reading: Reading = staticmethod(_autocommit)


class OneConnection(Reader):
    """Reads two tables through one connection, in one transaction."""

    name = "one-connection"
    store = TOTALS
    library = Library.APSW
    emits = "session"

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield a line per session with both sums, then a checkpoint."""
        totals, sums = self.read(source)
        for session, total in totals:
            yield {"session": session, "id": session, "sums": [total, sums[session]]}
        yield Checkpoint("")

    def read(self, source: Source) -> tuple[list[Any], dict[Any, Any]]:
        """Return totals of sessions and sums over parts."""
        with closing(_open(source)) as db, db:
            totals, sums = _totals(db), _sums(db)
        return totals, sums


class TwoConnections(OneConnection):
    """Makes a connection per table, so that no transaction can hold both together."""

    name = "torn-tree-two-connections"
    law = Law.SNAPSHOT
    fixed = OneConnection

    def read(self, source: Source) -> tuple[list[Any], dict[Any, Any]]:
        """Return totals of sessions and sums over parts."""
        with closing(_open(source)) as db:
            totals = _totals(db)
        with closing(_open(source)) as db:
            return totals, _sums(db)


def _open(source: Source) -> apsw.Connection:
    return apsw.Connection(str(source.path), flags=apsw.SQLITE_OPEN_READONLY)


def _totals(db: apsw.Connection) -> list[Any]:
    return db.execute("SELECT id, tokens FROM session ORDER BY id").fetchall()


def _sums(db: apsw.Connection) -> dict[Any, Any]:
    query = "SELECT session_id, sum(tokens) FROM part GROUP BY session_id"
    rows: list[Any] = db.execute(query).fetchall()
    return dict(rows)


class CompactionWithTheTree(Reader):
    """Asks whether a session is being compacted in the snapshot it reads it from."""

    name = "compaction-in-one-snapshot"
    store = COMPACTED
    emits = "session"
    key = ("/kind", "/id")
    reading: Reading = staticmethod(snapshot)

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield every session with its messages, then a checkpoint."""
        with closing(connect(source)) as db:
            for session in ("ses_8", "ses_9"):
                with self.reading(db):
                    (since,) = db.execute(
                        "SELECT time_compacting FROM session WHERE id = ?", (session,)
                    ).fetchone()
                    rows = []
                    if since is None:
                        rows = db.execute(
                            "SELECT id, data FROM message WHERE session_id = ?",
                            (session,),
                        ).fetchall()
                common = {"session": session, "kind": "state", "id": session}
                yield {**common, "is_ready": since is None}
                for id_, data in sorted(rows):
                    yield {**common, "kind": "message", "id": id_, "data": data}
        yield Checkpoint("")


class CompactionBeforeTheTree(CompactionWithTheTree):
    """Asks in one snapshot and reads in another: half of a compaction is handed out."""

    name = "compaction-checked-too-early"
    law = Law.SNAPSHOT
    fixed = CompactionWithTheTree
    reading: Reading = staticmethod(_autocommit)


class VersionBeforeRows(Reader):
    """Reads all rows when the data version has changed, asked before the rows."""

    name = "data-version-before-rows"
    store = MESSAGES
    is_late = False

    def open(self, source: Source, _context: Context) -> VersionBeforeRows:
        """Return a reader that keeps its connection: versions are its own."""
        reader = type(self)()
        reader.db, reader.version = connect(source), -1
        return reader

    db: sqlite3.Connection
    version: int

    def scan(self, *_cursor: str | None) -> Iterator[Emission]:
        """Yield all rows, or nothing."""
        version = self.ask()
        if version == self.version:
            return
        rows = self.db.execute(_ALL_MESSAGES).fetchall()
        self.version = self.ask() if self.is_late else version
        yield from map(event_of, rows)
        yield Checkpoint("")

    def ask(self) -> int:
        """Return SQLite's counter of commits by others."""
        (version,) = self.db.execute("PRAGMA data_version").fetchone()
        return int(version)

    def close(self) -> None:
        """Close the connection."""
        self.db.close()


class VersionAfterRows(VersionBeforeRows):
    """Asks for the data version after the rows, and so skips what came between."""

    name = "data-version-after-rows"
    law = Law.CONVERGES
    fixed = VersionBeforeRows
    is_late = True


class LooksAtNoFile(Reader):
    """Reads all rows in every poll."""

    name = "looks-at-no-file"
    store = UNCHECKPOINTED
    is_gated = False

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield all rows, or nothing."""
        found = os.stat(source.path)
        now = f"{found.st_size} bytes at {found.st_mtime_ns} ns"
        if self.is_gated and now == cursor:
            return
        with closing(connect(source)) as db:
            rows = db.execute(_ALL_MESSAGES).fetchall()
        yield from map(event_of, rows)
        yield Checkpoint(now)


class LooksAtTheDatabase(LooksAtNoFile):
    """Looks whether the main file has changed, which a commit in WAL mode leaves alone."""

    name = "wal-not-looked-at"
    law = Law.CONVERGES
    fixed = LooksAtNoFile
    is_gated = True


class ReadsTheWAL(Reader):
    """Opens the database read-only, and reads all rows."""

    name = "reads-the-wal"
    store = MESSAGES
    library = Library.APSW
    parameter = "mode=ro"

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield all rows, then a checkpoint."""
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        uri = f"{source.path.as_uri()}?{self.parameter}"
        with closing(apsw.Connection(uri, flags=flags)) as db:
            rows = db.execute(_ALL_MESSAGES).fetchall()
        yield from map(event_of, rows)
        yield Checkpoint("")


class Immutable(ReadsTheWAL):
    """Opens the database as immutable, so that nothing in the WAL exists for it."""

    name = "immutable-ignores-the-wal"
    law = Law.SNAPSHOT
    fixed = ReadsTheWAL
    parameter = "immutable=1"


class SaysThatItIsBusy(Reader):
    """Fails where a lock is in the way, and comes back to where it was."""

    name = "says-that-it-is-busy"
    store = LOCKED
    library = Library.APSW

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield rows from the watermark on, then a checkpoint."""
        query = "SELECT id, session, data, updated FROM message WHERE updated >= ?"
        with closing(_open(source)) as db:
            newest = db.execute("SELECT max(updated) FROM message").get
            rows = self.read(db, query, int(cursor or 0))
        yield from map(event_of, sorted(rows))
        yield Checkpoint(str(newest))

    def read(self, db: apsw.Connection, query: str, watermark: int) -> list[Any]:
        """Return the rows."""
        return db.execute(query, (watermark,)).fetchall()


class EmptyWhenBusy(SaysThatItIsBusy):
    """Takes a lock for an empty table, and moves its watermark on."""

    name = "busy-taken-for-empty"
    law = Law.SNAPSHOT
    fixed = SaysThatItIsBusy

    def read(self, db: apsw.Connection, query: str, watermark: int) -> list[Any]:
        """Return the rows, or none."""
        try:
            return db.execute(query, (watermark,)).fetchall()
        except apsw.BusyError:
            return []
