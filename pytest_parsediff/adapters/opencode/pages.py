"""Which sessions a scan has to hand out, and in which order.

Every row of the four watched tables names one session. Rows are read in pages, in the
order of ``(time_updated, id)``, each page in a transaction of its own; a session is
named when it is seen first.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw

from pytest_parsediff.adapters.opencode.cells import RequiredCells
from pytest_parsediff.adapters.opencode.connection import (
    fetch,
    read_transaction,
    store_errors,
)
from pytest_parsediff.adapters.opencode.schema import WANTED, Schema
from pytest_parsediff.core.errors import Where

#: Rows per page.
PAGE_ROWS = 1000

#: The cells that a row must have, the session that it belongs to last.
_OWNERS = {
    "session": ("id",),
    "message": ("session_id",),
    "part": ("message_id", "session_id"),
    "session_message": ("session_id",),
}
_TIME, _ID = "CAST(time_updated AS INTEGER)", "CAST(id AS TEXT)"


def affected_sessions(
    connection: apsw.Connection, schema: Schema, path: Path
) -> Iterator[bytes]:
    """Yield the key of every session once; no transaction is open meanwhile.

    Memory grows with the number of sessions, not of rows. The time is that of one
    pass over the table for each page, as no index covers the order.

    Raises:
        RowError: PD423, a row lacks its id, its owner or its time of change.
        StoreOpenError: PD422, SQLite cannot read the store.
    """
    seen: set[bytes] = set()
    for table in WANTED:
        if table not in schema.tables:
            continue
        for owners in _pages(connection, schema, path, table):
            fresh = [owner for owner in dict.fromkeys(owners) if owner not in seen]
            seen.update(fresh)
            yield from fresh


def _pages(
    connection: apsw.Connection, schema: Schema, path: Path, table: str
) -> Iterator[list[bytes]]:
    """Yield the owners of the rows of *table*, page by page."""
    required = RequiredCells(schema.codec, Where(path), table)
    select = schema.select(table, ("id", "time_updated", *_OWNERS[table]))
    after = ""  # the first page takes all rows, those without a time included
    position: tuple[int, bytes] | tuple[()] = ()
    while True:
        sql = (
            f"SELECT {select} FROM {table} {after} "  # noqa: S608 - names of our own
            f"ORDER BY {_TIME}, {_ID} LIMIT {PAGE_ROWS}"
        )
        with store_errors(path), read_transaction(connection):
            rows = fetch(connection, sql, position)
        owners: list[bytes] = []
        for row in rows:
            key = required.identifier("id", row[0], row[0])
            position = (required.integer("time_updated", row[1], row[0]), key)
            for column, value in zip(_OWNERS[table], row[2:], strict=True):
                owner = required.identifier(column, value, row[0])
            owners.append(owner)
        yield owners
        if len(rows) < PAGE_ROWS:
            return
        after = f"WHERE ({_TIME}, {_ID}) > (?, CAST(? AS TEXT))"
