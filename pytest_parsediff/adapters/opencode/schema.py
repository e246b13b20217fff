"""Which of the wanted columns a store has.

opencode has changed its tables some forty times. Only wanted columns are ever named
in a query; a missing optional one reads as empty and is reported once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import apsw

from pytest_parsediff.adapters.opencode.cells import Codec, cell
from pytest_parsediff.adapters.opencode.connection import fetch
from pytest_parsediff.core.errors import SchemaError, Where
from pytest_parsediff.core.event import Notice


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the adapter wants of one table.

    Attributes:
        required: Columns without which the table cannot be read.
        optional: Columns that older stores lack.
        may_lack: Whether a store without the table is readable all the same.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    may_lack: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """All wanted columns, required ones first."""
        return self.required + self.optional


_SESSION_OPTIONAL = (
    *("project_id", "parent_id", "slug", "directory", "title", "version", "agent"),
    *("model", "cost", "tokens_input", "tokens_output", "tokens_reasoning"),
    *("tokens_cache_read", "tokens_cache_write", "time_archived", "time_compacting"),
)

#: The four tables that name affected sessions, in the order in which they are read.
WANTED: dict[str, Wanted] = {
    "session": Wanted(("id", "time_created", "time_updated"), _SESSION_OPTIONAL),
    "message": Wanted(("id", "session_id", "time_updated", "data"), ("time_created",)),
    "part": Wanted(
        ("id", "message_id", "session_id", "time_updated", "data"), ("time_created",)
    ),
    "session_message": Wanted(
        ("id", "session_id", "type", "time_updated", "data"),
        ("seq", "time_created"),
        may_lack=True,
    ),
}

#: Holds user prompts in newer stores; ignored unless it is complete.
SESSION_INPUT = Wanted(("id", "session_id", "prompt"), ("time_created",), may_lack=True)


@dataclass(frozen=True, slots=True)
class Schema:
    """The wanted columns that one store has.

    Attributes:
        codec: The text encoding of the store.
        tables: Present wanted columns by table; a table that cannot be used is absent.
        notices: One per missing table and per missing optional column.
    """

    codec: Codec
    tables: dict[str, frozenset[str]]
    notices: tuple[Notice, ...]

    def select(self, table: str, columns: tuple[str, ...]) -> str:
        """Return the select list for *columns*; an absent one reads as NULL."""
        present = self.tables[table]
        return ", ".join(cell(c) if c in present else "NULL" for c in columns)

    def has(self, table: str, column: str) -> bool:
        """Say whether *column* of *table* can be named in a query."""
        return column in self.tables.get(table, ())


def introspect(connection: apsw.Connection, place: Where) -> Schema:
    """Compare the store's tables with what is wanted.

    Raises:
        SchemaError: PD421, a required table or column is missing.
    """
    codec = Codec(_encoding(connection))
    tables: dict[str, frozenset[str]] = {}
    notices: list[Notice] = []
    for table, wanted in (*WANTED.items(), ("session_input", SESSION_INPUT)):
        present = _columns(connection, codec, table)
        if not present and wanted.may_lack:
            message = "this table is absent from the store; read as empty"
            notices.append(Notice("table-absent", message, table))
            continue
        missing = [column for column in wanted.required if column not in present]
        if missing and wanted is SESSION_INPUT:
            message = f"this table is not used, it lacks {', '.join(missing)}"
            notices.append(Notice("table-unused", message, table))
            continue
        if missing:
            names = ", ".join(missing) if present else "the whole table"
            raise SchemaError(f"expected table {table}, lacks {names}", place)
        notices += _absent(table, wanted, present)
        tables[table] = present.intersection(wanted.columns)
    return Schema(codec, tables, tuple(notices))


def _absent(table: str, wanted: Wanted, present: frozenset[str]) -> Iterator[Notice]:
    message = "this optional column is absent from the store; read as empty"
    for column in wanted.optional:
        if column not in present:
            yield Notice("column-absent", message, f"{table}.{column}")


def _encoding(connection: apsw.Connection) -> str:
    name = str(fetch(connection, "PRAGMA encoding")[0][0])
    return {"UTF-16le": "utf-16-le", "UTF-16be": "utf-16-be"}.get(name, "utf-8")


def _columns(connection: apsw.Connection, codec: Codec, table: str) -> frozenset[str]:
    sql = f"SELECT {cell('name')} FROM pragma_table_info(?)"  # noqa: S608 - a constant
    rows = fetch(connection, sql, (table,))
    return frozenset(codec.text(row[0]).lower() for row in rows)
