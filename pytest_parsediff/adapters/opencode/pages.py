"""Which sessions have rows that a scan has to look at, and in which order.

Every row of the four watched tables names one session. Rows are read in pages, each
page in a transaction of its own; a session is named when it is seen first.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import final

import apsw

from pytest_parsediff.adapters.opencode.cells import INT64_MIN, RequiredCells
from pytest_parsediff.adapters.opencode.connection import (
    Row,
    fetch,
    read_transaction,
    store_errors,
)
from pytest_parsediff.adapters.opencode.cursor import Position, name_of
from pytest_parsediff.adapters.opencode.schema import WANTED, Schema
from pytest_parsediff.core.errors import Where

#: Rows per page.
PAGE_ROWS = 1000

#: A row may be committed so long after its time was taken, in milliseconds: opencode
#: waits five seconds for a lock.
LATE_MS = 5000

#: The cells that a row must have, the session that it belongs to last.
_OWNERS = {
    "session": ("id",),
    "message": ("session_id",),
    "part": ("message_id", "session_id"),
    "session_message": ("session_id",),
    "session_input": ("session_id",),
}
_TIME, _ID = "CAST(time_updated AS INTEGER)", "CAST(id AS TEXT)"


def affected_sessions(
    connection: apsw.Connection,
    schema: Schema,
    path: Path,
    positions: dict[str, Position] | None = None,
) -> Iterator[bytes]:
    """Yield the key of every session once; no transaction is open meanwhile.

    Rows come in the order of ``(time_updated, id)``. Memory grows with the number of
    sessions, not of rows. The time is that of one pass over the table for each page,
    as no index covers the order.

    Args:
        connection: To the store.
        schema: Its tables.
        path: For error messages.
        positions: Filled with the end of each table.

    Raises:
        RowError: PD423, a row lacks its id, its owner or its time of change.
        StoreOpenError: PD422, SQLite cannot read the store.
    """
    seen: set[bytes] = set()
    for table in WANTED:
        if table not in schema.tables:
            continue
        pages = Pages(connection, schema, path, table)
        for owners in pages.from_start():
            fresh = [owner for owner in dict.fromkeys(owners) if owner not in seen]
            seen.update(fresh)
            yield from fresh
        if positions is not None:
            positions[table] = pages.position


@final
class Pages:
    """Reads the owners of the rows of one table, page by page.

    Attributes:
        position: The end of what was read.
    """

    def __init__(
        self, connection: apsw.Connection, schema: Schema, path: Path, table: str
    ) -> None:
        self.position = Position()
        self._connection = connection
        self._schema = schema
        self._path = path
        self._table = table
        self._required = RequiredCells(schema.codec, Where(path), table)

    def from_start(self) -> Iterator[list[bytes]]:
        """Yield the owners of all rows, by time; those without a time come first."""
        return self._by_time("", ())

    def from_position(self, position: Position) -> Iterator[list[bytes]]:
        """Yield the owners of rows that may have changed since *position*.

        The millisecond of the position itself is read again, and some time before it:
        rows of it may have been committed since. A row that lacks what it must have is
        found wherever it stands.
        """
        self.position = position
        since = max(INT64_MIN, position.max_time_updated - LATE_MS)
        blank = " OR ".join(f"{c} IS NULL" for c in ("id", *_OWNERS[self._table]))
        where = f"WHERE {_TIME} >= ? OR typeof(time_updated) <> 'integer' OR {blank}"
        return self._by_time(where, (since,))

    def inserted_after(self, rowid: int) -> Iterator[list[bytes]]:
        """Yield the owners of rows with a greater rowid, by rowid."""
        time = "time_updated" if self._table in WANTED else "0"
        while True:
            sql = (
                f"SELECT rowid, {self._select(time)} FROM {self._table} "  # noqa: S608 - names of our own
                f"WHERE rowid > ? ORDER BY rowid LIMIT {PAGE_ROWS}"
            )
            rows = self._fetch(sql, (rowid,))
            yield [self._check(row[1:])[0] for row in rows]
            if len(rows) < PAGE_ROWS:
                return
            last = rows[-1][0]
            assert isinstance(last, int)
            rowid = last

    def _by_time(self, where: str, values: tuple[int, ...]) -> Iterator[list[bytes]]:
        place: tuple[int, bytes] | tuple[int, ...] = values
        while True:
            sql = (
                f"SELECT {self._select('time_updated')} FROM {self._table} {where} "  # noqa: S608 - names of our own
                f"ORDER BY {_TIME}, {_ID} LIMIT {PAGE_ROWS}"
            )
            rows = self._fetch(sql, place)
            owners = []
            for row in rows:
                owner, time, key = self._check(row)
                owners.append(owner)
                place = (time, key)
            if rows:
                self._advance(time, key)
            yield owners
            if len(rows) < PAGE_ROWS:
                return
            where = f"WHERE ({_TIME}, {_ID}) > (?, CAST(? AS TEXT))"

    def _select(self, time: str) -> str:
        schema, table = self._schema, self._table
        if time != "time_updated":
            return f"{schema.select(table, ('id',))}, {time}, {schema.select(table, _OWNERS[table])}"
        return schema.select(table, ("id", time, *_OWNERS[table]))

    def _fetch(self, sql: str, values: tuple[int | bytes, ...]) -> list[Row]:
        with store_errors(self._path), read_transaction(self._connection):
            return fetch(self._connection, sql, values)

    def _check(self, row: Row) -> tuple[bytes, int, bytes]:
        """Return owner, time and key of *row*, which must have all of them."""
        required = self._required
        key = required.identifier("id", row[0], row[0])
        time = required.integer("time_updated", row[1], row[0])
        owner = key
        for column, value in zip(_OWNERS[self._table], row[2:], strict=True):
            owner = required.identifier(column, value, row[0])
        return owner, time, key

    def _advance(self, time: int, key: bytes) -> None:
        """Move the position on, never back."""
        name = name_of(key, self._schema.codec)
        old = self.position
        if (time, name) > (old.max_time_updated, old.max_time_updated_id):
            self.position = Position(
                max_time_updated=time,
                max_time_updated_id=name,
                max_rowid=old.max_rowid,
            )
