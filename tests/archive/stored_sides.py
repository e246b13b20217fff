"""Other stored sides made by hand: a golden, and a tool's own database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from staged_sources import execute

from pytest_parsediff.archive.goldenside import GoldenSide
from pytest_parsediff.archive.known import KnownAdapter
from pytest_parsediff.archive.queryside import QuerySide
from pytest_parsediff.core.config import AdapterConfig, StoredConfig
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.diff.comparison import compile_comparison


def known(data_version: int = 0, **table: Any) -> KnownAdapter:
    """Return an adapter of the table ``[adapters.one]``."""
    config = msgspec.convert({"key": ["n"], **table}, AdapterConfig)
    rules = compile_rules(config)
    return KnownAdapter(rules, compile_comparison(config, rules), data_version)


KNOWN = {"one": known(session="session")}

GOLDEN = """\
{"n":1,"session":"a"}
{"n":2,"session":"a"}
{"n":1,"session":"b"}
{"n":3}
"""


def golden_side(folder: Path) -> GoldenSide:
    """Return a golden with two sessions and an event of none."""
    path = folder / "expected.jsonl"
    path.write_text(GOLDEN, "utf-8")
    return GoldenSide(path, "one", KNOWN["one"], source="store.db")


TOOL = """\
CREATE TABLE sessions (
    id TEXT PRIMARY KEY, agent TEXT, file_path TEXT, file_size INTEGER, file_mtime INTEGER,
    file_hash TEXT, data_version INTEGER, last_write_incremental INTEGER, deleted_at TEXT
);
CREATE TABLE messages (
    session_id TEXT, ordinal INTEGER, role TEXT, output_tokens INTEGER, cost REAL
);
INSERT INTO sessions VALUES
    ('b', 'one', '/s/b.jsonl', 30, 3000, 'bb', 7, 1, NULL),
    ('a', 'one', '/s/a.jsonl', 20, 2000, 'aa', 7, 0, NULL),
    ('c', 'one', NULL, NULL, NULL, NULL, NULL, 0, '2026-01-01'),
    ('a', 'two', '/s/x', 1, 1, 'x', 1, 0, NULL) ON CONFLICT DO NOTHING;
INSERT INTO messages VALUES
    ('a', 1, 'assistant', 12, 0.5), ('a', 0, 'user', NULL, 0), ('b', 0, 'user', 1, 1e-9);
"""

SESSIONS = """\
SELECT id AS session, agent AS adapter, file_path AS source, file_size AS size,
       file_mtime AS mtime_ns, file_hash AS content_hash, data_version,
       last_write_incremental AS is_incremental, deleted_at IS NOT NULL AS is_trashed
FROM sessions -- everything
;
"""
RECORDS = """\
SELECT session_id AS session, ordinal AS n, role, output_tokens, cost
FROM messages WHERE session_id = :session ORDER BY ordinal"""


def query_side(folder: Path, **changes: Any) -> QuerySide:
    """Return the tool's database as a stored side; *changes* are keys of its table."""
    path = folder / "tool.db"
    if not path.exists():
        execute(path, TOOL)
    table = {"db": path.name, "sessions": SESSIONS, "records": RECORDS, **changes}
    return QuerySide(msgspec.convert(table, StoredConfig), folder, KNOWN, wait_s=0)
