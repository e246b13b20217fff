"""What a trace may say of a row, in which order it is replayed, and what fits no store."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from pytest_parsediff.core.errors import WriterScriptError
from pytest_parsediff.interleave.writers.rehearsal import Rehearsed, rehearse
from pytest_parsediff.interleave.writers.traces import (
    TraceStep,
    parse_trace,
    read_tables,
)

SCHEMA = """\
CREATE TABLE word(id TEXT PRIMARY KEY, a UNIQUE);
CREATE TABLE made(id INTEGER PRIMARY KEY, a, b AS (a + 1) STORED, c AS (a + 2));
CREATE TABLE pair(a, b, c, PRIMARY KEY (a, b));
CREATE VIEW seen AS SELECT * FROM word;
INSERT INTO word VALUES ('old', 0);
"""
PLACE = Path("t.jsonl")


def image() -> bytes:
    """Return the database that traces are replayed on."""
    with closing(apsw.Connection(":memory:")) as db:
        db.execute(SCHEMA).fetchall()
        return bytes(db.serialize("main"))


def lines_of(*commits: list[dict[str, Any]]) -> bytes:
    """Return a trace of these commits."""
    return b"".join(json.dumps({"changes": c}).encode() + b"\n" for c in commits)


def steps_of(*commits: list[dict[str, Any]]) -> list[TraceStep]:
    """Return the steps of a trace of these commits."""
    return parse_trace(lines_of(*commits), PLACE, read_tables(image()))


def rows_after(table: str, *commits: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return the rows of *table*, with their rowids, when all was replayed."""
    with closing(apsw.Connection(":memory:")) as db:
        db.deserialize("main", image())
        for step in steps_of(*commits):
            for statement in step.statements:
                db.execute(statement.sql, statement.values).fetchall()
        return db.execute(f"SELECT rowid, * FROM {table} ORDER BY id").fetchall()


def insert(table: str, **row: Any) -> dict[str, Any]:
    """Return a row that came."""
    return {"op": "insert", "table": table, "row": row}


def update(table: str, id_: Any, **changed: Any) -> dict[str, Any]:
    """Return a row that changed."""
    return {"op": "update", "table": table, "id": id_, "changed": changed}


def test_a_unique_value_goes_from_one_row_to_another() -> None:
    """The row that gives it away changes before the one that gets it comes."""
    commit = [insert("word", id="new", a=0), update("word", "old", a=[0, 1])]

    assert [(2, "new", 0), (1, "old", 1)] == rows_after("word", commit)


@pytest.mark.parametrize("named", ["new", {"id": "new"}, {"_rowid": 7, "id": "new"}])
def test_a_row_that_came_and_changed_in_one_commit_is_as_it_was_then(
    named: object,
) -> None:
    """A recorder of statements tells of both."""
    commit = [insert("word", _rowid=7, id="new", a=1), update("word", named, a=[1, 2])]

    assert (7, "new", 2) in rows_after("word", commit)


