"""Read rows of a tool's own database as events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pytest_parsediff.adapters.emissions import weigh
from pytest_parsediff.adapters.oneselect import OneSelect
from pytest_parsediff.core.errors import (
    OutputTooLargeError,
    SQLOutputError,
    Where,
    clip,
)
from pytest_parsediff.core.event import Event

_BLOB_HINT = "Select hex(column) or json(column) instead of the bytes."
_ALIAS_HINT = "Give each column a name of its own with AS."
_MISSING_HINT = "Check sql.db and that the commands before it write there."


def read_rows(db: Path, query: str, *, end: float, max_bytes: float) -> Iterator[Event]:
    """Yield one object per row, keyed by column name in the order of the columns.

    All rows are read before the first one is handed out: the database may be one that
    others write, and an open snapshot would keep its WAL from being reset
    (https://sqlite.org/wal.html section 6).

    Args:
        db: The database; it is opened read-only and nothing is made if it is missing.
        query: One statement that returns rows.
        end: When it has to be done, in seconds of :func:`time.monotonic`.
        max_bytes: Most that all rows may hold together, measured roughly.

    Raises:
        SQLOutputError: PD413, no database, SQLite's own refusal, no or several
            statements, a column name twice, a BLOB, text that is not UTF-8.
        AdapterTimeoutError: PD402. OutputTooLargeError: PD407.
    """
    if not db.is_file():
        raise SQLOutputError("the database does not exist", Where(db), _MISSING_HINT)
    columns: list[str] = []
    left = max_bytes

    def look(names: tuple[str, ...]) -> None:
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            message = f"column names twice: {', '.join(sorted(twice))}"
            raise SQLOutputError(message, Where(db), _ALIAS_HINT)
        columns.extend(names)

    select = OneSelect(
        key="query", query=query, db=db, end=end, error=SQLOutputError, look=look
    )
    events: list[Event] = []
    for row in select.rows():
        event = dict(zip(columns, row, strict=True))
        left -= weigh(event, left)
        if left < 0:
            raise OutputTooLargeError("the rows exceed max_output_mb", Where(db))
        _refuse_blobs(event, db)
        events.append(event)
    yield from events


def _refuse_blobs(event: Event, db: Path) -> None:
    for name, value in event.items():
        if isinstance(value, bytes):
            message = f"column {name!r} holds a BLOB: {clip(value, 40)}"
            raise SQLOutputError(message, Where(db), _BLOB_HINT)
