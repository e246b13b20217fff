"""The built-in adapter for the database of opencode 1.x."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import final

import apsw

from pytest_parsediff.adapters.opencode.connection import (
    open_source,
    read_transaction,
    store_errors,
)
from pytest_parsediff.adapters.opencode.load import load_tree
from pytest_parsediff.adapters.opencode.mapper import map_tree
from pytest_parsediff.adapters.opencode.pages import affected_sessions
from pytest_parsediff.adapters.opencode.schema import Schema, introspect
from pytest_parsediff.core.errors import Where
from pytest_parsediff.core.event import Emission, Source


@final
class OpencodeAdapter:
    """Reads every session of an opencode database.

    A scan is always a full one: it yields no checkpoint, and a cursor of whatever
    origin starts from the beginning again, which is harmless because events are
    identified by what they are about. Each session is one snapshot of the database;
    nothing is yielded while a snapshot is held, so a writer can always checkpoint.

    Attributes:
        name: ``opencode``.
    """

    name = "opencode"

    def scan(self, source: Source, _cursor: str | None, /) -> Iterator[Emission]:
        """Yield the events of every session, each session once.

        Memory is bounded by the largest session, and by the ids of all sessions.

        Args:
            source: ``source.path`` is the database file.

        Yields:
            Notices about the schema; then per session, in the order in which
            ``(time_updated, id)`` of any of its rows comes up, its notices and its
            events.

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
            for key in affected_sessions(connection, schema, path):
                yield from _session(connection, schema, path, key)


def _session(
    connection: apsw.Connection, schema: Schema, path: Path, key: bytes
) -> Iterator[Emission]:
    """Yield one session, from one snapshot that is released before."""
    tree, notices = load_tree(connection, schema, path, key)
    yield from notices
    if tree is None:
        return
    events, found = map_tree(tree, f"opencode:{path}")
    yield from found
    yield from events
