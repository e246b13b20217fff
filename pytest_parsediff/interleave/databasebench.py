"""A SQLite database to run plans on, and writers that are scripts or traces."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol, Self

from pytest_parsediff.core.errors import WriterStepError
from pytest_parsediff.core.event import Source
from pytest_parsediff.interleave.bench import empty_folder
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.schedule import Blocked, Step
from pytest_parsediff.interleave.writers.connection import (
    Batch,
    Library,
    Statement,
    WriterConnection,
    leaves_nothing,
)
from pytest_parsediff.interleave.writers.opening import open_writer

#: Where the header holds the user version (https://sqlite.org/fileformat2.html 1.3).
_USER_VERSION = slice(60, 64)

_TRUNCATE = Batch((Statement("PRAGMA wal_checkpoint(TRUNCATE)"),))

#: What a trigger may ask of the connection that fires it.
_ASKS = re.compile(rb"last_insert_rowid|changes\s*\(", re.IGNORECASE)


class SQLScriptStep(Protocol):
    """What a script or a trace says of one step."""

    @property
    def label(self) -> str:
        """One line."""
        ...

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What to execute."""
        ...


class _Script(NamedTuple):
    """The steps of one writer, looked at once and bound for every plan.

    Attributes:
        steps: Label and batch, in order.
        is_sharing: Whether it can share a connection with others.
    """

    steps: tuple[tuple[str, Batch], ...]
    is_sharing: bool

    @classmethod
    def of(cls, script: Sequence[SQLScriptStep], has_asking: bool) -> Self:
        """Return *script* in a store whose triggers may ask their connection."""
        return cls(
            tuple((step.label, Batch(step.statements)) for step in script),
            not has_asking and all(leaves_nothing(step.statements) for step in script),
        )


class _SQLStep:
    """A step of a script, bound to a connection; many are made for every plan."""

    __slots__ = ("batch", "connection", "label")

    def __init__(self, label: str, batch: Batch, connection: WriterConnection) -> None:
        self.label = label
        self.batch = batch
        self.connection = connection

    def run(self, _clock: HarnessClock, /) -> None:
        try:
            self.connection.run(self.batch)
        except WriterStepError as error:
            message = f"step {self.label!r}: {error.message}"
            raise WriterStepError(message) from error


