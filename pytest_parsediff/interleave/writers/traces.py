"""Steps from a recorded trace: every committed change of a real program, in order.

One JSON object per line and commit: ``{"t_ms": …, "snapshot": …, "changes": […]}``. A
change names a table and what became of one row:

* ``{"op": "insert", "table": …, "row": {column: value}}``;
* ``{"op": "update", "table": …, "id": …, "changed": {column: [old, new]}}``, or the whole
  new ``"row"`` instead of ``"changed"``;
* ``{"op": "delete", "table": …, "id": …}``.

Changes are what differs between two states, so their order says nothing: rows that went
go first, because another row may have come under their key.

The row is named by ``id``, ``key`` or the old ``row``: the value of a key of one column, a
list of those of a key of several, or an object of columns and values. ``_rowid`` stands
for the rowid, where a table has one; ``{"$blob": base64}`` is a BLOB.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import apsw

from pytest_parsediff.core.errors import Where, WriterScriptError
from pytest_parsediff.interleave.writers.connection import Statement

_INTEGERS = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Table:
    """What must be known of a table to name its rows.

    Attributes:
        key: Columns of the primary key, in its order; empty if there is none.
        rowid: Name by which the rowid can be given; empty for a table WITHOUT ROWID.
        is_alias: Whether the one column of the key is the rowid.
    """

    key: tuple[str, ...] = ()
    rowid: str = "rowid"
    is_alias: bool = False


#: By name, as it stands in the trace.
Tables: TypeAlias = Mapping[str, Table]


def read_tables(image: bytes) -> dict[str, Table]:
    """Return the tables of a database by name.

    Args:
        image: Content of the database file.

    Source:
        https://sqlite.org/pragma.html#pragma_table_list and #pragma_index_list: a key
        that needs no index of its own is the rowid, unless there is none.
    """
    connection = apsw.Connection(":memory:")
    try:
        connection.deserialize("main", image[:18] + b"\x01\x01" + image[20:])
        names = connection.execute(
            "SELECT name, wr FROM pragma_table_list WHERE schema = 'main'"
        ).fetchall()
        return {
            str(name): _read_table(connection, str(name), bool(is_without_rowid))
            for name, is_without_rowid in names
        }
    finally:
        connection.close()


def _read_table(
    connection: apsw.Connection, name: str, is_without_rowid: bool
) -> Table:
    columns = connection.execute(
        "SELECT name, pk FROM pragma_table_info(?) ORDER BY pk", (name,)
    ).fetchall()
    key = tuple(str(column) for column, place in columns if place)
    if is_without_rowid:
        return Table(key, "")
    indexes = connection.execute(
        "SELECT count(*) FROM pragma_index_list(?) WHERE origin = 'pk'", (name,)
    ).get
    taken = {str(column).lower() for column, _ in columns}
    free = [word for word in ("rowid", "oid", "_rowid_") if word not in taken]
    return Table(key, free[0] if free else "", bool(key) and not indexes)


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One commit of a trace.

    Attributes:
        label: Its number, and what it touches.
        statements: One transaction.
        t_ms: When it was seen, milliseconds since the trace began.
        line: 1-based line in the trace.
    """

    label: str
    statements: tuple[Statement, ...]
    t_ms: float
    line: int


def parse_trace(data: bytes, place: Path, tables: Tables) -> list[TraceStep]:
    """Return one step per commit.

    Foreign keys are off while a commit is replayed, because a trace names every row
    that went, those of a cascade too.

    Args:
        data: JSONL, UTF-8.
        place: For error messages.
        tables: Those of the store that is written to; one that is not among them has
            a rowid and no key.

    Raises:
        WriterScriptError: PD611, a line is not of this form.
    """
    steps = []
    for line, text in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not text.strip():
            continue
        try:
            step = _step(json.loads(text), line, tables)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"expected a recorded commit, got {type(error).__name__}: {error}"
            raise WriterScriptError(message, Where(place, line)) from error
        if step is not None:
            steps.append(step)
    return steps


def _step(commit: Mapping[str, Any], line: int, tables: Tables) -> TraceStep | None:
    changes = [
        _statement(change, tables.get(str(change["table"]), Table()))
        for change in sorted(commit["changes"], key=lambda c: str(c["op"]) != "delete")
    ]
    if not changes:
        return None
    statements = (
        Statement("PRAGMA foreign_keys = OFF"),
        Statement("BEGIN IMMEDIATE"),
        *changes,
        Statement("COMMIT"),
    )
    label = f"commit {commit.get('snapshot', line)}: {_label(commit)}"
    return TraceStep(label, statements, float(commit.get("t_ms", 0)), line)


