"""The built-in adapter for the database of opencode 1.x."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import final

import apsw

from pytest_parsediff.adapters.opencode.connection import (
    open_source,
    read_transaction,
    store_errors,
)
from pytest_parsediff.adapters.opencode.inventory import list_sessions, weigh_sessions
from pytest_parsediff.adapters.opencode.load import ROOT_NOTICES, load_tree
from pytest_parsediff.adapters.opencode.mapper import map_tree
from pytest_parsediff.adapters.opencode.pages import affected_sessions
from pytest_parsediff.adapters.opencode.schema import Schema, introspect
from pytest_parsediff.core.errors import Where
from pytest_parsediff.core.event import Emission, Notice, SessionInfo, Source


@final
class OpencodeAdapter:
    """Reads every session of an opencode database.

    A scan is always a full one: it yields no checkpoint, and a cursor of whatever
    origin starts from the beginning again, which is harmless because events are
    identified by what they are about. Each session is one snapshot of the database;
    nothing is yielded while a snapshot is held, so a writer can always checkpoint.

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

    def scan(self, source: Source, _cursor: str | None, /) -> Iterator[Emission]:
        """Yield the events of every session, each session once.

        Memory is bounded by the largest session, and by the ids of all sessions.

        Args:
            source: ``source.path`` is the database file.

        Yields:
            Notices about the schema; then per session, in the order in which
            ``(time_updated, id)`` of any of its rows comes up, its evidence, its
            notices and its events, all from one snapshot. A notice about an ancestor
            is given once, whatever number of sessions is below it. A session that is
            being compacted has evidence and the notice ``needs-retry``.

        Raises:
            StoreOpenError: PD422, the file is missing, no database, or unreadable.
            SchemaError: PD421, a required table or column is missing.
            RowError: PD423, a row lacks its id, its owner or its time of change, or a
                known ``session_message`` cannot be decoded; sessions before it have
                been yielded.
        """
        path = source.path
        with closing(open_source(path)) as connection:
            with store_errors(path), read_transaction(connection):
                schema = introspect(connection, Where(path))
            yield from schema.notices
            told: set[Notice] = set()
            for key in affected_sessions(connection, schema, path):
                yield from _session(connection, schema, path, key, told)

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


@contextmanager
def _snapshot(path: Path) -> Iterator[tuple[apsw.Connection, Schema]]:
    """Hold one snapshot of the store."""
    with (
        closing(open_source(path)) as connection,
        store_errors(path),
        read_transaction(connection),
    ):
        yield connection, introspect(connection, Where(path))


def _session(
    connection: apsw.Connection,
    schema: Schema,
    path: Path,
    key: bytes,
    told: set[Notice],
) -> Iterator[Emission]:
    """Yield one session, from one snapshot that is released before.

    Args:
        connection: To the store.
        schema: Of the store.
        path: Of the database.
        key: Of the session.
        told: Notices about ancestors that were given before; grows.
    """
    loaded = load_tree(connection, schema, path, key)
    if loaded.evidence is not None:
        yield loaded.evidence
    for notice in loaded.notices:
        if notice not in told:
            yield notice
        if notice.code in ROOT_NOTICES:
            told.add(notice)
    if loaded.tree is None:
        return
    events, found = map_tree(loaded.tree, f"opencode:{path}")
    yield from found
    yield from events
