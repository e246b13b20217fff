"""What a store is, for people who want to know before they read it."""

from __future__ import annotations

from typing import Any

import apsw

from pytest_parsediff.adapters.opencode.connection import fetch
from pytest_parsediff.adapters.opencode.layout import (
    Layout,
    hash_migrations,
    read_layout,
)
from pytest_parsediff.adapters.opencode.schema import WANTED
from pytest_parsediff.core.errors import Where


def describe_store(connection: apsw.Connection, place: Where) -> dict[str, Any]:
    """Return what the store is, as JSON; a transaction must be open meanwhile.

    Costs one pass over each table.

    Returns:
        ``status`` (``complete``, or ``degraded`` where a table or column is read as
        empty), ``absent`` (which ones), ``rows`` per table, ``migration`` (the latest
        name; null without a journal), ``schema_hash`` (of all their names), and
        ``event_log`` (whether it has entries).

    Raises:
        SchemaError: PD421, a required table or column is missing.
    """
    layout = read_layout(connection, 0, place)
    absent = [notice.where for notice in layout.schema.notices]
    return {
        "status": "degraded" if absent else "complete",
        "absent": absent,
        "rows": {
            table: _number(connection, f"SELECT count(*) FROM {table}")  # noqa: S608 - constants
            for table in WANTED
            if table in layout.schema.tables
        },
        "migration": _latest_migration(connection, layout),
        "schema_hash": hash_migrations(connection, layout),
        "event_log": layout.has_log
        and _number(connection, "SELECT EXISTS (SELECT 1 FROM event_sequence)") == 1,
    }


def _latest_migration(connection: apsw.Connection, layout: Layout) -> str | None:
    for table, column in layout.journals:
        sql = f"SELECT CAST({column} AS BLOB) FROM {table} ORDER BY id DESC LIMIT 1"  # noqa: S608 - constants
        for (name,) in fetch(connection, sql):
            return name.decode(errors="replace") if isinstance(name, bytes) else None
    return None


def _number(connection: apsw.Connection, sql: str) -> int:
    ((number,),) = fetch(connection, sql)
    return number if isinstance(number, int) else 0