def _statement(change: Mapping[str, Any], table: Table) -> Statement:
    name = _quote(str(change["table"]))
    match change["op"]:
        case "insert":
            row = _columns(change["row"], table)
            columns = ", ".join(_quote(column) for column in row)
            marks = ", ".join("?" for _ in row)
            sql = f"INSERT OR REPLACE INTO {name} ({columns}) VALUES ({marks})"  # noqa: S608 - names are quoted
            return Statement(sql, tuple(row.values()))
        case "update":
            changed = _changed(change, table)
            where, values = _where(change, table)
            assigned = ", ".join(f"{_quote(column)} = ?" for column in changed)
            sql = f"UPDATE {name} SET {assigned} WHERE {where}"  # noqa: S608
            return Statement(sql, (*changed.values(), *values))
        case "delete":
            where, values = _where(change, table)
            return Statement(f"DELETE FROM {name} WHERE {where}", values)  # noqa: S608
        case other:
            raise ValueError(f"unknown op {other!r}")


def _columns(row: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """Return what an insert gives: the rowid only where it is not a column too."""
    given = {name: _value(value) for name, value in row.items() if name != "_rowid"}
    if "_rowid" in row and table.rowid and not table.is_alias:
        given = {table.rowid: _value(row["_rowid"]), **given}
    if not given:
        raise ValueError("a row without columns")
    return given


def _changed(change: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """Return the new value per column."""
    if "changed" not in change:
        row = _columns(change["row"], table)
        return {name: value for name, value in row.items() if name != table.rowid}
    changed = {}
    for name, pair in change["changed"].items():
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError(f"{name}: expected [old, new]")
        changed[name] = _value(pair[1])
    if not changed:
        raise ValueError("an update without columns")
    return changed


def _where(change: Mapping[str, Any], table: Table) -> tuple[str, tuple[Any, ...]]:
    """Return the condition that names one row, and its values."""
    named = next((change[n] for n in ("id", "key", "row") if n in change), None)
    if named is None:
        raise KeyError("id")
    columns = _naming(named, table)
    condition = " AND ".join(f"{_quote(name)} IS ?" for name in columns)
    return condition, tuple(_value(value) for value in columns.values())


def _naming(named: object, table: Table) -> dict[str, Any]:
    """Return the columns that tell a row from others, with their values.

    The key, where all of it is given; else the rowid; else all that is given.
    """
    if isinstance(named, list):
        if len(named) != len(table.key):
            raise ValueError(f"a key of {len(table.key)} columns, got {len(named)}")
        return dict(zip(table.key, named, strict=True))
    if not isinstance(named, dict) or "$blob" in named:
        names = table.key or ((table.rowid,) if table.rowid else ())
        if len(names) != 1:
            raise ValueError(f"a key of {len(names)} columns, got one value")
        return {names[0]: named}
    if table.key and all(name in named for name in table.key):
        return {name: named[name] for name in table.key}
    if "_rowid" in named and table.rowid:
        return {table.rowid: named["_rowid"]}
    given = {name: value for name, value in named.items() if name != "_rowid"}
    if not given:
        raise ValueError("a row that nothing names")
    return given


def _value(value: object) -> object:
    """Return *value* as SQLite takes it.

    Raises:
        ValueError: It is none that a column can hold.
    """
    if isinstance(value, dict) and set(value) == {"$blob"}:
        return base64.b64decode(value["$blob"], validate=True)
    if isinstance(value, (dict, list)):
        raise ValueError(f"{value!r} is no value of a column")  # noqa: TRY004 - bad data
    if isinstance(value, int) and value not in _INTEGERS:
        raise ValueError(f"{value} has more than 64 bits")
    return value


def _label(commit: Mapping[str, Any]) -> str:
    signs = {"insert": "+", "update": "~", "delete": "-"}
    counts = Counter(f"{signs[c['op']]}{c['table']}" for c in commit["changes"])
    return " ".join(
        name if count == 1 else f"{count} {name}" for name, count in counts.items()
    )


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
