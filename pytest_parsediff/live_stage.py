"""One process's part of a recording: parse sources, and write the archive at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pytest_parsediff.archive.reader import ArchiveReader
from pytest_parsediff.archive.recording import Plan, Recording
from pytest_parsediff.archive.retry import find_retry
from pytest_parsediff.archive.rows import StoredSource
from pytest_parsediff.archive.runs import Retry, Run
from pytest_parsediff.core.errors import OptionError, RecordingAbortedError
from pytest_parsediff.diff.records import Record
from pytest_parsediff.live.entries import read_sources
from pytest_parsediff.live.inventory import prepare
from pytest_parsediff.live.results import ParseResult, read_parse
from pytest_parsediff.live.run import LiveRun
from pytest_parsediff.live.rundb import RunDatabase
from pytest_parsediff.live.settings import LiveSettings
from pytest_parsediff.live.stages import OnStage
from pytest_parsediff.live.staging import Staged, source_names, stage_source
from pytest_parsediff.live_flags import LAST_RUN
from pytest_parsediff.live_options import LiveOptions


def begin(
    settings: LiveSettings, options: LiveOptions, path: Path, *, is_real: bool
) -> Recording | None:
    """Note in the archive that a run begins, and in a run database what there is.

    Args:
        settings: What is parsed.
        options: What was asked.
        path: Where the run database is made.
        is_real: Whether anything will be recorded; else the archive is left alone.

    Raises:
        ParsediffError: The archive cannot be written, a source cannot be read, or
            there is nothing to retry.
    """
    assert options.record is not None, "only recordings begin"
    retry = _retry_of(options)
    recording = None
    if is_real:
        recording = Recording.begin(options.record, _plan(settings, options, retry))
    try:
        run, _ = prepare(settings, path)
        try:
            if retry is not None:
                _leave_only(run, frozenset(retry.sources))
        finally:
            run.rundb.close()
    except BaseException as error:
        if recording is not None:
            recording.abort(str(error).partition("\n")[0])
        raise
    return recording


def _plan(settings: LiveSettings, options: LiveOptions, retry: Retry | None) -> Plan:
    names = source_names(settings)
    if retry is None:
        scope = frozenset(options.sessions) or None
        return Plan(sources=names, mode=options.record_mode, scope=scope)
    return Plan(
        sources=[one for one in names if one in retry.sources],
        mode=options.record_mode,
        scope=retry.scope,
        parent_run_id=retry.run_id,
    )


def _leave_only(run: LiveRun, chosen: frozenset[tuple[str, str]]) -> None:
    """Forget the sources of a run that are not recorded."""
    with run.rundb.write():
        for row in read_sources(run.rundb):
            if (row.ref.adapter, row.ref.name) not in chosen:
                run.rundb.fetch("DELETE FROM source WHERE no = ?", (row.no,))


def _retry_of(options: LiveOptions) -> Retry | None:
    """Return what an earlier run left, or ``None`` if no retry was asked.

    Raises:
        OptionError: PD116, there is no such run, or it left nothing.
    """
    if not options.retry:
        return None
    assert options.record is not None, "checked with the other flags"
    number = None
    if options.retry != LAST_RUN:
        if not options.retry.isdecimal():
            message = f"expected the number of a run, got {options.retry!r}"
            raise OptionError(f"--parsediff-retry-failed: {message}")
        number = int(options.retry)
    retry = find_retry(options.record, number)
    if not retry.sources:
        message = f"run {retry.run_id} left nothing to record again"
        raise OptionError(f"--parsediff-retry-failed: {message}")
    return retry


@dataclass(slots=True)
class Stager:
    """Parses sources of one run, in one process.

    Attributes:
        run: The run of this process.
        options: What was asked.
    """

    run: LiveRun
    options: LiveOptions
    _archive: ArchiveReader | None = field(default=None, init=False)

    @classmethod
    def open(
        cls,
        settings: LiveSettings,
        options: LiveOptions,
        path: Path,
        on_stage: OnStage | None = None,
    ) -> Stager:
        """Return this process's part of the run whose database is at *path*."""
        return cls(LiveRun(RunDatabase(path), settings, on_stage), options)

    def sources(self) -> Iterator[tuple[str, str, int]]:
        """Yield adapter, name and number of each source to record, by both names."""
        refs = ((row.ref, row.no) for row in read_sources(self.run.rundb))
        yield from sorted((ref.adapter, ref.name, number) for ref, number in refs)

    def parse(self, number: int) -> ParseResult:
        """Parse one source.

        Raises:
            RunDatabaseError: PD522. Unavailable: The adapter cannot run here.
        """
        resume: Callable[[str, str], StoredSource | None] | None = None
        if self.options.record_mode == "append":
            if self._archive is None:
                assert self.options.record is not None, "only recordings parse"
                self._archive = ArchiveReader(self.options.record)
            resume = self._archive.source
        return stage_source(self.run, number, resume)

    def commit(self, recording: Recording) -> Run:
        """Write what was parsed, or nothing.

        Raises:
            RecordingAbortedError: PD521, not every source was parsed, or a write
                failed. PreflightError: PD507, a source could not be parsed.
        """
        missing = [
            name
            for _, name, number in self.sources()
            if read_parse(self.run.rundb, number) is None
        ]
        if missing:
            message = f"{len(missing)} of the sources were not parsed: {missing[0]!r}"
            recording.abort(message)
            raise RecordingAbortedError(f"{message}; nothing was written")
        return recording.commit(Staged(self.run), self._fingerprint_of)

    def _fingerprint_of(self, adapter: str, records: Iterator[Record]) -> str:
        fingerprint = self.run.adapter(adapter).comparison.new_fingerprint()
        for record in records:
            fingerprint.add(record.line)
        return fingerprint.hexdigest()

    def close(self) -> None:
        """Release every handle."""
        self.run.rundb.close()
        if self._archive is not None:
            self._archive.close()
