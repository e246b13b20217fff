"""What every driver does: tell a schedule which gap the reader has reached."""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import get_ident
from typing import Any, Protocol, TypeAlias
from urllib.parse import unquote, urlsplit

from pytest_parsediff.interleave.schedule import Kind

#: Called just before the reader takes a snapshot or calls the file system.
Reach: TypeAlias = Callable[[Kind, str], None]


@dataclass(slots=True)
class Witness:
    """What a driver saw, and what it knows that it could not see.

    Attributes:
        connections: Connections to the store that were followed.
        gaps: Gaps that were reported.
        unseen: Ways into the store that were noticed but not followed, one line each.
        statements: Every SQL statement of the reader, as it was started.
        threads: Names of threads other than the caller's in which gaps were reached.
        failure: What a step or the harness raised inside a callback that swallows
            exceptions; to be raised again at the next boundary.
        closers: Closes each connection that is followed.
        is_aside: Whether what happens now is not the reader's.
        sniffed: Database files that the reader opened as plain files while it had a
            connection to them, one line each.
    """

    connections: int = 0
    gaps: int = 0
    unseen: list[str] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    failure: BaseException | None = None
    closers: list[Callable[[], object]] = field(default_factory=list, repr=False)
    is_aside: bool = False
    sniffed: list[str] = field(default_factory=list)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let the harness and its writers act for a while without being followed."""
        before, self.is_aside = self.is_aside, True
        try:
            yield
        finally:
            self.is_aside = before

    def kill(self) -> None:
        """Close every connection that is followed, as the end of a process would.

        The locks of a killed reader are gone at once; its own code does not run.
        """
        while self.closers:
            with suppress(Exception):  # closed already, or made by another thread
                self.closers.pop()()

    def raise_failure(self) -> None:
        """Raise what was kept in a callback, if anything."""
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure


class Driver(Protocol):
    """Follows one way of reading."""

    def following(self, root: Path, reach: Reach) -> AbstractContextManager[Witness]:
        """Report every gap of a reader of what lies below *root*, for a while.

        While *reach* runs, nothing is reported: what happens then is the writers'.
        """
        ...


#: References to a followed connection that are a driver's, beside the list of those
#: followed: what traces it, and what closes it. One that nobody else holds would be gone.
_OWN_REFERENCES = 2


class Follower:
    """What drivers share: one reader below one root, followed until it is left.

    Attributes:
        witness: What was seen; another follower's, where two follow one reader.
    """

    def __init__(
        self, root: Path, reach: Reach, witness: Witness | None = None
    ) -> None:
        self.witness = Witness() if witness is None else witness
        self._root = str(root)
        self._below = os.path.join(self._root, "")
        self._reach = reach
        self._is_left = False
        self._acting: int | None = None
        self._thread = get_ident()
        lock = threading.RLock()  # an alarm may leave it held
        self._acquire, self._release = lock.acquire, lock.release
        self._followed: list[tuple[Any, str]] = []

    def follow(self, connection: Any, path: str) -> None:
        """Note a connection of the reader to the database at *path*."""
        self._followed.append((connection, path))
        self.witness.connections += 1
        self.witness.closers.append(connection.close)

    def connect_nowhere(self) -> Any:
        """Return a connection of the library that is followed, to nothing."""
        raise NotImplementedError

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

    @property
    def is_busy(self) -> bool:
        """Whether writers act in this thread right now, or the harness does."""
        return self._acting == get_ident() or self.witness.is_aside

    def leave(self) -> None:
        """Report nothing from now on."""
        self._is_left = True

    def is_below(self, path: str) -> bool:
        """Return whether *path* is the root or lies below it, symlinks resolved.

        A path that says so itself, as those that are handed to readers do, is below.
        """
        if path.startswith(self._below) and os.pardir not in path:
            return True
        real, root = os.path.realpath(path), os.path.realpath(self._root)
        return real == root or real.startswith(os.path.join(root, ""))

    def report(self, kind: Kind, label: str) -> None:
        """Let writers act, unless they are the ones who caused this."""
        here, witness = get_ident(), self.witness
        if self._acting == here or witness.is_aside:
            return
        self._acquire()  # at every gap: a with statement takes twice as long
        try:
            if witness.failure is None and not self._is_left:
                self._acting = here  # so only this thread can tell that it is itself
                witness.gaps += 1
                if here != self._thread:
                    witness.threads.add(threading.current_thread().name)
                self._reach(kind, label)
        finally:
            self._acting = None
            self._release()

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


def is_locking(sql: str) -> bool:
    """Return whether a statement begins a transaction and takes its snapshot."""
    return sql.lstrip()[:16].upper().startswith(_LOCKING)


def is_silent(sql: str) -> bool:
    """Return whether a statement only begins, ends or names a transaction."""
    head = sql.lstrip()[:16].upper()
    return head.startswith(_SILENT) and not head.startswith(_LOCKING)


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
