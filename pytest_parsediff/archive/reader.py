"""The side of an archive that a parse-diff sees: it can be read, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import final

from pytest_parsediff.archive.connect import WAIT_S, open_for_reading, translated
from pytest_parsediff.archive.rows import (
    FIRST_SESSIONS,
    NEXT_SESSIONS,
    ONE_SESSION,
    ONE_SOURCE,
    RECORDS,
    StoredSource,
    encode,
    stored_record,
    stored_session,
    stored_source,
)
from pytest_parsediff.diff.records import Record, StoredSession


@final
class ArchiveReader:
    """Stored sessions of an archive. No method writes, and the connection cannot.

    Each read waits for a writer that keeps the archive to itself, for a bounded time.
    All raise ArchiveUnreadableError, PD501, and ArchiveLockedError, PD503.
    """

    __slots__ = ("_connection", "_path", "_wait_s")

    def __init__(self, path: Path, *, wait_s: float = WAIT_S) -> None:
        """Open the archive at *path*; see :func:`open_for_reading`."""
        self._path = path
        self._wait_s = wait_s
        self._connection = open_for_reading(path, wait_s=wait_s)

    @property
    def has_observations(self) -> bool:
        """An archive notes what sources were."""
        return True

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Hold one read transaction; inside another one it is that one."""
        if not self._connection.get_autocommit():
            yield
            return
        with translated(self._path, self._wait_s):
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT revision FROM archive").fetchall()
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")

    def sessions(self) -> Iterator[StoredSession]:
        """Yield every session by adapter and session, trashed ones too.

        In pages, each a statement of its own, so that a reader that stops half way
        holds no old state: hold a snapshot to see one state of all.
        """
        page = self._page(FIRST_SESSIONS, ())
        while page:
            yield from page
            last = page[-1]
            page = self._page(NEXT_SESSIONS, (last.adapter, last.session))

    def _page(self, query: str, names: tuple[str, ...]) -> list[StoredSession]:
        with translated(self._path, self._wait_s):
            rows = self._connection.execute(query, tuple(map(encode, names)))
            return [stored_session(row) for row in rows]

    def get(self, adapter: str, session: str) -> StoredSession | None:
        """Return one session as it is stored now, or ``None``."""
        found = self._page(ONE_SESSION, (adapter, session))
        return found[0] if found else None

    def records(self, adapter: str, session: str) -> Iterator[Record]:
        """Yield the records of one session by ordinal, all of one state."""
        cursor = self._connection.cursor()
        try:
            with translated(self._path, self._wait_s):
                for row in cursor.execute(RECORDS, (encode(adapter), encode(session))):
                    yield stored_record(row)
        finally:
            cursor.close(force=True)

    def source(self, adapter: str, name: str) -> StoredSource | None:
        """Return what the last recording of a whole source left, or ``None``."""
        with translated(self._path, self._wait_s):
            rows = self._connection.execute(ONE_SOURCE, (encode(adapter), encode(name)))
            found = [stored_source(row) for row in rows]
        return found[0] if found else None

    def close(self) -> None:
        """Close the archive; may be called twice."""
        self._connection.close(force=True)
