"""The built-in adapter for the database of opencode 1.x."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, final

import apsw

from pytest_parsediff.adapters.opencode.connection import (
    open_source,
    read_transaction,
    store_errors,
)
from pytest_parsediff.adapters.opencode.emit import REMOVED
from pytest_parsediff.adapters.opencode.inventory import list_sessions, weigh_sessions
from pytest_parsediff.adapters.opencode.reader import OpencodeReader
from pytest_parsediff.adapters.opencode.schema import Schema, introspect
from pytest_parsediff.adapters.opencode.status import describe_store
from pytest_parsediff.core.errors import Where
from pytest_parsediff.core.event import Context, Emission, SessionInfo, Source


@final
class OpencodeAdapter:
    """Reads every session of an opencode database.

    A full scan ends with a checkpoint; a reader goes on from it and emits, whole, each
    session that has changed. Each session is one snapshot of the database; nothing is
    yielded while a snapshot is held, so a writer can always checkpoint.

    Attributes:
        name: ``opencode``.
        data_version: Goes up by one with every change of this package after which a
            store that nobody touched gives other events, on purpose, or other
            evidence: then stored sessions are to be recorded again, and are neither
            changed nor raced until they are. It stays for a bug that is mended
            without meaning to change any event, for new notices, and for columns that
            are read without an effect.
    """

    name = "opencode"
    data_version = 1

    #: A session that comes again replaces what was known of it.
    emits = "session"
    #: An event that takes back what was said of its session; it may come again behind it.
    tombstones = {"/kind": (REMOVED,)}  # noqa: RUF012 - read as an attribute
    amends = {"/kind": ("op_started", "op_finalized")}  # noqa: RUF012 - the same
    #: From the last checkpoint on a quiet store emits nothing.
    exact_resume = True

    def open(self, source: Source, context: Context, /) -> OpencodeReader:
        """Return a reader that can be polled; the caller closes it."""
        return OpencodeReader(source, context.clock)

    def scan(self, source: Source, cursor: str | None, /) -> Iterator[Emission]:
        """Yield the events of every session, each session once, or what has changed.

        Memory is bounded by the largest session, and by the ids of all sessions.

        Args:
            source: ``source.path`` is the database file.
            cursor: ``None`` for everything; else this is one poll of a new reader.

        Yields:
            Notices about the schema; then per session, of which several may have an
            ancestor that is missing, told of once, in the order in which
            ``(time_updated, id)`` of any of its rows comes up, its evidence, its
            notices and its events, all from one snapshot. A session that is being
            compacted has evidence and the notice ``needs-retry``. A row that lacks its
            id, its owner or its time of change, and a known ``session_message`` that
            cannot be decoded, are told in the notice ``session-error``, with PD423.
            After each 500 sessions and in the end a checkpoint.

        Raises:
            StoreOpenError: PD422, the file is missing, no database, or unreadable.
            SchemaError: PD421, a required table or column is missing.
        """
        with closing(OpencodeReader(source, time.monotonic)) as reader:
            yield from reader.scan(cursor)

    def sessions(self, source: Source, /) -> list[SessionInfo]:
        """Return every session of the store, with the time of its last change.

        Costs one pass over the table ``session``.

        Raises:
            StoreOpenError: PD422. SchemaError: PD421.
        """
        with _snapshot(source.path) as (connection, schema):
            return list_sessions(connection, schema)

    def evidence(self, source: Source, /) -> dict[str, str]:
        """Return the digest of every session, all from one snapshot.

        A digest covers what the session's events are made of: its row, the root of
        its chain of parents, its messages and their parts, the stored prompts, and
        its switches of agent and model. It changes with any cell of them that can
        change an event, also where ``time_updated`` stays, and with nothing else: not
        with time_updated itself, nor with other sessions. All rows are read; the
        snapshot is held meanwhile.

        Raises:
            StoreOpenError: PD422. SchemaError: PD421.
        """
        with _snapshot(source.path) as (connection, schema):
            found = weigh_sessions(connection, schema)
            return {evidence.session: evidence.digest for evidence in found}

    def probe(self, source: Source, /) -> dict[str, Any]:
        """Return what the store is: status, rows, migrations; see :mod:`.status`.

        Raises:
            StoreOpenError: PD422. SchemaError: PD421.
        """
        path = source.path
        with (
            closing(open_source(path)) as connection,
            store_errors(path),
            read_transaction(connection),
        ):
            return describe_store(connection, Where(path))


@contextmanager
def _snapshot(path: Path) -> Iterator[tuple[apsw.Connection, Schema]]:
    """Hold one snapshot of the store."""
    with (
        closing(open_source(path)) as connection,
        store_errors(path),
        read_transaction(connection),
    ):
        yield connection, introspect(connection, Where(path))
