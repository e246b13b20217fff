"""What drivers of SQLite libraries share: connections, and what statements begin."""

from __future__ import annotations

import functools
import os
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pytest_parsediff.interleave.drivers.driver import Follower, Reach, Witness

#: References to a followed connection that are a driver's, beside the list of those
#: followed: what traces it, and what closes it. One that nobody else holds would be gone.
_OWN_REFERENCES = 2


class ConnectionFollower(Follower, ABC):
    """Follows the connections of one reader; a context manager."""

    def __init__(
        self, root: Path, reach: Reach, witness: Witness | None = None
    ) -> None:
        super().__init__(root, reach, witness)
        self._followed: list[tuple[Any, str]] = []

    def __enter__(self) -> Witness:
        """Follow the reader from now on."""
        self.attach()
        return self.witness

    def __exit__(self, *_error: object) -> None:
        """Leave it."""
        self.detach()

    @abstractmethod
    def attach(self) -> None:
        """Begin to listen."""

    @abstractmethod
    def detach(self) -> None:
        """Leave every connection alone from now on."""

    def follow(self, connection: Any, path: str) -> None:
        """Note a connection of the reader to the database at *path*."""
        self._followed.append((connection, path))
        self.witness.connections += 1
        self.witness.closers.append(connection.close)

    @abstractmethod
    def connect_nowhere(self) -> Any:
        """Return a connection of the library that is followed, to nothing."""

    def _count_bare(self) -> int:
        """Return what ``getrefcount`` says of a connection that only a list holds."""
        held = [self.connect_nowhere()]
        try:
            return sys.getrefcount(held[0])
        finally:
            held[0].close()

    def hear_open(self, file: object) -> None:
        """Notice a database file that is opened as a plain one.

        Closing *any* descriptor of a file drops all locks that the process holds on it
        (https://sqlite.org/howtocorrupt.html section 2.2), those of an open connection
        among them: then a writer may reset the WAL below a snapshot.
        """
        if self._is_left or self.is_busy or not self._followed:
            return
        if not isinstance(file, (str, bytes, os.PathLike)):
            return
        path = os.path.realpath(os.fsdecode(file))
        held = (path.removesuffix(suffix) for suffix in ("", "-wal", "-shm"))
        if not any(self._is_held(name) for name in held) or not os.path.exists(path):
            return
        name = os.path.relpath(path, os.path.realpath(self._root))
        if name not in self.witness.sniffed:
            self.witness.sniffed.append(name)

    def _is_held(self, path: str) -> bool:
        """Return whether the reader has an open connection to the database."""
        for entry in self._followed:
            if os.path.realpath(entry[1]) != path:
                continue
            if sys.getrefcount(entry[0]) > self._count_bare() + _OWN_REFERENCES:
                try:
                    _ = entry[0].in_transaction
                except Exception:  # noqa: BLE001, S112 - each library has its own, and says: closed
                    continue
                return True
        return False

    def keep_failure(
        self, error: BaseException, interrupt: Callable[[], object]
    ) -> None:
        """Keep what was raised in a callback of SQLite, which would swallow it.

        The first one is kept in the witness, and *interrupt* ends the statement.
        """
        if self.witness.failure is None:
            self.witness.failure = error
        interrupt()


#: Statements that start no snapshot of their own ...
_SILENT = ("BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE")
#: ... but for these, which start one together with a write lock.
_LOCKING = ("BEGIN IMMEDIATE", "BEGIN EXCLUSIVE")


#: How most statements of readers begin: they are none of these.
QUERY = "SELECT "


#: What may stand in front of a statement (https://sqlite.org/lang_comment.html).
_FRONT = re.compile(r"\A(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))*", re.DOTALL)


def without_comments(sql: str) -> str:
    """Return *sql* from its first word on."""
    return _FRONT.sub("", sql, count=1)


def is_locking(sql: str) -> bool:
    """Return whether a statement begins a transaction and takes its snapshot."""
    return _head(sql).startswith(_LOCKING)


def is_silent(sql: str) -> bool:
    """Return whether a statement only begins, ends or names a transaction."""
    head = _head(sql)
    return head.startswith(_SILENT) and not head.startswith(_LOCKING)


def _head(sql: str) -> str:
    return without_comments(sql)[:16].upper()


def database_path(database: object) -> str | None:
    """Return the path that ``sqlite3.connect`` or apsw was given, or ``None``.

    ``None`` stands for databases in memory and temporary ones. URIs are decoded as in
    https://sqlite.org/uri.html section 3.
    """
    if isinstance(database, bytes):
        database = database.decode("utf-8", "surrogateescape")
    return _path_in(str(database))


@functools.lru_cache(maxsize=64)
def _path_in(text: str) -> str | None:
    if text.startswith("file:"):
        parts = urlsplit(text)
        if "mode=memory" in parts.query or "vfs=memdb" in parts.query:
            return None
        text = unquote(parts.path)
    return None if text in ("", ":memory:") else text
