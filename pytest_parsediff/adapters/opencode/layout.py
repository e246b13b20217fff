"""What the tables of a store look like, for as long as nobody changes them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import apsw

from pytest_parsediff.adapters.opencode.connection import fetch
from pytest_parsediff.adapters.opencode.schema import Schema, introspect
from pytest_parsediff.core.errors import Where

#: Tables that say what was migrated, and where they name it; at most one is there.
_JOURNALS = (("__drizzle_migrations", "name"), ("migration", "id"))
_ROWS_BELOW = ("message", "part", "session_message", "session_input")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The tables of a store.

    Attributes:
        version: SQLite's counter of schema changes.
        schema: The wanted columns.
        numbered: Tables below a session whose rows have rowids, which tell what was
            inserted.
        has_log: Whether there are tables for an event log; they may be empty.
        journals: Tables of migrations, each with the column that names one.
    """

    version: int
    schema: Schema
    numbered: tuple[str, ...]
    has_log: bool
    journals: tuple[tuple[str, str], ...]


def read_layout(connection: apsw.Connection, version: int, place: Where) -> Layout:
    """Look at all tables, in the open snapshot.

    Raises:
        SchemaError: PD421, a required table or column is missing.
    """
    schema = introspect(connection, place)
    return Layout(
        version=version,
        schema=schema,
        numbered=tuple(
            table
            for table in _ROWS_BELOW
            if table in schema.tables and _answers(connection, table, "rowid")
        ),
        has_log=_answers(connection, "event_sequence", "aggregate_id, seq")
        and _answers(connection, "event", "id"),
        journals=tuple(j for j in _JOURNALS if _answers(connection, *j)),
    )


def _answers(connection: apsw.Connection, table: str, columns: str) -> bool:
    """Return whether *columns* of *table* can be read."""
    try:
        fetch(connection, f"SELECT {columns} FROM {table} LIMIT 0")  # noqa: S608 - constants
    except apsw.SQLError:
        return False
    return True


def hash_migrations(connection: apsw.Connection, layout: Layout) -> str:
    """Return the digest of the names of all migrations; empty if there are none.

    Each name counts with its length, so that no two lists of names are spelled alike.
    """
    digest = hashlib.sha256()
    count = 0
    for table, column in layout.journals:
        sql = f"SELECT CAST({column} AS BLOB) FROM {table} ORDER BY id"  # noqa: S608 - constants
        for (name,) in fetch(connection, sql):
            if isinstance(name, bytes) and name:
                digest.update(b"%d:%s\n" % (len(name), name))
                count += 1
    return digest.hexdigest() if count else ""