def test_a_key_of_two_columns_names_a_row_that_came_and_changed() -> None:
    """As the list of its values."""
    commit = [insert("pair", a=1, b=2, c=3), update("pair", [1, 2], c=[3, 4])]

    heads = [statement.head for statement in steps_of(commit)[0].statements]

    assert ["INSERT OR", 'UPDATE "PAIR"'] == heads[2:4]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (update("word", "old", _rowid=[1, 9]), (9, "old", 0)),
        (update("word", "old", _rowid=[1, 9], a=[0, 5]), (9, "old", 5)),
        (update("word", "old", a=5), (1, "old", 5)),
        (update("word", "old", id=["old", "new"]), (1, "new", 0)),
        (update("WORD", "old", a=[0, 5]), (1, "old", 5)),
    ],
)
def test_a_change_is_told_in_every_way(
    change: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    """With its new rowid or key, with the new value alone, with the table in capitals."""
    assert [expected] == rows_after("word", [change])


def test_generated_columns_are_not_set() -> None:
    """A recording of all columns has their values too."""
    changed = update("made", 1, _rowid=[1, 1], a=[1, 5], b=[2, 6], c=[3, 7])
    came = insert("made", _rowid=1, id=1, a=1, b=2, c=3)

    assert [(1, 1, 5, 6, 7)] == rows_after("made", [came], [changed])


def test_a_change_of_nothing_that_can_be_set_is_left_out() -> None:
    """The rest of the commit is replayed."""
    only = {"op": "update", "table": "made", "id": 1, "changed": {"b": [2, 6]}}
    moved = {"op": "update", "table": "made", "id": 1, "changed": {"_rowid": [1, 2]}}

    assert 4 == len(steps_of([only, insert("made", id=1, a=1), moved])[0].statements)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"[1]", r"a line: expected an object, got \[1\]"),
        (b"null", "a line: expected an object, got None"),
        (b"{}", "'changes' is missing"),
        (b'{"changes": {}}', "changes: expected a list"),
        (b'{"changes": [1]}', "a change: expected an object"),
        (b'{"changes": [{"op": "x", "table": 5}]}', "table: expected a name, got 5"),
        (b'{"changes": [{"op": "sql", "table": "a"}]}', "unknown op 'sql'"),
        (b'{"t_ms": "x", "changes": [{"op": "delete"}]}', "'table' is missing"),
        (b'{"t_ms": "x", "changes": [{"op":"delete","table":"a","id":1}]}', "t_ms: "),
        (
            b'{"t_ms": 1' + b"0" * 400 + b', "changes": [{"op":"delete","table":"a",'
            b'"id":1}]}',
            "too large",
        ),
        (b'{"changes": [{"op":"insert","table":"a","row":{"a":NaN}}]}', "NaN"),
        (b'{"changes": [{"op":"insert","table":"a","row":{"a":"\\ud800"}}]}', "utf-8"),
        (b'{"changes": [{"op":"insert","table":"a","row":{"a":{"$blob":1}}}]}', "."),
        (
            b'{"changes": [{"op":"insert","table":"a","row":[1]}]}',
            "row: expected an obj",
        ),
        (
            b'{"changes": [{"op":"update","table":"a","id":1,"changed":[1]}]}',
            "changed: ",
        ),
        (b"[" * 100_000, "recursion"),
        (b"{nope", "property name"),
        (b'"\xff"', "utf-8"),
    ],
)
def test_what_is_wrong_with_a_line_is_told(line: bytes, told: str) -> None:
    """In words of the format, and with the form that is expected."""
    with pytest.raises(
        WriterScriptError, match=f"PD611: t.jsonl:2: .*{told}"
    ) as caught:
        parse_trace(b"\n" + line, PLACE, read_tables(image()))

    assert '{"changes": [' in caught.value.hint


def test_a_step_is_named_on_one_line() -> None:
    """Whatever a recorder numbers its commits with."""
    line = {"snapshot": "a\nb", "t_ms": None, "changes": [insert("word", id="x")]}

    (step,) = parse_trace(json.dumps(line).encode(), PLACE, {})

    assert "commit a b: +word" == step.label
    assert 0.0 == step.t_ms


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (insert("none", id=1), "no such table: none"),
        (insert("word", id=1, zz=2), "no column named zz"),
        (insert("seen", id=1), "it is a view"),
        (update("made", 1, zz=[1, 2]), "no such column: zz"),
        (update("word", "new", a=[1, 0]), "UNIQUE constraint failed"),
    ],
)
def test_what_the_store_refuses_is_told_before_anything_runs(
    change: dict[str, Any], told: str
) -> None:
    """With the line of the trace."""
    steps = steps_of([insert("word", id="new", a=1)], [change])

    with pytest.raises(WriterScriptError, match=f"PD611: t.jsonl:2: .*{told}"):
        rehearse(steps, PLACE, image())


def test_a_trace_of_another_store_is_told() -> None:
    """It would be replayed, and nothing would be written."""
    steps = steps_of([update("word", "a", a=[0, 1])], [update("word", "b", a=[0, 1])])

    with pytest.raises(WriterScriptError, match=r"PD611: t\.jsonl:1: no change finds"):
        rehearse(steps, PLACE, image())


def test_changes_that_find_no_row_are_counted() -> None:
    """A trace may begin later than its store, or lack a table of it."""
    steps = steps_of([update("word", "a", a=[0, 1])], [insert("word", id="a", a=1)])

    assert Rehearsed(changes=2, missed=1) == rehearse(steps, PLACE, image())
