"""Recorded traces as writers: whatever was recorded is replayed, row by row."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trace_recording import SCHEMA, TRACE, Contents, commits, contents, lines_of, record
from traced import SumsInAutocommit, SumsInOneSnapshot, main, replay
from wrong_rig import make_rig

from pytest_parsediff.core.errors import WriterScriptError
from pytest_parsediff.interleave.writers.tracechanges import Table
from pytest_parsediff.interleave.writers.traces import (
    TraceStep,
    parse_trace,
    read_tables,
)

KINDS = """\
CREATE TABLE plain(a, b);
CREATE TABLE alias(id INTEGER PRIMARY KEY, a);
CREATE TABLE word(id TEXT PRIMARY KEY, a);
CREATE TABLE falling(id INTEGER PRIMARY KEY DESC, a);
CREATE TABLE pair(a, b, c, PRIMARY KEY (b, a));
CREATE TABLE bare(a, b, c, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE "od""d name"("a col" TEXT PRIMARY KEY, rowid, b);
CREATE TABLE child(id INTEGER PRIMARY KEY, a REFERENCES word(id) ON DELETE CASCADE, b);
"""
COLUMNS = {
    "plain": ("a", "b"),
    "alias": ("id", "a"),
    "word": ("id", "a"),
    "falling": ("id", "a"),
    "pair": ("a", "b", "c"),
    "bare": ("a", "b", "c"),
    'od"d name': ("a col", "rowid", "b"),
}


def image_of(schema: str) -> bytes:
    """Return a database file with nothing but tables."""
    db = apsw.Connection(":memory:")
    db.execute(schema).fetchall()
    image = bytes(db.serialize("main"))
    db.close()
    return image


def replayed(schema: str, data: bytes) -> Contents:
    """Return what is in a database after all steps of a trace."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(schema)
    for step in parse_trace(data, Path("t.jsonl"), read_tables(image_of(schema))):
        for statement in step.statements:
            db.execute(statement.sql, statement.values)
    found = contents(db)
    db.close()
    return found


VALUES = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 3),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
)


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, tuple[Any, ...]]:
    """Draw one statement on one of the tables."""
    table = draw(st.sampled_from(sorted(COLUMNS)))
    names = [name.replace('"', '""') for name in COLUMNS[table]]
    quoted = table.replace('"', '""')
    small = st.integers(0, 3)
    match draw(st.sampled_from(["insert", "insert", "update", "delete"])):
        case "insert":
            marks = ", ".join("?" for _ in names)
            row = tuple(draw(small if n == "id" else VALUES) for n in names)
            return f'INSERT OR IGNORE INTO "{quoted}" VALUES ({marks})', row
        case "update":
            sql = f'UPDATE "{quoted}" SET "{names[-1]}" = ? WHERE "{names[0]}" IS NOT ?'
            return sql, (draw(VALUES), draw(small))
        case _:
            return f'DELETE FROM "{quoted}" WHERE "{names[0]}" >= ?', (draw(small),)


@given(st.lists(st.lists(changes(), min_size=1, max_size=3), max_size=8))
@settings(deadline=None, max_examples=60)
def test_what_is_recorded_is_replayed(
    transactions: list[list[tuple[str, tuple[Any, ...]]]],
) -> None:
    """Rowids, composite keys, tables without either, and every storage class."""
    trace = list(record(KINDS, iter(transactions)))
    final = sqlite3.connect(":memory:", isolation_level=None)
    final.executescript(KINDS)
    for statements in transactions:
        for sql, values in statements:
            final.execute(sql, values)
    expected = contents(final)
    final.close()

    assert expected == replayed(KINDS, lines_of(trace).encode())


def test_tables_are_known_by_key_and_rowid() -> None:
    """A key without an index of its own is the rowid, unless there is none."""
    tables = read_tables(image_of(KINDS))

    assert Table((), "rowid") == tables["plain"]
    assert Table(("id",), "rowid", is_alias=True) == tables["alias"]
    assert Table(("id",), "rowid") == tables["word"]
    assert Table(("id",), "rowid") == tables["falling"]
    assert Table(("b", "a"), "rowid") == tables["pair"]
    assert Table(("a", "b"), "") == tables["bare"]
    assert Table(("a col",), "oid") == tables['od"d name']


