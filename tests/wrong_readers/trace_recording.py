"""A program that writes sessions, and a recorder of every commit it makes.

``python tests/wrong_readers/trace_recording.py`` writes ``trace.jsonl``, which is the
recording of it: the format in which traces of real programs come, and no real program's.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

SCHEMA = """\
CREATE TABLE session(
    id TEXT PRIMARY KEY, title TEXT NOT NULL, tokens_input INTEGER NOT NULL DEFAULT 0,
    time_updated INTEGER NOT NULL);
CREATE TABLE message(
    id TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES session(id)
    ON DELETE CASCADE, data TEXT NOT NULL, time_updated INTEGER NOT NULL);
CREATE TABLE part(
    id TEXT PRIMARY KEY, message_id TEXT NOT NULL REFERENCES message(id)
    ON DELETE CASCADE, session_id TEXT NOT NULL, data TEXT NOT NULL,
    time_updated INTEGER NOT NULL);
CREATE INDEX part_session ON part(session_id);
CREATE TABLE event_sequence(
    aggregate_id TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
"""
TRACE = Path(__file__).with_name("trace.jsonl")


def commits() -> Iterator[list[tuple[str, tuple[Any, ...]]]]:
    """Yield the statements of each commit: three sessions, of which one is reverted."""
    for number in range(3):
        session = f"ses_{9 - number}"
        yield [
            ("INSERT INTO session VALUES (?, 'New session', 0, ?)", (session, number))
        ]
        for turn in range(3):
            yield from _turn(session, f"{number}{turn}", 100 * (turn + 1))
        title = f"Session number {number}"
        yield [("UPDATE session SET title = ? WHERE id = ?", (title, session))]
    lower = "UPDATE session SET tokens_input = tokens_input - 300 WHERE id = 'ses_8'"
    yield [(lower, ()), ("DELETE FROM message WHERE id = 'msg_12a'", ())]
    yield [("DELETE FROM session WHERE id = 'ses_7'", ())]


def _turn(
    session: str, number: str, tokens: int
) -> Iterator[list[tuple[str, tuple[Any, ...]]]]:
    """Yield the commits of one turn; usage and its part come in one of them."""
    message, moment = f"msg_{number}a", int(number)
    add_message = "INSERT INTO message VALUES (?, ?, ?, ?)"
    role = json.dumps({"role": "assistant"})
    count = """INSERT INTO event_sequence VALUES (?, 0)
        ON CONFLICT DO UPDATE SET seq = seq + 1"""
    yield [(add_message, (message, session, role, moment)), (count, (session,))]
    add_part = "INSERT INTO part VALUES (?, ?, ?, ?, ?)"
    text = f"prt_{number}b"
    values = (text, message, session, json.dumps({"type": "text", "text": ""}), moment)
    yield [(add_part, values)]
    data = json.dumps({"type": "text", "text": "Done."})
    yield [("UPDATE part SET data = ? WHERE id = ?", (data, text))]
    usage = json.dumps({"type": "step-finish", "tokens": {"input": tokens}})
    add_usage = """UPDATE session SET tokens_input = tokens_input + ?, time_updated = ?
        WHERE id = ?"""
    part = (f"prt_{number}c", message, session, usage, moment)
    yield [(add_part, part), (add_usage, (tokens, moment, session))]


def record(
    schema: str,
    transactions: Iterator[list[tuple[str, tuple[Any, ...]]]],
) -> Iterator[dict[str, Any]]:
    """Run *transactions* on a fresh database and yield a line for each commit."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.executescript(f"PRAGMA foreign_keys = ON; {schema}")
        before = contents(db)
        for number, statements in enumerate(transactions, 1):
            db.execute("BEGIN")
            for sql, values in statements:
                db.execute(sql, values)
            db.execute("COMMIT")
            after = contents(db)
            changes = list(_changes(before, after))
            if changes:
                yield {"t_ms": 10.5 * number, "snapshot": number, "changes": changes}
            before = after


#: Rows by key, per table. A key is the rowid, or the primary key where there is none.
Contents = dict[str, dict[Any, dict[str, Any]]]


def contents(db: sqlite3.Connection) -> Contents:
    """Return everything that is in a database."""
    found: Contents = {}
    for name, without_rowid in db.execute(
        "SELECT name, wr FROM pragma_table_list WHERE type = 'table'"
        " AND schema = 'main' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall():
        rowid = "" if without_rowid else "_rowid_ AS _rowid, "
        quoted = name.replace('"', '""')
        cursor = db.execute(f'SELECT {rowid}* FROM "{quoted}"')
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
        keys = _key_of(db, name)
        found[name] = {
            row.get("_rowid", tuple(row[key] for key in keys)): row for row in rows
        }
    return found


def _key_of(db: sqlite3.Connection, table: str) -> list[str]:
    query = "SELECT name FROM pragma_table_info(?) WHERE pk ORDER BY pk"
    return [row[0] for row in db.execute(query, (table,))]


def _changes(before: Contents, after: Contents) -> Iterator[dict[str, Any]]:
    for table, rows in after.items():
        old = before[table]
        for key, row in rows.items():
            if key not in old:
                yield {"op": "insert", "table": table, "row": _plain(row)}
            elif old[key] != row:
                pairs = {n: [_blob(old[key][n]), _blob(row[n])] for n in row}
                changed = {n: pair for n, pair in pairs.items() if pair[0] != pair[1]}
                change = {"op": "update", "table": table, "key": _plain(old[key])}
                yield {**change, "changed": changed}
        for key in old.keys() - rows.keys():
            yield {"op": "delete", "table": table, "row": _plain(old[key])}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _blob(value) for name, value in row.items()}


def _blob(value: object) -> object:
    if isinstance(value, bytes):
        return {"$blob": base64.b64encode(value).decode()}
    return value


def lines_of(trace: Sequence[dict[str, Any]]) -> str:
    """Return a recording as it is stored."""
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in trace)


if __name__ == "__main__":
    TRACE.write_text(lines_of(list(record(SCHEMA, commits()))), "utf-8")
