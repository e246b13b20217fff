"""Open an archive, for reading or for recording, and name what goes wrong.

At rest an archive is one file in rollback mode: it can be copied, kept in a cache and
read from a read-only folder, and reading it leaves no file beside it. While somebody
records it is in WAL mode, so that readers see the state before, and need no writer's
help when the recording dies.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import apsw

from pytest_parsediff.archive.schema import APPLICATION_ID, CURRENT, Schema
from pytest_parsediff.core.errors import (
    ArchiveLockedError,
    ArchiveMissingError,
    ArchiveUnreadableError,
    ArchiveVersionError,
    ParsediffError,
    RecordingAbortedError,
    Where,
)

#: How long somebody else's lock is waited for, in seconds.
WAIT_S = 10.0

_URI = apsw.SQLITE_OPEN_URI
_READ = apsw.SQLITE_OPEN_READONLY | _URI
_WRITE = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | _URI
#: https://sqlite.org/rescode.html#readonly_rollback: a hot journal, and no right to
#: play it back.
_READONLY_ROLLBACK = apsw.SQLITE_READONLY_ROLLBACK
_DEAD_HINT = "Record into it again: opening it for recording restores it."
_MIGRATE_HINT = "Record into it with --parsediff-record=FILE once: that migrates it."


def open_for_reading(path: Path, *, wait_s: float = WAIT_S) -> apsw.Connection:
    """Return a connection that cannot write to the archive at *path*.

    Args:
        path: An existing archive of the current version; never migrated here.
        wait_s: How long to wait for a writer, in seconds, here and for each read.

    Raises:
        ArchiveUnreadableError: PD501. ArchiveVersionError: PD502.
        ArchiveLockedError: PD503. ArchiveMissingError: PD504.
    """
    _refuse_no_file(path)
    with translated(path, wait_s):
        connection = apsw.Connection(f"{_uri(path)}?mode=ro", _READ)
    try:
        with translated(path, wait_s):
            connection.set_busy_timeout(_milliseconds(wait_s))
            connection.pragma("query_only", True)
            _refuse_foreign(connection, path)
            _refuse_other_version(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_recording(
    path: Path, *, wait_s: float = WAIT_S, schema: Schema = CURRENT
) -> apsw.Connection:
    """Return a connection that may write to the archive at *path*.

    A missing or empty file becomes an archive; one of an older version is migrated, in
    one transaction. Close it with :func:`close_recording`.

    Args:
        path: In an existing folder.
        wait_s: How long to wait for another writer, in seconds, here and at each write.
        schema: The version to make or migrate to.

    Raises:
        ArchiveUnreadableError: PD501. ArchiveVersionError: PD502.
        ArchiveLockedError: PD503. ArchiveMissingError: PD504, no such folder.
    """
    if not path.parent.is_dir():
        raise ArchiveMissingError("its folder does not exist", Where(path))
    if path.is_dir():
        raise ArchiveUnreadableError("is a folder", Where(path))
    with translated(path, wait_s):
        connection = apsw.Connection(_uri(path), _WRITE)
    try:
        with translated(path, wait_s):
            connection.set_busy_timeout(_milliseconds(wait_s))
            _prepare(connection, path, schema)
            connection.pragma("foreign_keys", True)
            with suppress(apsw.BusyError):  # readers: then it is a rollback journal
                connection.pragma("journal_mode", "wal")
    except BaseException:
        connection.close()
        raise
    return connection


def close_recording(connection: apsw.Connection) -> None:
    """Close *connection* and leave one file, unless a reader still needs the others."""
    connection.set_busy_timeout(0)
    try:
        with suppress(apsw.Error):
            connection.pragma("journal_mode", "delete")
    finally:
        with suppress(apsw.Error):  # everything was committed, or undone, before
            connection.close(force=True)


@contextmanager
def recording_connection(
    path: Path, wait_s: float, *, must_exist: bool = False
) -> Iterator[apsw.Connection]:
    """Open for recording, and close.

    Args:
        path: The archive.
        wait_s: How long locks of others are waited for, in seconds.
        must_exist: Refuse to make a new archive, with ArchiveMissingError, PD504.
    """
    if must_exist:
        _refuse_no_file(path)
    connection = open_for_recording(path, wait_s=wait_s)
    try:
        yield connection
    finally:
        close_recording(connection)


@contextmanager
def translated(path: Path, wait_s: float) -> Iterator[None]:
    """Raise SQLite's errors as errors about the archive at *path*.

    Raises:
        ArchiveLockedError: PD503. ArchiveUnreadableError: PD501.
        RecordingAbortedError: PD521, the disk is full.
    """
    try:
        yield
    except apsw.FullError as error:
        raise RecordingAbortedError(f"SQLite: {error}", Where(path)) from error
    except (apsw.BusyError, apsw.LockedError) as error:
        message = f"another process kept it locked for more than {wait_s:g} s"
        raise ArchiveLockedError(message, Where(path)) from error
    except apsw.ReadOnlyError as error:
        # missing in apsw's stubs
        if getattr(error, "extendedresult", 0) != _READONLY_ROLLBACK:
            raise ArchiveUnreadableError(f"SQLite: {error}", Where(path)) from error
        message = "a recording died here and left a journal to be rolled back"
        raise ArchiveLockedError(message, Where(path), _DEAD_HINT) from error
    except apsw.NotADBError as error:
        raise ArchiveUnreadableError("not a SQLite database", Where(path)) from error
    except (apsw.Error, UnicodeDecodeError) as error:
        raise ArchiveUnreadableError(f"SQLite: {error}", Where(path)) from error


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """Hold the write lock; commit at the end, or undo everything on an error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        undo(connection)
        raise


