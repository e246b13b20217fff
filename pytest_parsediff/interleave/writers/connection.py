"""Connections for writers, through the library that the reader uses.

Two SQLite libraries in one process do not see each other's POSIX locks
(https://sqlite.org/howtocorrupt.html section 2.2.1), so a writer in the reader's
process goes through the reader's own library, and any other one lives in a process of
its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Library(StrEnum):
    """Whose SQLite a writer goes through."""

    STDLIB = "stdlib"
    APSW = "apsw"
    PROCESS = "process"


#: Statements that must not stand in a transaction, or that begin and end their own.
_BARE = ("BEGIN", "COMMIT", "END", "ROLLBACK", "PRAGMA", "VACUUM", "SAVEPOINT")
#: Statements that give no rows, unless they end in RETURNING.
_ROWLESS = ("INSERT", "UPDATE", "DELETE", "REPLACE", "BEGIN", "COMMIT", "END")


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement with its values.

    Attributes:
        sql: Without the semicolon, or with it.
        values: For its ``?`` parameters, in order.
        head: The first words, in capitals.
        can_wrap: Whether it may stand inside a transaction that the harness begins.
        has_rows: Whether it may give rows, which are then to be fetched.
        is_checkpoint: Whether its rows say if a checkpoint was complete.
    """

    sql: str
    values: tuple[Any, ...] = ()
    head: str = field(init=False, compare=False, repr=False)
    can_wrap: bool = field(init=False, compare=False, repr=False)
    has_rows: bool = field(init=False, compare=False, repr=False)
    is_checkpoint: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        head = " ".join(self.sql.split(None, 2)[:2]).upper().rstrip(";")
        object.__setattr__(self, "head", head)
        object.__setattr__(self, "can_wrap", not head.startswith(_BARE))
        has_rows = not head.startswith(_ROWLESS) or "RETURNING" in self.sql.upper()
        object.__setattr__(self, "has_rows", has_rows)
        is_checkpoint = head.startswith("PRAGMA WAL_CHECKPOINT")
        object.__setattr__(self, "is_checkpoint", is_checkpoint)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step executes, looked at once and executed for every plan.

    Attributes:
        statements: In order.
        may_wrap: Whether they become one transaction, if none is open.
    """

    statements: tuple[Statement, ...]
    may_wrap: bool = field(init=False, compare=False, repr=False)
    _calls: tuple[tuple[str, tuple[Any, ...]], ...] = field(
        init=False, compare=False, repr=False
    )
    _has_rows: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        several = self.statements if len(self.statements) > 1 else ()
        may_wrap = bool(several) and all(one.can_wrap for one in several)
        object.__setattr__(self, "may_wrap", may_wrap)
        calls = tuple((one.sql, one.values) for one in self.statements)
        object.__setattr__(self, "_calls", calls)
        has_rows = any(one.has_rows for one in self.statements)
        object.__setattr__(self, "_has_rows", has_rows)

    def execute(
        self, cursor_of: Callable[[str, tuple[Any, ...]], Any], *, is_inside: bool
    ) -> str | None:
        """Execute one step; several plain statements become one transaction.

        A step that begins a transaction and does not end it holds its locks until a
        later step of the same writer ends it.

        Args:
            cursor_of: Executes one statement.
            is_inside: Whether a transaction is open already.

        Returns:
            ``None``, or why the step is blocked although nothing was raised.
        """
        is_wrapped = self.may_wrap and not is_inside
        if is_wrapped:
            cursor_of("BEGIN IMMEDIATE", ())
        if self._has_rows:
            blocked = self._drain(cursor_of)
            if blocked:
                return blocked
        else:
            for sql, values in self._calls:
                cursor_of(sql, values)
        if is_wrapped:
            cursor_of("COMMIT", ())
        return None

    def _drain(self, cursor_of: Callable[[str, tuple[Any, ...]], Any]) -> str | None:
        for statement in self.statements:
            rows = cursor_of(statement.sql, statement.values).fetchall()
            if statement.is_checkpoint and rows and rows[0][0]:
                return "checkpoint is busy"
        return None


#: What every writer sets: commits need not survive a power cut, and checkpoints are
#: steps of their own. It connects without a timeout, so a lock is reported at once.
UNSAFE = Statement("PRAGMA synchronous = OFF")
SETTINGS = Batch((UNSAFE, Statement("PRAGMA wal_autocheckpoint = 0")))


#: Statements whose effect is in the database alone, by their first word ...
_PLAIN = ("INSERT ", "UPDATE ", "DELETE ", "REPLACE ", "PRAGMA WAL_CHECKPOINT")
#: ... unless they ask what their connection did before, or has of its own.
_OWN = re.compile("changes|rowid|temp", re.IGNORECASE)


def leaves_nothing(statements: Sequence[Statement]) -> bool:
    """Return whether a step leaves its connection as it was.

    It is one whole transaction, and needs nothing that an earlier step of its writer
    left in the connection. Steps of several writers may then go through one, and no
    reader can tell: what is committed is the same.
    """
    first, last = statements[0].head, statements[-1].head
    if len(statements) > 1 and first.startswith("BEGIN"):
        if not last.startswith(("COMMIT", "END")):
            return False
        statements = statements[1:-1]
    return all(
        f"{statement.head} ".startswith(_PLAIN) and not _OWN.search(statement.sql)
        for statement in statements
    )


class WriterConnection(Protocol):
    """A writer's own connection to the store."""

    def run(self, batch: Batch, /) -> None:
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

    @property
    def changes(self) -> int:
        """Rows that it has changed for certain; 0 where nobody counts them."""
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
