"""Small opencode stores and trees for the tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw

from pytest_parsediff.adapters.opencode import OpencodeAdapter
from pytest_parsediff.adapters.opencode.mapper import map_tree
from pytest_parsediff.adapters.opencode.rows import (
    InputRow,
    MessageRow,
    PartRow,
    SessionMessageRow,
    SessionRow,
    Tree,
)
from pytest_parsediff.core.event import (
    Checkpoint,
    Emission,
    Event,
    Evidence,
    Notice,
    Source,
)

DDL = """
CREATE TABLE session (id TEXT PRIMARY KEY, parent_id TEXT, project_id TEXT,
    slug TEXT, directory TEXT, title TEXT, version TEXT, agent TEXT, model TEXT,
    cost REAL, tokens_input INTEGER, tokens_output INTEGER, tokens_reasoning INTEGER,
    tokens_cache_read INTEGER, tokens_cache_write INTEGER, time_created INTEGER,
    time_updated INTEGER, time_archived INTEGER, time_compacting INTEGER);
CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER,
    time_updated INTEGER, data TEXT);
CREATE TABLE part (id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT,
    time_created INTEGER, time_updated INTEGER, data TEXT);
CREATE TABLE session_message (id TEXT PRIMARY KEY, session_id TEXT, type TEXT,
    seq INTEGER, time_created INTEGER, time_updated INTEGER, data TEXT);
CREATE TABLE session_input (id TEXT PRIMARY KEY, session_id TEXT, prompt TEXT,
    time_created INTEGER);
"""

DEFAULTS: dict[str, dict[str, Any]] = {
    "session": {"id": "ses_1", "time_created": 1000, "time_updated": 1000},
    "message": {
        "id": "msg_1",
        "session_id": "ses_1",
        "time_created": 2000,
        "time_updated": 2000,
        "data": '{"role":"assistant"}',
    },
    "part": {
        "id": "prt_1",
        "message_id": "msg_1",
        "session_id": "ses_1",
        "time_created": 3000,
        "time_updated": 3000,
        "data": '{"type":"step-start"}',
    },
    "session_message": {
        "id": "evt_1",
        "session_id": "ses_1",
        "type": "agent-switched",
        "seq": 0,
        "time_created": 1500,
        "time_updated": 1500,
        "data": "{}",
    },
    "session_input": {"id": "msg_0", "session_id": "ses_1", "prompt": "{}"},
}

#: Stands for a cell that is not inserted, because the store has no such column.
ABSENT = object()

#: A row to insert: its table, and the cells that differ from the defaults.
Insert = tuple[str, Mapping[str, Any]]


def build(path: Path, *rows: Insert, ddl: str = DDL) -> Path:
    """Create a store with *rows* and close it."""
    with closing(apsw.Connection(str(path))) as connection:
        list(connection.execute(ddl))
        for row in rows:
            insert(connection, row)
    return path


def insert(connection: apsw.Connection, row: Insert) -> None:
    """Insert one row."""
    table, given = row
    merged = {**DEFAULTS[table], **given}
    cells = {name: value for name, value in merged.items() if value is not ABSENT}
    marks = ", ".join("?" for _ in cells)
    sql = f"INSERT INTO {table} ({', '.join(cells)}) VALUES ({marks})"
    list(connection.execute(sql, tuple(cells.values())))


def scan(path: Path) -> Iterator[Emission]:
    """Scan the store at *path* from the beginning; events and notices of it."""
    for emission in scan_all(path):
        if not isinstance(emission, (Evidence, Checkpoint)):
            yield emission


def scan_all(path: Path) -> Iterator[Emission]:
    """Scan the store at *path* from the beginning."""
    return OpencodeAdapter().scan(Source(path, path.parent), None)


def split(emissions: Iterator[Emission]) -> tuple[list[Event], list[Notice]]:
    """Return the events and the notices of a scan."""
    events: list[Event] = []
    notices: list[Notice] = []
    for emission in emissions:
        if isinstance(emission, Notice):
            notices.append(emission)
        else:
            assert isinstance(emission, dict)
            events.append(emission)
    return events, notices


def scan_rows(
    path: Path, *rows: Insert, ddl: str = DDL
) -> tuple[list[Event], list[Notice]]:
    """Build a store of *rows* and return what a scan of it gives."""
    return split(scan(build(path, *rows, ddl=ddl)))


def part(number: int, data: Mapping[str, Any] | str, created: int = 3000) -> PartRow:
    """Return the part ``prt_<number>``."""
    return PartRow(f"prt_{number}", created, as_json(data))


def as_json(data: Mapping[str, Any] | str) -> str:
    """Return *data* as compact JSON; text is taken as it is."""
    return data if isinstance(data, str) else json.dumps(data, separators=(",", ":"))


def message(
    number: int,
    data: Mapping[str, Any] | str,
    *parts: PartRow,
    created: int = 2000,
    prompt: str | None = None,
) -> MessageRow:
    """Return the message ``msg_<number>``."""
    return MessageRow(
        id=f"msg_{number}",
        time_created_ms=created,
        data=as_json(data),
        parts=parts,
        input=None if prompt is None else InputRow(f"msg_{number}", prompt),
    )


def assistant(number: int, *parts: PartRow, **data: Any) -> MessageRow:
    """Return an assistant message."""
    return message(number, {"role": "assistant", **data}, *parts)


def tree(
    *messages: MessageRow,
    session_messages: tuple[SessionMessageRow, ...] = (),
    root_id: str = "ses_1",
    **cells: Any,
) -> Tree:
    """Return a tree; *cells* are those of the session."""
    texts = ("parent_id", "project_id", "slug", "directory", "title", "version")
    empty: dict[str, Any] = dict.fromkeys((*texts, "agent", "model"), "")
    times = {"time_created_ms": 1000, "time_archived_ms": 0}
    session = SessionRow(**{"id": "ses_1", **empty, **times, **cells})
    return Tree(
        session=session,
        root_id=root_id,
        messages=messages,
        session_messages=session_messages,
    )


def events_of(*messages: MessageRow, **cells: Any) -> list[Event]:
    """Return the events of a tree."""
    return map_tree(tree(*messages, **cells), "opencode:store")[0]


def notices_of(*messages: MessageRow, **cells: Any) -> list[tuple[str, str]]:
    """Return code and place of the notices of a tree."""
    found = map_tree(tree(*messages, **cells), "opencode:store")[1]
    return [(notice.code, notice.where) for notice in found]


def payloads(events: list[Event], kind: str) -> list[dict[str, Any]]:
    """Return the payloads of the events of one kind."""
    return [event["payload"] for event in events if event["kind"] == kind]


def pick(events: list[Event], kind: str, *names: str) -> list[tuple[Any, ...]]:
    """Return some fields of the events of one kind."""
    return [tuple(p[name] for name in names) for p in payloads(events, kind)]


def kinds(events: list[Event]) -> list[str]:
    """Return the kinds of *events* in order."""
    return [event["kind"] for event in events]


def step(number: int, tokens: Mapping[str, Any], created: int = 4000) -> PartRow:
    """Return a step-finish part."""
    return part(number, {"type": "step-finish", "tokens": tokens}, created)
