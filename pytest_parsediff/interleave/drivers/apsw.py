"""Follow readers that use apsw: its own hooks tell of connections and of snapshots."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import apsw

from pytest_parsediff.interleave.drivers.audit import ignore, listen
from pytest_parsediff.interleave.drivers.connections import (
    QUERY,
    ConnectionFollower,
    is_silent,
)
from pytest_parsediff.interleave.drivers.driver import Reach, Witness
from pytest_parsediff.interleave.schedule import Kind

#: What there is to hear of plain files.
_EVENTS = ("open",)
_TXN_NONE = apsw.SQLITE_TXN_NONE
_SNAPSHOT = Kind.SNAPSHOT


class ApswDriver:
    """Follows connections made by apsw while it is active."""

    def following(
        self, root: Path, reach: Reach, witness: Witness | None = None
    ) -> AbstractContextManager[Witness]:
        """Report every snapshot that such a connection takes; see ``Driver``."""
        return _Following(root, reach, witness)


class _Following(ConnectionFollower):
    """The connections of one reader while it is followed."""

    def attach(self) -> None:
        """Hear of new connections, and of files that are opened."""
        apsw.connection_hooks.append(self.hear)
        listen(self.hear_event, _EVENTS)

    def detach(self) -> None:
        """Leave every connection alone from now on."""
        ignore(self.hear_event, _EVENTS)
        apsw.connection_hooks.remove(self.hear)
        self.leave()
        for connection, _ in self._followed:
            with suppress(apsw.Error):  # closed meanwhile
                connection.trace_v2(0, None, id=self)
        self._followed.clear()

    def hear_event(self, _event: str, args: tuple[Any, ...]) -> None:
        """Notice a database file that is opened as a plain one."""
        self.hear_open(args[0])

    def hear(self, connection: apsw.Connection) -> None:
        """Notice a new connection; not one that a writer makes in its step."""
        path = connection.filename
        if self.is_busy or not path or not self.is_below(path):
            return

        trace = self._tracer(connection)
        connection.trace_v2(apsw.SQLITE_TRACE_STMT, trace, id=self)
        self.follow(connection, path)

    def _tracer(self, connection: apsw.Connection) -> Callable[[dict[str, Any]], None]:
        """Return what hears of each statement that is about to start."""
        # what this does is done for each statement, so it looks nothing up twice
        note, report = self.witness.statements.append, self.report

        def trace(event: dict[str, Any]) -> None:
            if event["trigger"]:  # a statement inside another is none
                return
            sql = event["sql"]
            note(sql)
            if connection.txn_state("main") != _TXN_NONE:
                return
            if not sql.startswith(QUERY) and is_silent(sql):
                return
            connection.set_busy_timeout(0)  # a writer with a lock stands still
            try:
                report(_SNAPSHOT, sql)
            except BaseException as error:  # noqa: BLE001 - raised again at the boundary
                self.keep_failure(error, connection.interrupt)

        return trace

    def connect_nowhere(self) -> apsw.Connection:
        """Return a connection to memory."""
        return apsw.Connection(":memory:")
