"""Follow readers that use apsw: its own hooks tell of connections and of snapshots."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, TypeAlias

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
#: Called with what apsw tells of a statement that is about to start.
_Trace: TypeAlias = Callable[[dict[str, Any]], None]


class ApswDriver:
    """Follows connections made by apsw while it is active."""

    def following(
        self, root: Path, reach: Reach, witness: Witness | None = None
    ) -> AbstractContextManager[Witness]:
        """Report every snapshot that such a connection takes; see ``Driver``."""
        return _Following(root, reach, witness)


class _Following(ConnectionFollower):
    """The connections of one reader while it is followed."""

    def __init__(self, root: Path, reach: Reach, witness: Witness | None) -> None:
        super().__init__(root, reach, witness)
        self._waiting: list[weakref.ref[apsw.Connection]] = []

    def attach(self) -> None:
        """Hear of new connections, and of files that are opened."""
        apsw.connection_hooks.append(self.hear)
        listen(self.hear_event, _EVENTS)

    def detach(self) -> None:
        """Leave every connection alone from now on."""
        ignore(self.hear_event, _EVENTS)
        apsw.connection_hooks.remove(self.hear)
        self.leave()
        waiting = (reference() for reference in self._waiting)
        for connection in (*(held for held, _ in self._followed), *waiting):
            if connection is not None:
                with suppress(apsw.Error):  # closed meanwhile
                    connection.trace_v2(0, None, id=self)
        self._followed.clear()
        self._waiting.clear()

    def hear_event(self, _event: str, args: tuple[Any, ...]) -> None:
        """Notice a database file that is opened as a plain one."""
        self.hear_open(args[0])

    def hear(self, connection: apsw.Connection) -> None:
        """Notice a new connection; not one that a writer makes in its step."""
        if self.is_busy:
            return
        path = connection.filename
        if path and self.is_below(path):
            trace = self._tracer(connection, "main")
            self.follow(connection, path)
        else:
            trace = self._waiter()
            self._waiting.append(weakref.ref(connection))
        connection.trace_v2(apsw.SQLITE_TRACE_STMT, trace, id=self)

    def _waiter(self) -> _Trace:
        """Return what waits until a connection to another database attaches the store.

        It holds the connection no longer than for a statement until then.
        """
        follows: _Trace | None = None
        schema = ""

        def trace(event: dict[str, Any]) -> None:
            nonlocal follows, schema
            connection: apsw.Connection = event["connection"]
            if schema not in connection.db_names():
                schema, path = self._find_store(connection)
                follows = self._tracer(connection, schema) if schema else None
                if schema:
                    self.follow(connection, path)
            if follows is not None:
                follows(event)

        return trace

    def _find_store(self, connection: apsw.Connection) -> tuple[str, str]:
        """Return the schema under which the store is attached, and its path, if any."""
        for schema in connection.db_names():
            path = connection.db_filename(schema)
            if path and self.is_below(path):
                return schema, path
        return "", ""

    def _tracer(self, connection: apsw.Connection, schema: str) -> _Trace:
        """Return what hears of each statement that is about to start.

        Args:
            connection: Of the reader.
            schema: What the store is called there.
        """
        # what this does is done for each statement, so it looks nothing up twice
        note, report = self.witness.statements.append, self.report

        def trace(event: dict[str, Any]) -> None:
            if event["trigger"]:  # a statement inside another is none
                return
            sql = event["sql"]
            note(sql)
            if connection.txn_state(schema) != _TXN_NONE:
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
        with self.witness.aside():
            return apsw.Connection(":memory:")
