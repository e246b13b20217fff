"""A writer through apsw, for readers that use it, and in processes of their own."""

from __future__ import annotations

from pathlib import Path

import apsw

from pytest_parsediff.core.errors import WriterStepError
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.schedule import Blocked
from pytest_parsediff.interleave.writers.connection import UNSAFE, Batch

_SETTINGS = Batch((UNSAFE,))


class ApswWriter:
    """A writer through apsw."""

    def __init__(self, path: Path, clock: HarnessClock) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE
        self._connection = apsw.Connection(str(path), flags=flags)

        def now_ms(*_none: object) -> int:
            return clock.now_ms

        self._connection.create_scalar_function("now_ms", now_ms, 0)
        self._connection.set_busy_timeout(0)  # a hook may have set one
        try:
            self.run(_SETTINGS)
            self._connection.wal_autocheckpoint(0)  # without SQL, which takes longer
        except BaseException:  # somebody else's lock keeps it out
            self.close()
            raise

    def run(self, batch: Batch, /) -> None:
        """Execute one step; see ``WriterConnection``."""
        had_transaction = not self._connection.get_autocommit()
        try:
            blocked = batch.execute(self._connection.execute, is_inside=had_transaction)
        except (apsw.BusyError, apsw.LockedError) as error:
            self._roll_back(had_transaction)
            raise Blocked(str(error)) from error
        except apsw.Error as error:
            self._roll_back(had_transaction)
            raise WriterStepError(str(error)) from error
        if blocked:
            raise Blocked(blocked)

    @property
    def holds_transaction(self) -> bool:
        """Whether a transaction is open."""
        return not self._connection.get_autocommit()

    @property
    def changes(self) -> int:
        """Rows that it has changed."""
        return self._connection.total_changes()

    def image(self) -> bytes:
        """Return the committed content of the database."""
        image = self._connection.serialize("main")
        if image is None:  # which the type does not tell
            raise Blocked("the database cannot be serialized now")
        return bytes(image)

    def close(self) -> None:
        """Close it; an open transaction is rolled back."""
        self._connection.close()

    def _roll_back(self, had_transaction: bool) -> None:
        if self.holds_transaction and not had_transaction:
            self._connection.execute("ROLLBACK").fetchall()
