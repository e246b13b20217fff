"""What can be said of all sessions of a store without parsing them."""

from __future__ import annotations

from collections.abc import Iterator

import apsw

from pytest_parsediff.adapters.opencode.cells import cell
from pytest_parsediff.adapters.opencode.connection import Row, fetch
from pytest_parsediff.adapters.opencode.schema import Schema
from pytest_parsediff.adapters.opencode.treerows import TreeRows
from pytest_parsediff.core.event import Evidence, SessionInfo

_NS_PER_MS = 1_000_000


def list_sessions(connection: apsw.Connection, schema: Schema) -> list[SessionInfo]:
    """Return every session that has a row, in the order of the rows; one statement."""
    codec = schema.codec
    return [
        SessionInfo(codec.text(row_id), _nanoseconds(codec.integer(updated)))
        for row_id, updated in _rows(connection, schema, "id", "time_updated")
    ]


def weigh_sessions(connection: apsw.Connection, schema: Schema) -> Iterator[Evidence]:
    """Yield the digest of each session; a transaction must be open meanwhile.

    It is the digest that a scan of the same snapshot emits: the same rows are read by
    the same statements. Memory is bounded by the largest session, and by the ids.
    """
    codec = schema.codec
    keys = (codec.key(row[0]) for row in _rows(connection, schema, "id"))
    for key in dict.fromkeys(keys):
        rows = TreeRows(connection, schema, key)
        cells = rows.session()
        if cells is None:
            continue
        if not rows.is_compacting(cells):
            rows.read_all(cells["parent_id"])
        evidence = rows.evidence()
        if evidence is not None:
            yield evidence


def _rows(connection: apsw.Connection, schema: Schema, *columns: str) -> list[Row]:
    """Return *columns* of all sessions that a scan can find: their ids are text."""
    names = ", ".join(map(cell, columns))
    sql = f"SELECT {names} FROM session WHERE id = CAST(id AS TEXT)"  # noqa: S608 - names of our own
    return [row for row in fetch(connection, sql) if schema.codec.raw(row[0]).strip()]


def _nanoseconds(ms: int | None) -> int | None:
    """Return milliseconds as nanoseconds; what is no time is unknown."""
    return ms * _NS_PER_MS if ms and ms > 0 else None
