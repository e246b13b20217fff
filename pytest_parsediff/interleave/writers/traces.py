"""Steps from a recorded trace: every committed change of a real program, in order.

One JSON object per line and commit: ``{"t_ms": …, "snapshot": …, "changes": […]}``, each
change ``{"op": "insert", "table": …, "row": {…}}``, ``{"op": "update", "table": …, "id":
…, "changed": {column: [old, new]}}`` or ``{"op": "delete", "table": …, "id": …}``.
``_rowid`` in a row is its rowid; ``id`` is the value of the first column of the primary
key, or an object of columns and values; ``key`` is another word for it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_parsediff.core.errors import Where, WriterScriptError
from pytest_parsediff.interleave.writers.connection import Statement

#: Returns the primary key of a table, column names in order; empty if it has none.
Keys = Mapping[str, tuple[str, ...]]


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


def parse_trace(data: bytes, place: Path, keys: Keys) -> list[TraceStep]:
    """Return one step per commit.

    Foreign keys are off while a commit is replayed, because a trace names every row
    that went, those of a cascade too.

    Args:
        data: JSONL, UTF-8.
        place: For error messages.
        keys: Primary key per table of the store that is written to.

    Raises:
        WriterScriptError: PD611, a line is not of this form.
    """
    steps = []
    for line, text in enumerate(data.split(b"\n"), 1):
        if not text.strip():
            continue
        where = Where(place, line)
        try:
            commit = json.loads(text)
            statements = [
                statement
                for change in commit["changes"]
                for statement in _statements(change, keys)
            ]
            label = f"commit {commit.get('snapshot', line)}: {_label(commit)}"
            t_ms = float(commit.get("t_ms", 0))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"expected a recorded commit, got {type(error).__name__}: {error}"
            raise WriterScriptError(message, where) from error
        if statements:
            wrapped = (
                Statement("PRAGMA foreign_keys = OFF"),
                Statement("BEGIN IMMEDIATE"),
                *statements,
                Statement("COMMIT"),
            )
            steps.append(TraceStep(label, wrapped, t_ms, line))
    return steps


def _statements(change: Mapping[str, Any], keys: Keys) -> Iterator[Statement]:
    table = str(change["table"])
    quoted = _quote(table)
    match change["op"]:
        case "insert":
            row = {
                ("rowid" if k == "_rowid" else k): v for k, v in change["row"].items()
            }
            columns = ", ".join(_quote(name) for name in row)
            marks = ", ".join("?" for _ in row)
            sql = f"INSERT OR REPLACE INTO {quoted} ({columns}) VALUES ({marks})"  # noqa: S608 - names are quoted
            yield Statement(sql, tuple(row.values()))
        case "update":
            changed = {name: pair[1] for name, pair in change["changed"].items()}
            where, values = _where(change, table, keys)
            assigned = ", ".join(f"{_quote(name)} = ?" for name in changed)
            sql = f"UPDATE {quoted} SET {assigned} WHERE {where}"  # noqa: S608
            yield Statement(sql, (*changed.values(), *values))
        case "delete":
            where, values = _where(change, table, keys)
            sql = f"DELETE FROM {quoted} WHERE {where}"  # noqa: S608
            yield Statement(sql, values)
        case other:
            raise ValueError(f"unknown op {other!r}")


def _where(
    change: Mapping[str, Any], table: str, keys: Keys
) -> tuple[str, tuple[Any, ...]]:
    """Return the condition that names one row, and its values."""
    named = change.get("id", change.get("key", change.get("row")))
    if named is None:
        raise KeyError("id")
    if not isinstance(named, dict):
        primary = keys.get(table, ())
        named = {primary[0] if primary else "rowid": named}
    elif "_rowid" in named:
        named = {"rowid": named["_rowid"]}
    elif keys.get(table) and all(name in named for name in keys[table]):
        named = {name: named[name] for name in keys[table]}
    condition = " AND ".join(f"{_quote(name)} IS ?" for name in named)
    return condition, tuple(named.values())


def _label(commit: Mapping[str, Any]) -> str:
    signs = {"insert": "+", "update": "~", "delete": "-"}
    counts = Counter(
        f"{signs.get(change['op'], '?')}{change['table']}"
        for change in commit["changes"]
    )
    return " ".join(
        name if count == 1 else f"{count} {name}" for name, count in counts.items()
    )


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
