"""The only place that opens a source database, and it opens it to read.

The address is rebuilt from its path alone, so nothing that a caller puts into a
query can weaken it: the file is opened with ``mode=ro``, the connection is set to
``query_only`` and waits at most five seconds for a lock. ``mode=ro`` is what keeps
the WAL from being checkpointed into the database; ``query_only`` by itself does not.
No other database can be attached, which ``VACUUM INTO`` would do to create one.

Source:
    https://sqlite.org/uri.html, https://sqlite.org/pragma.html#pragma_query_only
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote, unquote_to_bytes

import apsw

from pytest_parsediff.core.errors import StoreOpenError, Where, clip

#: How long a read waits for a writer's lock, in milliseconds.
BUSY_TIMEOUT_MS = 5000
_LOCKED = "Another program has locked the store; read it when that one is done."

#: One row as apsw returns it: None, int, float, str or bytes per cell.
Row: TypeAlias = tuple[object, ...]

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_MEMORY = b":memory:"


def source_uri(source: str | Path) -> str:
    """Return the read-only SQLite URI of *source*.

    Args:
        source: A :class:`~pathlib.Path` or a bare path, both taken as they are (a
            ``?`` is part of the name); or a ``file:`` URI, whose query is checked
            and thrown away; or ``:memory:``.

    Raises:
        StoreOpenError: PD422, the path is empty or holds NUL, an escape of the URI
            is malformed, or the URI names another host.
    """
    text = os.fspath(source)
    is_uri = isinstance(source, str) and text.startswith("file:")
    path = _path_of_uri(text) if is_uri else os.fsencode(text)
    if not path or b"\0" in path:
        raise StoreOpenError(f"expected the path of a database, got {clip(text)}")
    if isinstance(source, str) and path == _MEMORY:
        return "file::memory:?mode=ro"
    segments = os.fsdecode(os.path.join(os.fsencode(Path.cwd()), path))
    escaped = quote(os.fsencode(segments.replace(os.sep, "/")), safe="/")
    return f"file://{'' if escaped.startswith('/') else '/'}{escaped}?mode=ro"


def _path_of_uri(uri: str) -> bytes:
    """Return the path inside *uri*, unescaped."""
    if _BAD_ESCAPE.search(uri):
        raise StoreOpenError(f"expected %XX escapes in the URI, got {clip(uri)}")
    path = uri.removeprefix("file:").partition("#")[0].partition("?")[0]
    if path.startswith("//"):
        host, slash, rest = path[2:].partition("/")
        if host not in ("", "localhost"):
            raise StoreOpenError(f"expected a local file, got {clip(uri)}")
        path = slash + rest
    return unquote_to_bytes(path)


def open_source(source: str | Path) -> apsw.Connection:
    """Open *source* for reading only; the caller closes it.

    A missing file is never created. No transaction is open afterwards.

    Args:
        source: See :func:`source_uri`.

    Raises:
        StoreOpenError: PD422, the file is missing, unreadable or not a database.
    """
    uri = source_uri(source)
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    with store_errors(source):
        connection = apsw.Connection(uri, flags=flags)
        try:
            connection.set_busy_timeout(BUSY_TIMEOUT_MS)
            connection.pragma("query_only", True)
            connection.limit(apsw.SQLITE_LIMIT_ATTACHED, 0)
            fetch(connection, "SELECT count(*) FROM sqlite_schema")
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def store_errors(source: str | Path) -> Iterator[None]:
    """Turn every SQLite error of the block into a :class:`StoreOpenError`.

    Raises:
        StoreOpenError: PD422, with *source* as its place.
    """
    try:
        yield
    except apsw.Error as exc:
        message = (
            f"expected a readable SQLite database, got {type(exc).__name__}: {exc}"
        )
        hint = _LOCKED if isinstance(exc, apsw.BusyError) else None
        raise StoreOpenError(message, Where(source), hint) from exc


@contextmanager
def read_transaction(connection: apsw.Connection) -> Iterator[None]:
    """Hold one deferred transaction, so that the block sees one snapshot.

    The block must not yield to foreign code: an open snapshot keeps the writer from
    checkpointing its WAL.
    """
    fetch(connection, "BEGIN DEFERRED")
    try:
        yield
    finally:
        if connection.in_transaction:  # SQLite rolls back by itself on some errors
            fetch(connection, "ROLLBACK")


def fetch(
    connection: apsw.Connection, sql: str, bindings: tuple[bytes | int | str, ...] = ()
) -> list[Row]:
    """Run one statement to its end and return all rows.

    A cursor that is not read to its end keeps its read lock.
    """
    return list(connection.execute(sql, bindings))
