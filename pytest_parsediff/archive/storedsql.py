"""``stored.sql`` of a scenario: stored sessions as SQL that a person can read.

The script fills a database that has the archive's tables already. What it leaves out is
recorded from the scenario's own store: sessions without a row, and the records of rows
that say neither how many there are nor which.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import apsw

from pytest_parsediff.archive.connect import (
    WAIT_S,
    close_recording,
    open_for_recording,
    recording_connection,
    transaction,
    translated,
)
from pytest_parsediff.archive.fencing import Action, payload_of
from pytest_parsediff.archive.known import KnownAdapter
from pytest_parsediff.archive.rows import decode, encode
from pytest_parsediff.archive.schema import APPLICATION_ID, CURRENT
from pytest_parsediff.archive.staged import StagedSession, StagedSide, StagedSource
from pytest_parsediff.archive.writer import ContentWriter
from pytest_parsediff.core.canonical import encode_lines
from pytest_parsediff.core.errors import (
    NotAnEventError,
    ParsediffError,
    StoredSQLError,
    Where,
    clip,
)
from pytest_parsediff.core.store import BuildLimits, run_script

_HINT = "Only INSERT, UPDATE and DELETE rows; the tables are those of docs/archive.md."


def build_stored(
    script: bytes,
    place: Path,
    path: Path,
    *,
    adapters: Mapping[str, KnownAdapter],
    limits: BuildLimits | None = None,
) -> None:
    """Make an archive at *path* and run *script* in it.

    Lines are brought into canonical form, and keys and a data version that was not said
    are filled in, so that nobody has to write them by hand. Canonical rules are not
    applied: what is stored is what they once gave.

    Args:
        script: UTF-8 SQL.
        place: The file it came from, for error messages.
        path: A file that does not exist.
        adapters: By name, those whose sessions may be stored.
        limits: Bounds on time and value size.

    Raises:
        ParsediffError: PD201 to PD207, as for ``fixture.sql``.
        StoredSQLError: PD517, it changed the tables themselves, or a line is no event.
    """
    connection = open_for_recording(path)
    try:
        before = _tables(connection)
        run_script(connection, script, place, limits or BuildLimits())
        _unguard(connection)
        if _tables(connection) != before:
            message = "the script changed the tables themselves"
            raise StoredSQLError(message, Where(place), _HINT)
        with transaction(connection):
            for name, adapter in adapters.items():
                _tidy(connection, name, adapter, place)
    except apsw.Error as error:
        raise StoredSQLError(f"SQLite: {error}", Where(place)) from error
    finally:
        close_recording(connection)


def _unguard(connection: apsw.Connection) -> None:
    """Lift the bounds of the script; what follows is ours."""
    connection.authorizer = None
    connection.set_progress_handler(None)
    connection.pragma("foreign_keys", True)


def _tables(connection: apsw.Connection) -> tuple[Any, ...]:
    """Return everything that makes a database an archive."""
    schema = connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name")
    return (
        *schema.fetchall(),
        connection.pragma("application_id") == APPLICATION_ID,
        connection.pragma("user_version") == CURRENT.version,
        connection.execute("SELECT count(*) FROM archive").fetchall(),
        connection.execute("PRAGMA foreign_key_check").fetchall(),
    )


def _tidy(
    connection: apsw.Connection, name: str, adapter: KnownAdapter, place: Path
) -> None:
    """Bring the records of one adapter into canonical form, one by one."""
    connection.execute(
        """
        UPDATE sessions SET data_version = ?
        WHERE adapter = CAST(? AS TEXT) AND data_version IS NULL""",
        (adapter.data_version, encode(name)),
    )
    rows: list[Any] = connection.execute(
        """
        SELECT id, CAST(session AS BLOB) FROM sessions
        WHERE adapter = CAST(? AS TEXT) ORDER BY id""",
        (encode(name),),
    ).fetchall()
    for row, session in rows:
        try:
            _tidy_session(connection, row, adapter)
        except ParsediffError as error:
            message = f"session {decode(session)!r}: {error.message}"
            raise StoredSQLError(message, Where(place)) from error


def _tidy_session(connection: apsw.Connection, row: int, adapter: KnownAdapter) -> None:
    ordinals: list[Any] = connection.execute(
        "SELECT ordinal FROM records WHERE session_id = ? ORDER BY ordinal", (row,)
    ).fetchall()
    for expected, (ordinal,) in enumerate(ordinals):
        if ordinal != expected:
            raise StoredSQLError(f"expected ordinal {expected}, got {ordinal}")
        [(line,)] = list[Any](
            connection.execute(
                """
                SELECT CAST(line AS BLOB) FROM records
                WHERE session_id = ? AND ordinal = ?""",
                (row, ordinal),
            )
        )
        record = adapter.comparison.record(ordinal, _canonical(line, adapter))
        connection.execute(
            """
            UPDATE records SET key = CAST(? AS TEXT), line = CAST(? AS TEXT)
            WHERE session_id = ? AND ordinal = ?""",
            (encode(record.key), record.line, row, ordinal),
        )


def _canonical(line: bytes, adapter: KnownAdapter) -> bytes:
    """Return the event that *line* holds in the one form that it may have.

    Raises:
        NotAnEventError: PD405, it holds none.
    """
    event = adapter.comparison.read(line)
    if not event and line.strip() != b"{}":
        raise NotAnEventError(f"expected a JSON object, got {clip(line)}")
    (canonical,) = encode_lines([dict(event)], adapter.rules.encoder)
    return canonical


def fill_missing(path: Path, staged: StagedSide, *, wait_s: float = WAIT_S) -> None:
    """Record what a script left out, from what is parsed now.

    A session without a row is recorded as a whole. A row that has no records and no
    ``record_count`` gets those that were parsed; its other columns stay as they were
    written, but for an empty ``source``.

    Raises:
        ArchiveUnreadableError: PD501. ArchiveVersionError: PD502.
        ArchiveLockedError: PD503. ArchiveMissingError: PD504.
        RecordingAbortedError: PD521.
    """
    with (
        recording_connection(path, wait_s, must_exist=True) as connection,
        translated(path, wait_s),
        transaction(connection),
    ):
        writer = ContentWriter(connection, None)
        for source in staged.sources():
            if not source.code:
                for session in staged.sessions(source):
                    _fill(connection, writer, source, session, staged)


def _fill(
    connection: apsw.Connection,
    writer: ContentWriter,
    source: StagedSource,
    session: StagedSession,
    staged: StagedSide,
) -> None:
    parsed = session.parsed
    if parsed.error or parsed.excluded or parsed.needs_retry:
        return
    names = (encode(parsed.adapter), encode(parsed.session))
    rows = connection.execute(_UNSAID, names).fetchall()
    payload = payload_of(source, session)
    if not rows:
        writer.write(Action.INSERT, payload, lambda: staged.records(parsed))
    elif rows[0][0]:
        writer.fill(payload, staged.records(parsed))


#: Whether a row says nothing about its records; no row without the session.
_UNSAID = """\
SELECT record_count IS NULL
       AND NOT EXISTS (SELECT 1 FROM records WHERE session_id = sessions.id)
FROM sessions WHERE adapter = CAST(? AS TEXT) AND session = CAST(? AS TEXT)"""
