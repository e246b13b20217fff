"""A writer through the ``sqlite3`` module, for readers that use it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pytest_parsediff.core.errors import WriterStepError
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.schedule import Blocked
from pytest_parsediff.interleave.writers.connection import SETTINGS, Batch


class StdlibWriter:
    """A writer through the ``sqlite3`` module."""

    def __init__(self, path: Path, clock: HarnessClock) -> None:
        self._connection = sqlite3.connect(
            path, timeout=0, isolation_level=None, check_same_thread=False
        )
        self._connection.create_function("now_ms", 0, lambda: clock.now_ms)
        try:
            self.run(SETTINGS)
        except BaseException:  # somebody else's lock keeps it out
            self.close()
            raise

    def run(self, batch: Batch, /) -> None:
        """Execute one step; see ``WriterConnection``."""
        had_transaction = self._connection.in_transaction
        try:
            blocked = batch.execute(self._connection.execute, is_inside=had_transaction)
        except sqlite3.OperationalError as error:
            self._roll_back(had_transaction)
            if error.sqlite_errorcode & 0xFF in (
                sqlite3.SQLITE_BUSY,
                sqlite3.SQLITE_LOCKED,
            ):
                raise Blocked(str(error)) from error
            raise WriterStepError(str(error)) from error
        except sqlite3.Error as error:
            self._roll_back(had_transaction)
            raise WriterStepError(str(error)) from error
        if blocked:
            raise Blocked(blocked)

    @property
    def holds_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.in_transaction

    @property
    def changes(self) -> int:
        """Rows that it has changed."""
        return self._connection.total_changes

    def image(self) -> bytes:
        """Return the committed content of the database."""
        try:
            return self._connection.serialize()
        except sqlite3.OperationalError as error:  # it has no code of its own
            raise Blocked(str(error)) from error

    def close(self) -> None:
        """Close it; an open transaction is rolled back."""
        self._connection.close()

    def _roll_back(self, had_transaction: bool) -> None:
        if self._connection.in_transaction and not had_transaction:
            self._connection.rollback()
