"""Databases with one bad cell, one column less, one table less."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import apsw

from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.laws.images import (
    Table,
    change,
    columns_read,
    in_memory,
    quote,
    tables_of,
)
from pytest_parsediff.laws.mutation import Demand, Mutation

_INT64_MAX = 2**63 - 1
#: A lead byte without its continuation (Unicode 15, table 3-7).
_NOT_UTF_8 = "CAST(x'61c328' AS TEXT)"
_UNKNOWN = "parsediff-unknown"
_NULL, _EMPTY, _LARGEST = "NULL", "empty", "2^63-1"
_OTHER_TYPE = "JSON of an unknown type"
#: Values that may be meant, say *not archived*, or of a version to come.
_LEGAL = frozenset({_NULL, _EMPTY, _LARGEST, _OTHER_TYPE})

_Row: TypeAlias = tuple[object, ...]


class Candidate(NamedTuple):
    """One cell and what is put there, not done yet.

    Attributes:
        table: Where.
        column: Where.
        row: What finds the row.
        place: ``first row`` or ``last row``.
        what: For people.
        sql: Expression for the new value.
        value: For a parameter of it, if it has one.
        demand: What is asked of a reader.
    """

    table: Table
    column: str
    row: _Row
    place: str
    what: str
    sql: str
    value: tuple[object, ...]
    demand: Demand


def cell_candidates(image: bytes, statements: Iterable[str]) -> list[Candidate]:
    """Return every cell to be made bad, in every way, in a fixed order.

    Args:
        image: The store.
        statements: Of the reader; only columns that they read are taken, or all if
            they read none that is known.
    """
    read = columns_read(image, statements)
    with in_memory(image) as connection:
        return [
            candidate
            for table in tables_of(connection)
            for place, row in _rows(connection, table)
            for column in table.columns
            if not read or (table.name.lower(), column.lower()) in read
            for candidate in _candidates(connection, table, column, place, row)
        ]


def _rows(connection: apsw.Connection, table: Table) -> Iterator[tuple[str, _Row]]:
    """Yield the first row and the last one."""
    wanted = ", ".join(table.row_columns)
    found: list[_Row] = []
    for place, order in (("first row", "ASC"), ("last row", "DESC")):
        ordered = ", ".join(f"{column} {order}" for column in table.row_columns)
        sql = f"SELECT {wanted} FROM {quote(table.name)} ORDER BY {ordered} LIMIT 1"  # noqa: S608 - quoted
        for row in connection.execute(sql).fetchall():
            if row not in found:
                found.append(row)
                yield place, row


def _candidates(
    connection: apsw.Connection, table: Table, column: str, place: str, row: _Row
) -> Iterator[Candidate]:
    sql = f"SELECT typeof({quote(column)}), CAST({quote(column)} AS BLOB) FROM {quote(table.name)} WHERE {table.where}"  # noqa: S608 - quoted
    ((kind, cell),) = connection.execute(sql, row).fetchall()
    text = cell.decode("utf-8", "replace") if isinstance(cell, bytes) else ""
    demand = Demand.NO_SILENT_LOSS
    if column in table.keys or _is_relation(connection, table, column):
        demand = Demand.NOTHING
    for what, expression, value in _bad_values(str(kind), text):
        weaker = Demand.NO_LOST_ROW if what in _LEGAL else demand
        asked = Demand.NOTHING if demand is Demand.NOTHING else weaker
        yield Candidate(table, column, row, place, what, expression, value, asked)


def _bad_values(kind: str, text: str) -> Iterator[tuple[str, str, tuple[object, ...]]]:
    """Yield what to put into a cell: for people, as SQL, with its value."""
    if kind != "null":
        yield _NULL, "NULL", ()
    if kind == "text" and text.startswith(("{", "[")):
        yield "cut-off JSON", "?", (text[: len(text) // 2],)
        unknown = _with_unknown_type(text)
        if unknown is not None:
            yield _OTHER_TYPE, "?", (unknown,)
    if kind in ("integer", "real"):
        yield "text in place of a number", "'twelve'", ()
        yield _LARGEST, "?", (_INT64_MAX,)
    yield "a BLOB", "x'00ff00'", ()
    yield "text that is no UTF-8", _NOT_UTF_8, ()
    if text:
        yield _EMPTY, "''", ()


def _with_unknown_type(text: str) -> str | None:
    """Return the JSON object with a ``type`` nobody knows; ``None`` if it has none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return None
    return json.dumps({**value, "type": _UNKNOWN}, ensure_ascii=False)


