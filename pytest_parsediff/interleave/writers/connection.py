"""Connections for writers, through the library that the reader uses.

Two SQLite libraries in one process do not see each other's POSIX locks
(https://sqlite.org/howtocorrupt.html section 2.2.1), so a writer in the reader's
process goes through the reader's own library, and any other one lives in a process of
its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from pytest_parsediff.interleave.clock import HarnessClock

#: What every writer sets: commits need not survive a power cut, checkpoints are steps
#: of their own, and a lock is reported at once.
SETTINGS = (
    "PRAGMA synchronous = OFF",
    "PRAGMA wal_autocheckpoint = 0",
    "PRAGMA busy_timeout = 0",
)


class Library(StrEnum):
    """Whose SQLite a writer goes through."""

    STDLIB = "stdlib"
    APSW = "apsw"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement with its values.

    Attributes:
        sql: Without the semicolon, or with it.
        values: For its ``?`` parameters, in order.
        head: The first words, in capitals.
    """

    sql: str
    values: tuple[Any, ...] = ()
    head: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        head = " ".join(self.sql.split(None, 2)[:2]).upper().rstrip(";")
        object.__setattr__(self, "head", head)


class WriterConnection(Protocol):
    """A writer's own connection to the store."""

    def run(self, statements: Sequence[Statement], /) -> None:
        """Execute one step.

        SQL may call ``now_ms()``, the harness's clock.

        Raises:
            Blocked: A lock is in the way; an open transaction was rolled back.
            WriterStepError: PD610, SQLite refused a statement.
        """
        ...

    @property
    def holds_transaction(self) -> bool:
        """Whether a transaction is open, so that it sees what is not committed."""
        ...

    def image(self) -> bytes:
        """Return the committed content of the database, as its file would hold it.

        Raises:
            Blocked: Somebody has locked everybody out.
        """
        ...

    def close(self) -> None:
        """Close it; may be called twice."""
        ...


def open_writer(library: Library, path: Path, clock: HarnessClock) -> WriterConnection:
    """Return a writer of the database at *path*, which must exist.

    Each library is loaded only when it is used.

    Args:
        library: The reader's, or ``PROCESS`` for one in a process of its own.
        path: The database file.
        clock: What ``now_ms()`` tells.
    """
    match library:
        case Library.STDLIB:
            from pytest_parsediff.interleave.writers.stdlib import (  # noqa: PLC0415
                StdlibWriter,
            )

            return StdlibWriter(path, clock)
        case Library.APSW:
            from pytest_parsediff.interleave.writers.apsw import (  # noqa: PLC0415
                ApswWriter,
            )

            return ApswWriter(path, clock)
        case Library.PROCESS:
            from pytest_parsediff.interleave.writers.process import (  # noqa: PLC0415
                ProcessWriter,
            )

            return ProcessWriter(path, clock)


def execute(
    statements: Sequence[Statement],
    rows_of: Callable[[Statement], list[Any]],
    in_transaction: Callable[[], bool],
) -> str | None:
    """Execute one step; several plain statements become one transaction.

    A step that begins a transaction and does not end it holds its locks until a later
    step of the same writer ends it.

    Returns:
        ``None``, or the reason why the step is blocked although nothing was raised.
    """
    wrap = len(statements) > 1 and not in_transaction() and _can_wrap(statements)
    if wrap:
        rows_of(Statement("BEGIN IMMEDIATE"))
    for statement in statements:
        rows = rows_of(statement)
        if statement.head.startswith("PRAGMA WAL_CHECKPOINT") and rows and rows[0][0]:
            return "checkpoint is busy"
    if wrap:
        rows_of(Statement("COMMIT"))
    return None


def _can_wrap(statements: Sequence[Statement]) -> bool:
    bare = ("BEGIN", "COMMIT", "END", "ROLLBACK", "PRAGMA", "VACUUM", "SAVEPOINT")
    return not any(statement.head.startswith(bare) for statement in statements)
