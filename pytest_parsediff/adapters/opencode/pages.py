"""Which sessions have rows that a scan has to look at, and in which order.

Every row of the watched tables names one session. A table is walked once, whatever its
length: in pages by rowid, each in a transaction of its own, or by one statement where
that is shorter. A row that lacks what it must have is told of, and counts for the
session that it names, if it names one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias, final

import apsw

from pytest_parsediff.adapters.opencode.cells import (
    INT64_MIN,
    RequiredCells,
    unreadable,
)
from pytest_parsediff.adapters.opencode.connection import (
    Row,
    fetch,
    read_transaction,
    store_errors,
)
from pytest_parsediff.adapters.opencode.cursor import Position, name_of
from pytest_parsediff.adapters.opencode.layout import Layout
from pytest_parsediff.adapters.opencode.schema import WANTED
from pytest_parsediff.core.errors import RowError, Where
from pytest_parsediff.core.event import NO_SESSION, Notice

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
_TIME = "CAST(time_updated AS INTEGER)"

#: Time and id, by which rows are put in order.
_Place: TypeAlias = tuple[int, bytes]
#: Of a row that lacks its id or its time.
_NOWHERE: _Place = (INT64_MIN, b"")


def affected_sessions(
    connection: apsw.Connection,
    layout: Layout,
    path: Path,
    positions: dict[str, Position],
) -> Iterator[bytes | Notice]:
    """Yield the key of every session once; no transaction is open meanwhile.

    Sessions come in the order of ``(time_updated, id)``, then those that only rows of
    the next table name, in the order of the first of these rows, and so on. Each table
    is read once, and memory grows with the number of sessions, not of rows.

    Args:
        connection: To the store.
        layout: Its tables.
        path: For error messages.
        positions: Filled with the end of each table.

    Yields:
        Keys, and what is told of rows that cannot be read.

    Raises:
        StoreOpenError: PD422, SQLite cannot read the store.
    """
    seen: set[bytes] = set()
    for table in WANTED:
        if table not in layout.schema.tables:
            continue
        pages = Pages(connection, layout, path, table)
        first: dict[bytes, _Place] = {}
        for rows in pages.from_start():
            for owner, place in rows:
                if owner not in seen and place < first.get(owner, (place[0] + 1, b"")):
                    first[owner] = place
            yield from pages.take_flaws()
        positions[table] = pages.position
        seen.update(first)
        yield from sorted(first, key=first.__getitem__)


@final
class Pages:
    """Reads the owners of the rows of one table.

    Attributes:
        position: The end of what was read.
    """

    def __init__(
        self, connection: apsw.Connection, layout: Layout, path: Path, table: str
    ) -> None:
        self.position = Position()
        self._connection = connection
        self._layout = layout
        self._path = path
        self._table = table
        self._required = RequiredCells(layout.schema.codec, Where(path), table)
        self._flaws: list[Notice] = []

    def take_flaws(self) -> list[Notice]:
        """Return what is to be told of rows that lack something, each once."""
        flaws, self._flaws = self._flaws, []
        return flaws

    def from_start(self) -> Iterator[list[tuple[bytes, _Place]]]:
        """Yield owner and place of all rows.

        A table without rowids is one page, and so is ``session``: rowids move in a
        ``VACUUM``, and a session must not be missed.
        """
        if self._table in self._layout.numbered:
            yield from self._by_rowid(INT64_MIN)
            return
        sql = f"SELECT {self._select('time_updated')} FROM {self._table}"  # noqa: S608 - names of our own
        yield self._readable(self._fetch(sql, ()))

    def from_position(self, position: Position) -> Iterator[list[bytes]]:
        """Yield the owners of rows that may have changed since *position*.

        The millisecond of the position itself is read again, and some time before it:
        rows of it may have been committed since. A row that lacks what it must have is
        found wherever it stands. No index covers the time, so it is one walk by one
        statement; those whose rows are the latest come last.
        """
        self.position = position
        since = max(INT64_MIN, position.max_time_updated - LATE_MS)
        blank = " OR ".join(f"{c} IS NULL" for c in ("id", *_OWNERS[self._table]))
        sql = (
            f"SELECT {self._select('time_updated')} FROM {self._table} "  # noqa: S608 - names of our own
            f"WHERE {_TIME} >= ? OR typeof(time_updated) <> 'integer' OR {blank}"
        )
        last: dict[bytes, _Place] = {}
        with store_errors(self._path), read_transaction(self._connection):
            for row in self._connection.execute(sql, (since,)):
                for owner, place in self._readable((row,)):
                    last[owner] = max(place, last.get(owner, _NOWHERE))
        yield sorted(last, key=last.__getitem__)

    def inserted_after(self, rowid: int) -> Iterator[list[bytes]]:
        """Yield the owners of rows with a greater rowid, by rowid."""
        for rows in self._by_rowid(rowid):
            yield [owner for owner, _ in rows]

    def _by_rowid(self, rowid: int) -> Iterator[list[tuple[bytes, _Place]]]:
        time = "time_updated" if self._table in WANTED else "0"
        sql = (
            f"SELECT {self._select(time)}, rowid FROM {self._table} "  # noqa: S608 - names of our own
            f"WHERE rowid > ? ORDER BY rowid LIMIT {PAGE_ROWS}"
        )
        while True:
            rows = self._fetch(sql, (rowid,))
            yield self._readable(row[:-1] for row in rows)
            if len(rows) < PAGE_ROWS:
                return
            last = rows[-1][-1]
            assert isinstance(last, int)
            rowid = last

    def _select(self, time: str) -> str:
        """Return the select list: id, time, and the cells that name the owner."""
        schema, table = self._layout.schema, self._table
        owners = schema.select(table, _OWNERS[table])
        if time == "time_updated":
            time = schema.select(table, (time,))
        return f"{schema.select(table, ('id',))}, {time}, {owners}"

    def _fetch(self, sql: str, values: tuple[int, ...]) -> list[Row]:
        with store_errors(self._path), read_transaction(self._connection):
            return fetch(self._connection, sql, values)

    def _readable(self, rows: Iterable[Row]) -> list[tuple[bytes, _Place]]:
        """Return owner and place of those *rows* that have an owner."""
        required, owned = self._required, []
        for row in rows:
            owner, place = required.key(row[-1]), _NOWHERE
            try:
                key = required.identifier("id", row[0], row[0])
                time = required.integer("time_updated", row[1], row[0])
                for column, value in zip(_OWNERS[self._table], row[2:], strict=True):
                    required.identifier(column, value, row[0])
            except RowError as error:
                session = required.codec.text(owner) if owner else NO_SESSION
                self._flaws.append(unreadable(error, session))
            else:
                place = time, key
                self._advance(time, key)
            if owner:
                owned.append((owner, place))
        return owned

    def _advance(self, time: int, key: bytes) -> None:
        """Move the position on, never back."""
        old = self.position
        if time < old.max_time_updated:
            return
        name = name_of(key, self._layout.schema.codec)
        if (time, name) > (old.max_time_updated, old.max_time_updated_id):
            self.position = Position(
                max_time_updated=time,
                max_time_updated_id=name,
                max_rowid=old.max_rowid,
            )
