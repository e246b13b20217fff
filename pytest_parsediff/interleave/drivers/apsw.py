"""Follow readers that use apsw: its own hooks tell of connections and of snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from pytest_parsediff.interleave.drivers.audit import listening
from pytest_parsediff.interleave.drivers.driver import (
    Follower,
    Reach,
    Witness,
    is_silent,
)
from pytest_parsediff.interleave.schedule import Kind


class ApswDriver:
    """Follows connections made by apsw while it is active."""

    @contextmanager
    def following(self, root: Path, reach: Reach) -> Iterator[Witness]:
        """Report every snapshot that such a connection takes; see ``Driver``."""
        following = _Following(root, reach)
        apsw.connection_hooks.append(following.hear)
        with listening(following.hear_event):
            try:
                yield following.witness
            finally:
                apsw.connection_hooks.remove(following.hear)
                following.detach()


class _Following(Follower):
    """The connections of one reader while it is followed."""

    def hear_event(self, event: str, args: tuple[Any, ...]) -> None:
        """Notice a database file that is opened as a plain one."""
        if event == "open":
            self.hear_open(args[0])

    def hear(self, connection: apsw.Connection) -> None:
        """Notice a new connection; not one that a writer makes in its step."""
        path = connection.filename
        if self.is_busy or not path or not self.is_below(path):
            return

        def trace(event: dict[str, Any]) -> None:
            self._trace(connection, event)

        connection.trace_v2(apsw.SQLITE_TRACE_STMT, trace, id=self)
        self.follow(connection, path)

    def connect_nowhere(self) -> apsw.Connection:
        """Return a connection to memory."""
        return apsw.Connection(":memory:")

    def detach(self) -> None:
        """Leave every connection alone from now on."""
        self.leave()
        for connection, _ in self._followed:
            with suppress(apsw.Error):  # closed meanwhile
                connection.trace_v2(0, None, id=self)
        self._followed.clear()

    def _trace(self, connection: apsw.Connection, event: dict[str, Any]) -> None:
        """Hear of a statement that is about to start; one in a trigger is none."""
        sql = event["sql"]
        if event.get("trigger"):
            return
        self.witness.statements.append(sql)
        if is_silent(sql):
            return
        if connection.txn_state("main") == apsw.SQLITE_TXN_NONE:
            self.report_kept(Kind.SNAPSHOT, sql, connection.interrupt)