class _Dates:
    """Modification times by the harness's clock, so that readers of them repeat.

    Args:
        path: The database.
        is_main_kept: Whether no step can change the database file itself.
    """

    def __init__(self, path: Path, *, is_main_kept: bool) -> None:
        self._main = str(path)
        self._wal = f"{self._main}-wal"
        self._known_ns: dict[str, int] = {}
        self.is_main_kept = is_main_kept

    def begin(self, clock: HarnessClock) -> None:
        """Give files that have just been made the clock's time."""
        for path in (self._main, self._wal):
            self._give(path, clock.now_ms * 1_000_000)

    def go_on(self, clock: HarnessClock, *, has_written: bool) -> None:
        """Give the clock's time to each file that has changed since it was given one.

        Args:
            clock: Tells the time.
            has_written: Whether something was committed for certain.
        """
        if not self.is_main_kept:
            self._set(self._main, clock)
        elif has_written:  # to the WAL, then: nothing to ask the file system for
            self._give(self._wal, clock.now_ms * 1_000_000)
            return
        self._set(self._wal, clock)

    def _set(self, path: str, clock: HarnessClock) -> None:
        try:  # entered for every gap at which writers act: suppress() would take longer
            changed_ns = os.stat(path).st_mtime_ns
        except FileNotFoundError:  # not in WAL mode, or not written yet
            return
        if changed_ns != self._known_ns.get(path):
            self._give(path, clock.now_ms * 1_000_000)

    def _give(self, path: str, now_ns: int) -> None:
        try:
            os.utime(path, ns=(now_ns, now_ns))
        except FileNotFoundError:
            return
        self._known_ns[path] = now_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseBench:
    """A SQLite database and writers that are scripts.

    Attributes:
        image: Content of the database file to start from.
        root: Folder of the store; emptied for every plan.
        spare: Folder for parses of single states.
        name: Path of the database below the root.
        library: Whose SQLite the writers go through: the reader's.
        scripts: Steps per writer.
        names: Name per writer.
    """

    image: bytes
    root: Path
    spare: Path
    name: str
    library: Library
    scripts: tuple[tuple[SQLScriptStep, ...], ...]
    names: tuple[str, ...]
    _source: Source = field(init=False, compare=False, repr=False)
    _path: str = field(init=False, compare=False, repr=False)
    _folder: str = field(init=False, compare=False, repr=False)
    _is_main_kept: bool = field(init=False, compare=False, repr=False)
    _scripts: tuple[_Script, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        path = self.root / self.name
        object.__setattr__(self, "_source", Source(path, self.root))
        object.__setattr__(self, "_path", str(path))
        object.__setattr__(self, "_folder", str(path.parent))
        is_main_kept = self.is_wal and not any(
            statement.head.startswith("PRAGMA")  # a checkpoint, or another mode
            for script in self.scripts
            for step in script
            for statement in step.statements
        )
        object.__setattr__(self, "_is_main_kept", is_main_kept)
        has_asking = _ASKS.search(self.image) is not None
        scripts = tuple(_Script.of(script, has_asking) for script in self.scripts)
        object.__setattr__(self, "_scripts", scripts)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Number of steps per writer."""
        return tuple(len(script) for script in self.scripts)

    @property
    def hides_blocks(self) -> bool:
        """Always: a snapshot begins before all that is due at a gap, or after it."""
        return True

    @property
    def leaves_no_locks(self) -> bool:
        """If each step of each writer is one whole transaction."""
        return all(script.is_sharing for script in self._scripts)

    @property
    def is_wal(self) -> bool:
        """Whether the database is in WAL mode (file format, section 1.3.2)."""
        return self.image[18:20] == b"\x02\x02"

    def make(self, clock: HarnessClock) -> _WrittenDatabase:
        """Return a fresh database, and writers that are connected to it."""
        _put(self.image, self._path, self._folder)
        dates = _Dates(self._source.path, is_main_kept=self._is_main_kept)
        return _WrittenDatabase(self, self._source, clock, dates, self._scripts)

    def place(self, content: bytes) -> Source:
        """Write a captured image to the spare folder."""
        source = Source(self.spare / self.name, self.spare)
        _put(content, str(source.path), str(source.path.parent))
        return source


class _WrittenDatabase:
    """A database while one plan runs."""

    def __init__(
        self,
        bench: DatabaseBench,
        source: Source,
        clock: HarnessClock,
        dates: _Dates,
        scripts: Sequence[_Script],
    ) -> None:
        self.source = source
        self._bench = bench
        self._clock = clock
        self._connections: list[WriterConnection] = []
        self._own: WriterConnection | None = None
        self._last = bench.image
        #: The one writer of whom all that it changes is committed, if there is one.
        self._committer: WriterConnection | None = None
        self._changes = 0
        self.writers = self._bind(scripts)
        self._dates = dates
        dates.begin(clock)

    def _bind(self, scripts: Sequence[_Script]) -> list[list[Step]]:
        """Return the steps with their connections; writers that can have one in common.

        To connect takes longer than a step, and so does a step after another
        connection's, which has to read again what it had in memory.
        """
        common: WriterConnection | None = None
        bound: list[list[Step]] = []
        for steps, is_sharing in scripts:
            connection = common if is_sharing else None
            if connection is None:
                connection = self._open()
                self._connections.append(connection)
            if is_sharing:
                common = connection
            bound.append([_SQLStep(*step, connection) for step in steps])
        if len(self._connections) == 1:
            self._committer = common
        return bound

    def _open(self) -> WriterConnection:
        return open_writer(self._bench.library, self.source.path, self._clock)

    def capture(self) -> bytes:
        """Return what is committed; what a lock hides has not changed."""
        with suppress(Blocked):
            self._last = self._idle().image()
        return self._last

    def settle(self) -> None:
        """Give the files that steps have changed the time of the clock."""
        changes = self._committer.changes if self._committer else 0
        self._dates.go_on(self._clock, has_written=changes > self._changes)
        self._changes = changes

    def truncate_wal(self) -> bool | None:
        """Commit a page that changes nothing, and checkpoint with TRUNCATE."""
        if not self._bench.is_wal:
            return None
        self._dates.is_main_kept = False
        own = self._idle()
        version = int.from_bytes(self.capture()[_USER_VERSION], "big", signed=True)
        try:
            own.run(Batch((Statement(f"PRAGMA user_version = {version}"),)))
            own.run(_TRUNCATE)
        except Blocked:
            return False
        return True

    def _idle(self) -> WriterConnection:
        """Return a connection without a transaction: it sees what is committed.

        Raises:
            Blocked: There is none, and a lock keeps a new one out.
        """
        for connection in self._connections:
            if not connection.holds_transaction:
                return connection
        if self._own is None:
            self._own = self._open()
        return self._own

    def close(self) -> None:
        """Close the writers' connections; the files stay."""
        for connection in (*self._connections, self._own):
            if connection is not None:
                connection.close()

    def discard(self) -> None:
        """Remove the files, then close: the last connection has nothing to checkpoint."""
        path = str(self.source.path)
        for file in (path, f"{path}-wal", f"{path}-shm"):
            try:
                os.unlink(file)
            except OSError:  # gone already, or Windows, where it is in use
                continue
        self.close()


def _put(content: bytes, path: str, folder: str) -> None:
    """Write *content* to a fresh file in an emptied folder."""
    empty_folder(folder)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)
