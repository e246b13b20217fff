"""Steps from a recorded trace: every committed change of a real program, in order.

One JSON object per line and commit: ``{"t_ms": …, "snapshot": …, "changes": […]}``. A
change names a table and what became of one row:

* ``{"op": "insert", "table": …, "row": {column: value}}``;
* ``{"op": "update", "table": …, "id": …, "changed": {column: [old, new]}}``, or the whole
  new ``"row"`` instead of ``"changed"``, or the new value alone instead of the pair;
* ``{"op": "delete", "table": …, "id": …}``.

Changes are what differs between two states, so their order says nothing: rows that went
go first, then those that changed, because a row that came may have what another one had,
a key or a unique value. A row that came and changed in one commit changes last.

The row is named by ``id``, ``key`` or the old ``row``: the value of a key of one column, a
list of those of a key of several, or an object of columns and values. ``_rowid`` stands
for the rowid, where a table has one; ``{"$blob": base64}`` is a BLOB. Values of generated
columns are left out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import apsw

from pytest_parsediff.core.errors import Where, WriterScriptError
from pytest_parsediff.interleave.writers.connection import Statement
from pytest_parsediff.interleave.writers.tracechanges import (
    Table,
    expect_list,
    expect_object,
    in_order,
    statements_of,
)

_HINT = 'Give one object per line: {"changes": [{"op": …, "table": …, …}, …]}.'
#: What SQLite calls generated columns (https://sqlite.org/pragma.html#pragma_table_xinfo).
_GENERATED = (2, 3)


#: By name, in lower case.
Tables: TypeAlias = Mapping[str, Table]


def read_tables(image: bytes) -> dict[str, Table]:
    """Return the tables of a database by name, in lower case.

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
            str(name).lower(): _read_table(
                connection, str(name), bool(is_without_rowid)
            )
            for name, is_without_rowid in names
        }
    finally:
        connection.close()


def _read_table(
    connection: apsw.Connection, name: str, is_without_rowid: bool
) -> Table:
    columns = connection.execute(
        "SELECT name, pk, hidden FROM pragma_table_xinfo(?) ORDER BY pk", (name,)
    ).fetchall()
    key = tuple(str(column) for column, place, _ in columns if place)
    generated = frozenset(str(n) for n, _, kind in columns if kind in _GENERATED)
    if is_without_rowid:
        return Table(key, "", generated=generated)
    indexes = connection.execute(
        "SELECT count(*) FROM pragma_index_list(?) WHERE origin = 'pk'", (name,)
    ).get
    taken = {str(column).lower() for column, *_ in columns}
    free = [word for word in ("rowid", "oid", "_rowid_") if word not in taken]
    return Table(key, free[0] if free else "", bool(key) and not indexes, generated)


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
        except KeyError as error:
            message = f"expected a recorded commit: {error} is missing"
            raise WriterScriptError(message, Where(place, line), hint=_HINT) from error
        except (ValueError, OverflowError, RecursionError) as error:
            message = f"expected a recorded commit: {error}"
            raise WriterScriptError(message, Where(place, line), hint=_HINT) from error
        if step is not None:
            steps.append(step)
    return steps


def _step(commit: object, line: int, tables: Tables) -> TraceStep | None:
    told = expect_object(commit, "a line")
    changes = expect_list(told["changes"], "changes")
    if not changes:
        return None
    found = [expect_object(change, "a change") for change in changes]
    pairs = [(change, _table_of(change, tables)) for change in found]
    statements = (
        Statement("PRAGMA foreign_keys = OFF"),
        Statement("BEGIN IMMEDIATE"),
        *(statement for pair in in_order(pairs) for statement in statements_of(*pair)),
        Statement("COMMIT"),
    )
    label = f"commit {told.get('snapshot', line)}: {_label(found)}"
    return TraceStep(
        " ".join(label.split()), statements, _moment(told.get("t_ms")), line
    )


def _moment(t_ms: object) -> float:
    if t_ms is None:
        return 0.0
    if not isinstance(t_ms, (int, float)):
        raise ValueError(f"t_ms: expected a number, got {t_ms!r}")  # noqa: TRY004 - bad data
    return float(t_ms)


def _table_of(change: Mapping[str, Any], tables: Tables) -> Table:
    name = change["table"]
    if not isinstance(name, str):
        raise ValueError(f"table: expected a name, got {name!r}")  # noqa: TRY004 - bad data
    return tables.get(name.lower(), Table())


def _label(changes: Sequence[Mapping[str, Any]]) -> str:
    signs = {"insert": "+", "update": "~", "delete": "-"}
    counts = Counter(f"{signs[c['op']]}{c['table']}" for c in changes)
    return " ".join(
        name if count == 1 else f"{count} {name}" for name, count in counts.items()
    )