def _is_relation(connection: apsw.Connection, table: Table, column: str) -> bool:
    """Return whether cells of a column name rows: they decide where theirs belong."""
    declared = connection.execute(
        'SELECT "from" FROM pragma_foreign_key_list(?)', (table.name,)
    ).fetchall()
    if any(str(name).lower() == column.lower() for (name,) in declared):
        return True
    return any(
        connection.execute(
            f"SELECT 1 FROM {quote(table.name)} AS one, {quote(other.name)} AS other"  # noqa: S608 - quoted
            f" WHERE one.{quote(column)} = other.{quote(other.keys[0])}"
            f" AND typeof(one.{quote(column)}) = 'text' LIMIT 1",
        ).fetchall()
        for other in tables_of(connection)
        if len(other.keys) == 1
    )


def _names_above(
    connection: apsw.Connection, table: Table, row: _Row
) -> frozenset[str]:
    """Return every text in a row, in the rows that it names, and so on."""
    tables = [one for one in tables_of(connection) if len(one.keys) == 1]
    sql = f"SELECT * FROM {quote(table.name)} WHERE {table.where}"  # noqa: S608 - quoted
    found: set[str] = set()
    waiting = _texts(connection, sql, row)
    while waiting:
        found |= waiting
        above: set[str] = set()
        for text in waiting:
            for one in tables:
                sql = f"SELECT * FROM {quote(one.name)} WHERE {quote(one.keys[0])} = ?"  # noqa: S608 - quoted
                above |= _texts(connection, sql, (text,))
        waiting = above - found
    return frozenset(found)


def _texts(connection: apsw.Connection, sql: str, values: _Row) -> set[str]:
    try:
        rows = connection.execute(sql, values).fetchall()
    except UnicodeDecodeError:  # text that is no UTF-8 names nothing
        return set()
    return {
        cell
        for row in rows
        for cell in row
        if isinstance(cell, str) and len(cell) < 256
    }


def mutate_cell(bench: DatabaseBench, wanted: Candidate) -> Mutation | None:
    """Return the store with that bad cell; ``None`` if SQLite refuses it there."""
    table = wanted.table
    name = quote(table.name)
    sql = f"UPDATE {name} SET {quote(wanted.column)} = {wanted.sql} WHERE {table.where}"  # noqa: S608 - quoted
    image = change(bench.image, sql, (*wanted.value, *wanted.row))
    if image is None or image == bench.image:
        return None
    with in_memory(bench.image) as connection:
        names = _names_above(connection, table, wanted.row)
    deleted = change(
        bench.image,
        f"DELETE FROM {name} WHERE {table.where}",  # noqa: S608 - quoted
        wanted.row,
    )
    alike = _put_alike(bench.image, wanted)
    return Mutation(
        label=f"{table.name}.{wanted.column} of the {wanted.place} is {wanted.what}",
        bench=replace(bench, image=image),
        demand=wanted.demand,
        owner=f"{table.name} {wanted.row}",
        without=None if deleted is None else replace(bench, image=deleted),
        names=names,
        alike=None if alike is None else replace(bench, image=alike),
    )


def _put_alike(image: bytes, wanted: Candidate) -> bytes | None:
    """Return the store with a number that orders rows as the bad value does.

    NULL comes before all numbers, text behind them (https://sqlite.org/datatype3.html
    section 4.1). ``None`` where the cell is no number, or the value no place among them.
    """
    beyond = {_NULL: "min({}) - 1", _EMPTY: "max({}) + 1", _LARGEST: "max({}) + 1"}
    if wanted.what not in beyond:
        return None
    name, column = quote(wanted.table.name), quote(wanted.column)
    is_number = f"typeof({column}) IN ('integer', 'real')"
    value = beyond[wanted.what].format(column)
    sql = (
        f"UPDATE {name} SET {column} = (SELECT {value} FROM {name} WHERE {is_number})"  # noqa: S608 - quoted
        f" WHERE {is_number} AND {wanted.table.where}"
    )
    alike = change(image, sql, wanted.row)
    return None if alike == image else alike


def mutate_schema(
    bench: DatabaseBench, statements: Iterable[str]
) -> Iterator[Mutation]:
    """Yield the store without each table, and without each column, that is read."""
    read = columns_read(bench.image, statements)
    with in_memory(bench.image) as connection:
        tables = tables_of(connection)
    for table in tables:
        if read and table.name.lower() not in {name for name, _ in read}:
            continue
        name = quote(table.name)
        changes = [(f"table {table.name} is dropped", f"DROP TABLE {name}")]
        for column in table.columns:
            if read and (table.name.lower(), column.lower()) not in read:
                continue
            place, old = f"{table.name}.{column}", quote(column)
            alter = f"ALTER TABLE {name}"
            changes += [
                (f"{place} is dropped", f"{alter} DROP COLUMN {old}"),
                (
                    f"{place} is renamed",
                    f"{alter} RENAME COLUMN {old} TO parsediff_renamed",
                ),
            ]
        for label, sql in changes:
            image = change(bench.image, sql)
            if image is not None:
                yield Mutation(
                    label=label,
                    bench=replace(bench, image=image),
                    demand=Demand.SCHEMA,
                )