def undo(connection: apsw.Connection) -> None:
    """Roll back what is open, if anything; the error that led here tells more."""
    if not connection.get_autocommit():  # some errors roll back by themselves
        with suppress(apsw.Error):
            connection.execute("ROLLBACK")


def _prepare(connection: apsw.Connection, path: Path, schema: Schema) -> None:
    """Make the tables, or migrate them, or find them as they should be."""
    if _is_empty(connection) and path.stat().st_size == 0:
        _create(connection, schema)
    _refuse_foreign(connection, path)
    version = _version(connection)
    if version < schema.version:
        _migrate(connection, path, schema)
    elif version > schema.version:
        raise _other_version(path, version, schema)


def _create(connection: apsw.Connection, schema: Schema) -> None:
    with transaction(connection):
        if _has_tables(connection):  # another process was first
            return
        _run(connection, schema.script)
        connection.pragma("application_id", APPLICATION_ID)
        connection.pragma("user_version", schema.version)


def _migrate(connection: apsw.Connection, path: Path, schema: Schema) -> None:
    """Run every migration from the archive's version on, in one transaction."""
    # foreign keys are not enforced yet: a migration may replace a table
    with transaction(connection):
        first = _version(connection)  # another process may have been first
        for version in range(first, schema.version):
            if version not in schema.migrations:
                raise _other_version(path, first, schema)
            _run(connection, schema.migrations[version])
        if connection.execute("PRAGMA foreign_key_check").fetchall():
            message = "the archive has records without a session"
            raise ArchiveUnreadableError(message, Where(path))
        connection.pragma("user_version", max(first, schema.version))


def _run(connection: apsw.Connection, script: str) -> None:
    for _ in connection.execute(script):  # a cursor that is not drained stops half way
        pass


def _refuse_no_file(path: Path) -> None:
    if path.is_dir():
        raise ArchiveUnreadableError("is a folder", Where(path))
    if not path.exists():
        raise ArchiveMissingError("there is no such file", Where(path))


def _refuse_foreign(connection: apsw.Connection, path: Path) -> None:
    """Refuse a database that this plugin did not make.

    Source:
        https://sqlite.org/pragma.html#pragma_application_id
    """
    if _is_empty(connection):
        # SQLite takes anything shorter than a page for an empty database
        is_text = path.stat().st_size > 0
        message = (
            "not a SQLite database" if is_text else "is empty: nothing was recorded"
        )
        raise ArchiveUnreadableError(message, Where(path))
    if connection.pragma("application_id") != APPLICATION_ID:
        raise ArchiveUnreadableError("a database of another program", Where(path))


def _is_empty(connection: apsw.Connection) -> bool:
    """Return whether there is not even one page."""
    return int(connection.pragma("page_count")) == 0


def _has_tables(connection: apsw.Connection) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall())


def _version(connection: apsw.Connection) -> int:
    return int(connection.pragma("user_version"))


def _refuse_other_version(connection: apsw.Connection, path: Path) -> None:
    version = _version(connection)
    if version != CURRENT.version:
        raise _other_version(path, version, CURRENT)


def _other_version(path: Path, version: int, schema: Schema) -> ParsediffError:
    message = f"schema version {version}; this plugin has {schema.version}"
    if version > schema.version:
        return ArchiveVersionError(message, Where(path))
    hint = _MIGRATE_HINT if version in schema.migrations else None
    return ArchiveVersionError(message, Where(path), hint)


def _uri(path: Path) -> str:
    return f"file://{quote(str(path.absolute()))}"


def _milliseconds(seconds: float) -> int:
    return max(0, int(seconds * 1000))
