"""Follow readers that use the ``sqlite3`` module, without changing them.

The audit event ``sqlite3.connect/handle`` fires for every way to make a connection, but
with an object that is not initialised yet. So the hook remembers the object and installs
a one-shot profiler, whose first event comes after the constructor and attaches a trace
callback. A commit made inside that callback is seen by the statement that is about to
start if, and only if, its connection holds no snapshot yet
(https://sqlite.org/isolation.html: a snapshot starts with the first read).
"""

from __future__ import annotations

import re
import sqlite3
import sys
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from threading import get_ident
from typing import Any

from pytest_parsediff.interleave.drivers.audit import ignore, listen
from pytest_parsediff.interleave.drivers.connections import (
    QUERY,
    ConnectionFollower,
    database_path,
    is_locking,
    is_silent,
    without_comments,
)
from pytest_parsediff.interleave.drivers.driver import Reach, Witness
from pytest_parsediff.interleave.schedule import Kind

#: What there is to hear of a connection in the making, and of plain files.
_EVENTS = ("sqlite3.connect", "sqlite3.connect/handle", "open")
#: The path that is attached, as SQLite tells it with the values of parameters.
_ATTACH = re.compile(r"ATTACH\s+(DATABASE\s+)?'((?:[^']|'')*)'", re.IGNORECASE)


class StdlibDriver:
    """Follows connections of the ``sqlite3`` module."""

    def following(
        self, root: Path, reach: Reach, witness: Witness | None = None
    ) -> AbstractContextManager[Witness]:
        """Report every snapshot that such a connection takes; see ``Driver``."""
        return _Following(root, reach, witness)


class _Following(ConnectionFollower):
    """The connections of one reader while it is followed."""

    def __init__(self, root: Path, reach: Reach, witness: Witness | None) -> None:
        super().__init__(root, reach, witness)
        self._paths: dict[int, str | None] = {}

    def attach(self) -> None:
        """Hear of new connections, and of files that are opened."""
        listen(self.hear, _EVENTS)

    def detach(self) -> None:
        """Leave every connection alone from now on."""
        ignore(self.hear, _EVENTS)
        self.leave()
        for connection, _ in self._followed:
            with suppress(sqlite3.Error):  # closed, or of another thread
                connection.set_trace_callback(None)
        self._followed.clear()

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Notice a connection in the making."""
        if self.is_busy:  # a writer may connect while the reader is about to
            return
        if event == "sqlite3.connect":
            path = database_path(args[0])
            is_ours = path is not None and self.is_below(path)
            self._paths[get_ident()] = path if is_ours else None
            if is_ours:
                self.report(Kind.FILE, "connect")
        elif event == "sqlite3.connect/handle" and get_ident() in self._paths:
            self._attach_later(args[0], self._paths.pop(get_ident()))
        elif event == "open":
            self.hear_open(args[0])

    def connect_nowhere(self) -> sqlite3.Connection:
        """Return a connection to memory."""
        with self.witness.aside():
            return sqlite3.connect(":memory:")

    def _attach_later(self, connection: sqlite3.Connection, path: str | None) -> None:
        """Attach to *connection* at the first event after its constructor."""
        before = sys.getprofile()

        def attach(*event: Any) -> None:
            sys.setprofile(before)
            with suppress(sqlite3.Error):  # the constructor failed
                self._attach(connection, path)
            if before is not None:
                before(*event)

        sys.setprofile(attach)

    def _attach(self, connection: sqlite3.Connection, path: str | None) -> None:
        """Follow *connection*; one to another database only if it attaches the store."""
        tracer = _Tracer(connection, self)
        if path is None:
            connection.set_trace_callback(_Waiting(tracer, self).trace)
            return
        # A writer with a lock stands still while the reader waits for it.
        connection.execute("PRAGMA busy_timeout=0").close()
        connection.set_trace_callback(tracer.trace)
        self.follow(connection, path)


class _Waiting:
    """Waits until a connection to another database attaches the store."""

    def __init__(self, tracer: _Tracer, following: _Following) -> None:
        self._tracer = tracer
        self._following = following
        self._is_attached = False

    def trace(self, sql: str) -> None:
        """Hear of a statement that is about to start."""
        if self._is_attached:
            self._tracer.trace(sql)
            return
        attached = _ATTACH.match(without_comments(sql))
        path = database_path(attached[2].replace("''", "'")) if attached else None
        if path is None or not self._following.is_below(path):
            return
        self._is_attached = True
        self._following.follow(self._tracer.connection, path)


class _Tracer:
    """Knows whether one connection holds a snapshot."""

    __slots__ = ("_following", "_has_snapshot", "_note", "connection")

    def __init__(
        self, connection: sqlite3.Connection, following: ConnectionFollower
    ) -> None:
        self.connection = connection
        self._following = following
        self._has_snapshot = False
        self._note = following.witness.statements.append

    def trace(self, sql: str) -> None:
        """Hear of a statement that is about to start; called for every single one."""
        if sql.startswith("-- TRIGGER "):  # how SQLite tells of one inside another
            return
        self._note(sql)
        if self.connection.in_transaction:
            if self._has_snapshot or is_silent(sql):
                return
            self._has_snapshot = True
        elif sql.startswith(QUERY):
            self._has_snapshot = False
        else:
            self._has_snapshot = is_locking(sql)
            if is_silent(sql):
                return
        try:
            self._following.report(Kind.SNAPSHOT, sql)
        except BaseException as error:  # noqa: BLE001 - raised again at the boundary
            self._following.keep_failure(error, self._interrupt)

    def _interrupt(self) -> None:
        with suppress(sqlite3.Error):
            self.connection.interrupt()
