"""Parse one source into the run database, once per attempt and run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import FileIO

from pytest_parsediff.adapters.stream import stream
from pytest_parsediff.archive.staged import AppendBase
from pytest_parsediff.core.errors import ParsediffError, RunDatabaseError
from pytest_parsediff.core.event import Context, Emission
from pytest_parsediff.core.paths import with_encoded
from pytest_parsediff.live.cells import encode
from pytest_parsediff.live.claims import abandon, claim, finish
from pytest_parsediff.live.collecting import Collector
from pytest_parsediff.live.entries import SourceRow, read_source
from pytest_parsediff.live.observe import hash_prefix
from pytest_parsediff.live.results import (
    Moment,
    Parse,
    ParseResult,
    add_digests,
    read_parse,
)
from pytest_parsediff.live.run import LiveRun
from pytest_parsediff.live.sources import LiveAdapter, SourceKind, SourceRef
from pytest_parsediff.live.stages import Stage, StageName
from pytest_parsediff.live.watch import watch


def ensure_parsed(
    run: LiveRun,
    source: int,
    attempt: int = 0,
    resume: Sequence[AppendBase] = (),
) -> Parse:
    """Return the last parse of a source, after at least *attempt* retries.

    Args:
        run: The run.
        source: Number of the source.
        attempt: 0 for the first parse.
        resume: What an incremental parse may start from: the first whose bytes are
            still the beginning of the source. Without one it is a full parse.

    Raises:
        RunDatabaseError: PD522, another process is stuck.
        Unavailable: The adapter cannot run on this machine.
    """
    number = claim(run.rundb, source, attempt, wait_s=run.settings.wait_s)
    if number is not None:
        try:
            _parse(run, _Task(number, read_source(run.rundb, source), attempt, resume))
        except BaseException:
            abandon(run.rundb, number)
            raise
    found = read_parse(run.rundb, source)
    if found is None:
        raise RunDatabaseError(f"the parse of source {source} is gone")
    return found


@dataclass(frozen=True, slots=True)
class _Task:
    """One claimed parse.

    Attributes:
        number: Of the parse.
        row: The source.
        attempt: 0 for the first.
        resume: What an incremental parse may start from.
    """

    number: int
    row: SourceRow
    attempt: int
    resume: Sequence[AppendBase]

    def stage(self, name: StageName, count: int = 0) -> Stage:
        ref = self.row.ref
        return Stage(
            name=name,
            adapter=ref.adapter,
            source=ref.name,
            count=count,
            attempt=self.attempt,
        )


def _parse(run: LiveRun, task: _Task) -> None:
    """Observe, parse, observe again, and make all of it visible at once."""
    adapter = run.adapter(task.row.ref.adapter)
    before = watch(run, task.row)
    base = _find_base(task)
    run.tell(task.stage(StageName.OBSERVED))
    with run.context() as context:
        paths = _paths(task.row.ref, adapter, context)
        collector = Collector(run.rundb, task.number, adapter, task.row.ref, paths)
        error = _collect(run, task, collector, _emissions(run, task, context, base))
    run.tell(task.stage(StageName.PARSED))
    after = watch(run, task.row, before.seen)
    result = ParseResult(
        before=before.seen,
        after=after.seen.observation,
        error_code=error.code if error else "",
        error=error.summary if error else "",
        detail=str(error) if error else "",
        is_incomplete=collector.said.is_incomplete,
        cursor=collector.cursor,
        event_count=collector.event_count,
        base=base,
        has_file_moved=before.file != after.file,
    )
    with run.rundb.write():
        collector.finish(has_failed=error is not None)
        add_digests(run.rundb, task.number, Moment.BEFORE, before.digests)
        add_digests(run.rundb, task.number, Moment.AFTER, after.digests)
        finish(run.rundb, task.number, encode(result))
    run.tell(task.stage(StageName.OBSERVED_AFTER))


def _paths(ref: SourceRef, adapter: LiveAdapter, context: Context) -> dict[str, str]:
    """Return what stands for absolute paths in lines.

    Only commands put their folder into what they emit. For all others it is left out:
    paths that have little in common make every line with a slash be looked at.
    """
    is_external = hasattr(adapter.resolved.adapter, "limited")
    own = {str(context.tmp): "<TMP>"} if is_external else {}
    return with_encoded({**own, **ref.paths})


def _find_base(task: _Task) -> AppendBase | None:
    """Return what the parse goes on from; looked at after the first observation."""
    if not task.resume or task.row.kind is not SourceKind.FILE:
        return None
    try:
        with FileIO(task.row.ref.path) as file:
            for base in task.resume:
                if hash_prefix(file, base.size) == base.content_hash:
                    return base
    except OSError:
        pass
    return None


def _collect(
    run: LiveRun, task: _Task, collector: Collector, items: Iterator[Emission]
) -> ParsediffError | None:
    """Take all *items*, and return the error that ended them early."""
    try:
        for item in items:
            collector.take(item)
            if run.on_stage is not None:
                run.tell(task.stage(StageName.EMITTED, collector.event_count))
        collector.flush()
    except RunDatabaseError:
        raise
    except ParsediffError as error:
        return error
    return None


def _emissions(
    run: LiveRun, task: _Task, context: Context, base: AppendBase | None
) -> Iterator[Emission]:
    adapter = run.adapter(task.row.ref.adapter)
    return stream(
        adapter.resolved.adapter,
        task.row.ref.source,
        context,
        base.cursor if base is not None else None,
        run.limits(adapter),
        batch=1 if run.on_stage is not None else 256,
    )
