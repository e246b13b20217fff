"""Record what was parsed into an archive: all of it or nothing.

A recording begins before anything is parsed and ends after everything was. Between
the two it holds no lock and no connection, so others may record too; what they wrote
meanwhile is found by the revision fence and never overwritten.

1. ``begin`` closes dead runs, notes the run, the sources, and the archive's revision.
2. Somebody parses.
3. ``commit`` sees that all was parsed (ledger only), then writes content, the ledger's
   ``ok`` included, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import apsw

from pytest_parsediff.archive.connect import (
    WAIT_S,
    recording_connection,
    transaction,
    translated,
)
from pytest_parsediff.archive.ledger import Ledger, read_run
from pytest_parsediff.archive.preflight import Preflight
from pytest_parsediff.archive.runs import (
    RUNNING,
    Entity,
    Kind,
    Run,
    RunState,
    Stage,
    Status,
)
from pytest_parsediff.archive.staged import StagedSide
from pytest_parsediff.archive.sync import Sync
from pytest_parsediff.archive.writer import ContentWriter, FingerprintOf
from pytest_parsediff.core.errors import (
    ArchiveLockedError,
    ParsediffError,
    PreflightError,
    RecordingAbortedError,
    Where,
)

_SKIPPED = (Status.SKIPPED_STALE, Status.SKIPPED_MOVED, Status.SKIPPED_RETRY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a recording is to do.

    Attributes:
        sources: Adapter and name of every source that is going to be parsed.
        mode: Whether adapters parse from the beginning or from the stored cursor.
        scope: Ids of the sessions to record; ``None`` for all.
        parent_run_id: The run that is retried.
    """

    sources: Sequence[tuple[str, str]]
    mode: Literal["full", "append"] = "full"
    scope: frozenset[str] | None = None
    parent_run_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recording into one archive.

    Attributes:
        path: The archive.
        run_id: Of the run in its ledger.
        fence: Revision of the archive before anything was parsed.
        plan: What is recorded.
        ended: Numbers of runs whose process had died, and that were closed.
        wait_s: How long locks of others are waited for, in seconds.
    """

    path: Path
    run_id: int
    fence: int
    plan: Plan
    ended: tuple[int, ...] = ()
    wait_s: float = WAIT_S

    @classmethod
    def begin(cls, path: Path, plan: Plan, *, wait_s: float = WAIT_S) -> Recording:
        """Note in the archive that a run begins; make the archive if there is none.

        Call it before the first source is looked at.

        Raises:
            ArchiveUnreadableError: PD501. ArchiveVersionError: PD502.
            ArchiveLockedError: PD503. ArchiveMissingError: PD504, no such folder.
        """
        with (
            recording_connection(path, wait_s) as connection,
            translated(path, wait_s),
            transaction(connection),
        ):
            ledger = Ledger(connection)
            ended = ledger.end_dead_runs()
            run_id, fence = ledger.open_run(plan.mode, plan.scope, plan.parent_run_id)
            for adapter, name in plan.sources:
                ledger.put(run_id, _pending(adapter, name))
        return cls(
            path=path,
            run_id=run_id,
            fence=fence,
            plan=plan,
            ended=tuple(ended),
            wait_s=wait_s,
        )

    def beat(self) -> None:
        """Note that the run goes on; once in some minutes is enough."""
        with (
            self._opened() as connection,
            translated(self.path, self.wait_s),
            transaction(connection),
        ):
            Ledger(connection).beat(self.run_id)

    def check(self, staged: StagedSide) -> Run:
        """See that everything was parsed, note that, and write no content at all.

        Raises:
            PreflightError: PD507. RecordingAbortedError: PD521.
        """
        with self._opened() as connection:
            self._preflight(connection, staged, RunState.CHECKED)
            return self._run(connection)

    def commit(
        self, staged: StagedSide, fingerprint_of: FingerprintOf | None = None
    ) -> Run:
        """Write everything that was parsed, or nothing.

        Args:
            staged: What was parsed.
            fingerprint_of: Makes the fingerprint of a session that was appended to;
                without it the fingerprint is left to who reads the session.

        Returns:
            The run as the ledger has it: ``ok`` or ``ok_with_skipped``.

        Raises:
            PreflightError: PD507, something could not be parsed; no content written.
            RecordingAbortedError: PD521, content was undone.
            ArchiveLockedError: PD503, the write lock was not to be had.
        """
        with self._opened() as connection:
            self._preflight(connection, staged, RunState.COMMITTING)
            with self._all_or_nothing(connection):
                self._write(connection, staged, fingerprint_of)
            return self._run(connection)

    def abort(self, message: str) -> None:
        """Close a run that will not be committed."""
        with (
            self._opened() as connection,
            translated(self.path, self.wait_s),
            transaction(connection),
        ):
            self._close_as_aborted(connection, message)

    # --- steps -------------------------------------------------------------------------

    def _preflight(
        self, connection: apsw.Connection, staged: StagedSide, goal: RunState
    ) -> None:
        """See that everything was parsed; close the run if not, or if that was all."""
        is_check = goal is RunState.CHECKED
        with self._all_or_nothing(connection):
            ledger = Ledger(connection)
            ledger.begin_commit(self.run_id)
            look = Preflight(
                connection=connection,
                run_id=self.run_id,
                fence=self.fence,
                scope=self.plan.scope,
                parsed_status=Status.OK if is_check else Status.CLAIMED,
            )
            look.run(staged)
            if look.failures:
                failed = self._failed(look)
                ledger.close_run(
                    self.run_id, RunState.FAILED, failed.code, failed.message
                )
            elif is_check:
                ledger.close_run(self.run_id, RunState.CHECKED)
        if look.failures:
            raise self._failed(look)

    def _write(
        self,
        connection: apsw.Connection,
        staged: StagedSide,
        fingerprint_of: FingerprintOf | None,
    ) -> None:
        ledger = Ledger(connection)
        ledger.refuse_unless(self.run_id, RunState.COMMITTING)
        sync = Sync(
            writer=ContentWriter(connection, self.run_id, fingerprint_of),
            ledger=ledger,
            run_id=self.run_id,
            fence=self.fence,
            scope=self.plan.scope,
        )
        sync.run(staged)
        counts = self._run(connection).counts
        is_partial = any(counts.get(status) for status in _SKIPPED)
        state = RunState.OK_WITH_SKIPPED if is_partial else RunState.OK
        ledger.close_run(self.run_id, state)

    def _failed(self, look: Preflight) -> PreflightError:
        message = (
            f"{len(look.failures)} of {look.total} sources and sessions could not be "
            f"recorded, so nothing was (run {self.run_id})"
        )
        lines = [f"{one.name}: {one.code}: {one.message}" for one in look.failures]
        return PreflightError(
            message,
            Where(self.path),
            None,
            "\n".join(lines),
            self.run_id,
            look.total,
            tuple(look.failures),
        )

    @contextmanager
    def _all_or_nothing(self, connection: apsw.Connection) -> Iterator[None]:
        """Hold a write transaction; note in the ledger that the run ended in it."""
        try:
            with transaction(connection):
                yield
        except BaseException as error:
            self._note_abort(connection, error)
            aborted = self._aborted(error)
            if aborted is error:
                raise
            raise aborted from error

    def _aborted(self, error: BaseException) -> BaseException:
        """Return what to raise instead of *error*, or *error* itself."""
        if isinstance(error, ParsediffError) or not isinstance(error, Exception):
            return error
        if isinstance(error, (apsw.BusyError, apsw.LockedError)):
            message = f"another process kept it locked for more than {self.wait_s:g} s"
            return ArchiveLockedError(message, Where(self.path))
        message = f"run {self.run_id}: {type(error).__name__}: {error}"
        return RecordingAbortedError(message, Where(self.path))

    def _note_abort(self, connection: apsw.Connection, error: BaseException) -> None:
        """Close the run if the archive can still be written; the next run does it else."""
        message = str(error) or type(error).__name__
        if isinstance(error, ParsediffError):
            message = error.message
        with suppress(apsw.Error), transaction(connection):
            self._close_as_aborted(connection, message)

    def _close_as_aborted(self, connection: apsw.Connection, message: str) -> None:
        run = read_run(connection, self.run_id)
        if run is not None and run.state in RUNNING:
            Ledger(connection).close_run(
                self.run_id, RunState.ABORTED, RecordingAbortedError.code, message
            )

    def _run(self, connection: apsw.Connection) -> Run:
        run = read_run(connection, self.run_id)
        assert run is not None
        return run

    def _opened(self) -> AbstractContextManager[apsw.Connection]:
        return recording_connection(self.path, self.wait_s)


def _pending(adapter: str, name: str) -> Entity:
    return Entity(
        adapter=adapter,
        kind=Kind.SOURCE,
        name=name,
        stage=Stage.PARSE,
        status=Status.PENDING,
    )