def one(change: dict[str, Any]) -> bytes:
    """Return a trace of one commit."""
    return json.dumps({"changes": [change]}).encode()


def statement_of(change: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """Return the SQL of one change."""
    tables = read_tables(image_of(KINDS))
    (step,) = parse_trace(one(change), Path("t.jsonl"), tables)
    _, _, statement, _ = step.statements
    return statement.sql, statement.values


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"table": "word", "id": "x"}, ('"id" IS ?', ("x",))),
        ({"table": "word", "key": "x"}, ('"id" IS ?', ("x",))),
        (
            {"table": "word", "row": {"_rowid": 4, "id": "x", "a": 1}},
            ('"id" IS ?', ("x",)),
        ),
        ({"table": "plain", "id": 7}, ('"rowid" IS ?', (7,))),
        ({"table": "plain", "row": {"_rowid": 7, "a": 1}}, ('"rowid" IS ?', (7,))),
        (
            {"table": "plain", "row": {"a": 1, "b": None}},
            ('"a" IS ? AND "b" IS ?', (1, None)),
        ),
        ({"table": "pair", "id": [1, 2]}, ('"b" IS ? AND "a" IS ?', (1, 2))),
        ({"table": "pair", "id": {"a": 2, "b": 1}}, ('"b" IS ? AND "a" IS ?', (1, 2))),
        (
            {"table": "bare", "row": {"a": 1, "b": 2, "c": 3}},
            ('"a" IS ? AND "b" IS ?', (1, 2)),
        ),
        ({"table": "word", "id": {"$blob": "AP8="}}, ('"id" IS ?', (b"\0\xff",))),
        ({"table": "unknown", "id": 3}, ('"rowid" IS ?', (3,))),
    ],
)
def test_a_deleted_row_is_named_in_every_way(
    change: dict[str, Any], expected: tuple[str, tuple[Any, ...]]
) -> None:
    """By id, key or row; by its key before its rowid; by all there is without either."""
    sql, values = statement_of({"op": "delete", **change})

    assert (sql.partition(" WHERE ")[2], values) == expected


def test_rows_that_went_go_before_rows_that_came() -> None:
    """What differs between two states has no order: a key may go and come again."""
    old, new = {"_rowid": 1, "id": "x", "a": 1}, {"_rowid": 2, "id": "x", "a": 2}
    changes = [
        {"op": "insert", "table": "word", "row": new},
        {"op": "delete", "table": "word", "row": old},
    ]
    data = one({"op": "insert", "table": "word", "row": old}) + b"\n"
    data += json.dumps({"changes": changes}).encode()

    assert {2: new} == replayed(KINDS, data)["word"]


def test_an_update_gives_pairs_or_a_whole_row() -> None:
    """Both set what is new, and name the row by its key."""
    pairs = {"op": "update", "table": "word", "id": "x", "changed": {"a": [1, 2]}}
    whole = {"op": "update", "table": "word", "id": "x", "row": {"_rowid": 1, "a": 2}}

    expected = ('UPDATE "word" SET "a" = ? WHERE "id" IS ?', (2, "x"))
    assert [expected, expected] == [statement_of(pairs), statement_of(whole)]


