"""Run one SELECT over a database of somebody else, and change nothing there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

import apsw

from pytest_parsediff.core.errors import AdapterTimeoutError, ParsediffError, Where

#: One value as SQLite stores it.
Cell: TypeAlias = int | float | str | bytes | None

_NOTHING = re.compile(r"(?:[\s;]|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STEPS_BETWEEN_LOOKS = 10_000
_BUSY_TIMEOUT_MS = 5_000
_SELECT_HINT = "Write one SELECT."
_OPEN = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI


@dataclass(frozen=True, slots=True, kw_only=True)
class OneSelect:
    """One query that somebody wrote into a configuration file.

    Attributes:
        key: Where it is written, for messages.
        query: The text; it must be one statement that returns rows.
        db: The database; it is opened read-only and never made.
        end: When it has to be done, in seconds of :func:`time.monotonic`.
        error: Class of the error that is raised.
        look: Called with the names of the columns before the first row; may raise.
    """

    key: str
    query: str
    db: Path
    end: float
    error: type[ParsediffError]
    look: Callable[[tuple[str, ...]], None]

    def rows(self) -> Iterator[tuple[Cell, ...]]:
        """Yield the rows, all of one snapshot; memory holds one of them.

        Raises:
            ParsediffError: Of the class *error*: SQLite's own refusal, with the place
                in the query if it has one; no statement, several, or one that returns
                no rows; text that is not UTF-8.
            AdapterTimeoutError: PD402.
        """
        seen: list[str] = []
        try:
            with closing(self._connect()) as connection:
                yield from self._start(connection, seen)
        except apsw.InterruptError as error:
            message = f"the {self.key} did not end within timeout_s"
            raise AdapterTimeoutError(message, Where(self.db)) from error
        except (apsw.Error, UnicodeDecodeError) as error:
            raise self.refuse(f": {error}{self._position(error)}") from error
        if not seen:
            raise self.refuse(" holds no statement", _SELECT_HINT)

    def refuse(self, message: str, hint: str | None = None) -> ParsediffError:
        """Return the error to raise; *message* goes on after the key."""
        return self.error(f"{self.key}{message}", Where(self.db), hint)

    def _connect(self) -> apsw.Connection:
        connection = apsw.Connection(f"file://{quote(str(self.db))}?mode=ro", _OPEN)
        connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
        connection.limit(apsw.SQLITE_LIMIT_ATTACHED, 0)
        connection.set_progress_handler(
            lambda: time.monotonic() > self.end, _STEPS_BETWEEN_LOOKS
        )
        return connection

    def _start(self, connection: apsw.Connection, seen: list[str]) -> apsw.Cursor:
        """Start the query; each statement is looked at before it runs."""

        def look(cursor: apsw.Cursor, text: str, _bindings: object) -> bool:
            if _NOTHING.fullmatch(text):
                return True
            names = tuple(column[0] for column in cursor.get_description())
            if seen:
                raise self.refuse(" holds more than one statement", _SELECT_HINT)
            if not names:
                raise self.refuse(" returns no rows", _SELECT_HINT)
            self.look(names)
            seen.append(text)
            return True

        cursor = connection.cursor()
        cursor.exec_trace = look
        return cursor.execute(self.query)

    def _position(self, error: Exception) -> str:
        """Return where in the query SQLite found *error*, if it says so."""
        offset = getattr(error, "error_offset", -1)
        if offset < 0:
            return ""
        before = self.query.encode()[:offset].decode(errors="replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return f" (line {line}, column {column} of the query)"
