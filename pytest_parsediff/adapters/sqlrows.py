"""Read rows of a tool's own database as events."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import apsw

from pytest_parsediff.adapters.emissions import weigh
from pytest_parsediff.core.errors import (
    AdapterTimeoutError,
    OutputTooLargeError,
    SQLOutputError,
    Where,
    clip,
)
from pytest_parsediff.core.event import Event

_NOTHING = re.compile(r"(?:[\s;]|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STEPS_BETWEEN_LOOKS = 10_000
_BUSY_TIMEOUT_MS = 5_000
_BLOB_HINT = "Select hex(column) or json(column) instead of the bytes."
_ALIAS_HINT = "Give each column a name of its own with AS."
_SELECT_HINT = "Write one SELECT."
_MISSING_HINT = "Check sql.db and that the commands before it write there."
_OPEN = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI


def read_rows(db: Path, query: str, *, end: float, max_bytes: float) -> Iterator[Event]:
    """Yield one object per row, keyed by column name in the order of the columns.

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
    columns: list[tuple[str, ...]] = []
    left = max_bytes
    try:
        with closing(apsw.Connection(f"file://{quote(str(db))}?mode=ro", _OPEN)) as sql:
            sql.set_busy_timeout(_BUSY_TIMEOUT_MS)
            sql.set_progress_handler(
                lambda: time.monotonic() > end, _STEPS_BETWEEN_LOOKS
            )
            for row in _cursor(sql, query, columns, db):
                event = dict(zip(columns[0], row, strict=True))
                left -= weigh(event, left)
                if left < 0:
                    raise OutputTooLargeError(
                        "the rows exceed max_output_mb", Where(db)
                    )
                _refuse_blobs(event, db)
                yield event
    except apsw.InterruptError as error:
        message = "the query did not end within timeout_s"
        raise AdapterTimeoutError(message, Where(db)) from error
    except (apsw.Error, UnicodeDecodeError) as error:
        raise SQLOutputError(f"query: {error}", Where(db)) from error
    if not columns:
        raise SQLOutputError("query holds no statement", Where(db), _SELECT_HINT)


def _cursor(
    connection: apsw.Connection, query: str, columns: list[tuple[str, ...]], db: Path
) -> apsw.Cursor:
    """Start *query* and note its columns; each statement is looked at beforehand."""

    def look(cursor: apsw.Cursor, text: str, _bindings: object) -> bool:
        if _NOTHING.fullmatch(text):
            return True
        names = tuple(column[0] for column in cursor.get_description())
        if columns:
            message = "query holds more than one statement"
            raise SQLOutputError(message, Where(db), _SELECT_HINT)
        if not names:
            raise SQLOutputError("query returns no rows", Where(db), _SELECT_HINT)
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            message = f"column names twice: {', '.join(sorted(twice))}"
            raise SQLOutputError(message, Where(db), _ALIAS_HINT)
        columns.append(names)
        return True

    cursor = connection.cursor()
    cursor.exec_trace = look
    return cursor.execute(query)


def _refuse_blobs(event: Event, db: Path) -> None:
    for name, value in event.items():
        if isinstance(value, bytes):
            message = f"column {name!r} holds a BLOB: {clip(value, 40)}"
            raise SQLOutputError(message, Where(db), _BLOB_HINT)
