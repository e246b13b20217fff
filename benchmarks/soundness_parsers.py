"""Parsers of the stores of a soundness run; none makes a mistake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw

from pytest_parsediff.core.event import Evidence, Source

#: One row per record; what is a digest of a session, too.
COLUMNS = "SELECT sid, id, text, n FROM message"


def parse_file(path: Path) -> Iterator[dict[str, Any]]:
    """Yield an event per complete line, and read no byte before it is needed."""
    with open(path, "rb", buffering=0) as file:
        while (line := file.readline()).endswith(b"\n"):
            yield json.loads(line)


def parse_database(path: Path) -> Iterator[dict[str, Any]]:
    """Yield an event per row, each read by a statement of its own: no snapshot."""
    with closing(_open(path)) as connection:
        listed = "SELECT DISTINCT sid FROM message ORDER BY sid"
        following = f"{COLUMNS} WHERE sid = ? AND id > ? ORDER BY id LIMIT 1"
        for (session,) in list(connection.execute(listed)):
            last = -1
            while rows := list(connection.execute(following, (session, last))):
                event = _event(rows[0])
                last = event["id"]
                yield event


class SnapshotAdapter:
    """Reads a whole database and its evidence in one transaction.

    Attributes:
        name: Its name.
    """

    name = "toy"

    def scan(self, source: Source, _cursor: str | None, /) -> Iterator[Any]:
        """Yield evidence and events of each session."""
        with closing(_open(source.path)) as connection:
            connection.execute("BEGIN").fetchall()
            rows = _read_all(connection)
            for session, events in rows.items():
                yield Evidence(session, repr(events))
                yield from events

    def evidence(self, source: Source, /) -> dict[str, str]:
        """Return the same digests."""
        with closing(_open(source.path)) as connection:
            return {name: repr(own) for name, own in _read_all(connection).items()}


def _open(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(10_000)
    return connection


def _event(row: Any) -> dict[str, Any]:
    return dict(zip(("sid", "id", "text", "n"), row, strict=True))


def _read_all(connection: apsw.Connection) -> dict[str, list[dict[str, Any]]]:
    sessions: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(f"{COLUMNS} ORDER BY sid, id"):
        sessions.setdefault(row[0], []).append(_event(row))
    return sessions
