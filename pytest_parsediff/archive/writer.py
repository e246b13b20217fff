"""Write content rows of an archive, inside a transaction that somebody else holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import apsw

from pytest_parsediff.archive.fencing import Action, Payload
from pytest_parsediff.archive.rows import (
    ONE_SESSION,
    ONE_SOURCE,
    RECORDS,
    SESSIONS_OF_SOURCE,
    StoredSource,
    add_aggregates,
    encode,
    encode_aggregates,
    stored_record,
    stored_session,
    stored_source,
    watermark,
)
from pytest_parsediff.archive.staged import StagedSource
from pytest_parsediff.core.errors import RecordingAbortedError
from pytest_parsediff.core.wording import counted
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.records import Aggregates, Record, StoredSession

#: From the adapter's name and all records of a session to its fingerprint.
FingerprintOf: TypeAlias = Callable[[str, Iterator[Record]], str]

_SET_OBSERVATION = """\
    is_observed = 1, size = ?, mtime_ns = ?, content_hash = ?, consumed = ?,
    row_digest = ?, observed_run_id = ?"""
_SET_CONTENT = f"""\
    source = CAST(? AS TEXT), fingerprint = ?, form = ?, record_count = ?,
    aggregates = ?, data_version = ?, is_incremental = ?, revision = ?, run_id = ?,
{_SET_OBSERVATION}"""


class ContentWriter:
    """Writes sessions and sources on behalf of one run.

    Every row that gets new content gets the run's number and the archive's next
    revision; a new observation alone changes neither.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        run_id: int | None,
        fingerprint_of: FingerprintOf | None = None,
    ) -> None:
        self._connection = connection
        self._run_id = run_id
        self._fingerprint_of = fingerprint_of

    # --- looking -----------------------------------------------------------------------

    def session(self, adapter: str, session: str) -> StoredSession | None:
        """Return a session as it is stored now."""
        rows = self._connection.execute(ONE_SESSION, (encode(adapter), encode(session)))
        return next(iter([stored_session(row) for row in rows]), None)

    def source(self, adapter: str, name: str) -> StoredSource | None:
        """Return a source as it is stored now."""
        rows = self._connection.execute(ONE_SOURCE, (encode(adapter), encode(name)))
        return next(iter([stored_source(row) for row in rows]), None)

    def sessions_of(self, adapter: str, source: str) -> list[StoredSession]:
        """Return the sessions that were recorded from *source*, by id."""
        rows = self._connection.execute(
            SESSIONS_OF_SOURCE, (encode(adapter), encode(source))
        )
        return [stored_session(row) for row in rows]

    # --- sessions ----------------------------------------------------------------------

    def write(
        self, action: Action, payload: Payload, records: Callable[[], Iterator[Record]]
    ) -> None:
        """Do *action* with a session.

        Args:
            action: As decided on the row that is stored now.
            payload: The session.
            records: Returns its records; called at most once.

        Raises:
            RecordingAbortedError: PD521, not as many records as announced.
        """
        parsed = payload.parsed
        match action:
            case Action.INSERT:
                row = self._insert(parsed.adapter, parsed.session)
                self._add_records(row, 0, parsed.record_count, records())
                self._set_content(row, payload, parsed.record_count)
            case Action.REWRITE:
                row = self._row_of(parsed.adapter, parsed.session)
                self._run("DELETE FROM records WHERE session_id = ?", row)
                self._add_records(row, 0, parsed.record_count, records())
                self._set_content(row, payload, parsed.record_count)
            case Action.APPEND:
                self._append(payload, records())
            case Action.REFRESH:
                row = self._row_of(parsed.adapter, parsed.session)
                self.observe(row, payload.observation)
            case _:  # keep and stale: nothing is written
                return

    def fill(self, payload: Payload, records: Iterator[Record]) -> None:
        """Add the records of a session whose row has none, and what follows from them.

        Columns that the row may say by itself are left alone.
        """
        parsed = payload.parsed
        row = self._row_of(parsed.adapter, parsed.session)
        self._add_records(row, 0, parsed.record_count, records)
        self._run(
            """
            UPDATE sessions
            SET record_count = ?, fingerprint = ?, form = ?,
                aggregates = CASE aggregates WHEN '{}' THEN ? ELSE aggregates END,
                source = CASE source WHEN '' THEN CAST(? AS TEXT) ELSE source END
            WHERE id = ?""",
            parsed.record_count,
            parsed.fingerprint,
            parsed.form,
            encode_aggregates(parsed.aggregates),
            encode(parsed.source),
            row,
        )

    def _append(self, payload: Payload, records: Iterator[Record]) -> None:
        """Put *records* behind those that are stored; the row is incremental now."""
        parsed = payload.parsed
        names = (encode(parsed.adapter), encode(parsed.session))
        stored = self.session(parsed.adapter, parsed.session)
        assert stored is not None
        row = self._row_of(parsed.adapter, parsed.session)
        [(first,)] = self._connection.execute(
            "SELECT coalesce(max(ordinal) + 1, 0) FROM records WHERE session_id = ?",
            (row,),
        )
        self._add_records(row, int(str(first)), parsed.record_count, records)
        fingerprint = ""
        if self._fingerprint_of is not None:
            rows = self._connection.execute(RECORDS, names)
            fingerprint = self._fingerprint_of(parsed.adapter, map(stored_record, rows))
        self._set_content(
            row,
            payload,
            stored.record_count + parsed.record_count,
            aggregates=add_aggregates(stored.aggregates, parsed.aggregates),
            fingerprint=fingerprint,
        )

    def _insert(self, adapter: str, session: str) -> int:
        self._run(
            """
            INSERT INTO sessions (adapter, session)
            VALUES (CAST(? AS TEXT), CAST(? AS TEXT))""",
            encode(adapter),
            encode(session),
        )
        return self._connection.last_insert_rowid()

    def _row_of(self, adapter: str, session: str) -> int:
        [(row,)] = self._connection.execute(
            """
            SELECT id FROM sessions
            WHERE adapter = CAST(? AS TEXT) AND session = CAST(? AS TEXT)""",
            (encode(adapter), encode(session)),
        )
        return int(str(row))

    def _add_records(
        self, row: int, first: int, count: int, records: Iterator[Record]
    ) -> None:
        """Write *records* one by one, so that a session of any length fits."""
        end = first

        def rows() -> Iterator[tuple[int, int, bytes, bytes]]:
            nonlocal end
            for record in records:
                yield row, end, encode(record.key), record.line
                end += 1

        self._connection.executemany(
            """
            INSERT INTO records (session_id, ordinal, key, line)
            VALUES (?, ?, CAST(? AS TEXT), CAST(? AS TEXT))""",
            rows(),
        )
        if end - first != count:
            message = (
                f"expected {counted(count, 'record')} of a session, got {end - first}"
            )
            raise RecordingAbortedError(message)

    def _set_content(
        self,
        row: int,
        payload: Payload,
        record_count: int,
        *,
        aggregates: Aggregates | None = None,
        fingerprint: str | None = None,
    ) -> None:
        """Describe what is stored; *aggregates* and *fingerprint* after an append."""
        parsed = payload.parsed
        is_appended = aggregates is not None
        self._run(
            f"UPDATE sessions SET {_SET_CONTENT} WHERE id = ?",  # noqa: S608 - ours
            encode(parsed.source),
            parsed.fingerprint if fingerprint is None else fingerprint,
            parsed.form,
            record_count,
            encode_aggregates(parsed.aggregates if aggregates is None else aggregates),
            payload.data_version,
            int(is_appended),
            self._next_revision(),
            self._run_id,
            *watermark(payload.observation),
            self._run_id,
            row,
        )

    def observe(self, row: int, observation: Observation) -> None:
        """Write what the source was, and nothing else."""
        self._run(
            f"UPDATE sessions SET {_SET_OBSERVATION} WHERE id = ?",  # noqa: S608 - ours
            *watermark(observation),
            self._run_id,
            row,
        )

    def set_trashed(self, adapter: str, session: str, *, is_trashed: bool) -> bool:
        """Throw a session away, or take it back; return whether it is stored."""
        stored = self.session(adapter, session)
        if stored is None:
            return False
        if stored.is_trashed != is_trashed:
            self._run(
                "UPDATE sessions SET is_trashed = ?, revision = ? WHERE id = ?",
                int(is_trashed),
                self._next_revision(),
                self._row_of(adapter, session),
            )
        return True

    # --- sources -----------------------------------------------------------------------

    def put_source(self, source: StagedSource) -> None:
        """Note that everything up to the cursor of *source* is stored."""
        stored = self.source(source.adapter, source.name)
        seen = source.before
        kept = Observation(
            size=seen.size,
            mtime_ns=seen.mtime_ns,
            content_hash=seen.content_hash,
            consumed=seen.consumed,
        )
        if stored is not None and (
            (
                stored.cursor,
                stored.observation,
                stored.consumed_hash,
                stored.data_version,
            )
            == (source.cursor, kept, source.consumed_hash, source.data_version)
        ):
            return
        self._run(
            """
            INSERT OR REPLACE INTO sources
            VALUES (CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT),
                    ?, ?, ?, ?, ?, ?, ?, ?)""",
            encode(source.adapter),
            encode(source.name),
            None if source.cursor is None else encode(source.cursor),
            *(kept.size, kept.mtime_ns, kept.content_hash, kept.consumed),
            *(source.consumed_hash, source.data_version),
            *(self._next_revision(), self._run_id),
        )

    def forget_cursor(self, adapter: str, name: str) -> None:
        """Note that only a full parse of a source can go on from what is stored."""
        stored = self.source(adapter, name)
        if stored is not None and stored.cursor is not None:
            self._run(
                """
                UPDATE sources SET cursor = NULL, revision = ?, run_id = ?
                WHERE adapter = CAST(? AS TEXT) AND source = CAST(? AS TEXT)""",
                *(self._next_revision(), self._run_id, encode(adapter), encode(name)),
            )

    # --- statements --------------------------------------------------------------------

    def _next_revision(self) -> int:
        """Return a revision that no row ever had."""
        [(revision,)] = self._connection.execute(
            "UPDATE archive SET revision = revision + 1 RETURNING revision"
        ).fetchall()
        return int(str(revision))

    def _run(self, statement: str, *values: Any) -> None:
        self._connection.execute(statement, values)
