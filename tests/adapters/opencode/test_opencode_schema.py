"""Stores of other versions: missing and additional tables and columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from opencode_stores import ABSENT, DDL, kinds, payloads, pick, scan_rows

from pytest_parsediff.core.errors import SchemaError

LEAST = """
CREATE TABLE session (id TEXT PRIMARY KEY, time_created INTEGER, time_updated INTEGER);
CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT, time_updated INTEGER,
    data TEXT);
CREATE TABLE part (id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT,
    time_updated INTEGER, data TEXT);
"""
LEAST_SWITCHES = """
CREATE TABLE session_message (id TEXT PRIMARY KEY, session_id TEXT, type TEXT,
    time_updated INTEGER, data TEXT);
"""
UNTIMED = {"time_created": ABSENT}
SESSION_OPTIONAL = (
    *("project_id", "parent_id", "slug", "directory", "title", "version", "agent"),
    *("model", "cost", "tokens_input", "tokens_output", "tokens_reasoning"),
    *("tokens_cache_read", "tokens_cache_write", "time_archived", "time_compacting"),
)


def without_table(table: str) -> str:
    """Return the DDL with *table* under another name."""
    return DDL.replace(f"CREATE TABLE {table} (", f"CREATE TABLE other_{table} (")


def test_a_complete_store_has_no_notices(tmp_path: Path) -> None:
    """When everything wanted is there, nothing is noticed."""
    assert [] == scan_rows(tmp_path / "s.db", ("session", {}))[1]


def test_required_columns_are_enough(tmp_path: Path) -> None:
    """The least store is read in the order of ids, and what it lacks is told once."""
    events, notices = scan_rows(
        tmp_path / "s.db",
        ("session", {}),
        ("message", {**UNTIMED, "id": "msg_2", "time_updated": 1}),
        ("message", {**UNTIMED, "id": "msg_1", "data": "{}"}),
        ("part", {**UNTIMED, "message_id": "msg_2"}),
        ddl=LEAST,
    )

    assert ["session_started", "log_entry", "turn_started", "op_started"] == kinds(
        events
    )
    assert [0, 0, 0] == [event["payload"]["Ts"] for event in events[1:]]
    assert [
        *(("column-absent", f"session.{name}") for name in SESSION_OPTIONAL),
        ("column-absent", "message.time_created"),
        ("column-absent", "part.time_created"),
        ("table-absent", "session_message"),
        ("table-absent", "session_input"),
    ] == [(notice.code, notice.where) for notice in notices]


def test_switches_without_seq_and_time_are_ordered_by_id(tmp_path: Path) -> None:
    """Without any other order switches come in the order of their ids."""
    cells = {**UNTIMED, "seq": ABSENT}
    events, notices = scan_rows(
        tmp_path / "s.db",
        ("session", {}),
        ("session_message", {**cells, "id": "e2", "time_updated": 1}),
        ("session_message", {**cells, "id": "e1", "time_updated": 2}),
        ddl=LEAST + LEAST_SWITCHES,
    )

    logs = payloads(events, "log_entry")
    assert ["e1", "e2"] == [log["Extras"]["session_message_id"] for log in logs]
    assert [0, 0] == [log["Ts"] for log in logs]
    assert ["session_message.seq", "session_message.time_created"] == [
        notice.where for notice in notices[-3:-1]
    ]


def test_switches_without_seq_are_ordered_by_time(tmp_path: Path) -> None:
    """Where the column seq is absent, time and id give the order."""
    ddl = DDL.replace("    seq INTEGER, time_created", "    time_created")
    events, notices = scan_rows(
        tmp_path / "s.db",
        ("session", {}),
        ("session_message", {"id": "e3", "seq": ABSENT, "time_created": 7}),
        ("session_message", {"id": "e1", "seq": ABSENT, "time_created": 8}),
        ("session_message", {"id": "e2", "seq": ABSENT, "time_created": 7}),
        ddl=ddl,
    )

    assert ["e2", "e3", "e1"] == [
        log["Extras"]["session_message_id"] for log in payloads(events, "log_entry")
    ]
    assert ["session_message.seq"] == [notice.where for notice in notices]


def test_switches_are_ordered_by_seq(tmp_path: Path) -> None:
    """Where the column seq is there, it goes before the time."""
    events, _ = scan_rows(
        tmp_path / "s.db",
        ("session", {}),
        ("session_message", {"id": "e1", "seq": 2, "time_created": 1}),
        ("session_message", {"id": "e3", "seq": 1, "time_created": 3}),
        ("session_message", {"id": "e2", "seq": 1, "time_created": 4}),
    )

    assert [("e2", 4000), ("e3", 3000), ("e1", 1000)] == [
        (log["Extras"]["session_message_id"], log["Ts"])
        for log in payloads(events, "log_entry")
    ]


def test_stored_prompts_are_used(tmp_path: Path) -> None:
    """The prompt of a user message is the row with the message's own id."""
    events, _ = scan_rows(
        tmp_path / "s.db",
        ("session", {}),
        ("message", {"id": "msg_0", "time_created": 1, "data": '{"role":"user"}'}),
        ("message", {}),
        ("session_input", {"id": "msg_0", "prompt": '{"text":"hey"}'}),
        ("session_input", {"id": "msg_9", "prompt": '{"text":"no"}'}),
    )

    assert [("opencode-sqlite://?input_id=msg_0&field=prompt.text", 3)] == pick(
        events, "payload_ref", "LocationURI", "OriginalBytes"
    )


