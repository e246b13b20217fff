"""A tool's own SQLite database as the stored side, by two queries of the user."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeAlias, final
from urllib.parse import quote

import apsw

from pytest_parsediff.archive.connect import WAIT_S
from pytest_parsediff.archive.known import KnownAdapter
from pytest_parsediff.core.config import StoredConfig
from pytest_parsediff.core.errors import (
    ArchiveLockedError,
    ArchiveMissingError,
    ArchiveUnreadableError,
    StoredSQLError,
    Where,
    clip,
)
from pytest_parsediff.core.event import Event
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.records import Record, StoredSession

#: Columns of the sessions query that say what the source was, with their types.
_WATERMARK: Mapping[str, tuple[type, ...]] = {
    "size": (int,),
    "mtime_ns": (int,),
    "content_hash": (str,),
    "consumed": (int,),
    "row_digest": (str,),
}
#: All columns that mean something, with their types; each may be NULL but the first.
_COLUMNS: Mapping[str, tuple[type, ...]] = {
    "session": (str, int),
    "adapter": (str,),
    "source": (str,),
    **_WATERMARK,
    "data_version": (int,),
    "is_incremental": (int,),
    "is_trashed": (int,),
}
_OPEN = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
_PARAMETER = re.compile(r"[:@$]session\b")
#: An id that a tool may keep as an INTEGER; more digits would not fit.
_NUMBER = re.compile("0|-?[1-9][0-9]{0,17}")
_BLOB_HINT = "Select hex(column) or json(column) instead of the bytes."

_Row: TypeAlias = dict[str, Any]


@final
class QuerySide:
    """Stored sessions as two queries give them. No method writes, and SQLite refuses to.

    Each row of ``records`` is an event; it goes through the canonical rules of its
    adapter, as an event that was parsed does.

    Args:
        config: The queries.
        folder: What a relative ``db`` is relative to.
        adapters: By name, those that the run is about.
        wait_s: How long to wait for a writer, in seconds.

    Raises:
        ArchiveMissingError: PD504. ArchiveUnreadableError: PD501.
        ArchiveLockedError: PD503, also while reading. StoredSQLError: PD517, also while
            reading.
    """

    __slots__ = (
        "_adapters",
        "_config",
        "_connection",
        "_has_watermark",
        "_path",
        "_wait_s",
    )

    def __init__(
        self,
        config: StoredConfig,
        folder: Path,
        adapters: Mapping[str, KnownAdapter],
        *,
        wait_s: float = WAIT_S,
    ) -> None:
        self._config = config
        self._adapters = adapters
        self._path = folder / Path(config.db).expanduser()
        self._wait_s = wait_s
        if not self._path.is_file():
            message = "the tool's database does not exist"
            raise ArchiveMissingError(message, Where(self._path), "Correct `db`.")
        with self._translated(None):
            uri = f"file://{quote(str(self._path.absolute()))}?mode=ro"
            self._connection = apsw.Connection(uri, _OPEN)
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        with self._translated(None):
            self._connection.set_busy_timeout(int(self._wait_s * 1000))
            self._connection.pragma("query_only", True)
            self._connection.execute("SELECT 1 FROM sqlite_schema").fetchall()
        columns = self._columns()
        for name in columns:
            if name not in _COLUMNS:
                near = difflib.get_close_matches(name, _COLUMNS, n=1, cutoff=0.5)
                nearest = f"; the nearest known one is {near[0]!r}" if near else ""
                self._refuse("sessions", f"column {name!r} means nothing{nearest}")
        if "session" not in columns:
            self._refuse("sessions", "no column is named 'session'")
        if "adapter" not in columns and not self._config.adapter:
            self._refuse(
                "sessions", "neither `adapter` nor a column says whose they are"
            )
        if not _PARAMETER.search(self._config.records):
            self._refuse("records", "does not use :session")
        self._has_watermark = any(name in columns for name in _WATERMARK)

    def _columns(self) -> tuple[str, ...]:
        """Return the columns of the sessions query, without running it."""
        query = f"{self._sessions_query()} LIMIT 0"
        found: list[tuple[str, ...]] = []

        def look(cursor: apsw.Cursor, _text: str, _bindings: object) -> bool:
            found.append(tuple(column[0] for column in cursor.get_description()))
            return True

        with self._translated("sessions"):
            cursor = self._connection.cursor()
            cursor.exec_trace = look
            cursor.execute(query).fetchall()
        return found[0]

    def _sessions_query(self) -> str:
        inner = self._config.sessions.strip().rstrip(";")
        return f"SELECT * FROM (\n{inner}\n)"  # noqa: S608 - of the user, and read-only

    # --- the stored side ---------------------------------------------------------------

    @property
    def has_observations(self) -> bool:
        """Whether the sessions query has a column that says what a source was."""
        return self._has_watermark

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Hold one read transaction; inside another one it is that one."""
        if not self._connection.get_autocommit():
            yield
            return
        with self._translated(None):
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT 1 FROM sqlite_schema").fetchall()
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")

    def sessions(self) -> Iterator[StoredSession]:
        """Yield every session of the adapters of this run, by adapter and id."""
        last: tuple[str, str] | None = None
        found = [self._session(row) for row in self._rows("sessions", {})]
        for one in sorted(found, key=lambda one: (one.adapter, one.session)):
            if (one.adapter, one.session) == last:
                self._refuse("sessions", f"session {clip(one.session)} is there twice")
            last = (one.adapter, one.session)
            if one.adapter in self._adapters:
                yield one

    def get(self, adapter: str, session: str) -> StoredSession | None:
        """Return one session as it is stored now, or ``None``."""
        number = int(session) if _NUMBER.fullmatch(session) else None
        rows = self._rows("session", {"session": session, "number": number})
        found = [self._session(row) for row in rows]
        mine = [
            one for one in found if (one.adapter, one.session) == (adapter, session)
        ]
        if len(mine) > 1:
            self._refuse("sessions", f"session {clip(session)} is there twice")
        return mine[0] if mine and adapter in self._adapters else None

    def records(self, adapter: str, session: str) -> Iterator[Record]:
        """Yield the records of one session; all its rows are held at a time.

        Raises:
            CanonicalRuleError: PD414. NotAnEventError: PD405.
        """
        if adapter not in self._adapters:
            return
        queried = self._adapters[adapter]
        values = {"session": session, "adapter": adapter}
        events: list[Event] = list(self._rows("records", values))
        for ordinal, line in enumerate(queried.rules.apply(events, {})):
            yield queried.comparison.record(ordinal, line)

    def close(self) -> None:
        """Close the database; may be called twice."""
        self._connection.close(force=True)

    # --- rows --------------------------------------------------------------------------

    def _session(self, row: _Row) -> StoredSession:
        """Return the session of one row; columns that are not there are not known."""
        self._check(row)
        adapter = row.get("adapter") or self._config.adapter or ""
        queried = self._adapters.get(adapter)
        version = row.get("data_version")
        if version is None:
            version = queried.data_version if queried else 0
        return StoredSession(
            adapter=adapter,
            session=str(row["session"]),
            source=row.get("source") or "",
            form=queried.comparison.form if queried else "",
            observation=self._observation(row),
            data_version=version,
            is_incremental=bool(row.get("is_incremental")),
            is_trashed=bool(row.get("is_trashed")),
        )

    def _check(self, row: _Row) -> None:
        """Refuse values of a type that their column cannot have."""
        for name, value in row.items():
            is_null = value is None and name != "session"
            if not is_null and not isinstance(value, _COLUMNS[name]):
                expected = " or ".join(one.__name__ for one in _COLUMNS[name])
                message = f"column {name!r}: expected {expected}, got {clip(value)}"
                self._refuse("sessions", message)

    def _observation(self, row: _Row) -> Observation | None:
        if all(row.get(name) is None for name in _WATERMARK):
            return None
        return Observation(
            size=row.get("size"),
            mtime_ns=row.get("mtime_ns"),
            content_hash=row.get("content_hash"),
            consumed=row.get("consumed"),
            row_digest=row.get("row_digest"),
        )

    def _rows(self, which: str, values: Mapping[str, Any]) -> Iterator[_Row]:
        """Yield the rows of one query, by column."""
        query = {
            "sessions": self._sessions_query(),
            "session": f"{self._sessions_query()} WHERE session IN (:session, :number)",
            "records": self._config.records,
        }[which]
        columns: list[str] = []

        def look(cursor: apsw.Cursor, _text: str, _bindings: object) -> bool:
            columns[:] = [column[0] for column in cursor.get_description()]
            return True

        name = "records" if which == "records" else "sessions"
        cursor = self._connection.cursor()
        cursor.exec_trace = look
        try:
            with self._translated(name):
                for row in cursor.execute(query, values):
                    yield self._named(columns, row, name)
        finally:
            cursor.close(force=True)

    def _named(self, columns: list[str], row: tuple[Any, ...], which: str) -> _Row:
        twice = {name for name in columns if columns.count(name) > 1}
        if twice:
            self._refuse(which, f"column names twice: {', '.join(sorted(twice))}")
        for name, value in zip(columns, row, strict=True):
            if isinstance(value, bytes):
                message = f"column {name!r} holds a BLOB: {clip(value, 40)}"
                raise StoredSQLError(
                    f"{which}: {message}", Where(self._path), _BLOB_HINT
                )
        return dict(zip(columns, row, strict=True))

    @contextmanager
    def _translated(self, which: str | None) -> Iterator[None]:
        """Raise SQLite's errors as errors of a query, or of the database."""
        try:
            yield
        except (apsw.BusyError, apsw.LockedError) as error:
            message = f"another process kept it locked for more than {self._wait_s:g} s"
            raise ArchiveLockedError(message, Where(self._path)) from error
        except (apsw.NotADBError, apsw.CorruptError, apsw.CantOpenError) as error:
            raise ArchiveUnreadableError(
                f"SQLite: {error}", Where(self._path)
            ) from error
        except (apsw.Error, UnicodeDecodeError, UnicodeEncodeError) as error:
            if which is None:
                message = f"SQLite: {error}"
                raise ArchiveUnreadableError(message, Where(self._path)) from error
            message = f"{which}: {error}"
            raise StoredSQLError(message, Where(self._path)) from error

    def _refuse(self, which: str, message: str) -> NoReturn:
        raise StoredSQLError(f"{which}: {message}", Where(self._path))