def test_a_rowid_is_given_once() -> None:
    """Not where it is a column too, and not where there is none."""
    row = {"_rowid": 5, "id": 5, "a": 1}
    inserts = [
        statement_of({"op": "insert", "table": table, "row": row})[0]
        for table in ("alias", "word", "bare")
    ]

    assert ["id", "rowid", "id"] == [
        sql.partition('("')[2].partition('"')[0] for sql in inserts
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"op": "insert", "table": "word", "row": {}},
        {"op": "insert", "table": "word", "row": {"id": [1]}},
        {"op": "insert", "table": "word", "row": {"id": {"$blob": "?"}}},
        {"op": "insert", "table": "word", "row": {"id": 2**63}},
        {"op": "insert", "table": "word"},
        {"op": "update", "table": "word", "id": 1, "changed": {}},
        {"op": "update", "table": "word", "id": 1, "changed": {"a": [1]}},
        {"op": "update", "table": "word", "id": 1},
        {"op": "delete", "table": "word"},
        {"op": "delete", "table": "word", "id": {}},
        {"op": "delete", "table": "pair", "id": 1},
        {"op": "delete", "table": "pair", "id": [1]},
        {"op": "replace", "table": "word", "id": 1},
        {"op": "delete", "id": 1},
        "delete",
    ],
)
def test_what_is_no_change_is_told_with_its_line(change: Any) -> None:
    """Before anything runs, and never half of it."""
    data = b'{"changes": []}\n\n' + one(change)

    with pytest.raises(WriterScriptError, match="PD611") as caught:
        parse_trace(data, Path("t.jsonl"), read_tables(image_of(KINDS)))

    assert caught.value.where is not None
    assert 3 == caught.value.where.line


def test_a_step_is_a_commit_with_its_number_and_what_it_touches() -> None:
    """Foreign keys are off, because a trace names the rows of a cascade too."""
    changes = [
        {"op": "insert", "table": "word", "row": {"id": "x"}},
        {"op": "insert", "table": "word", "row": {"id": "y"}},
        {"op": "delete", "table": "child", "id": 1},
    ]
    line = {"t_ms": 2.5, "snapshot": 17, "changes": changes}
    data = b"\xef\xbb\xbf" + json.dumps(line).encode() + b"\r\n"

    steps = parse_trace(data, Path("t.jsonl"), {})

    assert ["commit 17: 2 +word -child"] == [step.label for step in steps]
    heads = [statement.head for statement in steps[0].statements]
    assert ["PRAGMA FOREIGN_KEYS", "BEGIN IMMEDIATE"] == heads[:2]
    assert ["DELETE FROM", "INSERT OR", "INSERT OR", "COMMIT"] == heads[2:]
    assert 2.5 == steps[0].t_ms


def test_the_trace_of_this_folder_is_what_its_program_does() -> None:
    """It can be made again, with cascades and deletes."""
    assert TRACE.read_text("utf-8") == lines_of(list(record(SCHEMA, commits())))
    ops = {c["op"] for line in read_lines() for c in line["changes"]}
    assert {"insert", "update", "delete"} == ops


def read_lines() -> Iterator[dict[str, Any]]:
    """Yield the commits of the trace of this folder."""
    yield from map(json.loads, TRACE.read_bytes().split(b"\n")[:-1])


def test_a_torn_reader_is_caught_on_a_trace_in_the_first_sweep(tmp_path: Path) -> None:
    """A single commit between two statements is enough, and the sweep has it early."""
    done = replay(make_rig(SumsInAutocommit, tmp_path), range(0), 0, 200)

    found = done.explored.finding
    assert found is not None
    assert found.number is not None
    assert found.number < 200
    assert found.violation.law is SumsInAutocommit.law
    assert len(found.plan.steps) <= 3


def test_a_reader_with_one_transaction_passes_a_trace(tmp_path: Path) -> None:
    """The first part of the sweep, and random plans after it."""
    done = replay(make_rig(SumsInOneSnapshot, tmp_path), range(1), 50, 100)

    assert done.explored.finding is None
    assert 150 == done.explored.plans


def test_the_command_tells_of_both(capsys: pytest.CaptureFixture[str]) -> None:
    """The torn one is caught, the other passes, and that is success."""
    assert 0 == main(["--seeds=1", "--plans=10", "--sweep-plans=80"])

    out = capsys.readouterr().out
    assert "breaks snapshot" in out
    assert "  passed" in out


def test_a_step_without_changes_is_none() -> None:
    """Commits that touched nothing that was recorded are left out."""
    steps: list[TraceStep] = parse_trace(b'{"changes": []}\n', Path("t"), {})

    assert [] == steps
