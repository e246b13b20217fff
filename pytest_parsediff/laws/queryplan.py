"""What SQLite says of how it will run a statement."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import apsw
from apsw.ext import query_info

#: A whole table or index is walked. With LIMIT and without sorting the walk ends early.
_SCAN = re.compile(r"^SCAN (\w+)")
_LIMITED = re.compile(r"\bLIMIT\b", re.IGNORECASE)


def find_full_scans(database: Path, statements: Iterable[str]) -> list[str]:
    """Return the statements that walk a table or an index from end to end.

    Args:
        database: A copy that nobody else has open.
        statements: As the reader started them; what is no query is left out.

    Returns:
        One line per walk: what is walked, and by which statement.

    Source:
        https://sqlite.org/eqp.html section 1.1: SCAN is a full walk, SEARCH is not.
    """
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    found: list[str] = []
    try:
        for sql in dict.fromkeys(statements):
            found += _scans_of(connection, sql)
    finally:
        connection.close()
    return found


def _scans_of(connection: apsw.Connection, sql: str) -> list[str]:
    try:
        values = (None,) * query_info(connection, sql).bindings_count
        rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    except apsw.Error:  # PRAGMA, BEGIN, or a table that is only the connection's own
        return []
    details = [str(row[3]) for row in rows]
    sorts = any("TEMP B-TREE" in detail for detail in details)
    if _LIMITED.search(sql) and not sorts:
        return []
    return [f"{d}: {sql}" for d in details if _SCAN.match(d) and "CONSTANT" not in d]