@pytest.mark.parametrize("column", ["id", "session_id", "prompt"])
def test_incomplete_prompts_are_not_used(tmp_path: Path, column: str) -> None:
    """A table of prompts that lacks a column it needs is told and left alone."""
    start = DDL.index("CREATE TABLE session_input")
    ddl = DDL[:start] + DDL[start:].replace(f"{column} TEXT", f"other_{column} TEXT", 1)
    events, notices = scan_rows(tmp_path / "s.db", ("session", {}), ddl=ddl)

    assert ["session_started"] == kinds(events)
    assert [("table-unused", "session_input")] == [(n.code, n.where) for n in notices]
    assert column in notices[0].message


@pytest.mark.parametrize("table", ["session", "message", "part"])
def test_required_tables(tmp_path: Path, table: str) -> None:
    """Without one of the three tables there is nothing to read."""
    with pytest.raises(SchemaError, match=f"PD421: .*s.db: expected table {table}"):
        scan_rows(tmp_path / "s.db", ddl=without_table(table))


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *(("session", "time_updated"), ("session", "time_created"), ("session", "id")),
        *(("message", "session_id"), ("message", "data"), ("part", "message_id")),
        *(("part", "time_updated"), ("session_message", "type")),
        *(("session_message", "data"), ("session_message", "session_id")),
    ],
)
def test_required_columns(tmp_path: Path, table: str, column: str) -> None:
    """Without a required column the scan fails, and names table and column."""
    start = DDL.index(f"CREATE TABLE {table} (")
    ddl = DDL[:start] + DDL[start:].replace(f"{column} ", f"other_{column} ", 1)

    with pytest.raises(SchemaError, match=f"expected table {table}, lacks {column}"):
        scan_rows(tmp_path / "s.db", ddl=ddl)


def test_columns_match_whatever_their_case(tmp_path: Path) -> None:
    """SQLite does not tell apart the case of a column's name, so nothing is missed."""
    ddl = DDL.replace("title TEXT", "TITLE TEXT")
    events, notices = scan_rows(tmp_path / "s.db", ("session", {"title": "t"}), ddl=ddl)

    assert {"title": "t"} == events[0]["payload"]["Extras"]
    assert [] == notices


def test_other_tables_and_columns_are_never_read(tmp_path: Path) -> None:
    """What is not wanted may hold anything."""
    ddl = DDL.replace("title TEXT", "title TEXT, secret BLOB DEFAULT (x'ff')")
    ddl += "CREATE TABLE event (id, data); INSERT INTO event VALUES (1, x'ff');"
    events, notices = scan_rows(tmp_path / "s.db", ("session", {}), ddl=ddl)

    assert ["session_started"] == kinds(events)
    assert [] == notices
