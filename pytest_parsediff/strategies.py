"""Hypothesis strategies for stores that nobody wrote by hand, and for their writers.

Each example is SQL: a store is the text of a ``fixture.sql``, a writer that of a script
below ``writers/``, so that a failing example can be kept as a scenario. Hypothesis
makes failing examples small: fewer rows, fewer steps, plainer values.
"""

# ruff: noqa: S608 - every value and every name is quoted
from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import apsw
from hypothesis import strategies as st

from pytest_parsediff.core.store import build_image
from pytest_parsediff.laws.images import in_memory, quote
from pytest_parsediff.opencodeschema import OPENCODE_SCHEMA
from pytest_parsediff.opencodestrategies import opencode_stores, up_to
from pytest_parsediff.opencodewriters import opencode_writers
from pytest_parsediff.tableshapes import Column, TableShape, read_shapes

__all__ = [
    "OPENCODE_SCHEMA",
    "opencode_stores",
    "opencode_writers",
    "stores",
    "writers",
]

#: Strategies by ``table.column`` that go before what the schema says.
Columns: TypeAlias = Mapping[str, st.SearchStrategy[Any]]

#: Just before the clock of the writers starts, milliseconds since the epoch.
_BEFORE_MS = 1_699_999_999_000
_STAMP = re.compile(
    r"(time|updated|created|modified|changed|stamp|_at|_ms|mtime)s?$|^ts$|time_"
)
_BUMPED = re.compile(r"updated|modified|changed|mtime")
_JSON = re.compile(r"^(data|json|payload|body|meta|metadata|attributes)$|_json$")
_TEXTS = st.text("ab <&é€'\"", max_size=6)
_NOW = "now_ms()"


def stores(
    schema_sql: str, *, max_rows: int = 5, columns: Columns | None = None
) -> st.SearchStrategy[str]:
    """Return a strategy for SQL scripts that make a store of that schema with rows.

    Types, NOT NULL, primary keys, unique indexes, foreign keys and columns called
    ``<table>_id`` are respected. Of CHECK constraints lists of texts are understood; a
    row that another one refuses is left out.

    Args:
        schema_sql: ``CREATE`` statements.
        max_rows: Most rows per table.
        columns: Strategies by ``table.column``, for what a schema cannot say.
    """
    shapes = read_shapes(schema_sql)
    tables = {
        shape.name: up_to(max_rows, _rows(shape, columns or {})) for shape in shapes
    }
    return st.fixed_dictionaries(tables).map(
        lambda rows: _fill(schema_sql, shapes, rows)
    )


def writers(
    schema_sql: str, *, max_steps: int = 6, columns: Columns | None = None
) -> st.SearchStrategy[str]:
    """Return a strategy for scripts of a writer to a store of that schema.

    Steps insert, insert or update, update with and without a new time, and delete, alone
    or several in one transaction; others are checkpoints. A row is named by its place,
    so that a script fits every store; a step that finds none does nothing.

    Args:
        schema_sql: ``CREATE`` statements.
        max_steps: Most steps; at least one is made.
        columns: As for :func:`stores`.
    """
    shapes = read_shapes(schema_sql)
    acts = st.one_of([_acts(shape, columns or {}) for shape in shapes])
    checkpoint = st.sampled_from(["PASSIVE", "TRUNCATE", "RESTART", "FULL"]).map(
        lambda mode: [f"PRAGMA wal_checkpoint({mode});"]
    )
    step = st.one_of(
        acts.map(lambda act: [act]),
        st.lists(acts, min_size=2, max_size=3),
        checkpoint,
    )
    return up_to(max_steps, step, at_least=1).map(as_script)


def as_script(steps: Sequence[Sequence[str]]) -> str:
    """Return the script with one labelled step per list of statements."""
    return "".join(
        f"-- step: {_label(statements)}\n" + "".join(f"{one}\n" for one in statements)
        for statements in steps
    )


def _label(statements: Sequence[str]) -> str:
    text = "; ".join(" ".join(one.split())[:40] for one in statements)
    return text[:80]


# --- values -------------------------------------------------------------------------------


def _rows(shape: TableShape, columns: Columns) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(*(_values(shape, column, columns) for column in shape.columns))


def _values(
    shape: TableShape, column: Column, columns: Columns
) -> st.SearchStrategy[Any]:
    given = columns.get(f"{shape.name}.{column.name}")
    if given is not None:
        return given
    if column.refers is not None:
        values: st.SearchStrategy[Any] = st.integers(0, 9).map(_Nth)
    elif column.one_of:
        values = st.sampled_from(column.one_of)
    else:
        values = _plain_values(column)
    return st.none() | values if column.may_be_null else values


class _Nth(int):
    """Stands for the row with that place in the table that a column refers to."""


def _plain_values(column: Column) -> st.SearchStrategy[Any]:
    match column.kind:
        case "INTEGER" | "NUMERIC":
            return _integers(column)
        case "REAL":
            return st.integers(0, 400).map(lambda n: n / 4)
        case "TEXT":
            return _texts(column)
        case _:
            return st.binary(max_size=6)


def _integers(column: Column) -> st.SearchStrategy[Any]:
    if _STAMP.search(column.name.lower()):
        return st.integers(0, 3).map(lambda ms: _BEFORE_MS + ms)
    return st.integers(1, 20) if column.is_key else st.integers(-5, 1000)


