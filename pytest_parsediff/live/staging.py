"""Parse everything for a recording: each source once, none compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import final

from pytest_parsediff.archive.rows import StoredSource
from pytest_parsediff.archive.staged import AppendBase, StagedSession, StagedSource
from pytest_parsediff.core.errors import RunDatabaseError
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.records import ParsedSession, Record
from pytest_parsediff.diff.sameness import Sameness, compare_in_run
from pytest_parsediff.live.entries import SourceRow, read_source, read_sources
from pytest_parsediff.live.inventory import prepare
from pytest_parsediff.live.parse import ensure_parsed
from pytest_parsediff.live.results import (
    Emitted,
    Moment,
    Parse,
    ParseResult,
    read_digest,
    read_digests,
    read_emitted,
    read_parse,
    read_records,
    read_sessions,
)
from pytest_parsediff.live.run import LiveRun
from pytest_parsediff.live.settings import LiveSettings
from pytest_parsediff.live.sources import SourceKind, find_sources
from pytest_parsediff.live.stages import OnStage


def source_names(settings: LiveSettings) -> list[tuple[str, str]]:
    """Return adapter and name of every source, for the plan of a recording.

    Raises:
        ParsediffError: As :func:`~.sources.find_sources`.
    """
    return [(ref.adapter, ref.name) for ref in find_sources(settings).refs]


def stage(
    settings: LiveSettings,
    path: Path,
    *,
    resume: Callable[[str, str], StoredSource | None] | None = None,
    on_stage: OnStage | None = None,
) -> Staged:
    """Parse all sources into a new run database at *path*.

    A source that was written meanwhile is parsed again, ``raced_retries`` times at
    most; then it is staged as it is, and its observations tell.

    Args:
        settings: What to parse; sessions, limit and sample are not looked at.
        path: Where the run database is made.
        resume: Returns what the archive has of a source, for incremental parses;
            ``None`` for full ones.
        on_stage: Called at each stage.

    Raises:
        ParsediffError: As :func:`~.inventory.take`. An adapter that fails on a source
            is no error here: the staged source tells.
        Unavailable: An adapter cannot run on this machine.
    """
    run, sources = prepare(settings, path, on_stage)
    try:
        for row, _ in sources:
            stage_source(run, row.no, resume)
    except BaseException:
        run.rundb.close()
        raise
    return Staged(run)


def stage_source(
    run: LiveRun,
    number: int,
    resume: Callable[[str, str], StoredSource | None] | None = None,
) -> ParseResult:
    """Parse one source of a prepared run, as :func:`stage` does, and say how that went.

    Args:
        run: The part of this process.
        number: Of the source.
        resume: As for :func:`stage`.

    Raises:
        RunDatabaseError: PD522, another process is stuck.
        Unavailable: The adapter cannot run on this machine.
    """
    row = read_source(run.rundb, number)
    stored = resume(row.ref.adapter, row.ref.name) if resume else None
    return _parse_at_rest(run, row, _bases(stored, row)).result


def _bases(stored: StoredSource | None, row: SourceRow) -> list[AppendBase]:
    """Return what a parse may go on from: all that was recorded, or complete lines."""
    if stored is None or not stored.cursor or stored.data_version != row.data_version:
        return []
    seen, cursor = stored.observation, stored.cursor
    whole = (seen.size, seen.content_hash)
    complete = (seen.consumed, stored.consumed_hash)
    return [
        AppendBase(cursor, size, digest)
        for size, digest in (whole, complete)
        if size is not None and digest
    ]


def _parse_at_rest(run: LiveRun, row: SourceRow, bases: list[AppendBase]) -> Parse:
    policy = run.adapter(row.ref.adapter).policy_of(row.kind, row.ref)
    parse = ensure_parsed(run, row.no, 0, bases)
    while parse.attempt < run.settings.raced_retries:
        result = parse.result
        step = compare_in_run(result.before.observation, result.after, policy)
        if step is not Sameness.DIFFERENT and not _may_be_torn(run, parse):
            break
        parse = ensure_parsed(run, row.no, parse.attempt + 1, bases)
    return parse


def _may_be_torn(run: LiveRun, parse: Parse) -> bool:
    """Return whether a database was written while it was read without a snapshot.

    Rows that were written and restored have the digest of before, and what was read
    between the two would be recorded as what they are.
    """
    if not parse.result.has_file_moved:
        return False
    return not read_digests(run.rundb, parse.no, Moment.INSIDE)


@final
class Staged:
    """What was parsed, as a recording reads it; see :class:`StagedSide`.

    Args:
        run: Whose run database holds it.
    """

    def __init__(self, run: LiveRun) -> None:
        self._run = run
        rows = read_sources(run.rundb)
        self._rows = {(row.ref.adapter, row.ref.name): row for row in rows}

    def sources(self) -> Iterator[StagedSource]:
        """Yield every source by adapter and name."""
        for _, row in sorted(self._rows.items()):
            result = self._parse(row.no).result
            yield StagedSource(
                adapter=row.ref.adapter,
                name=row.ref.name,
                before=result.before.observation,
                after=result.after,
                consumed_hash=result.before.consumed_hash,
                cursor=result.cursor,
                base=result.base,
                data_version=row.data_version,
                is_complete=not result.is_incomplete,
                code=result.error_code,
                message=_one_line(result),
            )

    def sessions(self, source: StagedSource, /) -> Iterator[StagedSession]:
        """Yield the sessions of *source* by id."""
        row = self._rows[source.adapter, source.name]
        parse = self._parse(row.no)
        for emitted in list(read_sessions(self._run.rundb, parse)):
            yield self._staged(row, emitted)

    def records(self, session: ParsedSession, /) -> Iterator[Record]:
        """Yield the records of *session* by ordinal."""
        rundb = self._run.rundb
        for emitted in read_emitted(rundb, session.adapter, session.session):
            if emitted.session.source == session.source:
                return read_records(rundb, emitted.no)
        return iter(())

    def close(self) -> None:
        """Release the run database; may be called twice."""
        self._run.rundb.close()

    def _staged(self, row: SourceRow, emitted: Emitted) -> StagedSession:
        if row.kind is not SourceKind.DATABASE or not row.has_evidence:
            return StagedSession(emitted.session)
        rundb, name, parse = self._run.rundb, emitted.session.session, emitted.parse
        inside = read_digest(rundb, parse.no, Moment.INSIDE, name)
        if inside is not None:
            seen = Observation(row_digest=inside)
            return StagedSession(emitted.session, seen, seen)
        looked = [
            (Moment.BEFORE, parse.result.before.observation),
            (Moment.AFTER, parse.result.after),
        ]
        before, after = (
            _row_seen(read_digest(rundb, parse.no, moment, name), whole)
            for moment, whole in looked
        )
        return StagedSession(emitted.session, before, after)

    def _parse(self, source: int) -> Parse:
        parse = read_parse(self._run.rundb, source)
        if parse is None:
            raise RunDatabaseError(f"source {source} was not parsed")
        return parse


def _row_seen(digest: str | None, whole: Observation) -> Observation:
    if whole.error or whole.row_digest is None:
        return whole
    return Observation(exists=digest is not None, row_digest=digest)


def _one_line(result: ParseResult) -> str:
    """Return the cause of a failed parse without its code, which stands beside it."""
    line = result.error.partition("\n")[0]
    return line.removeprefix(f"{result.error_code}: ")
