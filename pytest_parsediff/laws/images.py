"""Database images: a copy in memory, changed, and read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import apsw
from apsw.ext import query_info

#: Where a header says that a database is in WAL mode, which memory cannot be
#: (https://sqlite.org/fileformat2.html section 1.3.2).
_JOURNAL = slice(18, 20)


@contextmanager
def in_memory(image: bytes) -> Iterator[apsw.Connection]:
    """Open a copy of *image* in memory; its triggers stay silent."""
    connection = apsw.Connection(":memory:")
    try:
        connection.deserialize("main", image[:18] + b"\x01\x01" + image[20:])
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        yield connection
    finally:
        connection.close()


def image_of(connection: apsw.Connection, like: bytes) -> bytes:
    """Return the content of *connection*, in the journal mode that *like* has."""
    content = connection.serialize("main")
    return content[:18] + like[_JOURNAL] + content[20:]


def change(image: bytes, sql: str, values: tuple[object, ...] = ()) -> bytes | None:
    """Return *image* after one statement; ``None`` if SQLite refuses it."""
    with in_memory(image) as connection:
        try:
            connection.execute(sql, values).fetchall()
        except apsw.Error:
            return None
        return image_of(connection, image)


def quote(name: str) -> str:
    """Return *name* as an identifier."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Table:
    """A table that holds rows of its own.

    Attributes:
        name: As in the schema.
        columns: In order, generated ones left out.
        keys: Columns of the primary key, in its order.
        has_rowid: Whether rows are found by ``_rowid_``; else by *keys*.
    """

    name: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    has_rowid: bool

    @property
    def row_columns(self) -> tuple[str, ...]:
        """What finds one row, as SQL."""
        return ("_rowid_",) if self.has_rowid else tuple(map(quote, self.keys))

    @property
    def where(self) -> str:
        """A condition for one row, with a parameter per row column."""
        return " AND ".join(f"{column} IS ?" for column in self.row_columns)


def tables_of(connection: apsw.Connection) -> list[Table]:
    """Return every table with rows of its own, by name."""
    rows = connection.execute(
        "SELECT name, wr FROM pragma_table_list WHERE schema = 'main'"
        " AND type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall()
    return [_table(connection, str(name), bool(wr)) for name, wr in rows]


def _table(connection: apsw.Connection, name: str, without_rowid: bool) -> Table:
    columns = connection.execute(
        "SELECT name, pk FROM pragma_table_info(?)", (name,)
    ).fetchall()
    keys = sorted((int(str(pk)), str(column)) for column, pk in columns if pk)
    return Table(
        name,
        tuple(str(column) for column, _ in columns),
        tuple(column for _, column in keys),
        not without_rowid,
    )


def columns_read(image: bytes, statements: Iterable[str]) -> set[tuple[str, str]]:
    """Return (table, column), in lower case, of everything that *statements* read.

    What cannot be prepared on *image* is left out.

    Source:
        https://sqlite.org/c3ref/c_alter_table.html: SQLITE_READ names table and column.
    """
    found = set()
    with in_memory(image) as connection:
        for sql in dict.fromkeys(statements):
            try:
                info = query_info(connection, sql, actions=True)
            except apsw.Error:
                continue
            found |= {
                (action.table_name.lower(), action.column_name.lower())
                for action in info.actions or ()
                if action.action_name == "SQLITE_READ"
                and action.table_name
                and action.column_name
            }
    return found
