"""The database of one run: what was found, what it parsed to, and who is at work.

One SQLite file in the run's folder, written by the controller and, under pytest-xdist,
by every worker. It is thrown away with the folder, so nothing is synced to disk; WAL
lets items read while a source is being parsed.

Writes are short ``BEGIN IMMEDIATE`` transactions: one per batch of records, one to
claim a source, one to finish it. This module knows tables and transactions alone; what
the rows mean is said where they are used: ``inventory.py``, ``claims.py`` and
``results.py``.

Source:
    https://sqlite.org/wal.html: readers do not block the writer, nor the writer them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

import apsw

from pytest_parsediff.core.errors import RunDatabaseError, Where
from pytest_parsediff.live.cells import from_row, to_row

#: How long a write waits for that of another process, in milliseconds. A batch takes
#: milliseconds, so this is for machines that stand still.
_BUSY_MS = 60_000

_SCHEMA = """
CREATE TABLE source (
    no INTEGER PRIMARY KEY,
    adapter TEXT NOT NULL,
    root TEXT NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    has_evidence INTEGER NOT NULL,
    data_version INTEGER NOT NULL,
    observed BLOB NOT NULL
);
CREATE TABLE entry (
    adapter TEXT NOT NULL,
    session TEXT NOT NULL,
    is_stored INTEGER NOT NULL,
    is_found INTEGER NOT NULL,
    is_selected INTEGER NOT NULL,
    source INTEGER REFERENCES source,
    source_name TEXT NOT NULL,
    other_source INTEGER REFERENCES source,
    revision INTEGER NOT NULL,
    PRIMARY KEY (adapter, session)
) WITHOUT ROWID;
CREATE INDEX entry_source ON entry (source);
CREATE TABLE parse (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    source INTEGER NOT NULL REFERENCES source,
    attempt INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    progress INTEGER NOT NULL DEFAULT 0,
    is_done INTEGER NOT NULL DEFAULT 0,
    result BLOB,
    UNIQUE (source, attempt)
);
CREATE TABLE parsed (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    parse INTEGER NOT NULL REFERENCES parse,
    adapter TEXT NOT NULL,
    session TEXT NOT NULL,
    content BLOB,
    UNIQUE (parse, session)
);
CREATE INDEX parsed_session ON parsed (adapter, session);
-- id: number of the session, then 32 bits of ordinal
CREATE TABLE record (id INTEGER PRIMARY KEY, key TEXT NOT NULL, line BLOB NOT NULL);
CREATE TABLE notice (
    parse INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    place TEXT NOT NULL
);
CREATE INDEX notice_parse ON notice (parse);
-- owner: number of the source for the moment "listed", else of the parse
CREATE TABLE digest (
    owner INTEGER NOT NULL,
    moment TEXT NOT NULL,
    session TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (owner, moment, session)
) WITHOUT ROWID;
"""


@final
class RunDatabase:
    """One process's handle on the database of a run.

    Args:
        path: The file; it must exist, see :meth:`create`.

    Raises:
        RunDatabaseError: PD522, it is missing or no database of a run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._connection = apsw.Connection(
                str(path), flags=apsw.SQLITE_OPEN_READWRITE
            )
        except apsw.Error as error:
            raise RunDatabaseError(str(error), Where(path)) from error
        self._connection.set_busy_timeout(_BUSY_MS)
        self.fetch("PRAGMA synchronous = OFF")
        self.fetch("SELECT count(*) FROM source")

    @classmethod
    def create(cls, path: Path) -> RunDatabase:
        """Make the database at *path*, where nothing is yet, and open it."""
        try:
            connection = apsw.Connection(str(path))
            try:
                for statements in ("PRAGMA journal_mode = WAL", _SCHEMA):
                    for _ in connection.execute(statements):
                        pass
            finally:
                connection.close()
        except apsw.Error as error:
            raise RunDatabaseError(str(error), Where(path)) from error
        return cls(path)

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self.path.parent

    def close(self) -> None:
        """Release the handle; may be called twice."""
        self._connection.close()

    def fetch(self, sql: str, bindings: Sequence[Any] = ()) -> list[Any]:
        """Run one statement to its end and return all rows."""
        with self._errors():
            rows = self._connection.execute(sql, to_row(bindings))
            return [from_row(row) for row in rows]

    def each(self, sql: str, bindings: Sequence[Any] = ()) -> Iterator[Any]:
        """Yield rows one by one; a reader holds its snapshot until the last one."""
        with self._errors():
            cursor = self._connection.cursor()
            try:
                yield from map(from_row, cursor.execute(sql, to_row(bindings)))
            finally:
                cursor.close(force=True)

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement that returns nothing once per row."""
        with self._errors():
            self._connection.executemany(sql, map(to_row, rows))

    @contextmanager
    def write(self) -> Iterator[None]:
        """Hold one short write transaction; an error in the block undoes it."""
        self.fetch("BEGIN IMMEDIATE")
        try:
            yield
            self.fetch("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Hold one read transaction, so that no retry drops what is being read."""
        self.fetch("BEGIN DEFERRED")
        try:
            yield
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self.fetch("ROLLBACK")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            message = f"{type(error).__name__}: {error}"
            raise RunDatabaseError(message, Where(self.path)) from error
