"""One change of a recorded commit as SQL: which row, which columns, in which order."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pytest_parsediff.interleave.writers.connection import Statement

_INTEGERS = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Table:
    """What must be known of a table to name its rows.

    Attributes:
        key: Columns of the primary key, in its order; empty if there is none.
        rowid: Name by which the rowid can be given; empty for a table WITHOUT ROWID.
        is_alias: Whether the one column of the key is the rowid.
        generated: Columns that no statement may set.
    """

    key: tuple[str, ...] = ()
    rowid: str = "rowid"
    is_alias: bool = False
    generated: frozenset[str] = field(default=frozenset())


#: What the trace says, and what must be known of its table.
Change: TypeAlias = tuple[Mapping[str, Any], Table]


def in_order(pairs: Sequence[Change]) -> list[Change]:
    """Return the changes of a commit in an order that no row stands in the way of."""
    came = {
        name
        for change, table in pairs
        if change["op"] == "insert"
        for name in _identities(change, table)
    }

    def place(pair: Change) -> int:
        match pair[0]["op"]:
            case "delete":
                return 0
            case "update":
                return 3 if came and came.intersection(_identities(*pair)) else 1
            case _:
                return 2

    return sorted(pairs, key=place)


def _identities(change: Mapping[str, Any], table: Table) -> list[str]:
    """Return what a change may call its row: by its key, by its rowid."""
    row = change.get("row") if change["op"] == "insert" else _named(change)
    if not isinstance(row, dict) or "$blob" in row:
        return [repr((change["table"].lower(), row))]
    keys = [row[name] for name in table.key if name in row]
    names = keys if len(keys) == 1 else [keys] if keys else []
    if "_rowid" in row and not table.key:
        names.append(row["_rowid"])
    return [repr((change["table"].lower(), name)) for name in names]


def statements_of(change: Mapping[str, Any], table: Table) -> Iterator[Statement]:
    """Yield the statement of a change, if there is something to set.

    Raises:
        ValueError: The change is none. KeyError: It lacks something.
    """
    name = _quote(change["table"])
    match change["op"]:
        case "insert":
            row = _columns(change["row"], table)
            columns = ", ".join(_quote(column) for column in row)
            marks = ", ".join("?" for _ in row)
            sql = f"INSERT OR REPLACE INTO {name} ({columns}) VALUES ({marks})"  # noqa: S608 - names are quoted
            yield Statement(sql, tuple(row.values()))
        case "update":
            changed = _changed(change, table)
            where, values = _where(change, table)
            assigned = ", ".join(f"{_quote(column)} = ?" for column in changed)
            sql = f"UPDATE {name} SET {assigned} WHERE {where}"  # noqa: S608
            if changed:
                yield Statement(sql, (*changed.values(), *values))
        case "delete":
            where, values = _where(change, table)
            yield Statement(f"DELETE FROM {name} WHERE {where}", values)  # noqa: S608
        case other:
            raise ValueError(f"unknown op {other!r}")


def _columns(row: object, table: Table) -> dict[str, Any]:
    """Return what an insert gives: the rowid only where it is not a column too."""
    told = expect_object(row, "row")
    given = {
        name: _value(value)
        for name, value in told.items()
        if name != "_rowid" and name not in table.generated
    }
    if "_rowid" in told and table.rowid and not table.is_alias:
        given = {table.rowid: _value(told["_rowid"]), **given}
    if not given:
        raise ValueError("a row without columns")
    return given


def _changed(change: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """Return the new value per column."""
    if "changed" not in change:
        row = _columns(change["row"], table)
        return {name: value for name, value in row.items() if name != table.rowid}
    pairs = expect_object(change["changed"], "changed")
    if not pairs:
        raise ValueError("an update without columns")
    for name, pair in pairs.items():
        if isinstance(pair, list) and len(pair) != 2:
            raise ValueError(f"{name}: expected [old, new]")
    new = {n: pair[1] if isinstance(pair, list) else pair for n, pair in pairs.items()}
    given = {n: value for n, value in new.items() if n not in table.generated}
    return _columns(given, table) if given.keys() - {"_rowid"} else _moved(given, table)


def _moved(given: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """Return the new rowid of a row that is the same otherwise."""
    if "_rowid" in given and table.rowid and not table.is_alias:
        return {table.rowid: _value(given["_rowid"])}
    return {}


def _where(change: Mapping[str, Any], table: Table) -> tuple[str, tuple[Any, ...]]:
    """Return the condition that names one row, and its values."""
    columns = _naming(_named(change), table)
    condition = " AND ".join(f"{_quote(name)} IS ?" for name in columns)
    return condition, tuple(_value(value) for value in columns.values())


def _named(change: Mapping[str, Any]) -> object:
    """Return what names the row of an update or a delete."""
    for name in ("id", "key", "row"):
        if name in change:
            return change[name]
    raise KeyError("id")


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
        return base64.b64decode(str(value["$blob"]), validate=True)
    if isinstance(value, (dict, list)):
        raise ValueError(f"{value!r} is no value of a column")  # noqa: TRY004 - bad data
    if isinstance(value, int) and value not in _INTEGERS:
        raise ValueError(f"{value} has more than 64 bits")
    if isinstance(value, float) and math.isnan(value):
        raise ValueError("NaN is no value of a column")
    if isinstance(value, str):
        value.encode()  # a lone surrogate is no text
    return value


def expect_object(value: object, what: str) -> dict[str, Any]:
    """Return *value*; it is a ValueError if it is no object."""
    if not isinstance(value, dict):
        raise ValueError(f"{what}: expected an object, got {value!r:.40}")  # noqa: TRY004 - bad data
    return value


def expect_list(value: object, what: str) -> list[object]:
    """Return *value*; it is a ValueError if it is no list."""
    if not isinstance(value, list):
        raise ValueError(f"{what}: expected a list, got {value!r:.40}")  # noqa: TRY004 - bad data
    return value


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