def _texts(column: Column) -> st.SearchStrategy[Any]:
    if column.is_key:
        return st.integers(0, 30).map(lambda n: f"{column.name}-{n:02}")
    if _JSON.search(column.name.lower()):
        return _objects().map(lambda value: json.dumps(value, ensure_ascii=False))
    return _TEXTS


def _objects() -> st.SearchStrategy[dict[str, Any]]:
    """Return objects as agents store them: a type, and a few values."""
    return st.fixed_dictionaries(
        {"type": st.sampled_from(["text", "tool"])},
        optional={"text": _TEXTS, "n": st.integers(0, 99)},
    )


# --- stores -------------------------------------------------------------------------------


def _fill(
    schema_sql: str,
    shapes: Sequence[TableShape],
    rows: Mapping[str, Sequence[tuple[Any, ...]]],
) -> str:
    """Return the script that makes the schema and those rows that it accepts."""
    image = build_image(schema_sql.encode(), Path("schema.sql")).main
    lines = []
    with in_memory(image) as connection:
        connection.execute("PRAGMA foreign_keys = ON").fetchall()
        for shape in shapes:
            for drawn in rows[shape.name]:
                row = [
                    _resolve(connection, column, value)
                    for column, value in zip(shape.columns, drawn, strict=True)
                ]
                sql = _insert("INSERT", shape, [_literal(value) for value in row])
                try:
                    connection.execute(sql).fetchall()
                except apsw.Error:  # unique, NOT NULL, CHECK, or no row to refer to
                    continue
                lines.append(f"{sql}\n")
    return f"{schema_sql.rstrip()}\n{''.join(lines)}"


def _resolve(connection: apsw.Connection, column: Column, value: object) -> object:
    if not isinstance(value, _Nth) or column.refers is None:
        return value
    table, other = column.refers
    found = connection.execute(f"SELECT {quote(other)} FROM {quote(table)}").fetchall()
    return found[value % len(found)][0] if found else None


def _insert(verb: str, shape: TableShape, values: Sequence[str]) -> str:
    names = ", ".join(quote(column.name) for column in shape.columns)
    return f"{verb} INTO {shape.quoted} ({names}) VALUES ({', '.join(values)});"


def _literal(value: object) -> str:
    return str(apsw.format_sql_value(value))


# --- writers ------------------------------------------------------------------------------


def _acts(shape: TableShape, columns: Columns) -> st.SearchStrategy[str]:
    """Return one statement on one table; none of them can be refused."""
    rows, nth = _rows(shape, columns), st.integers(0, 5)
    inserts = st.builds(
        lambda row, is_upsert: _put(shape, row, is_upsert=is_upsert),
        rows,
        st.booleans(),
    )
    deletes = nth.map(lambda n: f"DELETE FROM {shape.quoted} WHERE {_place(shape, n)};")
    changed = [column for column in shape.columns if not column.is_key]
    if not changed:
        return inserts | deletes
    updates = st.builds(
        lambda row, column, bumps, n: _update(shape, row, column, bumps, n),
        rows,
        st.sampled_from(changed),
        st.booleans(),
        nth,
    )
    return st.one_of(inserts, updates, deletes)


def _put(shape: TableShape, row: Sequence[object], *, is_upsert: bool) -> str:
    """Return an insert; what is in the way stays, or takes the new values."""
    sql = _insert("INSERT OR IGNORE", shape, _expressions(shape, row, is_new=True))
    changed = [quote(column.name) for column in shape.columns if not column.is_key]
    if not (is_upsert and shape.is_only_key and changed):
        return sql
    keys = ", ".join(quote(column.name) for column in shape.columns if column.is_key)
    sets = ", ".join(f"{name} = excluded.{name}" for name in changed)
    return f"{sql.removesuffix(';')} ON CONFLICT ({keys}) DO UPDATE SET {sets};"


def _update(
    shape: TableShape, row: Sequence[object], column: Column, bumps: bool, nth: int
) -> str:
    """Return an update of one cell, with a new time or without."""
    expressions = _expressions(shape, row, is_new=False)
    values = {column.name: expressions[shape.columns.index(column)]}
    if bumps:
        values |= {c.name: _NOW for c in shape.columns if _is_bumped(c)}
    sets = ", ".join(f"{quote(name)} = {value}" for name, value in values.items())
    return f"UPDATE OR IGNORE {shape.quoted} SET {sets} WHERE {_place(shape, nth)};"


def _is_bumped(column: Column) -> bool:
    is_number = column.kind in ("INTEGER", "NUMERIC")
    return is_number and bool(_BUMPED.search(column.name.lower()))


def _expressions(
    shape: TableShape, row: Sequence[object], *, is_new: bool
) -> list[str]:
    """Return *row* as SQL; of a new one every time is the clock's."""
    found = []
    for column, value in zip(shape.columns, row, strict=True):
        is_stamp = column.kind in ("INTEGER", "NUMERIC") and _STAMP.search(
            column.name.lower()
        )
        if isinstance(value, _Nth) and column.refers is not None:
            table, other = column.refers
            found.append(
                f"(SELECT {quote(other)} FROM {quote(table)}"
                f" LIMIT 1 OFFSET {int(value)})"
            )
        elif is_new and is_stamp and value is not None and not column.is_key:
            found.append(_NOW)
        else:
            found.append(_literal(value))
    return found


def _place(shape: TableShape, nth: int) -> str:
    """Return a condition for the row at that place."""
    return (
        f"({shape.row}) IN (SELECT {shape.row} FROM {shape.quoted}"
        f" ORDER BY {shape.row} LIMIT 1 OFFSET {nth})"
    )
