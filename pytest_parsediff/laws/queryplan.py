"""What SQLite says of how it will run a statement, and how far it walks then."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import apsw
from apsw.ext import query_info

from pytest_parsediff.laws.images import quote

#: A whole table or index is walked, or an index of it made for this one statement.
_WALK = re.compile(r"^SCAN (?!CONSTANT)|\bAUTOMATIC\b")
#: Ends early where nothing has to be passed over.
_LIMITED = re.compile(r"\bLIMIT\b", re.IGNORECASE)
_PROBING = re.compile(r"\b(?:LIMIT|EXISTS)\b", re.IGNORECASE)
#: ``p5`` of an opcode that steps a cursor: which counter it adds to, that of full scans
#: or that of automatic indexes (SQLITE_STMTSTATUS_FULLSCAN_STEP, _AUTOINDEX;
#: https://sqlite.org/c3ref/c_stmtstatus_counter.html).
_WALKING = frozenset({1, 3})
_STEPS = "SQLITE_STMTSTATUS_FULLSCAN_STEP"
_MAIN, _SCHEMA_ROOT = 0, 1
#: With fewer rows a walk takes no step.
_VISIBLE = 2


def find_full_scans(database: Path, statements: Iterable[str]) -> list[str]:
    """Return the statements that walk a table or an index of the store.

    What is walked has to be stored: a list of values, a common table expression and the
    schema itself do not grow with the store. A walk that ends at its first row, as that
    of ``EXISTS`` may, or that hands out each row up to a ``LIMIT``, is none.

    Args:
        database: A copy that nobody else has open, better with many rows than with few.
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
        plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        opcodes = connection.execute(f"EXPLAIN {sql}", values).fetchall()
    except apsw.Error:  # PRAGMA, BEGIN, or a table that is only the connection's own
        return []
    details = [str(detail) for *_, detail in plan]
    scans = [d for d in details if _WALK.search(d) and _is_of_the_store(connection, d)]
    walked, is_counted = _roots_walked(opcodes)
    is_far = (
        is_counted
        or any("VIRTUAL TABLE" in detail for detail in scans)
        or (walked and _goes_far(connection, sql, values, walked, bool(scans)))
    )
    return [f"{detail}: {sql}" for detail in scans or details[:1]] if is_far else []


def _is_of_the_store(connection: apsw.Connection, detail: str) -> bool:
    """Return whether the line may be of a stored table: a function of SQLite is none."""
    head, virtual, index = detail.partition(" VIRTUAL TABLE INDEX ")
    if not virtual:
        return True
    name = head.removeprefix("SCAN ")
    sql = "SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE"
    return index == "0:" and bool(connection.execute(sql, (name,)).fetchall())


def _roots_walked(opcodes: Sequence[Sequence[Any]]) -> tuple[set[int], bool]:
    """Return what is stepped through of the store, and whether some of it is counted.

    Returns:
        Root pages of tables and indexes; whether one is counted, which is a walk without
        steps.

    Source:
        https://sqlite.org/opcode.html: OpenRead has cursor, root page and database;
        Next, Prev and Count have the cursor first.
    """
    roots: dict[int, int] = {}
    walked, is_counted = set(), False
    for _, opcode, p1, p2, p3, _, p5, *_ in opcodes:
        if opcode == "OpenRead" and p3 == _MAIN and p2 != _SCHEMA_ROOT:
            roots[p1] = p2
        if opcode in ("Next", "Prev") and p5 in _WALKING and p1 in roots:
            walked.add(roots[p1])
        is_counted |= opcode == "Count" and p1 in roots
    return walked, is_counted


def _goes_far(
    connection: apsw.Connection,
    sql: str,
    values: tuple[None, ...],
    walked: set[int],
    is_scan: bool,
) -> bool:
    """Return whether the walk goes on over rows that nobody gets.

    The plan calls it a search, too, where the largest value of a column without an index
    is looked for. Of a table with one row that cannot be seen: then the text decides.
    """
    seems_far = is_scan and not _PROBING.search(sql)
    if max(_rows_of(connection, root) for root in walked) < _VISIBLE:
        return seems_far
    try:
        steps, rows = _run(connection, sql, values)
    except apsw.Error:  # as of LIMIT ?, without its value
        return seems_far
    return steps > (rows if _LIMITED.search(sql) else 0)


def _rows_of(connection: apsw.Connection, root: int) -> int:
    sql = "SELECT tbl_name FROM sqlite_schema WHERE rootpage = ?"
    ((table,),) = connection.execute(sql, (root,)).fetchall()
    rows = f"SELECT 1 FROM {quote(str(table))} LIMIT {_VISIBLE}"  # noqa: S608 - quoted
    return len(connection.execute(rows).fetchall())


def _run(
    connection: apsw.Connection, sql: str, values: tuple[None, ...]
) -> tuple[int, int]:
    """Return how many steps of full scans a query takes, and how many rows it gives."""
    steps: list[int] = []

    def add(event: dict[str, Any]) -> None:
        steps.append(event["stmt_status"][_STEPS])

    connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, add)
    try:
        rows = len(connection.execute(sql, values).fetchall())
    finally:
        connection.trace_v2(0, None)
    return sum(steps), rows
